import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, weightsOf } from "../../src/tfjs/index.js";
import { clusters, denseModel, expectNoLeak, normModel } from "./models.js";

/** A model whose logits are its inputs. */
const identity = (classes: number) => {
  const model = layers.sequential({
    layers: [layers.layers.dense({ units: classes, inputShape: [classes], useBias: false })],
  });
  weightsOf(model).write(
    Array.from({ length: classes ** 2 }, (_, i) => (i % (classes + 1) === 0 ? 1 : 0)),
  );
  return model;
};

describe("evaluate", () => {
  test("by hand: logits (0, ln 3) give the probabilities ¼ and ¾", async () => {
    const data = {
      x: { data: Float32Array.of(0, Math.log(3), 0, Math.log(3)), shape: [2, 2] },
      y: [0, 1],
    };
    const { loss, accuracy, nonFinite } = await evaluate(identity(2), data);
    // ln 3 in single precision is off by 3e-8.
    expect(loss).toBeCloseTo((Math.log(4) + Math.log(4 / 3)) / 2, 6);
    expect([accuracy, nonFinite]).toEqual([0.5, 0]);
  });

  test("is the mean of −log softmax in double precision, whatever the batches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 21, maxLength: 21 }),
        fc.integer({ min: 1, max: 9 }),
        async (numbers, batchSize) => {
          const y = [0, 1, 2, 0, 1, 2, 0];
          const data = { x: { data: Float32Array.from(numbers), shape: [7, 3] }, y };
          const expected = y.map((label, i) => {
            const z = numbers.slice(3 * i, 3 * i + 3);
            const max = Math.max(...z);
            return max + Math.log(z.reduce((sum, v) => sum + Math.exp(v - max), 0)) - z[label]!;
          });
          const { loss } = await evaluate(identity(3), data, { batchSize });
          expect([loss]).toBeAllclose([expected.reduce((a, b) => a + b) / 7], {
            rtol: 1e-12,
            atol: 1e-12,
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  test("huge logits neither overflow nor vanish", async () => {
    const data = { x: { data: Float32Array.of(1e30, -1e30, 1e4, 0), shape: [2, 2] }, y: [0, 1] };
    const { loss, accuracy } = await evaluate(identity(2), data);
    expect([loss, accuracy]).toEqual([5000, 0.5]);
  });

  test("the first of equal logits is the answer", async () => {
    const data = { x: { data: new Float32Array(6), shape: [3, 2] }, y: [0, 0, 1] };
    expect((await evaluate(identity(2), data)).accuracy).toBe(2 / 3);
  });

  test("examples with overflowing logits count as wrong, and are counted", async () => {
    const model = identity(2);
    weightsOf(model).write([1e20, 0, 0, 1e20]);
    const data = { x: { data: Float32Array.of(1e30, 0, 1, 0), shape: [2, 2] }, y: [0, 0] };
    const result = await evaluate(model, data);
    expect(result).toEqual({ loss: Number.POSITIVE_INFINITY, accuracy: 0.5, nonFinite: 1 });
  });

  test("runs in evaluation mode: dropout off, statistics used and left alone", async () => {
    const data = clusters(9);
    const model = normModel({ rate: 0.5 });
    const before = weightsOf(model).read();
    const first = await evaluate(model, data);
    expect(await evaluate(model, data)).toEqual(first);
    expect(weightsOf(model).read()).toEqual(before);
    const statistic = weightsOf(model).variables.find(
      ({ name }) => name === "bodyNorm/moving_mean",
    )!;
    statistic.variable.assign(tf.onesLike(statistic.variable));
    expect((await evaluate(model, data)).loss).not.toBe(first.loss);
  });

  test("leaves no tensor behind", async () => {
    const model = denseModel();
    const data = { x: tf.ones([5, 2]), y: [0, 1, 2, 0, 1] };
    await expectNoLeak(async () => {
      await evaluate(model, data, { batchSize: 2 });
      await expect(evaluate(model, { ...data, y: [3, 0, 0, 0, 0] })).rejects.toThrow("data.y[0]");
    });
  });

  test("errors say what is wrong", async () => {
    const data = clusters(6);
    const model = denseModel();
    await expect(evaluate(model, data, { batch: 3 } as never)).rejects.toThrow("made of batchSize");
    await expect(evaluate(model, data, { batchSize: 0 })).rejects.toThrow(
      "evaluate: batchSize must be",
    );
    await expect(evaluate(model, { ...data, y: "012012" as never })).rejects.toThrow(TypeError);
    await expect(evaluate(model, { ...data, x: [] as never })).rejects.toThrow(TypeError);
    const softmax = layers.sequential({
      layers: [
        layers.layers.dense({ units: 2, inputShape: [2] }),
        layers.layers.activation({ activation: "softmax" }),
      ],
    });
    await expect(evaluate(softmax, data)).rejects.toThrow("must be logits");
    const asLayer = layers.sequential({ layers: [layers.layers.softmax({ inputShape: [3] })] });
    const three = { x: { data: new Float32Array(3), shape: [1, 3] }, y: [0] };
    await expect(evaluate(asLayer, three)).rejects.toThrow("must be logits");
  });
});
