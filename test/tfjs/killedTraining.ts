/**
 * A program for `killed.test.ts`: trains a tiny model, with checkpoints if a folder is named, says so after every
 * update, and prints all that came of it. Arguments: optimizer, seed of the first weights, folder.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { Random } from "../../src/internal/random.js";
import { folderStore } from "../../src/node/folderStore.js";
import { adam, randomCropAndFlip, sgd, train, weightsOf } from "../../src/tfjs/index.js";

const [optimizerName, weightSeed, folder] = process.argv.slice(2);
tf.env().set("PROD", true);
await tf.setBackend("cpu");

const { activation, batchNormalization, conv2d, dense, dropout, flatten } = layers.layers;
const model = layers.sequential({
  layers: [
    conv2d({ filters: 2, kernelSize: 3, inputShape: [5, 5, 1], name: "conv" }),
    batchNormalization({ name: "norm" }),
    activation({ activation: "relu" }),
    flatten(),
    dropout({ rate: 0.3 }),
    dense({ units: 4, name: "fc1" }),
    batchNormalization({ name: "fcNorm" }),
    dense({ units: 3, name: "fc2" }),
  ],
});
const random = new Random(Number(weightSeed), "weights");
const weights = weightsOf(model);
weights.write(Float32Array.from({ length: weights.length }, () => 0.2 + 0.5 * random.uniform()));

const pixels = new Random(1, "pixels");
const count = 16;
const data = {
  x: {
    data: Float32Array.from({ length: count * 25 }, () => pixels.normal()),
    shape: [count, 5, 5, 1],
  },
  y: Array.from({ length: count }, (_, i) => i % 3),
};
const optimizer =
  optimizerName === "adam" ? adam({ weightDecay: 0.01 }) : sgd({ momentum: 0.9, nesterov: true });

const result = await train(model, data, {
  schedule: (update) => 0.05 / (1 + update / 10),
  optimizer,
  epochs: 8,
  batchSize: 7,
  microBatch: 5,
  augment: randomCropAndFlip({ padding: 1 }),
  frozen: { layers: /^fc/, updates: 8 },
  validation: data,
  snapshots: [0, 5, 8, 20],
  ...(folder && {
    checkpoints: { store: folderStore(folder), everyUpdates: 1 },
    resume: true,
  }),
  onProgress: ({ update }) => {
    process.stdout.write(`update ${update}\n`);
  },
});
const memory = optimizer.getState(weights.variables);
const end = { ...result, snapshots: [...result.snapshots], weights: weights.read(), memory };
const asArrays = (_: string, value: unknown) =>
  value instanceof Float32Array ? Array.from(value) : value;
process.stdout.write(`end ${JSON.stringify(end, asArrays)}\n`);
