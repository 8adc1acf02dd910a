import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { folderStore } from "closerlook/node";
import { describe, expect, test, vi } from "vitest";
import {
  digestOf,
  inOrder,
  inWaves,
  type Job,
  JobStore,
  keyOf,
  storeWithin,
  writeJson,
} from "../../examples/common/jobs.js";
import { tinyResnetShape } from "../../examples/common/networkShapes.js";
import { trainingJob, type WarmupFamily } from "../../examples/common/warmupFamily.js";
import { vggSettings } from "../../examples/common/warmupSettings.js";
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
  const images = (value: number) => ({
    x: { data: Float32Array.of(value), shape: [1, 1, 1, 1] },
    y: Uint8Array.of(0),
  });
  const settings = vggSettings.quick;
  const family: WarmupFamily = {
    id: "warmup",
    settings,
    images: { train: images(0), test: images(0) },
    environment: { closerlook: "0.1.0", "@tensorflow/tfjs-backend-wasm": "4.22.0" },
  };
  const key = keyOf(trainingJob(family, "LB", 0));
  const job = (change: Partial<WarmupFamily>) => trainingJob({ ...family, ...change }, "LB", 0);

  test("is the same for the same run, whichever seeds are trained beside it", () => {
    const alone = { ...settings, seeds: [0] };
    const environment = { ...(family.environment as object) };
    expect(keyOf(job({ settings: alone, environment }))).toBe(key);
  });

  test.each([
    ["run", trainingJob(family, "SB", 0)],
    ["seed", trainingJob(family, "LB", 1)],
    ["setting", job({ settings: { ...settings, epochs: 13 } })],
    ["network", job({ settings: { ...settings, network: tinyResnetShape } })],
    ["training images", job({ images: { ...family.images, train: images(1) } })],
    ["held-out images", job({ images: { ...family.images, test: images(1) } })],
    [
      "package version",
      job({ environment: { closerlook: "0.1.1", "@tensorflow/tfjs-backend-wasm": "4.22.0" } }),
    ],
    ["back end", job({ environment: { closerlook: "0.1.0", "@tensorflow/tfjs-node": "4.22.0" } })],
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
    for (const found of [computed, again, elsewhere]) {
      expect(found!.numbers).toEqual({ accuracy: [0.1, 1 / 3], run: 1 });
      expect(await found!.weights("update9")).toEqual(Float32Array.of(0.1, 2, 3));
      const [one, zero, small] = await found!.weights("update0");
      expect([one, small]).toEqual([1, Math.fround(1e-40)]);
      expect(Object.is(zero, -0)).toBe(true);
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
    expect(await readdir(path("failing"))).toEqual([]);
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
      const { numbers: again, weights } = await store.run(job, context);
      expect(again).toEqual({ ...expected.numbers, run: 2 });
      expect(await weights("update9")).toEqual(await expected.weights("update9"));
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
    expect((await store.finished(job))!.numbers).toEqual(computed.numbers);
    expect(await computed.weights("update9")).toEqual(Float32Array.of(0.1, 2, 3));
  });

  test("weights of another name are an error that lists the names", async () => {
    const { weights } = await new JobStore(path("names")).run(countingJob("names"), context);
    await expect(weights("update1")).rejects.toThrow('one of update0, update9, got "update1"');
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

describe("jobs that need others", () => {
  const sum = (name: string, needs: readonly Job[], runs: string[] = []): Job => ({
    name,
    configuration: {},
    needs,
    async run({ needs: results }) {
      runs.push(name);
      const weights = await Promise.all(results.map((result) => result.weights("w")));
      const total = weights.reduce((all, [value]) => all + value!, 1);
      return { numbers: results.map(({ numbers }) => numbers), weights: { w: [total] } } as never;
    },
  });
  const asJob = (job: Job): Job => ({
    ...job,
    async run(context) {
      const { numbers, weights } = await job.run(context);
      return { numbers, weights: { w: Float32Array.from(weights.w!) } };
    },
  });

  test("have the keys of what they need in theirs", () => {
    const [one, two] = [1, 2].map((seed) => ({ ...sum("need", []), configuration: { seed } }));
    const keys = [[], [one!], [two!], [one!, two!], [two!, one!]].map((needs) =>
      keyOf(sum("job", needs)),
    );
    expect(new Set(keys).size).toBe(5);
    expect(keyOf(sum("job", [sum("a", [one!])]))).not.toBe(keyOf(sum("job", [sum("a", [two!])])));
  });

  test("come after them, each once", () => {
    const base = sum("base", []);
    const [left, right] = [sum("left", [base]), sum("right", [base])];
    const all = inOrder([sum("top", [right, left]), left, base]);
    expect([...all.values()].map(({ name }) => name)).toEqual(["base", "right", "left", "top"]);
    expect([...all.keys()]).toEqual([...all.values()].map(keyOf));
  });

  test("come in waves for a cluster: what needs nothing first, and nothing before what it needs", () => {
    const [one, two, alone] = [sum("one", []), sum("two", []), sum("alone", [])];
    const curve = sum("curve", [one, two]);
    const both = sum("both", [curve, two]);
    const waves = inWaves(inOrder([both, curve, alone, sum("late", [alone])]));
    expect(waves.map((wave) => [...wave.values()].map(({ name }) => name))).toEqual([
      ["one", "two", "alone"],
      ["curve", "late"],
      ["both"],
    ]);
    expect(waves.flatMap((wave) => [...wave])).toHaveLength(6);
    for (const [key, job] of waves.flatMap((wave) => [...wave])) expect(key).toBe(keyOf(job));
    expect(inWaves(inOrder([]))).toEqual([]);
  });

  test("are given their results, which are computed first and only once", async () => {
    const runs: string[] = [];
    const base = asJob(sum("base", [], runs));
    const [left, right] = [asJob(sum("left", [base], runs)), asJob(sum("right", [base], runs))];
    const top = asJob(sum("top", [right, left], runs));
    const { numbers, weights } = await new JobStore(path("needs")).run(top, context);
    expect(runs).toEqual(["base", "right", "left", "top"]);
    expect(numbers).toEqual([[[]], [[]]]);
    // 1 + (1 + 1) + (1 + 1)
    expect(await weights("w")).toEqual(Float32Array.of(5));
  });
});

describe("one folder of several processes", () => {
  test("a job that two want is computed once, and both have its result", async () => {
    const waited: string[] = [];
    let done = () => {};
    const work = new Promise<void>((resolve) => {
      done = resolve;
    });
    const counted = countingJob("shared");
    const job: Job = {
      ...counted,
      async run() {
        await work;
        return counted.run();
      },
    };
    const run = () =>
      new JobStore(path("shared")).run(job, {
        ...context,
        waiting({ name }, holder) {
          waited.push(`${name}: ${holder}`);
          done();
        },
      });
    const [one, two] = await Promise.all([run(), run()]);
    expect(counted.runs).toBe(1);
    expect(one.numbers).toEqual(two.numbers);
    expect(waited).toEqual([`shared: process ${process.pid} on ${hostname()}`]);
    expect(await readdir(path("shared"))).toEqual([keyOf(job)]);
  });

  test("a process that has lost a job to another stops, waits, and has its result", async () => {
    const heard: string[] = [];
    const finished = countingJob("lost");
    const job: Job = {
      ...finished,
      run: ({ signal }) =>
        new Promise((_, fail) => {
          const stop = () => {
            heard.push("stopped");
            fail(signal.reason);
          };
          signal.addEventListener("abort", stop);
          // Somebody who took this process for dead.
          void writeFile(path(join("lost", `${keyOf(job)}.lease-2`)), "");
        }),
    };
    const store = new JobStore(path("lost"));
    const result = store.run(job, { ...context, lease: { beat: 20 } });
    await vi.waitFor(() => expect(heard).toEqual(["stopped"]), 10_000);
    await new JobStore(path("elsewhere")).run(finished, context);
    await cp(path(join("elsewhere", keyOf(job))), path(join("lost", keyOf(job))), {
      recursive: true,
    });
    await rm(path(join("lost", `${keyOf(job)}.lease-2`)));
    await rm(path(join("lost", `${keyOf(job)}.lease-1`)));
    expect((await result).numbers).toEqual({ accuracy: [0.1, 1 / 3], run: 1 });
    expect(await readdir(path("lost"))).toEqual([keyOf(job)]);
  });
});

describe("checkpoints of a job", () => {
  test("are there after it was stopped, and gone when it is finished", async () => {
    let stops = true;
    const found: unknown[] = [];
    const job: Job = {
      name: "long",
      configuration: {},
      async run({ checkpoints }) {
        found.push(await checkpoints.list());
        await checkpoints.write("half", Uint8Array.of(1));
        if (stops) throw new Error("killed");
        return { numbers: {}, weights: {} };
      },
    };
    const store = new JobStore(path("long"));
    await expect(store.run(job, context)).rejects.toThrow("killed");
    expect(await store.finished(job)).toBeUndefined();
    stops = false;
    await store.run(job, context);
    expect(found).toEqual([[], ["half"]]);
    expect(await readdir(path("long"))).toEqual([keyOf(job)]);
  });

  test("of parts of it are kept apart by their prefix", async () => {
    const store = folderStore(path("parts"));
    const [a, b] = [storeWithin(store, "a-"), storeWithin(store, "b-")];
    await a.write("x", Uint8Array.of(1));
    await b.write("x", Uint8Array.of(2));
    await b.write("y", Uint8Array.of(3));
    expect([await a.list(), await b.list()]).toEqual([["x"], ["x", "y"]]);
    await b.remove("x");
    expect([...(await a.read("x"))!]).toEqual([1]);
    expect(await b.read("x")).toBeUndefined();
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
