/** The functions that a module of kernels exports: they take numbers, and addresses in the memory are numbers too. */
export type Jobs = Readonly<Record<string, (...numbers: number[]) => number>>;

/** Kernels in machine code, with the bytes they were made from. */
export interface CompiledModule {
  readonly module: WebAssembly.Module;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** All that a memory of 32-bit addresses can have: 4 GiB in pages of 64 KiB. */
export const MAX_PAGES = 65_536;

/** Compiles kernels that came as base64; undefined where the runtime or its rules do not allow it. */
export function compileModule(text: string): CompiledModule | undefined {
  if (typeof WebAssembly !== "object") return undefined;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) return undefined;
  try {
    return { module: new WebAssembly.Module(bytes), bytes };
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
export function sharedModule({ bytes }: CompiledModule): WebAssembly.Module {
  const at = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, k) => bytes[i + k] === byte));
  const shared = bytes.slice();
  shared[at + MEMORY_IMPORT.length - 1] = 3;
  return new WebAssembly.Module(shared);
}
