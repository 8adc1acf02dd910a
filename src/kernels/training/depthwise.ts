import type { ConvolutionShape } from "./convolution.js";
import type { Engine } from "./engine.js";
import { sumParts } from "./sumParts.js";

/** A depthwise convolution; of `outputChannels` each input channel has an equal share, its own filters. */
export interface DepthwiseShape extends ConvolutionShape {
  readonly dilationHeight: number;
  readonly dilationWidth: number;
}

/** Parts of the images whose sums are kept apart; it depends on the shape alone. */
const PARTS = 16;

/** Gradient by the input, [images, height, width, channels] at `gradient`. */
export function depthwiseInputGradient(
  engine: Engine,
  shape: DepthwiseShape,
  { dy, filter, gradient }: { dy: number; filter: number; gradient: number },
): void {
  const plan = planOf(engine, shape, { image: gradient, dy, filter, imagesPerPart: 0 });
  engine.run("depthwiseInputGradient", [plan], shape.images * shape.height);
}

/** Gradient by the filter, [filterHeight, filterWidth, outputChannels] at `gradient`. */
export function depthwiseFilterGradient(
  engine: Engine,
  shape: DepthwiseShape,
  { input, dy, gradient }: { input: number; dy: number; gradient: number },
): void {
  const length = shape.filterHeight * shape.filterWidth * shape.outputChannels;
  if (shape.images === 0) {
    engine.floats(gradient, length).fill(0);
    return;
  }
  const imagesPerPart = Math.ceil(shape.images / PARTS);
  const parts = Math.ceil(shape.images / imagesPerPart);
  const filter = parts > 1 ? engine.scratch("parts", parts * length * 4) : gradient;
  const plan = planOf(engine, shape, { image: input, dy, filter, imagesPerPart });
  engine.run("depthwiseFilterGradient", [plan], parts, length * 8);
  if (parts > 1) sumParts(engine, filter, gradient, length, parts);
}

const planOf = (
  engine: Engine,
  shape: DepthwiseShape,
  places: { image: number; dy: number; filter: number; imagesPerPart: number },
): number =>
  engine.numbers("depthwise plan", [
    ...[places.image, places.dy, places.filter],
    ...[shape.images, shape.height, shape.width, shape.channels],
    shape.outputChannels / shape.channels,
    ...[shape.top, shape.left, shape.filterHeight, shape.filterWidth],
    ...[shape.strideHeight, shape.strideWidth, shape.dilationHeight, shape.dilationWidth],
    ...[shape.outputHeight, shape.outputWidth, places.imagesPerPart],
  ]);
