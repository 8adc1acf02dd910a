import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { learningRateCallback } from "../../src/tfjs/index.js";
import { expectNoLeak } from "./models.js";

const schedule = (update: number) => [0.5, 0, 0.125, 0.25, 0.0625, 1][update]!;

/** One weight w from 0 on, loss −w for inputs of 1: its gradient is −1 in every update. */
function lineModel(optimizer: tf.Optimizer) {
  const dense = layers.layers.dense({
    units: 1,
    inputShape: [1],
    useBias: false,
    kernelInitializer: "zeros",
  });
  const model = layers.sequential({ layers: [dense] });
  model.compile({ optimizer, loss: (_, output) => tf.neg(tf.mean(output)) as tf.Scalar });
  return { model, weight: () => dense.getWeights()[0]!.dataSync()[0]! };
}

/** Changes of the weight in each of six updates, in two calls of fit. */
async function changes(optimizer: tf.Optimizer): Promise<number[]> {
  const { model, weight } = lineModel(optimizer);
  const weights: number[] = [weight()];
  const rate = learningRateCallback(schedule, model);
  const watch = { onBatchEnd: async () => void weights.push(weight()) };
  const ones = tf.ones([6, 1]);
  for (let call = 0; call < 2; call++) {
    const callbacks = [rate, watch];
    await model.fit(ones, ones, { batchSize: 2, epochs: 1, callbacks, verbose: 0 });
  }
  return weights.slice(1).map((w, i) => w - weights[i]!);
}

const rates = [0, 1, 2, 3, 4, 5].map(schedule);

describe("learningRateCallback", () => {
  test("sgd steps by the rate", async () => {
    expect(await changes(tf.train.sgd(9))).toBeAllclose(rates, { atol: 1e-6 });
  });

  test("momentum steps by the rate times 1, 1.5, 1.75, …", async () => {
    const velocities = [0, 1, 2, 3, 4, 5].map((k) => 2 - 0.5 ** k);
    const expected = rates.map((rate, k) => rate * velocities[k]!);
    expect(await changes(tf.train.momentum(9, 0.5))).toBeAllclose(expected, { atol: 1e-6 });
  });

  test("adam and adamax step by the rate, since all gradients are the same", async () => {
    expect(await changes(tf.train.adam(9))).toBeAllclose(rates, { rtol: 1e-4, atol: 1e-6 });
    expect(await changes(tf.train.adamax(9))).toBeAllclose(rates, { rtol: 1e-4, atol: 1e-6 });
  });

  test("rmsprop and adagrad step by the rate over the root of their mean and sum", async () => {
    // Means of squares: 1 − ½^(k+1). Sums: start + k + 1.
    const rmsprop = rates.map((rate, k) => rate / Math.sqrt(1 - 0.5 ** (k + 1)));
    expect(await changes(tf.train.rmsprop(9, 0.5))).toBeAllclose(rmsprop, {
      rtol: 1e-4,
      atol: 1e-6,
    });
    const adagrad = rates.map((rate, k) => rate / Math.sqrt(k + 1.5));
    expect(await changes(tf.train.adagrad(9, 0.5))).toBeAllclose(adagrad, {
      rtol: 1e-4,
      atol: 1e-6,
    });
  });

  test("to set the property by hand does nothing in sgd and momentum, as tfjs has it", () => {
    for (const optimizer of [tf.train.sgd(1), tf.train.momentum(1, 0)]) {
      const w = tf.variable(tf.scalar(0));
      (optimizer as unknown as { learningRate: number }).learningRate = 0;
      optimizer.applyGradients([{ name: w.name, tensor: tf.scalar(1) }]);
      expect(w.dataSync()[0]).toBe(-1);
    }
  });

  test("follows the model to another optimizer, and counts on", async () => {
    const { model, weight } = lineModel(tf.train.sgd(9));
    const callbacks = learningRateCallback((update) => update + 1, model);
    const one = tf.ones([1, 1]);
    await model.fit(one, one, { epochs: 2, callbacks, verbose: 0 });
    expect(weight()).toBe(1 + 2);
    model.compile({
      optimizer: tf.train.momentum(9, 0),
      loss: (_, output) => tf.neg(tf.mean(output)) as tf.Scalar,
    });
    await model.fit(one, one, { epochs: 1, callbacks, verbose: 0 });
    expect(weight()).toBe(1 + 2 + 3);
  });

  test("leaves no tensor behind", async () => {
    const { model } = lineModel(tf.train.sgd(1));
    const one = tf.ones([1, 1]);
    const train = () =>
      model.fit(one, one, { callbacks: learningRateCallback(() => 0.5, model), verbose: 0 });
    await train();
    await expectNoLeak(train);
  });

  test("a number is the rate of every update", async () => {
    const { model, weight } = lineModel(tf.train.sgd(9));
    const ones = tf.ones([6, 1]);
    const callbacks = learningRateCallback(0.25, model);
    await model.fit(ones, ones, { batchSize: 2, epochs: 1, callbacks, verbose: 0 });
    expect(weight()).toBe(0.75);
  });

  test("refuses what it cannot use", async () => {
    const { model } = lineModel(tf.train.sgd(1));
    expect(() => learningRateCallback("0.1" as never, model)).toThrow(
      new TypeError('learningRateCallback: schedule must be a number or a schedule, got "0.1"'),
    );
    for (const rate of [-0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => learningRateCallback(rate, model)).toThrow(
        new RangeError(`learningRateCallback: schedule must be a finite number >= 0, got ${rate}`),
      );
    }
    expect(() => learningRateCallback(schedule, undefined as never)).toThrow(
      "learningRateCallback: model must be the tf.layers model that fit is called on, got undefined",
    );
    const one = tf.ones([1, 1]);
    const callbacks = learningRateCallback(() => Number.NaN, model);
    await expect(model.fit(one, one, { callbacks, verbose: 0 })).rejects.toThrow(
      "learningRateCallback: schedule(0) must be a finite number >= 0, got NaN",
    );
    await expect(
      learningRateCallback(schedule, layers.sequential()).onBatchBegin(),
    ).rejects.toThrow("Compile the model first");
  });
});
