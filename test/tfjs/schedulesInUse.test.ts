import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { type Schedule, torch, warmup } from "../../src/schedules/index.js";
import { learningRateCallback, sgd, train, weightsOf } from "../../src/tfjs/index.js";
import { clusters, denseModel } from "./models.js";

const data = clusters(12);
const schedule: Schedule = warmup({
  to: torch.CosineAnnealingWarmRestarts({ lr: 0.2, T_0: 3, T_mult: 2, eta_min: 0.01 }),
  steps: 2,
  inside: false,
});
const updates = 8;
const x = () => tf.tensor(data.x.data, [...data.x.shape]);
const labels = () => tf.oneHot(tf.tensor1d(Array.from(data.y), "int32"), 3, 1, 0, "float32");

// All examples in each update, so that their order plays no part.
const ways: Record<string, (momentum: number, schedule: Schedule) => Promise<Float32Array>> = {
  "a loop of one's own": async (momentum, schedule) => {
    const model = denseModel();
    const optimizer = sgd({ momentum });
    const variables = weightsOf(model).variables.map(({ variable }) => variable);
    for (let update = 0; update < updates; update++) {
      tf.tidy(() => {
        const loss = () =>
          tf.losses.softmaxCrossEntropy(labels(), model.apply(x()) as tf.Tensor) as tf.Scalar;
        const { grads } = tf.variableGrads(loss, variables);
        const pairs = variables.map((variable) => [variable, grads[variable.name]!] as const);
        optimizer.apply(pairs, schedule(update));
      });
    }
    optimizer.dispose();
    return weightsOf(model).read();
  },

  train: async (momentum, schedule) => {
    const model = denseModel();
    const optimizer = sgd({ momentum });
    await train(model, data, { schedule, epochs: updates, batchSize: 12, optimizer });
    optimizer.dispose();
    return weightsOf(model).read();
  },

  "model.fit with a callback": async (momentum, schedule) => {
    const model = denseModel();
    // The rate that it is made with is to be overwritten before the first update.
    const optimizer = momentum > 0 ? tf.train.momentum(9, momentum) : tf.train.sgd(9);
    const loss = (y: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, logits);
    model.compile({ optimizer, loss });
    const callbacks = learningRateCallback(schedule, model);
    const fit = { epochs: updates, batchSize: 12, shuffle: false, callbacks, verbose: 0 } as const;
    await model.fit(x(), labels(), fit);
    return weightsOf(model).read();
  },
};

test.each([
  ["plain gradient descent", 0],
  ["momentum", 0.9],
])(
  "a schedule gives the same weights in a loop, in train and in fit, with %s",
  async (_, momentum) => {
    const results: Float32Array[] = [];
    for (const way of Object.values(ways)) results.push(await way(momentum, schedule));
    const [loop, ...others] = results;
    const constant = await ways.train!(momentum, () => 0.2);
    const distance = Math.hypot(...loop!.map((weight, i) => weight - constant[i]!));
    expect(distance).toBeGreaterThan(0.05);
    for (const weights of others) expect(weights).toBeAllclose(loop!, { atol: 2e-6 });
  },
);
