import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { distillationLoss as lossInF64, softmax } from "../../src/distillation/index.js";
import {
  type Augmentation,
  captureActivations,
  type DistillOptions,
  distill,
  distillationLoss,
  freezeLayers,
  sgd,
  train,
  weightsOf,
} from "../../src/tfjs/index.js";
import { MemoryStore } from "./memoryStore.js";
import { clusters, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const { dense } = layers.layers;
const data = clusters(12);
const { x } = data;
const base = { schedule: 0.1, epochs: 2, batchSize: 5, temperature: 3 } as const;
const noise: Augmentation = (example, result, _, random) => {
  for (let i = 0; i < result.length; i++) result[i] = example[i]! + 0.1 * random.normal();
};
const teacher = () => seedWeights(normModel({ rate: 0.5 }), 7, 1);
const logitsOf = async (model: layers.LayersModel) =>
  (await captureActivations(model, x, { layers: "logits" })).logits!;

/** Weights and records after a distillation of the same first student. */
async function run(
  from: Parameters<typeof distill>[1],
  options: Partial<DistillOptions> = {},
  given: Parameters<typeof distill>[2] = data,
  student: layers.LayersModel = denseModel(),
) {
  const result = await distill(student, from, given, { ...base, ...options });
  return { result, weights: weightsOf(student).read() };
}

describe("distill", () => {
  test("one update is −rate times the analytic gradient, carried to the weights of a linear student", async () => {
    const student = layers.sequential({ layers: [dense({ units: 3, inputShape: [2] })] });
    seedWeights(student);
    const from = weightsOf(student).read();
    const { data: t } = await logitsOf(teacher());
    await distill(student, teacher(), data, {
      ...{ schedule: 0.5, epochs: 1, batchSize: 12, optimizer: sgd() },
      ...{ temperature: 5, softWeight: 0.7 },
    });
    const rows = (values: ArrayLike<number>) =>
      Array.from({ length: 12 }, (_, i) => Array.from({ length: 3 }, (_, k) => values[3 * i + k]!));
    const z = rows(
      Float64Array.from({ length: 36 }, (_, at) => {
        const [i, k] = [Math.floor(at / 3), at % 3];
        return x.data[2 * i]! * from[k]! + x.data[2 * i + 1]! * from[3 + k]! + from[6 + k]!;
      }),
    );
    const q = softmax(z, { temperature: 5 }).data;
    const p = softmax(rows(t), { temperature: 5 }).data;
    const hard = softmax(z).data;
    const byLogits = q.map((value, at) => {
      const onehot = data.y[Math.floor(at / 3)] === at % 3 ? 1 : 0;
      return (0.7 * 5 * (value - p[at]!) + 0.3 * (hard[at]! - onehot)) / 12;
    });
    const gradient = new Float64Array(9);
    byLogits.forEach((g, at) => {
      const [i, k] = [Math.floor(at / 3), at % 3];
      gradient[k]! += g * x.data[2 * i]!;
      gradient[3 + k]! += g * x.data[2 * i + 1]!;
      gradient[6 + k]! += g;
    });
    const moved = weightsOf(student)
      .read()
      .map((w, i) => (from[i]! - w) / 0.5);
    expect(moved).toBeAllclose(gradient, { rtol: 1e-5, atol: 1e-6 });
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.1);
  });

  test("with nothing but the hard term it is train", async () => {
    const student = denseModel();
    await train(student, data, { schedule: 0.1, epochs: 2, batchSize: 5 });
    const { weights } = await run(teacher(), { softWeight: 0 });
    expect(weights).toEqual(weightsOf(student).read());
  });

  test("reports the terms by epoch and update: what distillationLoss says, and their weighted sum", async () => {
    const updates: unknown[] = [];
    const student = denseModel();
    const logits = tf.tensor2d((await logitsOf(teacher())).data, [12, 3]);
    const z = weightsOf(student).apply(tf.tensor2d(x.data, [12, 2]), { training: false });
    const options = { temperature: 3, softWeight: 0.25 };
    const expected = distillationLoss(z, logits, Array.from(data.y), options);
    const { result } = await run(teacher(), {
      ...{ softWeight: 0.25, batchSize: 12, schedule: 0 },
      onProgress: ({ terms }) => void updates.push(terms),
    });
    const { terms, trainLoss } = result.history[1]!;
    expect(Object.keys(terms!)).toEqual(["soft", "hard"]);
    expect([terms!.soft, terms!.hard, trainLoss]).toBeAllclose(
      [expected.soft, expected.hard!, expected.total].map((value) => value.dataSync()[0]!),
      { rtol: 1e-5 },
    );
    expect(updates).toEqual([terms, terms]);
    // An epoch's mean is by example; the last of three batches has two.
    const batches: number[] = [];
    const uneven = await run(teacher(), {
      epochs: 1,
      onProgress: ({ terms }) => void batches.push(terms!.soft!),
    });
    const [a, b, c] = batches as [number, number, number];
    expect(uneven.result.history[0]!.terms!.soft).toBeCloseTo((5 * a + 5 * b + 2 * c) / 12, 12);
    // So it is in parts.
    const parts = await run(teacher(), {
      batchSize: 12,
      microBatch: 5,
      schedule: 0,
      softWeight: 0.25,
    });
    expect(parts.result.history[0]!.terms!.soft).toBeAllclose(terms!.soft!, { rtol: 1e-5 });
  });

  test("labels are reported, not trained on, where the soft term has all the weight", async () => {
    const labelled = await run(teacher());
    const others = await run(teacher(), {}, { x, y: data.y.map((label) => (label + 1) % 3) });
    const { weights } = await run(teacher(), {}, { x });
    expect([labelled.weights, others.weights]).toEqual([weights, weights]);
    const hard = [labelled, others].map(({ result }) => result.history[0]!.terms!.hard);
    expect(hard[0]).not.toBeCloseTo(hard[1]!, 2);
  });

  test("a student learns what its teacher knows, without labels", async () => {
    const expert = denseModel(3);
    const many = clusters(60);
    await train(expert, many, { schedule: 0.2, epochs: 20, batchSize: 10 });
    const student = denseModel(4);
    const { history } = await distill(student, expert, { x: many.x }, { ...base, epochs: 20 });
    expect(history[19]!.terms!.soft).toBeLessThan(history[0]!.terms!.soft! / 20);
    expect(history[0]!.terms).not.toHaveProperty("hard");
  });

  test("the teacher stays as it was: weights, statistics, flags, methods; and is in evaluation mode", async () => {
    for (const options of [
      {},
      { augment: noise },
      { features: [{ student: "hidden", teacher: "body" }] },
    ]) {
      const model = teacher();
      const before = weightsOf(model).read();
      const flags = model.layers.map(({ trainable }) => trainable);
      await run(model, options);
      expect(weightsOf(model).read()).toEqual(before);
      expect(model.layers.map(({ trainable }) => trainable)).toEqual(flags);
      expect(model.layers.some((layer) => Object.hasOwn(layer, "call"))).toBe(false);
    }
    // Dropout of a half would make two runs differ, and batch norm by the batch depends on the batch.
    expect((await run(teacher(), { augment: noise })).weights).toEqual(
      (await run(teacher(), { augment: noise })).weights,
    );
  });

  test("answers that are kept are those that the teacher would give batch by batch", async () => {
    const identity: Augmentation = (example, result) => result.set(example);
    const kept = await run(teacher());
    const asked = await run(teacher(), { augment: identity });
    expect(asked.weights).toBeAllclose(kept.weights, { rtol: 1e-6, atol: 1e-7 });
    let calls = 0;
    const count = (model: layers.LayersModel) => {
      const { apply } = weightsOf(model);
      const { variables } = weightsOf(model);
      return {
        variables: variables.map(({ variable }) => variable),
        apply: (input: tf.Tensor) => {
          calls++;
          return apply(input, { training: false });
        },
      };
    };
    await run(count(denseModel(3)));
    // The first example, to see the classes; then all at once.
    expect(calls).toBe(2);
    await run(count(denseModel(3)), { augment: noise });
    expect(calls).toBe(2 + 1 + 6);
  });

  test("answers that were saved teach as the model does, as logits or probabilities of any temperature", async () => {
    const tolerance = { rtol: 1e-4, atol: 1e-6 };
    const expected = (await run(teacher())).weights;
    const logits = await logitsOf(teacher());
    expect((await run({ logits })).weights).toBeAllclose(expected, tolerance);
    expect((await run({ logits: tf.tensor2d(logits.data, [12, 3]) })).weights).toBeAllclose(
      expected,
      tolerance,
    );
    for (const temperature of [1, 3, 8]) {
      const probabilities = softmax(logits, { temperature });
      const said = { probabilities, temperature };
      expect((await run(said)).weights).toBeAllclose(expected, tolerance);
    }
    const certain = {
      data: Float32Array.from({ length: 36 }, (_, i) => +(i % 3 === 0)),
      shape: [12, 3],
    };
    const { result } = await run({ probabilities: certain });
    expect(result.stopped).toBe("finished");
  });

  test("a teacher that ends in a softmax is understood", async () => {
    const logits = denseModel(3);
    const probabilities = layers.sequential({
      layers: [
        dense({ units: 4, inputShape: [2], activation: "tanh" }),
        dense({ units: 3, activation: "softmax" }),
      ],
    });
    weightsOf(probabilities).write(weightsOf(logits).read());
    expect((await run(probabilities)).weights).toBeAllclose((await run(logits)).weights, {
      rtol: 1e-4,
      atol: 1e-6,
    });
  });

  test("several teachers teach the mean of their softened probabilities", async () => {
    const models = [denseModel(3), denseModel(4)];
    const temperature = 3;
    const [a, b] = await Promise.all(
      models.map(async (model) => softmax(await logitsOf(model), { temperature }).data),
    );
    const mean = { data: a!.map((p, i) => (p + b![i]!) / 2), shape: [12, 3] };
    const expected = (await run({ probabilities: mean, temperature })).weights;
    const tolerance = { rtol: 1e-4, atol: 1e-6 };
    expect((await run(models)).weights).toBeAllclose(expected, tolerance);
    expect((await run([models[0]!])).weights).toEqual((await run(models[0]!)).weights);
    expect((await run(models[0]!)).weights).not.toBeAllclose(expected, { rtol: 1e-2 });
  });

  test("self-distillation of some layers: the others keep their bits", async () => {
    const generation = denseModel(3);
    await train(generation, data, { schedule: 0.2, epochs: 5, batchSize: 5 });
    const next = denseModel(5);
    weightsOf(next).write(weightsOf(generation).read());
    const { variables, read } = weightsOf(next);
    const before = read();
    const handle = freezeLayers(next, "hidden");
    // A softer teacher than the student is, so that there is something to learn.
    await distill(next, { logits: scaled(await logitsOf(generation)) }, data, base);
    handle.restore();
    const after = read();
    for (const { layer, offset, size } of variables) {
      const [a, b] = [before, after].map((flat) => flat.subarray(offset, offset + size));
      if (layer === "hidden") expect(b).toEqual(a);
      else expect(b).not.toEqual(a);
    }
  });

  test("features: the mean squared difference of the layers' outputs, which shrinks", async () => {
    const pair = { student: "hidden", teacher: "hidden", weight: 2 };
    const [student, model] = [denseModel(1), denseModel(3)];
    const own = (await captureActivations(student, x, { layers: "hidden" })).hidden!.data;
    const its = (await captureActivations(model, x, { layers: "hidden" })).hidden!.data;
    const expected = (2 * own.reduce((sum, a, i) => sum + (a - its[i]!) ** 2, 0)) / own.length;
    const options = { features: [pair], batchSize: 12, epochs: 40 };
    const { result } = await run(model, options, { x }, student);
    const first = result.history[0]!;
    expect(first.terms!.features).toBeAllclose(expected, { rtol: 1e-5 });
    expect(first.trainLoss).toBeAllclose(first.terms!.soft! + expected, { rtol: 1e-5 });
    expect(result.history[39]!.terms!.features).toBeLessThan(expected / 3);
    // One layer that agrees has nothing to say.
    const same = await run(model, { ...options, epochs: 1 }, { x }, denseModel(3));
    expect(same.result.history[0]!.terms).toEqual({ soft: 0, features: 0 });
  });

  test("features: one update is −rate times the gradient of soft and the weighted pairs, in parts too", async () => {
    const widths = [4, 5, 3];
    const names = ["first", "second", "logits"];
    const deep = (seed: number) =>
      seedWeights(
        layers.sequential({
          layers: widths.map((units, i) =>
            dense({
              units,
              name: names[i]!,
              ...(i === 0 && { inputShape: [2] }),
              ...(i < 2 && { activation: "tanh" as const }),
            }),
          ),
        }),
        seed,
      );
    /** The outputs of the three layers in double precision. */
    const outputs = (flat: ArrayLike<number>): number[][][] => {
      let at = 0;
      let input = Array.from({ length: 12 }, (_, i) => [x.data[2 * i]!, x.data[2 * i + 1]!]);
      return widths.map((units, layer) => {
        const size = input[0]!.length;
        const [kernel, bias] = [at, at + size * units];
        at = bias + units;
        input = input.map((row) =>
          Array.from({ length: units }, (_, k) => {
            const sum = row.reduce((sum, a, j) => sum + a * flat[kernel + j * units + k]!, 0);
            const value = sum + flat[bias + k]!;
            return layer < 2 ? Math.tanh(value) : value;
          }),
        );
        return input;
      });
    };
    const meanSquare = (a: number[][], b: number[][]) => {
      const squares = a.flatMap((row, i) => row.map((value, k) => (value - b[i]![k]!) ** 2));
      return squares.reduce((sum, square) => sum + square) / squares.length;
    };
    const its = outputs(weightsOf(deep(2)).read());
    const loss = (flat: ArrayLike<number>) => {
      const own = outputs(flat);
      const { soft } = lossInF64(own[2]!, its[2]!, undefined, { temperature: 3 });
      const features = 2 * meanSquare(own[1]!, its[1]!) + 0.5 * meanSquare(own[0]!, its[0]!);
      return { features, total: soft + features };
    };
    const from = weightsOf(deep(1)).read();
    const gradient = Float64Array.from(from, (_, i) => {
      const [above, below] = [1e-5, -1e-5].map((h) => {
        const moved = Float64Array.from(from);
        moved[i]! += h;
        return loss(moved).total;
      });
      return (above! - below!) / 2e-5;
    });
    const features = [
      { student: "second", teacher: "second", weight: 2 },
      { student: "first", teacher: "first", weight: 0.5 },
    ];
    for (const microBatch of [12, 5]) {
      const options = { features, microBatch, batchSize: 12, epochs: 1, optimizer: sgd() };
      const { result, weights } = await run(deep(2), { ...options, schedule: 0.5 }, { x }, deep(1));
      const moved = weights.map((w, i) => (from[i]! - w) / 0.5);
      expect(moved).toBeAllclose(gradient, { rtol: 1e-4, atol: 1e-6 });
      const { trainLoss, terms } = result.history[0]!;
      const expected = loss(from);
      expect([trainLoss, terms!.features]).toBeAllclose([expected.total, expected.features], {
        rtol: 1e-5,
      });
    }
  });

  test.each<[string, Partial<DistillOptions>]>([
    ["kept answers", {}],
    ["a teacher that is asked", { augment: noise }],
    ["features", { features: [{ student: "body", teacher: "hidden" }] }],
  ])("goes on with the same bits wherever it was stopped: %s", async (_, change) => {
    const options = { ...change, softWeight: 0.5, epochs: 3 };
    const student = () => normModel({ rate: 0.5 });
    const undisturbed = await run(denseModel(3), options, data, student());
    for (const after of [1, 4, 6, 8]) {
      const checkpoints = { store: new MemoryStore(), everyUpdates: 100 };
      const controller = new AbortController();
      const first = await run(
        denseModel(3),
        {
          ...{ ...options, checkpoints, signal: controller.signal },
          onProgress: ({ update }) => void (update === after && controller.abort()),
        },
        data,
        student(),
      );
      expect(first.result.stopped).toBe("aborted");
      const other = seedWeights(student(), 99);
      const resumed = await run(
        denseModel(3),
        { ...options, checkpoints, resume: true },
        data,
        other,
      );
      expect(resumed).toEqual(undisturbed);
      const again = { ...options, checkpoints, resume: true, epochs: 4 };
      await expect(run(denseModel(4), again, data, student())).rejects.toThrow(
        /distill: lossFunction.teacher\S* must be .*, as in the checkpoint/,
      );
      await expect(
        run(denseModel(3), { ...again, temperature: 4 }, data, student()),
      ).rejects.toThrow(/lossFunction\S*temperature must be 3, as in the checkpoint, got 4/);
    }
  });

  test("leaves no tensor behind: finished, aborted, diverged, refused, failed", async () => {
    const [student, model] = [denseModel(), teacher()];
    const all = async (options: Partial<DistillOptions>) => {
      await distill(student, model, data, { ...base, ...options });
    };
    const features = [{ student: "hidden", teacher: "body" }];
    await expectNoLeak(async () => {
      await all({ features, validation: data });
      await all({ augment: noise });
      const controller = new AbortController();
      controller.abort();
      await all({ signal: controller.signal });
      await expect(
        all({
          features,
          onProgress: () => {
            throw new Error("no");
          },
        }),
      ).rejects.toThrow("no");
      await expect(all({ features: [{ student: "hidden", teacher: "head" }] })).rejects.toThrow();
      const result = await distill(student, model, data, { ...base, schedule: 1e38, features });
      expect(result.stopped).toBe("diverged");
    });
  });

  test("is stopped while the teacher still speaks", async () => {
    const controller = new AbortController();
    let calls = 0;
    const own = weightsOf(denseModel(3));
    const slow = {
      variables: own.variables.map(({ variable }) => variable),
      apply: (input: tf.Tensor) => {
        if (++calls === 2) controller.abort();
        return own.apply(input, { training: false });
      },
    };
    const many = clusters(1500);
    const { result } = await run(slow, { signal: controller.signal }, many);
    expect(result).toMatchObject({ stopped: "aborted", updates: 0 });
    expect(calls).toBe(2);
  });

  test("what does not fit is named in the error, before anything changes", async () => {
    const logits = await logitsOf(teacher());
    const probabilities = softmax(logits);
    const student = denseModel();
    const before = weightsOf(student).read();
    const wide = layers.sequential({ layers: [dense({ units: 4, inputShape: [2] })] });
    const soft = layers.sequential({
      layers: [dense({ units: 3, inputShape: [2], activation: "softmax" })],
    });
    const refused = (
      from: unknown,
      options: object,
      message: string | RegExp,
      given: object = data,
      learner: layers.LayersModel = student,
    ) =>
      expect(
        // @ts-expect-error: what the types forbid is what is tested
        distill(learner, from, given, { ...base, ...options }),
      ).rejects.toThrow(message);
    await refused(
      undefined,
      {},
      /^distill: teacher must be a model, an array of models, { logits }/,
    );
    await refused([], {}, /teacher must be a model/);
    await refused({}, {}, /teacher: model must be a tf\.layers model or { variables, apply }/);
    await refused(student, {}, /teacher must have no variables in common with the student/);
    await refused(wide, {}, "distill: teacher must be of 3 classes, like the student, got 4");
    await refused(
      { logits: probabilities },
      {},
      /teacher\.logits must be logits, got "probabilities"/,
    );
    await refused(
      { probabilities: logits },
      {},
      /teacher\.probabilities, row 0 must be of numbers >= 0 that sum to 1/,
    );
    await refused({ logits, temperature: 2 }, {}, /teacher: options must be made of logits/);
    await refused(
      { logits: { data: logits.data, shape: [9, 4] } },
      {},
      /shape must be of shape \[12, 3\]/,
    );
    await refused({ logits }, { augment: noise }, /teacher must be a model with augment/);
    await refused(teacher(), {}, /the model's output must be logits/, data, soft);
    await refused(teacher(), { softWeight: 0.5 }, /softWeight must be 1 without labels/, { x });
    await refused(teacher(), {}, /data\.y must be an array of class indices, got null/, {
      x,
      y: null,
    });
    // Without labels x is checked all the same, before classes are made for it.
    for (const [shape, message] of [
      [[-1, 2], "distill: data.x.shape must be an array of non-negative integers, got [-1, 2]"],
      [[1e10, 2], "distill: data.x.data must be of 10000000000 × 2 = 20000000000 numbers"],
    ] as const) {
      await refused(teacher(), {}, message, { x: { data: x.data, shape } });
      await refused(teacher(), {}, message, { x: { data: x.data, shape }, y: data.y });
    }
    await refused(teacher(), {}, /data\.x must be a tensor or .*, got undefined/, {});
    await refused(teacher(), { alpha: 0.5 }, /options must be made of .*, got "alpha"/);
    await refused(teacher(), { lossFunction: () => 0 }, /got "lossFunction"/);
    const pair = { student: "hidden", teacher: "body" };
    await refused({ logits }, { features: [pair] }, /teacher must be one model with features/);
    await refused([teacher(), teacher()], { features: [pair] }, /one model with features/);
    await refused(teacher(), { features: [] }, /features must be at least one pair/);
    await refused(
      teacher(),
      { features: [{ ...pair, teacher: "head" }] },
      "distill: features[0]: the output of layer hidden must be of the shape [5] of the teacher's layer head, got [4]. " +
        "Match layers of equal width",
    );
    await refused(
      teacher(),
      { features: [{ ...pair, teacher: "no" }] },
      /features\[0\]\.teacher must be/,
    );
    await refused(
      teacher(),
      { features: [{ ...pair, weight: 0 }] },
      /weight must be a finite number > 0/,
    );
    await refused(teacher(), { features: [pair, pair] }, /of different layers of the student/);
    expect(weightsOf(student).read()).toEqual(before);
  });
});

/** A fifth of the logits. */
const scaled = ({ data, shape }: { data: Float32Array; shape: readonly number[] }) => ({
  data: data.map((z) => z / 5),
  shape,
});
