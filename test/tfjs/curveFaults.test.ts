import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { lineSegment, PolyChainCurve } from "../../src/curves/index.js";
import { planeThrough } from "../../src/landscape/index.js";
import {
  type ApplyMode,
  evaluate,
  evaluateCurve,
  evaluateWeights,
  refreshBatchNorm,
  sgd,
  trainCurve,
  weightsOf,
} from "../../src/tfjs/index.js";
import type { Model } from "../../src/tfjs/model.js";
import { bentChain, otherWeights } from "./curves.js";
import { clusters, denseModel, normModel, seedWeights } from "./models.js";

const data = clusters(20);
const batchNorm = { x: data.x };

/** What a training of a curve says of its loss at each of its positions, without moving anything. */
async function lossesInTraining(model: Model, curve = bentChain(model)) {
  const { losses, positions } = await trainCurve(model, curve, data, {
    ...{ schedule: 0, epochs: 5, batchSize: 20, weightDecay: 0.5, optimizer: sgd() },
  });
  return { losses, positions };
}

const lossAt = async (model: Model, weights: Float32Array) =>
  (await evaluateWeights(model, weights, { data }, { batchNorm })).data.loss;

describe("faults of other tools that are absent here", () => {
  test("curve, plane and training have one loss, not a regulariser each", async () => {
    const model = denseModel();
    const curve = bentChain(model);
    const [a, bend, b] = curve.points as [Float32Array, Float32Array, Float32Array];
    const { profiles } = await evaluateCurve(model, curve, { data }, { t: 5 });
    const plane = planeThrough(a, b, bend);
    for (const [k, i] of [0, 4, 2].entries()) {
      const { x, y } = plane.coordinates[k]!;
      const weights = plane.at(x, y);
      // The plane's point is the curve's up to rounding.
      expect(await lossAt(model, weights)).toBeCloseTo(profiles.data.loss[i]!, 4);
      expect(await lossAt(model, [a, b, bend][k]!)).toBe(profiles.data.loss[i]);
    }
    const { losses, positions } = await lossesInTraining(model, curve);
    for (const [i, t] of positions.entries()) {
      expect(losses[i]).toBeCloseTo(await lossAt(model, curve.at(t)), 5);
    }
  });

  test("two evaluations of a point have the same bits: no augmentation, no order, no dropout", async () => {
    const model = normModel({ rate: 0.5 });
    const curve = bentChain(model);
    const options = { t: 5, batchNorm: { ...batchNorm, batchSize: 6 }, batchSize: 7 };
    const once = await evaluateCurve(model, curve, { data }, options);
    await trainCurve(model, bentChain(model), data, { schedule: 0.1, epochs: 1, batchSize: 5 });
    expect(await evaluateCurve(model, curve, { data }, options)).toEqual(once);
    const backwards = new PolyChainCurve({ start: curve.points[2]!, end: curve.points[0]! });
    backwards.points[1]!.set(curve.points[1]!);
    const reversed = await evaluateCurve(model, backwards, { data }, options);
    expect(reversed.profiles.data.loss.toReversed()).toEqual(once.profiles.data.loss);
  });

  /** One layer is used twice, and one between is not trained. */
  function sharedModel(): tfl.LayersModel {
    const input = tfl.input({ shape: [2] });
    const shared = tfl.layers.dense({ units: 2, activation: "tanh", name: "shared" });
    const fixed = tfl.layers.dense({ units: 2, name: "fixed" });
    fixed.trainable = false;
    const once = fixed.apply(shared.apply(input));
    const twice = shared.apply(once);
    const output = tfl.layers.dense({ units: 3, name: "logits" }).apply(twice);
    return seedWeights(tfl.model({ inputs: input, outputs: output as tfl.SymbolicTensor }));
  }

  test("shared and untrained parameters do not shift the control points", async () => {
    const model = sharedModel();
    const curve = bentChain(model, 3);
    // The shared layer once, the fixed one not at all.
    expect(curve.points[0]).toHaveLength(6 + 9);
    const { losses, positions } = await lossesInTraining(model, curve);
    for (const [i, t] of positions.entries()) {
      const reference = sharedModel();
      weightsOf(reference).write(curve.at(t), { trainable: true });
      const { loss } = await evaluate(reference, data);
      expect(losses[i]).toBeCloseTo(loss, 5);
      expect(await lossAt(model, curve.at(t))).toBe(loss);
    }
  });

  test("points of a wrong length are refused", async () => {
    const model = sharedModel();
    const line = lineSegment(new Float32Array(21), new Float32Array(21));
    const options = { schedule: 0.1, epochs: 1, batchSize: 5 };
    for (const attempt of [
      evaluateCurve(model, line, { data }),
      evaluateWeights(model, line.at(0), { data }),
      trainCurve(model, line, data, { ...options, fixed: { end: false } }),
    ]) {
      await expect(attempt).rejects.toThrow(
        "must be 15, as many trainable weights as the model has, got 21. These are all weights; " +
          "read them with weightsOf(model).read({ trainable: true })",
      );
    }
  });

  test("at its ends a curve has the statistics and the result of the checkpoints", async () => {
    const ends = [normModel(), seedWeights(normModel(), 9)];
    for (const end of ends) await refreshBatchNorm(end, data.x);
    const [start, end] = ends.map((model) => weightsOf(model).read({ trainable: true }));
    const line = lineSegment(start!, end!);
    // With statistics of its own that are of no interest.
    const model = normModel();
    const { profiles } = await evaluateCurve(model, line, { data }, { t: 2, batchNorm });
    const own = await Promise.all(ends.map((checkpoint) => evaluate(checkpoint, data)));
    expect(profiles.data.loss).toEqual(own.map(({ loss }) => loss));
    expect(profiles.data.accuracy).toEqual(own.map(({ accuracy }) => accuracy));
  });

  test("other variables than weights are neither averaged nor moved", async () => {
    const weight = tf.variable(tf.tensor2d([1, 0, 0, 1, 1, 1], [2, 3]));
    // Something that apply counts up in training, and that the loss depends on.
    const count = tf.variable(tf.scalar(2), false);
    const model: Model = {
      variables: { weight, count },
      apply(x: tf.Tensor, { training }: ApplyMode) {
        const logits = tf.mul(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D), count);
        if (training) count.assign(tf.add(count, 1) as tf.Scalar);
        return logits;
      },
    };
    const curve = new PolyChainCurve({
      start: otherWeights(model, 1),
      end: otherWeights(model, 2),
    });
    expect(curve.points[0]).toHaveLength(6);
    const { losses, positions } = await lossesInTraining(model, curve);
    expect(count.dataSync()[0]).toBe(2);
    for (const [i, t] of positions.entries()) {
      expect(losses[i]).toBeCloseTo(await lossAt(model, curve.at(t)), 5);
    }
    expect(Array.from(weight.dataSync())).toEqual([1, 0, 0, 1, 1, 1]);
  });
});
