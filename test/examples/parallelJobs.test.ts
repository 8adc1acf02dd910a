import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { inOrder, type Job, keyOf } from "../../examples/common/jobs.js";
import { computeInParallel } from "../../examples/common/parallelJobs.js";

const job = (name: string, ...needs: Job[]): Job => ({
  name,
  configuration: {},
  needs,
  run: async () => ({ numbers: {}, weights: {} }),
});

/** Computes in moments, and keeps what happened. */
async function compute(
  jobs: readonly Job[],
  {
    parallel = 2,
    fails = [] as string[],
    done = [] as string[],
    signal = new AbortController().signal,
    during = (_: string) => {},
  } = {},
) {
  const log: string[] = [];
  let running = 0;
  let most = 0;
  await computeInParallel(inOrder(jobs), {
    parallel,
    signal,
    isFinished: async ({ name }) => done.includes(name),
    async compute(key, { name }) {
      expect(key.startsWith(`${name}-`)).toBe(true);
      log.push(`begin ${name}`);
      most = Math.max(most, ++running);
      during(name);
      await setTimeout(5);
      running--;
      if (fails.includes(name)) throw new Error("died");
    },
    ended: (key, { name }, how) => {
      expect(key.startsWith(`${name}-`)).toBe(true);
      log.push(`${how instanceof Error ? `failed (${how.message})` : how} ${name}`);
    },
  });
  expect(running).toBe(0);
  return { log, most };
}

describe("computeInParallel", () => {
  test("computes every job after those that it needs, as many at a time as are allowed", async () => {
    const base = job("base");
    const four = ["a", "b", "c", "d"].map((name) => job(name, base));
    const top = job("top", ...four);
    for (const parallel of [1, 2, 3, 9]) {
      const { log, most } = await compute([top], { parallel });
      expect(most).toBe(Math.min(parallel, 4));
      expect(log.filter((line) => line.startsWith("computed"))).toHaveLength(6);
      expect(log.indexOf("computed base")).toBeLessThan(log.indexOf("begin a"));
      expect(log.slice(-2)).toEqual(["begin top", "computed top"]);
    }
  });

  test("does not compute again what is finished", async () => {
    const base = job("base");
    const { log } = await compute([job("top", base)], { done: ["base"] });
    expect(log).toEqual(["found base", "begin top", "computed top"]);
  });

  test("a job that fails takes along what needs it, and nothing else", async () => {
    const [bad, good] = [job("bad"), job("good")];
    const jobs = [job("tip", job("middle", bad)), job("other", good)];
    const { log } = await compute(jobs, { fails: ["bad"] });
    expect(log.filter((line) => !line.startsWith("begin")).sort()).toEqual([
      "computed good",
      "computed other",
      "failed (died) bad",
      "failed (not computed, as it needs a job that failed) middle",
      "failed (not computed, as it needs a job that failed) tip",
    ]);
  });

  test("begins nothing after an abort, and waits for what runs", async () => {
    const interrupt = new AbortController();
    const jobs = ["a", "b", "c", "d"].map((name) => job(name));
    const { log } = await compute(jobs, {
      signal: interrupt.signal,
      during: (name) => name === "b" && interrupt.abort(),
    });
    expect(log).toEqual(["begin a", "begin b", "computed a", "computed b"]);
  });

  test("no jobs are no work", async () => {
    expect(await compute([])).toEqual({ log: [], most: 0 });
  });

  test("keys are those of the jobs", () => {
    expect([...inOrder([job("one")]).keys()]).toEqual([keyOf(job("one"))]);
  });
});
