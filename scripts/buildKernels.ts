import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** AssemblyScript in a folder `assembly`, and the file beside it that carries what it compiles to. */
interface Kernels {
  readonly folder: string;
  /** Features of the runtime that each form needs, by the form's name. */
  readonly forms: Readonly<Record<string, readonly string[]>>;
}

const all: readonly Kernels[] = [
  // The second form needs a runtime with relaxed SIMD.
  { folder: "src/kernels", forms: { simd: ["simd"], relaxedSimd: ["simd", "relaxed-simd"] } },
  // Training gives the same bits everywhere: no fused multiply-add.
  { folder: "src/kernels/training", forms: { simd: ["simd"] } },
];

/** Compiles the AssemblyScript kernels into text that travels in the bundle. */
export async function buildKernels(): Promise<void> {
  await Promise.all(all.map(build));
}

/** Does nothing when the file was made from the same sources by the same compiler. */
async function build({ folder, forms }: Kernels): Promise<void> {
  const source = fileURLToPath(new URL(`../${folder}/assembly/`, import.meta.url));
  const target = fileURLToPath(new URL(`../${folder}/binaries.ts`, import.meta.url));
  const print = await fingerprint(source);
  const made = `// Made by scripts/buildKernels.ts from ${folder}/assembly: ${print}\n`;
  const present = await readFile(target, "utf8").catch(() => "");
  if (present.startsWith(made)) return;
  const lines = await Promise.all(
    Object.entries(forms).map(async ([name, features]) => {
      const binary = Buffer.from(await compile(`${source}index.ts`, features));
      return `export const ${name} =\n  "${binary.toString("base64")}";\n`;
    }),
  );
  await writeFile(target, `${made}\n${lines.join("\n")}`);
}

async function fingerprint(source: string): Promise<string> {
  const hash = createHash("sha256").update(asc.version);
  for (const name of (await readdir(source)).sort()) hash.update(await readFile(source + name));
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  return hash.digest("hex").slice(0, 16);
}

async function compile(file: string, features: readonly string[]): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...[file, "--outFile", "kernels.wasm", "-O3", "--noAssert"],
      ...["--runtime", "stub", "--use", "abort=", "--importMemory"],
      // All that 32-bit addresses reach, in pages of 64 KiB; a shared memory must name its limit.
      ...["--maximumMemory", "65536"],
      ...features.flatMap((feature) => ["--enable", feature]),
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
