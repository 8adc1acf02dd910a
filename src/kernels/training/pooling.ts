import type { Engine } from "./engine.js";

/** Windows over images; sizes in pixels. */
export interface PoolingShape {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Rows and columns of the first window that lie before the image. */
  readonly top: number;
  readonly left: number;
  readonly windowHeight: number;
  readonly windowWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

/** Numbers of the input of one item, about. */
const ITEM = 16_384;

/** Address of the plan, and how many items there are; `wholeImages`: the rows of an image stay together. */
function planOf(
  engine: Engine,
  shape: PoolingShape,
  wholeImages: boolean,
): { plan: number; items: number } {
  const { images, width, channels, strideHeight, outputHeight } = shape;
  const rows = Math.ceil(ITEM / Math.max(1, width * channels * strideHeight));
  const rowsPerItem = wholeImages ? outputHeight : Math.min(outputHeight, rows);
  const plan = engine.numbers("pooling plan", [
    ...[images, shape.height, width, channels, shape.top, shape.left],
    ...[shape.windowHeight, shape.windowWidth, strideHeight, shape.strideWidth],
    ...[outputHeight, shape.outputWidth, rowsPerItem],
  ]);
  return { plan, items: images * Math.ceil(outputHeight / rowsPerItem) };
}

/**
 * Largest number (`"max"`) or mean (`"average"`) of each window, of what of it lies inside of the image. A window that lies
 * outside gives −Infinity or NaN. As on tfjs's cpu backend NaN is passed over by the largest number, but not by the mean.
 */
export function pool(
  engine: Engine,
  kind: "max" | "average",
  shape: PoolingShape,
  { input, output }: { input: number; output: number },
): void {
  if (shape.outputHeight * shape.outputWidth * shape.channels === 0) return;
  const { plan, items } = planOf(engine, shape, false);
  engine.run(`${kind}Pool`, [plan, input, output], items);
}

/**
 * Gradient of {@link pool}, into `gradient`: to the first largest number of each window, in rows, that is greater than −Infinity;
 * or to all alike. `input` is needed for `"max"` only.
 */
export function poolGradient(
  engine: Engine,
  kind: "max" | "average",
  shape: PoolingShape,
  { dy, input = 0, gradient }: { dy: number; input?: number; gradient: number },
): void {
  const { images, height, width, channels } = shape;
  if (shape.outputHeight * shape.outputWidth * channels === 0) {
    engine.floats(gradient, images * height * width * channels).fill(0);
    return;
  }
  // Windows of different items must not share a row.
  const { plan, items } = planOf(engine, shape, shape.windowHeight > shape.strideHeight);
  const numbers = kind === "max" ? [plan, dy, input, gradient] : [plan, dy, gradient];
  engine.run(`${kind}PoolGradient`, numbers, items);
}
