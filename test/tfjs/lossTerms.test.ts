import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { type LossFunction, train, weightsOf } from "../../src/tfjs/index.js";
import { clusters, denseModel, expectNoLeak } from "./models.js";

const data = clusters(12);
const options = { schedule: 0.1, epochs: 2, batchSize: 5 };
const square: LossFunction = (logits) => tf.mean(tf.square(logits));

describe("a loss in terms", () => {
  const inTerms: LossFunction = (logits, batch) => ({
    total: square(logits, batch) as tf.Tensor,
    size: tf.mean(tf.abs(logits)),
    absent: undefined,
    examples: tf.scalar(batch.indices.length),
  });

  test("trains as its total alone does, and reports the others", async () => {
    const [whole, parts] = [denseModel(), denseModel()];
    const expected = await train(whole, data, { ...options, lossFunction: square });
    const terms: unknown[] = [];
    const { history, losses } = await train(parts, data, {
      ...options,
      lossFunction: inTerms,
      onProgress: (progress) => void terms.push(progress.terms!.examples),
    });
    expect(weightsOf(parts).read()).toEqual(weightsOf(whole).read());
    expect(losses).toEqual(expected.losses);
    expect(expected.history[0]).not.toHaveProperty("terms");
    expect(terms).toEqual([5, 5, 2, 5, 5, 2]);
    expect(Object.keys(history[0]!.terms!)).toEqual(["size", "examples"]);
    expect(history[0]!.terms!.examples).toBeCloseTo((5 * 5 + 5 * 5 + 2 * 2) / 12, 12);
  });

  test("leaves no tensor behind, in parts and when something is wrong", async () => {
    await expectNoLeak(async () => {
      const model = denseModel();
      await train(model, data, { ...options, lossFunction: inTerms, microBatch: 2 });
      const run = (lossFunction: LossFunction) => train(model, data, { ...options, lossFunction });
      await expect(
        run((logits) => ({ total: tf.mean(logits), each: tf.mean(logits, 1) })),
      ).rejects.toThrow(
        "train: the result of lossFunction: each must be a scalar tensor, got [5]. Take the mean",
      );
      let calls = 0;
      await expect(
        run((logits) => ({ total: tf.mean(logits), [`term${calls++}`]: tf.scalar(1) })),
      ).rejects.toThrow(
        /the terms of lossFunction must be term0, as in the updates before, got \["term1"\]/,
      );
      // @ts-expect-error: there is no total
      await expect(run((logits) => ({ soft: tf.mean(logits) }))).rejects.toThrow(
        "train: the result of lossFunction must be a scalar tensor, got { soft }. Take the mean",
      );
      const infinite = await run((logits) => ({ total: tf.mean(logits), no: tf.scalar(Infinity) }));
      expect(infinite).toMatchObject({ stopped: "diverged", divergedAtUpdate: 0 });
      for (const variable of weightsOf(model).variables) variable.variable.dispose();
    });
  });
});
