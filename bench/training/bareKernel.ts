import { MAX_PAGES } from "../../src/kernels/index.js";
import { compileTrainingKernels, trainingProcessor } from "../../src/kernels/training/index.js";

/** Length of the sums: the rows and the panel lie in the nearest cache. */
const LENGTH = 192;
const TIMES = 20_000;
const ROWS = 5;
const LANES = 8;

/**
 * GFLOP/s of the innermost kernel of our products on one thread, on operands that lie in the nearest cache: what a
 * product or a convolution could reach at most. No public function: taken from the source.
 */
export function bareKernelRate(): number {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES });
  const processor = trainingProcessor(compileTrainingKernels()!.module, memory);
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8; run++) {
    const start = performance.now();
    processor.run("repeatMultiplyAdd", [TIMES, LENGTH], 1, 0, 0);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return (2 * ROWS * LANES * LENGTH * TIMES) / fastest / 1e6;
}
