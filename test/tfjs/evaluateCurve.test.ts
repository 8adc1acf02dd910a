import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { barrier, lineSegment } from "../../src/curves/index.js";
import {
  evaluate,
  evaluateCurve,
  evaluateWeights,
  freezeLayers,
  refreshBatchNorm,
  weightsOf,
} from "../../src/tfjs/index.js";
import { bentChain, otherWeights } from "./curves.js";
import { clusters, denseModel, expectNoLeak, normModel } from "./models.js";

const data = { train: clusters(20), test: clusters(9, 6) };
const batchNorm = { x: data.train.x };

describe("evaluateWeights", () => {
  test("is the evaluation of the model with these weights", async () => {
    const model = denseModel();
    const weights = otherWeights(model, 1);
    const evaluations = await evaluateWeights(model, weights, data);
    weightsOf(model).write(weights);
    expect(evaluations).toEqual({
      train: await evaluate(model, data.train),
      test: await evaluate(model, data.test),
    });
  });

  test("is that of the model with these weights and with statistics that fit them", async () => {
    const model = normModel();
    const weights = otherWeights(model, 1);
    for (const statistics of ["pooled", "moving"] as const) {
      const how = { batchSize: 7, statistics };
      const evaluations = await evaluateWeights(model, weights, data, {
        batchNorm: { ...batchNorm, ...how },
      });
      const other = normModel();
      weightsOf(other).write(weights, { trainable: true });
      await refreshBatchNorm(other, data.train.x, how);
      expect(evaluations.test).toEqual(await evaluate(other, data.test));
    }
  });

  test("gives the loss of each example in the order of the data", async () => {
    const model = denseModel();
    const { test: whole } = await evaluateWeights(model, otherWeights(model, 1), data, {
      exampleLosses: true,
      batchSize: 4,
    });
    expect(whole.exampleLosses).toHaveLength(9);
    for (const i of [0, 5, 8]) {
      const one = {
        x: { data: data.test.x.data.slice(2 * i, 2 * i + 2), shape: [1, 2] },
        y: [data.test.y[i]!],
      };
      const { single } = await evaluateWeights(model, otherWeights(model, 1), { single: one });
      expect(whole.exampleLosses![i]).toBeCloseTo(single.loss, 5);
      expect("exampleLosses" in single).toBe(false);
    }
    const mean = whole.exampleLosses!.reduce((sum, loss) => sum + loss, 0) / 9;
    expect(mean).toBeCloseTo(whole.loss, 6);
  });

  test("is infinite, not NaN, where the weights are absurd", async () => {
    const model = normModel();
    const absurd = weightsOf(model).read({ trainable: true }).fill(1e30);
    const before = weightsOf(model).read();
    const { test: evaluation } = await evaluateWeights(model, absurd, data, { batchNorm });
    expect(evaluation).toEqual({ loss: Number.POSITIVE_INFINITY, accuracy: 0, nonFinite: 9 });
    expect(weightsOf(model).read()).toEqual(before);
  });

  test("leaves the model and no tensor, also when it is aborted or fails", async () => {
    const model = normModel({ rate: 0.5 });
    const before = weightsOf(model).read();
    const weights = otherWeights(model, 1);
    await expectNoLeak(() => evaluateWeights(model, weights, data, { batchNorm }));
    const signal = AbortSignal.abort(new Error("enough"));
    await expectNoLeak(() =>
      expect(evaluateWeights(model, weights, data, { batchNorm, signal })).rejects.toThrow(
        "enough",
      ),
    );
    expect(weightsOf(model).read()).toEqual(before);
    // The model works while the data are read, and no more when it is to be evaluated.
    let calls = 0;
    const w = tf.tidy(() => tf.variable(tf.ones([2, 3])));
    const own = {
      variables: { w },
      apply(x: tf.Tensor) {
        if (++calls > 2) throw new Error("broken");
        return tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);
      },
    };
    await expectNoLeak(() =>
      expect(evaluateWeights(own, new Float32Array(6), data)).rejects.toThrow("broken"),
    );
    expect(Array.from(w.dataSync())).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("says what is wrong", async () => {
    const model = normModel();
    const weights = otherWeights(model, 1);
    const attempt = (options: object, flat: unknown = weights, sets: unknown = data) =>
      evaluateWeights(model, flat as Float32Array, sets as typeof data, options);
    await expect(attempt({})).rejects.toThrow(
      "evaluateWeights: batchNorm must be given for a model with batch norm, whose statistics belong to other weights, " +
        "got undefined. Pass { x } of the training data",
    );
    await expect(attempt({ batchNorm }, weightsOf(model).read())).rejects.toThrow(
      "read them with weightsOf(model).read({ trainable: true })",
    );
    await expect(attempt({ batchNorm }, weights.slice(1))).rejects.toThrow(
      `evaluateWeights: the number of weights of weights must be ${weights.length}`,
    );
    await expect(attempt({ batchNorm }, Array.from(weights))).rejects.toThrow("a Float32Array");
    await expect(attempt({ batchNorm }, weights, {})).rejects.toThrow("data sets by name");
    await expect(attempt({ batchNorm }, weights, data.train)).rejects.toThrow(
      "evaluateWeights: data.x",
    );
    await expect(attempt({ batchNorm: { x: data.train.x, size: 3 } })).rejects.toThrow(
      "evaluateWeights: batchNorm: options must be made of x, batchSize, statistics",
    );
    await expect(attempt({ batchNorm, exampleLosses: 1 })).rejects.toThrow("exampleLosses must be");
    await expect(attempt({ batchNorm, signal: {} })).rejects.toThrow("signal must be");
    const handle = freezeLayers(model, /Norm/);
    const fewer = weightsOf(model).read({ trainable: true });
    // Frozen statistics stay, so that nothing has to be given.
    expect((await evaluateWeights(model, fewer, data)).test).toEqual(
      await evaluate(model, data.test),
    );
    handle.restore();
  });
});

describe("evaluateCurve", () => {
  test("evaluates the weights at every position", async () => {
    const model = normModel({ rate: 0.5 });
    const curve = bentChain(model);
    const before = weightsOf(model).read();
    const { t, length, profiles } = await evaluateCurve(model, curve, data, { t: 5, batchNorm });
    expect(t).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(length).toBe(curve.length);
    const options = { batchNorm, exampleLosses: true };
    for (const [i, position] of t.entries()) {
      const evaluations = await evaluateWeights(model, curve.at(position), data, options);
      for (const name of ["train", "test"] as const) {
        const { loss, accuracy, exampleLosses } = evaluations[name];
        const profile = profiles[name];
        expect([profile.loss[i], profile.accuracy[i]]).toEqual([loss, accuracy]);
        expect(profile.exampleLosses![i]).toEqual(exampleLosses);
      }
    }
    expect(weightsOf(model).read()).toEqual(before);
  });

  test("has 61 positions, or those that are given", async () => {
    const model = denseModel();
    const line = lineSegment(otherWeights(model, 1), otherWeights(model, 2));
    const { t } = await evaluateCurve(model, line, { test: data.test });
    expect(t).toHaveLength(61);
    expect([t[0], t[30], t[60]]).toEqual([0, 0.5, 1]);
    const some = await evaluateCurve(model, line, data, { t: [0.25, 0.5], exampleLosses: false });
    expect(some.profiles.test.t).toEqual([0.25, 0.5]);
    expect("exampleLosses" in some.profiles.test).toBe(false);
  });

  test("weighs every piece by its length in the mean over the curve", async () => {
    const model = denseModel();
    const curve = bentChain(model);
    const [start, bend, end] = curve.points as [Float32Array, Float32Array, Float32Array];
    const distance = (a: Float32Array, b: Float32Array) =>
      Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
    const { profiles } = await evaluateCurve(model, curve, data, { t: [0, 0.1, 0.5, 1] });
    const { loss, statistics } = profiles.train;
    const [l0, l1, l2, l3] = loss as [number, number, number, number];
    const [first, second] = [distance(start, bend), distance(bend, end)];
    const sum = 0.2 * first * (l0 + l1) + 0.8 * first * (l1 + l2) + second * (l2 + l3);
    const { integral, length, max } = statistics!.loss;
    expect(integral).toBeCloseTo(sum / 2 / (first + second), 6);
    expect(length).toBeCloseTo(first + second, 5);
    expect(max).toBe(Math.max(...loss));
    const point = await evaluateCurve(model, curve, data, { t: [0.5] });
    expect("statistics" in point.profiles.train).toBe(false);
    // A curve that comes back, seen at its ends only, has no length to weigh by.
    curve.points[2]!.set(start);
    const loop = await evaluateCurve(model, curve, data, { t: [0, 1] });
    expect("statistics" in loop.profiles.train).toBe(false);
  });

  test("gives profiles of which barrier knows the noise of paired losses", async () => {
    const model = denseModel();
    const line = lineSegment(otherWeights(model, 1), otherWeights(model, 2));
    const { profiles } = await evaluateCurve(model, line, data, { t: 9 });
    const { at, height, standardError } = barrier(profiles.train, { definition: "mean" });
    const { loss, exampleLosses } = profiles.train;
    const k = profiles.train.t.indexOf(at);
    expect(height).toBeCloseTo(loss[k]! - (loss[0]! + loss[8]!) / 2, 12);
    const [top, a, b] = [exampleLosses![k]!, exampleLosses![0]!, exampleLosses![8]!];
    const differences = Array.from(top, (value, i) => value - (a[i]! + b[i]!) / 2);
    const square = differences.reduce((sum, value) => sum + (value - height) ** 2, 0);
    expect(standardError).toBeCloseTo(Math.sqrt(square / 19 / 20), 6);
  });

  test("reports every point, and stops where the signal says so", async () => {
    const model = denseModel();
    const curve = bentChain(model);
    const seen: [number, number, number, number][] = [];
    const { profiles } = await evaluateCurve(model, curve, data, {
      t: 3,
      onProgress: ({ point, points, t, evaluations }) =>
        void seen.push([point, points, t, evaluations.test.loss]),
    });
    expect(seen).toEqual([0, 1, 2].map((i) => [i + 1, 3, i / 2, profiles.test.loss[i]]));
    const controller = new AbortController();
    const before = weightsOf(model).read();
    seen.length = 0;
    await expectNoLeak(() =>
      expect(
        evaluateCurve(model, curve, data, {
          signal: controller.signal,
          onProgress: ({ point }) => {
            seen.push([point, 0, 0, 0]);
            if (point === 2) controller.abort(new Error("enough"));
          },
        }),
      ).rejects.toThrow("enough"),
    );
    expect(seen).toHaveLength(2);
    expect(weightsOf(model).read()).toEqual(before);
  });

  test("says what is wrong", async () => {
    const model = denseModel();
    const attempt = (options: object, curve: unknown = bentChain(model)) =>
      evaluateCurve(model, curve as never, data, options);
    await expect(attempt({ t: 1 })).rejects.toThrow("evaluateCurve: t must be an integer >= 2");
    await expect(attempt({ t: [] })).rejects.toThrow("evaluateCurve: t must be one or more");
    await expect(attempt({ t: [0, 2] })).rejects.toThrow("evaluateCurve: t[1] must be");
    await expect(attempt({ t: [0.5, 0.5] })).rejects.toThrow("evaluateCurve: t must be rising");
    await expect(attempt({ points: 3 })).rejects.toThrow("evaluateCurve: options must be made of");
    await expect(attempt({}, {})).rejects.toThrow("evaluateCurve: curve must be a curve");
    const long = lineSegment(new Float32Array(28), new Float32Array(28));
    await expect(attempt({}, long)).rejects.toThrow("must be 27, as many trainable weights");
  });
});
