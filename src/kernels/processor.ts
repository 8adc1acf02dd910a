import { relaxedSimd, simd } from "./binaries.js";

/** The jobs of the kernels, by name: they take numbers, and pointers into the processor's memory are numbers too. */
type Jobs = Readonly<Record<string, (...numbers: number[]) => number>>;

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

/** The kernels in machine code, in the best form that the runtime has. */
export interface CompiledKernels {
  readonly module: WebAssembly.Module;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly fusedMultiplyAdd: boolean;
}

/** Addresses below are left to the kernels' constants. */
export const FIRST_ADDRESS = 65_536;

/** All that a memory of 32-bit addresses can have: 4 GiB in pages of 64 KiB. */
export const MAX_PAGES = 65_536;

let compiled: CompiledKernels | undefined;

/** Undefined where the runtime has no WebAssembly, or none with SIMD, or where a page may not compile it. */
export function compileKernels(): CompiledKernels | undefined {
  if (typeof WebAssembly !== "object") return undefined;
  compiled ??= compile(relaxedSimd, true) ?? compile(simd, false);
  return compiled;
}

function compile(text: string, fusedMultiplyAdd: boolean): CompiledKernels | undefined {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) return undefined;
  try {
    return { module: new WebAssembly.Module(bytes), bytes, fusedMultiplyAdd };
  } catch {
    // What is valid may still be forbidden: by the security policy of a page, or at this size on its main thread.
    return undefined;
  }
}

export const instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory): Jobs =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as Jobs;

/** "env", "memory", the kind of import, and the flag of a memory with a limit. */
const MEMORY_IMPORT = [3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 1];

/**
 * The same kernels for a memory that threads share. They differ in one byte, the flag of the memory that they import,
 * so that there is no second binary to ship.
 */
export function sharedModule({ bytes }: CompiledKernels): WebAssembly.Module {
  const at = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, k) => bytes[i + k] === byte));
  const shared = bytes.slice();
  shared[at + MEMORY_IMPORT.length - 1] = 3;
  return new WebAssembly.Module(shared);
}

/** A processor of the calling thread alone. */
export function singleProcessor({ module, fusedMultiplyAdd }: CompiledKernels): Processor {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES });
  const jobs = instantiate(module, memory);
  return {
    memory,
    jobs,
    threads: 1,
    fusedMultiplyAdd,
    run(name, numbers, items, scratch) {
      const job = jobs[name]!;
      for (let item = 0; item < items; item++) job(...numbers, scratch, item);
    },
  };
}
