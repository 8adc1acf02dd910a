import { type CompiledModule, compileModule } from "../compiledModule.js";
import { callingThread, type Processor } from "../processor.js";
import { simd } from "./binaries.js";

/** The memory that tensors lie in, and who gives out space in it. */
export interface TensorHeap {
  readonly memory: WebAssembly.Memory;
  /** Address of that many bytes; throws a RangeError when there is no more space. */
  allocate(bytes: number): number;
  free(address: number): void;
}

/** What the training kernels of one heap run on: its threads, and scratch space that is kept from call to call. */
export interface Engine {
  readonly threads: number;
  /**
   * Runs `job(...numbers, scratch, item)` for every item, on any thread, and returns when all are done. How a job is cut
   * into items must depend on shapes alone, never on the number of threads: so the bits do not depend on it either.
   */
  run(job: string, numbers: readonly number[], items: number, scratchBytes?: number): void;
  /** Address of space of that name, aligned to a cache line. It is lost at the next call with the same name. */
  scratch(name: string, bytes: number): number;
  /** Puts 32-bit numbers where a job can read them and returns their address. */
  numbers(name: string, values: readonly number[]): number;
  /** A view of the heap; stale as soon as anything is allocated. */
  floats(address: number, count: number): Float32Array;
  doubles(address: number, count: number): Float64Array;
  integers(address: number, count: number): Int32Array;
  /** Gives back all scratch space. The engine can be used again. */
  release(): void;
}

/**
 * Jobs of which an item may be computed twice, since it writes nothing that it reads; so that it can be computed again
 * where a thread ended in the middle of it. What updates numbers in place must not be named here.
 */
export const repeatableJobs: ReadonlySet<string> = new Set([
  "packPanel",
  "convolve",
  "depthwiseFilterGradient",
  "depthwiseInputGradient",
  "filterGradient",
  "sumParts",
  "transposeStripe",
  "winograd",
  "winogradFilter",
  "winogradFilterGradient",
  "winogradFilterResult",
]);

const LINE = 64;
/** So that the stacks of two threads do not share a page of the translation cache. */
const PAGE = 4096;

const up = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit;

let compiled: CompiledModule | undefined;

/** The training kernels; undefined where the runtime has no WebAssembly SIMD. */
export function compileTrainingKernels(): CompiledModule | undefined {
  compiled ??= compileModule(simd);
  return compiled;
}

/** Runs training kernels on the calling thread alone; `module` must suit the memory, shared or not. */
export const trainingProcessor = (
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Processor => ({ fusedMultiplyAdd: false, ...callingThread(module, memory) });

export function engineOn(heap: TensorHeap, processor: Processor): Engine {
  const blocks = new Map<string, { raw: number; address: number; bytes: number }>();

  function scratch(name: string, bytes: number): number {
    const known = blocks.get(name);
    if (known && known.bytes >= bytes) return known.address;
    if (known) {
      blocks.delete(name);
      heap.free(known.raw);
    }
    const raw = heap.allocate(bytes + LINE);
    const block = { raw, address: up(raw, LINE), bytes };
    blocks.set(name, block);
    return block.address;
  }

  return {
    threads: processor.threads,
    scratch,
    run(job, numbers, items, scratchBytes = 0) {
      const bytes = up(scratchBytes, PAGE);
      const space = bytes > 0 ? scratch("threads", bytes * processor.threads) : 0;
      processor.run(job, numbers, items, space, bytes);
    },
    numbers(name, values) {
      const address = scratch(name, 4 * values.length);
      new Int32Array(heap.memory.buffer, address, values.length).set(values);
      return address;
    },
    floats: (address, count) => new Float32Array(heap.memory.buffer, address, count),
    doubles: (address, count) => new Float64Array(heap.memory.buffer, address, count),
    integers: (address, count) => new Int32Array(heap.memory.buffer, address, count),
    release() {
      for (const { raw } of blocks.values()) heap.free(raw);
      blocks.clear();
    },
  };
}
