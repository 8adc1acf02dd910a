import { type Activation, convolvePacked, packPanels } from "./convolution.js";
import type { Engine } from "./engine.js";

/** One side of a product: matrices of `rows` × `columns` numbers, or their transposes. */
export interface Factor {
  readonly address: number;
  readonly transposed: boolean;
  /** Index of the matrix that each product takes. */
  readonly batch: readonly number[];
}

const COLUMNS_PER_STRIPE = 32;

/**
 * Products left · right of matrices [m, k] and [k, n], one for each entry of the `batch` lists, into [batch, m, n] at
 * `output`, with a bias of n numbers (an address, or 0).
 */
export function product(
  engine: Engine,
  { m, k, n }: { m: number; k: number; n: number },
  left: Factor,
  right: Factor,
  { output, bias = 0 }: { output: number; bias?: number },
  activation: Activation = "linear",
): void {
  const batches = left.batch.length;
  if (batches * m * n === 0) return;
  for (const { from, count, leftStep, rightStep } of evenRuns(left.batch, right.batch)) {
    let input = left.address + left.batch[from]! * m * k * 4;
    if (left.transposed) {
      const matrices = leftStep === 0 ? 1 : count;
      const flipped = engine.scratch("transposed", matrices * m * k * 4);
      const stripes = Math.ceil(m / COLUMNS_PER_STRIPE);
      const numbers = [input, flipped, k, m, COLUMNS_PER_STRIPE];
      engine.run("transposeStripe", numbers, matrices * stripes);
      input = flipped;
    }
    const packed = packPanels(engine, right.address + right.batch[from]! * k * n * 4, {
      tapRows: 1,
      tapColumns: 1,
      depth: k,
      lanes: n,
      tapRowStep: 0,
      tapColumnStep: 0,
      depthStep: right.transposed ? 4 : n * 4,
      laneStep: right.transposed ? k * 4 : 4,
      batches: rightStep === 0 ? 1 : count,
      batchStep: k * n * 4,
    });
    // The rows of all matrices that share the right side are the rows of one product.
    const joined = rightStep === 0 && leftStep === 1;
    convolvePacked(engine, {
      images: joined ? 1 : count,
      height: joined ? count * m : m,
      width: 1,
      channels: k,
      top: 0,
      left: 0,
      filterHeight: 1,
      filterWidth: 1,
      strideHeight: 1,
      strideWidth: 1,
      outputHeight: joined ? count * m : m,
      outputWidth: 1,
      outputChannels: n,
      input,
      imageStep: leftStep * m * k * 4,
      filter: packed.address,
      filterStep: rightStep === 0 ? 0 : packed.bytes,
      output: output + from * m * n * 4,
      outputImageStep: m * n * 4,
      outputRowStep: n * 4,
      outputPixelStep: n * 4,
      bias,
      activation,
    });
  }
}

/** Stretches of the batch in which both sides go on by one matrix each time, or stay. */
function evenRuns(left: readonly number[], right: readonly number[]) {
  const runs: { from: number; count: number; leftStep: number; rightStep: number }[] = [];
  for (let from = 0; from < left.length; ) {
    const step = (list: readonly number[]) => (list[from + 1] ?? list[from]!) - list[from]!;
    const [leftStep, rightStep] = [step(left), step(right)];
    const regular = [leftStep, rightStep].every((size) => size === 0 || size === 1);
    let count = 1;
    while (
      regular &&
      from + count < left.length &&
      left[from + count]! - left[from + count - 1]! === leftStep &&
      right[from + count]! - right[from + count - 1]! === rightStep
    ) {
      count++;
    }
    runs.push({
      from,
      count,
      leftStep: count > 1 ? leftStep : 1,
      rightStep: count > 1 ? rightStep : 0,
    });
    from += count;
  }
  return runs;
}
