import { MAX_PAGES } from "../../../src/kernels/index.js";
import {
  compileTrainingKernels,
  engineOn,
  type TensorHeap,
  trainingProcessor,
} from "../../../src/kernels/training/index.js";

/** An engine of one thread on a memory of its own, with arrays in it. Space is never given back. */
export function testEngine() {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  let top = 64;
  const heap: TensorHeap = {
    memory,
    allocate(bytes) {
      const address = top;
      top += Math.ceil(bytes / 64) * 64 + 64;
      const missing = Math.ceil((top - memory.buffer.byteLength) / 65_536);
      if (missing > 0) memory.grow(missing);
      // What is not written shows.
      new Float32Array(memory.buffer, address, (top - address) / 4).fill(Number.NaN);
      return address;
    },
    free: () => {},
  };
  const engine = engineOn(heap, trainingProcessor(compileTrainingKernels()!.module, memory));
  return {
    engine,
    memory,
    put(values: Float32Array): number {
      const address = heap.allocate(4 * values.length);
      engine.floats(address, values.length).set(values);
      return address;
    },
    space: (count: number) => heap.allocate(4 * count),
    /** A copy. */
    take: (address: number, count: number) => engine.floats(address, count).slice(),
  };
}
