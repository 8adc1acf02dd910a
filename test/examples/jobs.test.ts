import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestOf, type Job, JobStore, keyOf, writeJson } from "../../examples/common/jobs.js";
import { trainingJob } from "../../examples/common/warmupFamily.js";
import { warmupSettings } from "../../examples/common/warmupSettings.js";
import { temporaryFolder } from "../node/temporaryFolder.js";

const path = temporaryFolder();
const context = { signal: new AbortController().signal, progress: () => {} };

/** A job that counts how often it ran. */
function countingJob(name: string, work: () => void = () => {}) {
  const job = {
    name,
    configuration: { name },
    runs: 0,
    async run() {
      job.runs++;
      work();
      return {
        numbers: { accuracy: [0.1, 1 / 3], run: job.runs },
        weights: { update0: Float32Array.of(1, -0, 1e-40), update9: Float32Array.of(0.1, 2, 3) },
      };
    },
  };
  return job;
}

describe("keyOf", () => {
  const keyOfConfiguration = (configuration: unknown) =>
    keyOf({ name: "run", configuration } as Job);

  test("is the job's name and twelve digits of its configuration", () => {
    expect(keyOfConfiguration({ seed: 0 })).toMatch(/^run-[0-9a-f]{12}$/);
  });

  test("the same configuration has the same key, another one another", () => {
    const key = keyOfConfiguration({ seed: 0, rates: [0.5, 0.05] });
    expect(keyOfConfiguration({ seed: 0, rates: [0.5, 0.05] })).toBe(key);
    const others = [
      { seed: 1, rates: [0.5, 0.05] },
      { seed: 0, rates: [0.05, 0.5] },
      { seed: 0, rates: [0.5, 0.05], more: false },
      { seed: 0 },
    ];
    const keys = others.map(keyOfConfiguration);
    expect(new Set([key, ...keys]).size).toBe(5);
  });
});

describe("the key of a training run", () => {
  const settings = warmupSettings.quick;
  const images = (value: number) => ({
    x: { data: Float32Array.of(value), shape: [1, 1, 1, 1] },
    y: Uint8Array.of(0),
  });
  const data = { train: images(0), test: images(0) };
  const environment = { closerlook: "0.1.0", "@tensorflow/tfjs-backend-wasm": "4.22.0" };
  const key = keyOf(trainingJob(settings, "LB", 0, data, environment));

  test("is the same for the same run, whichever seeds are trained beside it", () => {
    const alone = { ...settings, seeds: [0] };
    expect(keyOf(trainingJob(alone, "LB", 0, data, { ...environment }))).toBe(key);
  });

  test.each([
    ["run", trainingJob(settings, "SB", 0, data, environment)],
    ["seed", trainingJob(settings, "LB", 1, data, environment)],
    ["setting", trainingJob({ ...settings, epochs: 13 }, "LB", 0, data, environment)],
    ["training images", trainingJob(settings, "LB", 0, { ...data, train: images(1) }, environment)],
    ["held-out images", trainingJob(settings, "LB", 0, { ...data, test: images(1) }, environment)],
    [
      "package version",
      trainingJob(settings, "LB", 0, data, { ...environment, closerlook: "0.1.1" }),
    ],
    [
      "back end",
      trainingJob(settings, "LB", 0, data, {
        closerlook: "0.1.0",
        "@tensorflow/tfjs-node": "4.22.0",
      }),
    ],
  ])("differs for another %s", (_, job) => {
    // The names of run and seed stand before the digest, which must differ on its own.
    expect(keyOf(job as Job).slice(-12)).not.toBe(key.slice(-12));
  });
});

describe("digestOf", () => {
  test("sees every byte and only the given part of a larger array", () => {
    const all = Float32Array.of(1, 2, 3);
    expect(digestOf(all.subarray(1))).toBe(digestOf(Float32Array.of(2, 3)));
    expect(digestOf(Float32Array.of(0))).not.toBe(digestOf(Float32Array.of(-0)));
    expect(digestOf(all, Uint8Array.of(1))).not.toBe(digestOf(all, Uint8Array.of(2)));
  });
});

describe("JobStore", () => {
  test("runs a job once, and finds the same result from then on", async () => {
    const job = countingJob("once");
    const store = new JobStore(path("jobs"));
    expect(await store.finished(job)).toBeUndefined();
    const computed = await store.run(job, context);
    const again = await store.run(job, context);
    const elsewhere = await new JobStore(path("jobs")).finished(job);
    expect(job.runs).toBe(1);
    for (const found of [again, elsewhere]) {
      expect(found).toEqual(computed);
      expect(Object.is(found!.weights.update0![1], -0)).toBe(true);
    }
  });

  test("another configuration is another job", async () => {
    const store = new JobStore(path("jobs"));
    await store.run(countingJob("one"), context);
    expect(await store.finished(countingJob("two"))).toBeUndefined();
    const changed = { ...countingJob("one"), configuration: { name: "one", changed: true } };
    expect(await store.finished(changed)).toBeUndefined();
  });

  test("a job that throws leaves nothing and runs again", async () => {
    let fails = true;
    const job = countingJob("failing", () => {
      if (fails) throw new Error("out of memory");
    });
    const store = new JobStore(path("failing"));
    await expect(store.run(job, context)).rejects.toThrow("out of memory");
    expect(await store.finished(job)).toBeUndefined();
    await expect(readdir(path("failing"))).rejects.toThrow("ENOENT");
    fails = false;
    await store.run(job, context);
    expect(job.runs).toBe(2);
    expect(await store.finished(job)).toBeDefined();
  });

  test.each(["before the numbers", "during the numbers"])(
    "a job that was killed after its weights, %s, is not finished and runs again",
    async (when) => {
      const job = countingJob(`killed ${when}`);
      const store = new JobStore(path("killed"));
      const expected = await store.run(job, context);
      const numbers = path(join("killed", keyOf(job), "numbers.json"));
      const text = await readFile(numbers, "utf8");
      await rm(numbers);
      if (when === "during the numbers") await writeFile(`${numbers}.1.tmp`, text.slice(0, 9));

      expect(await store.finished(job)).toBeUndefined();
      expect(await store.run(job, context)).toEqual({
        ...expected,
        numbers: { ...expected.numbers, run: 2 },
      });
      expect(job.runs).toBe(2);
    },
  );

  test("weights that a killed job left half-written are replaced", async () => {
    const job = countingJob("half");
    const folder = path(join("half", keyOf(job)));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "weights.safetensors"), Uint8Array.of(1, 2, 3));
    const store = new JobStore(path("half"));
    const computed = await store.run(job, context);
    expect(await store.finished(job)).toEqual(computed);
  });

  test("weights that were damaged later are an error, not a result", async () => {
    const job = countingJob("damaged");
    const store = new JobStore(path("damaged"));
    await store.run(job, context);
    const weights = path(join("damaged", keyOf(job), "weights.safetensors"));
    const bytes = await readFile(weights);
    await writeFile(weights, bytes.subarray(0, bytes.length - 1));
    await expect(store.finished(job)).rejects.toThrow(/weights\.safetensors|readArrays/);
  });

  test("passes on how the job's progress goes and that it was stopped", async () => {
    const seen: unknown[] = [];
    const interrupt = new AbortController();
    interrupt.abort(new Error("stopped"));
    const job: Job = {
      name: "stopped",
      configuration: {},
      async run({ signal, progress }) {
        progress(0.5, "half");
        signal.throwIfAborted();
        throw new Error("not reached");
      },
    };
    const store = new JobStore(path("stopped"));
    const progress = (fraction: number, text: string) => seen.push([fraction, text]);
    await expect(store.run(job, { signal: interrupt.signal, progress })).rejects.toThrow("stopped");
    expect(seen).toEqual([[0.5, "half"]]);
    expect(await store.finished(job)).toBeUndefined();
  });
});

describe("writeJson", () => {
  test("writes text that ends in a line break, and leaves no other file", async () => {
    const file = path(join("json", "result.json"));
    await mkdir(dirname(file), { recursive: true });
    await writeJson(file, { a: [1, 2] });
    await writeJson(file, { a: [3] });
    expect(await readFile(file, "utf8")).toBe('{\n "a": [\n  3\n ]\n}\n');
    expect(await readdir(dirname(file))).toEqual(["result.json"]);
  });

  test("a value that cannot be written leaves the old file as it was", async () => {
    const file = path("kept.json");
    await writeJson(file, 1);
    await expect(writeJson(file, 1n)).rejects.toThrow(TypeError);
    expect(await readFile(file, "utf8")).toBe("1\n");
  });
});
