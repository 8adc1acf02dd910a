import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readArrays, writeArrays } from "closerlook/node";

/** What a job leaves behind: numbers for the figures, and weights at chosen moments. */
export interface JobResult {
  /** Anything that JSON holds. */
  readonly numbers: unknown;
  /** Flat weights by name. */
  readonly weights: Readonly<Record<string, Float32Array>>;
}

/** One independent piece of work, named by all that its result depends on. */
export interface Job<Result extends JobResult = JobResult> {
  /** For people: experiment family, run, seed. */
  readonly name: string;
  /** Everything that determines the result; its hash is the job's identity. */
  readonly configuration: unknown;
  run(context: JobContext): Promise<Result>;
}

export interface JobContext {
  readonly signal: AbortSignal;
  /** Fraction done, in [0, 1], and a few words. */
  progress(fraction: number, text: string): void;
}

/** Name that finds the result of the same configuration again. */
export const keyOf = ({ name, configuration }: Job): string =>
  `${name}-${createHash("sha256").update(JSON.stringify(configuration)).digest("hex").slice(0, 12)}`;

/** Digest of the data that a job works on, for its configuration. */
export const digestOf = (...arrays: readonly (Float32Array | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex").slice(0, 16);
};

/**
 * Finished jobs in a folder. A job that was killed leaves nothing: its weights are written first and its numbers last,
 * each to a temporary file that is then renamed, and a job is finished when its numbers are there.
 */
export class JobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async finished<Result extends JobResult>(job: Job<Result>): Promise<Result | undefined> {
    const folder = join(this.#folder, keyOf(job));
    const text = await readFile(join(folder, "numbers.json"), "utf8").catch((error) => {
      if (["ENOENT", "ENOTDIR"].includes(error.code)) return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const arrays = await readArrays(join(folder, "weights.safetensors"));
    const weights = Object.fromEntries(
      Object.entries(arrays).map(([name, { data }]) => [name, data as Float32Array]),
    );
    return { numbers: JSON.parse(text), weights } as unknown as Result;
  }

  async run<Result extends JobResult>(job: Job<Result>, context: JobContext): Promise<Result> {
    const known = await this.finished(job);
    if (known) return known;
    const result = await job.run(context);
    const folder = join(this.#folder, keyOf(job));
    await mkdir(folder, { recursive: true });
    await writeArrays(
      join(folder, "weights.safetensors"),
      Object.fromEntries(
        Object.entries(result.weights).map(([name, data]) => [
          name,
          { data, shape: [data.length] },
        ]),
      ),
    );
    await writeJson(join(folder, "numbers.json"), result.numbers);
    return result;
  }
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, undefined, 1)}\n`);
}

/** Writes all or nothing. */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
