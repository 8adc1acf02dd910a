import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ByteStore, folderStore, openArrays, readArray, writeArrays } from "closerlook/node";
import { type LeaseOptions, takeLease } from "./lease.js";

/** What a job leaves behind: numbers for the figures, and weights at chosen moments. */
export interface JobResult {
  /** Anything that JSON holds. */
  readonly numbers: unknown;
  /** Flat weights by name. */
  readonly weights: Readonly<Record<string, Float32Array>>;
}

/** The result of a finished job: its numbers, and its weights as they are asked for. */
export interface Finished<Result extends JobResult = JobResult> {
  readonly numbers: Result["numbers"];
  /** The named weights, read from the disk. */
  weights(name: string): Promise<Float32Array>;
}

/** One piece of work, named by all that its result depends on. */
export interface Job<Result extends JobResult = JobResult> {
  /** For people: experiment family, run, seed. */
  readonly name: string;
  /** Everything that determines the result, beside the jobs that it needs; its hash is the job's identity. */
  readonly configuration: unknown;
  /** Jobs whose results it works on. */
  readonly needs?: readonly Job[];
  run(context: JobContext): Promise<Result>;
}

export interface JobContext {
  readonly signal: AbortSignal;
  /** Fraction done, in [0, 1], and a few words. */
  progress(fraction: number, text: string): void;
  /** Results of {@link Job.needs}, in that order. */
  readonly needs: readonly Finished[];
  /** Keeps what the job has got so far, so that it goes on in the middle after a kill; emptied when it is finished. */
  readonly checkpoints: ByteStore;
}

/** Name that finds the result of the same configuration, made of the same needed results, again. */
export function keyOf({ name, configuration, needs }: Job): string {
  const hash = createHash("sha256").update(JSON.stringify(configuration));
  for (const need of needs ?? []) hash.update(`\n${keyOf(need)}`);
  return `${name}-${hash.digest("hex").slice(0, 12)}`;
}

/** Jobs and all that they need, each once, every one after those that it needs. */
export function inOrder(jobs: readonly Job[]): ReadonlyMap<string, Job> {
  const all = new Map<string, Job>();
  const add = (job: Job) => {
    const key = keyOf(job);
    if (all.has(key)) return;
    job.needs?.forEach(add);
    all.set(key, job);
  };
  jobs.forEach(add);
  return all;
}

/**
 * Jobs in waves, for a cluster: those that need no other, those that need only these, and so on.
 *
 * @param jobs - By key, every one after those that it needs.
 */
export function inWaves(jobs: ReadonlyMap<string, Job>): ReadonlyMap<string, Job>[] {
  const waveOf = new Map<string, number>();
  const waves: Map<string, Job>[] = [];
  for (const [key, job] of jobs) {
    const wave = Math.max(0, ...(job.needs ?? []).map((need) => waveOf.get(keyOf(need))! + 1));
    waveOf.set(key, wave);
    waves[wave] ??= new Map();
    waves[wave].set(key, job);
  }
  return waves;
}

/** Digest of the data that a job works on, for its configuration. */
export const digestOf = (...arrays: readonly (Float32Array | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex").slice(0, 16);
};

/** What a job is told about its run by whoever lets it run. */
export type RunContext = Pick<JobContext, "signal" | "progress"> & {
  /** Told if another process computes a job that is wanted. */
  readonly waiting?: (job: Job, holder: string) => void;
  /** How processes that share the folder share the work. */
  readonly lease?: Pick<LeaseOptions, "beat" | "patience">;
};

/**
 * Finished jobs in a folder. A job that was killed is not finished: its weights are written first and its numbers last,
 * each to a temporary file that is then renamed, and a job is finished when its numbers are there. What it has saved on
 * its way lies in a folder of its own, from which it goes on. Any number of processes may work in the folder, on other
 * machines too: a job is computed by one of them at a time, and the others wait for its result.
 */
export class JobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async finished<Result extends JobResult>(
    job: Job<Result>,
  ): Promise<Finished<Result> | undefined> {
    const folder = join(this.#folder, keyOf(job));
    const text = await readFile(join(folder, "numbers.json"), "utf8").catch((error) => {
      if (["ENOENT", "ENOTDIR"].includes(error.code)) return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const path = join(folder, "weights.safetensors");
    // A damaged file is found out now and not when the weights are wanted.
    const { arrays, close } = await openArrays(path);
    await close();
    return {
      numbers: JSON.parse(text),
      async weights(name) {
        if (!(name in arrays)) {
          const names = Object.keys(arrays).join(", ");
          throw new Error(`${path}: weights must be one of ${names}, got "${name}"`);
        }
        return (await readArray(path, name)).data as Float32Array;
      },
    };
  }

  /** Computes the job, and what it needs, as far as that is not finished. */
  async run<Result extends JobResult>(
    job: Job<Result>,
    context: RunContext,
  ): Promise<Finished<Result>> {
    const known = await this.finished(job);
    if (known) return known;
    const needs: Finished[] = [];
    for (const need of job.needs ?? []) needs.push(await this.run(need, context));
    const folder = join(this.#folder, keyOf(job));
    await mkdir(this.#folder, { recursive: true });
    const { waiting } = context;
    const lease = await takeLease(folder, {
      ...context.lease,
      signal: context.signal,
      ...(waiting && { waiting: (holder) => waiting(job, holder) }),
    });
    try {
      // Whoever had the lease before may have finished the job.
      if (!(await this.finished(job))) await this.#compute(job, needs, folder, context, lease.lost);
      return (await this.finished(job))!;
    } catch (error) {
      if (!lease.lost.aborted || context.signal.aborted) throw error;
    } finally {
      await lease.release();
    }
    return this.run(job, context);
  }

  async #compute(
    job: Job,
    needs: readonly Finished[],
    folder: string,
    { signal, progress }: RunContext,
    lost: AbortSignal,
  ): Promise<void> {
    const partial = `${folder}.partial`;
    const checkpoints = folderStore(partial);
    const stop = AbortSignal.any([signal, lost]);
    const { weights, numbers } = await job.run({ progress, signal: stop, needs, checkpoints });
    await mkdir(folder, { recursive: true });
    await writeArrays(
      join(folder, "weights.safetensors"),
      Object.fromEntries(
        Object.entries(weights).map(([name, data]) => [name, { data, shape: [data.length] }]),
      ),
    );
    await writeJson(join(folder, "numbers.json"), numbers);
    await rm(partial, { recursive: true, force: true });
  }
}

/** A part of a store whose entries begin with `prefix`. */
export const storeWithin = (store: ByteStore, prefix: string): ByteStore => ({
  read: (name) => store.read(prefix + name),
  write: (name, bytes) => store.write(prefix + name, bytes),
  list: async () =>
    (await store.list())
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length)),
  remove: (name) => store.remove(prefix + name),
});

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, undefined, 1)}\n`);
}

/** Writes all or nothing. */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
