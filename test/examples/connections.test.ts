import { useBackend } from "closerlook/node";
import { beforeAll, describe, expect, test } from "vitest";
import type { Images } from "../../examples/common/images.js";
import { type Job, JobStore, keyOf } from "../../examples/common/jobs.js";
import { curveJob, type Iterate, pathJob } from "../../examples/common/paths.js";
import { iteratesJob, surfaceJob, through } from "../../examples/common/surfaces.js";
import {
  fanOut,
  he,
  type TrainedNetwork,
  type TrainingRun,
  trainingRunJob,
} from "../../examples/common/trainingRun.js";
import { temporaryFolder } from "../node/temporaryFolder.js";

const path = temporaryFolder();
beforeAll(async () => {
  await useBackend("wasm", { threads: 1 });
});

/** Two classes that a line divides, in 4 × 4 images. */
const images = (count: number): Images => ({
  x: {
    data: Float32Array.from({ length: count * 16 }, (_, i) => {
      const image = Math.floor(i / 16);
      return Math.sin(i * 12.9898) + (image % 2 === 0 ? 0.8 : -0.8);
    }),
    shape: [count, 4, 4, 1],
  },
  y: Uint8Array.from({ length: count }, (_, i) => i % 2),
});

const family = (batchNormalization: boolean) => ({
  family: "test",
  environment: {},
  images: { train: images(40), test: images(20) },
  network: {
    input: [4, 4, 1] as const,
    features: [3, "M"] as const,
    classifier: [4, 2],
    batchNormalization,
  },
});

const run = (batchNormalization: boolean, changes: Partial<TrainingRun> = {}) => {
  const context = family(batchNormalization);
  const plan: TrainingRun = {
    network: context.network,
    epochs: 6,
    batchSize: 10,
    rate: { kind: "restarts", max: 0.1, min: 1e-6, period: 2, multiplier: 2 },
    optimizer: "sgd",
    momentum: 0.9,
    weightDecay: 1e-4,
    starts: [he],
    seed: 1,
    snapshots: [1, 2, 4, 6],
    evaluateEvery: 2,
    ...changes,
  };
  return trainingRunJob("test-run", plan, context.images, {});
};

const quiet = { signal: new AbortController().signal, progress: () => {} };

/** Stops a job at the given share of its work, once. */
async function stopped(store: JobStore, job: Job, at: number) {
  const interrupt = new AbortController();
  const running = store.run(job, {
    signal: interrupt.signal,
    progress: (fraction) => fraction >= at && interrupt.abort(new Error("stopped")),
  });
  await expect(running).rejects.toThrow("stopped");
}

/** Everything that hangs on one training. */
function jobsOf(batchNormalization: boolean) {
  const context = family(batchNormalization);
  const job = run(batchNormalization);
  const [from, to]: [Iterate, Iterate] = [
    { label: "w2", job, epoch: 2 },
    { label: "w6", job, epoch: 6 },
  ];
  const plan = {
    epochs: 4,
    rate: 0.05,
    batchSize: 10,
    momentum: 0.9,
    weightDecay: 1e-4,
    snapshots: [0, 2, 4],
    seed: 0,
  };
  const curve = curveJob(context, from, to, plan);
  const bent = (epoch: number) => ({ kind: "curve", label: "w2-w6", job: curve, epoch }) as const;
  const measure = { positions: 5, images: { train: 30, test: 20 } };
  const plane = {
    curve: bent(4),
    run: job,
    iterates: [1, 2, 4],
    cells: 4,
    images: { train: 30, test: 20 },
  };
  return {
    job,
    curve,
    segment: pathJob(context, { kind: "segment", label: "w2-w6", from, to }, measure),
    untrained: pathJob(context, bent(0), measure),
    along: pathJob(context, bent(4), measure),
    surface: surfaceJob(context, plane, { index: 0, of: 1 }),
    halves: [0, 1].map((index) => surfaceJob(context, plane, { index, of: 2 })),
    iterates: iteratesJob(context, plane),
  };
}

describe.each([
  ["without batch norm", false],
  ["with batch norm", true],
])("curves and planes %s", (name, batchNormalization) => {
  const jobs = jobsOf(batchNormalization);
  const result = async (which: Exclude<keyof typeof jobs, "halves">) =>
    (await new JobStore(path(name)).run(jobs[which] as Job<never>, quiet)) as { numbers: never };

  test("a curve that was not trained is the segment", async () => {
    const [segment, untrained, along] = [
      (await result("segment")).numbers as { t: number[]; train: { loss: number[] } },
      (await result("untrained")).numbers as { train: { loss: number[] } },
      (await result("along")).numbers as { train: { loss: number[] } },
    ];
    expect(segment.t).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(untrained.train.loss).toBeAllclose(segment.train.loss, { rtol: 1e-4 });
    // The ends stay, and the bend moves.
    for (const end of [0, 4]) expect(along.train.loss[end]).toBe(segment.train.loss[end]);
    expect(along.train.loss[2]).not.toBe(segment.train.loss[2]);
  });

  test("the corners of the plane are cells, with the losses that the path has there", async () => {
    const along = (await result("along")).numbers as { train: { loss: number[] } };
    const { corners } = (await result("iterates")).numbers as {
      corners: { x: number; y: number }[];
    };
    const { x, y, values } = (await result("surface")).numbers as {
      x: number[];
      y: number[];
      values: { train: number[][] };
    };
    const losses = corners.map((at) => values.train[y.indexOf(at.y)]![x.indexOf(at.x)]!);
    const { loss } = along.train;
    expect(losses).toBeAllclose([loss[0]!, loss[4]!, loss[2]!], { rtol: 1e-4 });
  });

  test("parts of a surface have each cell once and the same numbers", async () => {
    const store = new JobStore(path(name));
    const whole = (await store.run(jobs.surface, quiet)).numbers.values.train!.flat();
    const halves = await Promise.all(jobs.halves.map(async (half) => store.run(half, quiet)));
    const [even, odd] = halves.map(({ numbers }) => numbers.values.train!.flat());
    whole.forEach((value, i) => {
      expect([even![i], odd![i]].filter((each) => each !== null)).toEqual([value]);
    });
  });

  test("an iterate that is a corner lies on the plane, the others beside it", async () => {
    const { iterates } = (await result("iterates")).numbers as {
      iterates: { epoch: number; residual: number; loss: number; lossOnPlane: number }[];
    };
    const at = (epoch: number) => iterates.find((iterate) => iterate.epoch === epoch)!;
    expect(at(2).residual).toBeLessThan(1e-5);
    expect(at(2).lossOnPlane).toBeCloseTo(at(2).loss, 5);
    expect(at(4).residual).toBeGreaterThan(0.01);
  });

  test("what was stopped in the middle goes on to the same bits", async () => {
    const store = new JobStore(path(`${name}, stopped`));
    const other = new JobStore(path(name));
    const each: Job[] = [jobs.job, jobs.curve, jobs.along, jobs.surface];
    for (const job of each) {
      await stopped(store, job, 0.5);
      const resumed = await store.run(job, quiet);
      expect(resumed.numbers).toEqual((await other.run(job, quiet)).numbers);
    }
    const bends = await Promise.all(
      [store, other].map(async (one) => (await one.finished(jobs.curve))!.weights("epoch4")),
    );
    expect(bends[0]).toEqual(bends[1]);
  });
});

describe("a training with several ways to begin", () => {
  const wild = { kernels: { rule: "he", factor: 1e18 } } as const;

  test("takes the first that trains, and tells what became of the others", async () => {
    const job = run(false, { starts: [wild, { ...fanOut, clipNorm: 1 }] });
    const { numbers } = await new JobStore(path("starts")).run(job, quiet);
    expect(numbers.starts).toEqual([
      { ...wild, outcome: expect.stringMatching(/^diverged at update \d+$/) },
      { ...fanOut, clipNorm: 1, outcome: "trained" },
    ]);
    expect(numbers.trainLoss).toHaveLength(6);
    expect(numbers.test.map(({ epoch }) => epoch)).toEqual([2, 4, 6]);
  });

  test("fails with all their outcomes if none does", async () => {
    const job = run(false, { starts: [wild] });
    await expect(new JobStore(path("starts")).run(job, quiet)).rejects.toThrow(
      /^test-run did not train: diverged at update \d+ \(1000000000000000000 × he\)$/,
    );
  });
});

test("keys tell pairs, paths and parts apart", () => {
  const { halves, ...others } = jobsOf(false);
  const keys = [...Object.values(others), ...halves].map((job) => keyOf(job as Job).slice(-12));
  expect(new Set(keys).size).toBe(keys.length);
});

describe("through", () => {
  test("moves the nearest ticks onto places, each tick once, in order", () => {
    expect(through([0, 1, 2, 3], [0.4, 2.1])).toEqual([0.4, 1, 2.1, 3]);
    expect(through([0, 1, 2, 3], [0.9, 1.1])).toEqual([0, 0.9, 1.1, 3]);
    expect(through([0, 1, 2, 3], [2, 2])).toEqual([0, 1, 2, 3]);
  });
});

test("where the loss overflows, a path has the highest number instead", async () => {
  const context = family(false);
  const { weights } = await new JobStore(path("overflow")).run(run(false), quiet);
  const sane = await weights("epoch6");
  const job: Job<TrainedNetwork> = {
    name: "test-overflow",
    configuration: {},
    run: async () => ({
      numbers: { starts: [], test: [], trainLoss: [], learningRates: [], updates: 0 },
      weights: { epoch1: sane, epoch2: sane.map(() => 1e30) },
    }),
  };
  const segment = pathJob(
    context,
    {
      kind: "segment",
      label: "overflow",
      from: { label: "w1", job, epoch: 1 },
      to: { label: "w2", job, epoch: 2 },
    },
    { positions: 3, images: { train: 30, test: 20 } },
  );
  const { numbers } = await new JobStore(path("overflow")).run(segment, quiet);
  const [first, ...rest] = numbers.train.loss;
  expect(first).toBeLessThan(1);
  expect(rest).toEqual([1e6, 1e6]);
  expect(numbers.test.barriers.max.height).toBe(0);
});
