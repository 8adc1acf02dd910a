import { type Job, keyOf } from "./jobs.js";

export interface ParallelOptions {
  /** Jobs at a time. */
  readonly parallel: number;
  readonly isFinished: (job: Job) => Promise<boolean>;
  /** Computes one job whose needs are finished, elsewhere; rejects if it fails. */
  readonly compute: (key: string, job: Job) => Promise<void>;
  /** Told of every job that was finished, failed, or was not begun because something that it needs failed. */
  readonly ended: (key: string, job: Job, how: "found" | "computed" | Error) => void;
  /** No more jobs are begun after its abort. */
  readonly signal: AbortSignal;
}

/**
 * Computes jobs side by side, each as soon as what it needs is finished. One that fails takes along only those that need
 * it. Resolves when nothing runs any more.
 *
 * @param jobs - By key, every one after those that it needs.
 */
export async function computeInParallel(
  jobs: ReadonlyMap<string, Job>,
  { parallel, isFinished, compute, ended, signal }: ParallelOptions,
): Promise<void> {
  const waiting = new Map(jobs);
  const finished = new Set<string>();
  const failed = new Set<string>();
  for (const [key, job] of jobs) {
    if (!(await isFinished(job))) continue;
    waiting.delete(key);
    finished.add(key);
    ended(key, job, "found");
  }
  const needsOf = (job: Job) => (job.needs ?? []).map(keyOf);
  const running = new Set<Promise<void>>();
  const begin = (key: string, job: Job) => {
    waiting.delete(key);
    const run = compute(key, job)
      .then(() => {
        finished.add(key);
        ended(key, job, "computed");
      })
      .catch((error: Error) => {
        failed.add(key);
        ended(key, job, error);
      })
      .finally(() => running.delete(run));
    running.add(run);
  };
  for (;;) {
    for (const [key, job] of waiting) {
      const needs = needsOf(job);
      if (needs.some((need) => failed.has(need))) {
        waiting.delete(key);
        failed.add(key);
        ended(key, job, new Error("not computed, as it needs a job that failed"));
      } else if (
        running.size < parallel &&
        !signal.aborted &&
        needs.every((need) => finished.has(need))
      ) {
        begin(key, job);
      }
    }
    if (running.size === 0) return;
    await Promise.race(running);
  }
}
