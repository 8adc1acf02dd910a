import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const source = fileURLToPath(new URL("../src/kernels/assembly/", import.meta.url));
const target = fileURLToPath(new URL("../src/kernels/binaries.ts", import.meta.url));

/** The two forms of the kernels; the second needs a runtime with relaxed SIMD. */
const features = { simd: ["simd"], relaxedSimd: ["simd", "relaxed-simd"] };

/**
 * Compiles the AssemblyScript kernels into `src/kernels/binaries.ts`, as text that travels in the bundle. Does nothing
 * when that file was made from the same sources by the same compiler.
 */
export async function buildKernels(): Promise<void> {
  const made = `// Made by scripts/buildKernels.ts from src/kernels/assembly: ${await fingerprint()}\n`;
  const present = await readFile(target, "utf8").catch(() => "");
  if (present.startsWith(made)) return;
  const binaries = await Promise.all(Object.values(features).map(compile));
  const lines = Object.keys(features).map(
    (name, i) => `export const ${name} =\n  "${Buffer.from(binaries[i]!).toString("base64")}";\n`,
  );
  await writeFile(target, `${made}\n${lines.join("\n")}`);
}

async function fingerprint(): Promise<string> {
  const hash = createHash("sha256").update(asc.version);
  for (const name of (await readdir(source)).sort()) hash.update(await readFile(source + name));
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  return hash.digest("hex").slice(0, 16);
}

async function compile(enabled: readonly string[]): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...[`${source}index.ts`, "--outFile", "kernels.wasm", "-O3", "--noAssert"],
      ...["--runtime", "stub", "--use", "abort=", "--importMemory"],
      // All that 32-bit addresses reach, in pages of 64 KiB; a shared memory must name its limit.
      ...["--maximumMemory", "65536"],
      ...enabled.flatMap((feature) => ["--enable", feature]),
    ],
    {
      writeFile(_, contents) {
        binary = contents as Uint8Array;
      },
    },
  );
  if (error || !binary)
    throw new Error(`the kernels must compile, got:\n${stderr}`, { cause: error });
  return binary;
}

/** Called by the test runner before all tests. */
export const setup = buildKernels;
