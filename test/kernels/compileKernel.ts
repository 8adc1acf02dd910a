import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { Arena } from "../../src/kernels/arena.js";
import { instantiate, MAX_PAGES } from "../../src/kernels/compiledModule.js";

/** What one file of kernels exports, also where the library calls it from other kernels only, and a memory for it. */
export async function compileKernel(file: string) {
  const source = fileURLToPath(new URL(`../../src/kernels/assembly/${file}`, import.meta.url));
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    [
      ...[source, "--outFile", "kernel.wasm", "-O3", "--noAssert", "--runtime", "stub"],
      ...["--use", "abort=", "--importMemory", "--maximumMemory", String(MAX_PAGES)],
      ...["--enable", "simd"],
    ],
    {
      writeFile(_, contents) {
        binary = contents as Uint8Array<ArrayBuffer>;
      },
    },
  );
  if (error || !binary) throw new Error(`${file} must compile, got:\n${stderr}`);
  const memory = new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES });
  return {
    kernels: instantiate(new WebAssembly.Module(binary), memory),
    arena: new Arena(memory),
  };
}
