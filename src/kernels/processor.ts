import { relaxedSimd, simd } from "./binaries.js";
import {
  type CompiledModule,
  compileModule,
  instantiate,
  type Jobs,
  MAX_PAGES,
} from "./compiledModule.js";

/**
 * A memory with the kernels that work on it, on one or several threads. Matrices are copied into the memory, worked on
 * there, and copied out.
 */
export interface Processor {
  readonly memory: WebAssembly.Memory;
  readonly jobs: Jobs;
  readonly threads: number;
  /** Whether a·b + c is rounded once, which newer runtimes can do. */
  readonly fusedMultiplyAdd: boolean;
  /**
   * Runs `jobs[name](...numbers, scratch, item)` for every item, in any order and on any thread, and returns when all are
   * done. Items must not depend on each other.
   *
   * @param scratch - Address of scratch space: as much as one item needs, for each of min(threads, items) threads, one
   * after the other.
   * @param scratchBytes - Size of one thread's scratch space.
   */
  run(
    name: string,
    numbers: readonly number[],
    items: number,
    scratch: number,
    scratchBytes: number,
  ): void;
}

/** The kernels in the best form that the runtime has. */
export interface CompiledKernels extends CompiledModule {
  readonly fusedMultiplyAdd: boolean;
}

/** Addresses below are left to the kernels' constants. */
export const FIRST_ADDRESS = 65_536;

let compiled: CompiledKernels | undefined;

/** Undefined where the runtime has no WebAssembly, or none with SIMD, or where a page may not compile it. */
export function compileKernels(): CompiledKernels | undefined {
  compiled ??= compile(relaxedSimd, true) ?? compile(simd, false);
  return compiled;
}

function compile(text: string, fusedMultiplyAdd: boolean): CompiledKernels | undefined {
  const kernels = compileModule(text);
  return kernels && { ...kernels, fusedMultiplyAdd };
}

/** A processor of the calling thread alone, with a memory of its own. */
export function singleProcessor({ module, fusedMultiplyAdd }: CompiledKernels): Processor {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES });
  return { fusedMultiplyAdd, ...callingThread(module, memory) };
}

/** Runs the items of a job one after the other. */
export function callingThread(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Omit<Processor, "fusedMultiplyAdd"> {
  const jobs = instantiate(module, memory);
  return {
    memory,
    jobs,
    threads: 1,
    run(name, numbers, items, scratch) {
      const job = jobs[name]!;
      for (let item = 0; item < items; item++) job(...numbers, scratch, item);
    },
  };
}
