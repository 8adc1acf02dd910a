import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adam, sgd, type TrainOptions, train, weightsOf } from "../../src/tfjs/index.js";
import { clusters, convModel, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const data = clusters(12);
const options: TrainOptions = { schedule: 0.5, epochs: 2, batchSize: 12 };

const run = async (change: Partial<TrainOptions>, model = denseModel()) => {
  const result = await train(model, data, { ...options, ...change });
  return { result, weights: weightsOf(model).read() };
};

describe("microBatch", () => {
  test("gives the gradient of the whole batch up to rounding, for parts of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 13 }),
        async (batchSize, microBatch) => {
          const whole = await run({ batchSize, optimizer: sgd() });
          const parts = await run({ batchSize, microBatch, optimizer: sgd() });
          // A few roundings of 6e-8 in each update.
          expect(parts.weights).toBeAllclose(whole.weights, { rtol: 1e-5, atol: 1e-6 });
          expect(parts.result.losses).toBeAllclose(whole.result.losses, { rtol: 1e-5 });
          if (microBatch >= batchSize) expect(parts).toEqual(whole);
        },
      ),
      { numRuns: 25 },
    );
    // Twelve steps at this rate go far, so that the agreement means something.
    const { weights } = await run({ batchSize: 2, optimizer: sgd() });
    expect(weights).not.toBeAllclose(weightsOf(denseModel()).read(), { atol: 0.1 });
  });

  test("weighs a part by its examples", async () => {
    // Losses 1, 2, 3, 4, 5 of one weight: their mean is 3, that of the means of (1, 2), (3, 4), 5 is 3.33.
    const w = tf.variable(tf.scalar(1));
    const model = {
      variables: { w },
      apply: (x: tf.Tensor) => tf.mul(tf.concat([x, x], 1), w),
    };
    const five = { x: { data: Float32Array.of(1, 2, 3, 4, 5), shape: [5, 1] }, y: [0, 0, 0, 0, 0] };
    const { losses } = await train(model, five, {
      schedule: 1,
      epochs: 1,
      batchSize: 5,
      microBatch: 2,
      optimizer: sgd(),
      lossFunction: (logits) => tf.mean(logits),
    });
    expect(losses).toBeAllclose([3], { rtol: 1e-6 });
    expect(w.dataSync()[0]).toBeCloseTo(1 - 3, 5);
  });

  test("shows the loss function one part after the other, which make up the batch", async () => {
    const indices: number[][] = [];
    const lossFunction: TrainOptions["lossFunction"] = (logits, batch) => {
      expect([logits.shape[0], batch.x.shape[0], batch.labels.size]).toEqual(
        Array(3).fill(batch.indices.length),
      );
      indices.push(Array.from(batch.indices));
      return tf.mean(tf.square(logits));
    };
    await run({ batchSize: 7, microBatch: 3, epochs: 1, lossFunction });
    expect(indices.map(({ length }) => length)).toEqual([3, 3, 1, 3, 2]);
    const parts = indices.flat();
    indices.length = 0;
    await run({ batchSize: 7, epochs: 1, lossFunction });
    expect(indices.flat()).toEqual(parts);
  });

  test("counts penalties of regularizers once", async () => {
    const model = () =>
      seedWeights(
        layers.sequential({
          layers: [
            layers.layers.dense({
              units: 3,
              inputShape: [2],
              kernelRegularizer: layers.regularizers.l2({ l2: 0.5 }),
            }),
          ],
        }),
      );
    const whole = await run({ optimizer: sgd() }, model());
    const parts = await run({ optimizer: sgd(), microBatch: 5 }, model());
    expect(parts.weights).toBeAllclose(whole.weights, { rtol: 1e-5, atol: 1e-6 });
    expect(parts.result.losses).toBeAllclose(whole.result.losses, { rtol: 1e-6 });
  });

  test("batch norm goes by the part: its statistics move once for each", async () => {
    const moving = async (change: Partial<TrainOptions>) => {
      const model = normModel({ momentum: 0.5 });
      await train(model, data, { ...options, schedule: 0, epochs: 1, ...change });
      return model.getLayer("bodyNorm").getWeights()[2]!.dataSync();
    };
    // At rate 0 the parts of a batch are as good as batches.
    expect(await moving({ microBatch: 4 })).toEqual(await moving({ batchSize: 4 }));
    expect(await moving({ microBatch: 4 })).not.toEqual(await moving({}));
  });

  test("each part has dropout masks of its own, and the same ones again", async () => {
    const drop = layers.layers.dropout({ rate: 0.5, inputShape: [8] });
    const one = layers.layers.dense({ units: 2, kernelInitializer: "ones" });
    const model = layers.sequential({ layers: [drop, one] });
    const ones = { x: { data: new Float32Array(64).fill(1), shape: [8, 8] }, y: Array(8).fill(0) };
    const sums: string[][] = [[], []];
    for (const list of sums) {
      await train(model, ones, {
        schedule: 0,
        epochs: 1,
        batchSize: 8,
        microBatch: 2,
        lossFunction: (logits) => {
          list.push(logits.dataSync().join());
          return tf.mean(logits);
        },
      });
    }
    expect(new Set(sums[0]).size).toBeGreaterThan(1);
    expect(sums[1]).toEqual(sums[0]);
  });

  test("holds the activations of one part at a time", async () => {
    const many = {
      x: { data: new Float32Array(64 * 36).fill(1), shape: [64, 6, 6, 1] },
      y: Array(64).fill(0),
    };
    const peak = async (microBatch: number | undefined) => {
      let most = 0;
      await train(convModel(), many, {
        schedule: 0,
        epochs: 1,
        batchSize: 64,
        ...(microBatch && { microBatch }),
        lossFunction: (logits) => {
          most = Math.max(most, tf.memory().numBytes);
          return tf.mean(logits);
        },
      });
      return most - tf.memory().numBytes;
    };
    expect(await peak(8)).toBeLessThan((await peak(undefined)) / 3);
  });

  test("names the update that became non-finite, whichever part did, and undoes all of it", async () => {
    const bad = clusters(12);
    for (const spoilt of [0, 5, 11]) {
      const model = normModel();
      let update = 0;
      const result = await train(model, bad, {
        schedule: 0.1,
        epochs: 3,
        batchSize: 12,
        microBatch: 5,
        snapshots: [1],
        onProgress: (progress) => {
          update = progress.update;
        },
        lossFunction: (logits, { indices }) =>
          tf.mul(tf.mean(tf.square(logits)), update === 1 && indices.includes(spoilt) ? 1e39 : 1),
      });
      expect(result).toMatchObject({ stopped: "diverged", divergedAtUpdate: 1, updates: 1 });
      expect(weightsOf(model).read()).toEqual(result.snapshots.get(1));
    }
  });

  test("leaves no tensor behind, finished or failed in a later part", async () => {
    const model = normModel({ rate: 0.5 });
    const frozen = { layers: "head", updates: 1 };
    await expectNoLeak(async () => {
      const optimizer = adam();
      await train(model, data, { ...options, microBatch: 5, optimizer, frozen });
      optimizer.dispose();
      let calls = 0;
      const lossFunction = (logits: tf.Tensor) => {
        if (++calls === 2) throw new Error("no more");
        return tf.mean(logits);
      };
      await expect(train(model, data, { ...options, microBatch: 5, lossFunction })).rejects.toThrow(
        "no more",
      );
    });
  });

  test("must be a whole number", async () => {
    await expect(run({ microBatch: 0 })).rejects.toThrow(
      "train: microBatch must be an integer >= 1, got 0",
    );
  });
});
