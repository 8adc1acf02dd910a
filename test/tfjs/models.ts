import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { expect } from "vitest";
import { Random } from "../../src/internal/random.js";
import { weightsOf } from "../../src/tfjs/index.js";
import type { Model } from "../../src/tfjs/model.js";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const { batchNormalization, conv2d, dense, dropout, flatten, reLU } = layers.layers;

/** Weights that are the same in every run of the tests. */
export function seedWeights<T extends Model>(model: T, seed = 1, scale = 0.5): T {
  const weights = weightsOf(model);
  const random = new Random(seed, "weights");
  const flat = weights.variables.flatMap(({ name, size }) =>
    Array.from({ length: size }, () => {
      // Statistics and scales as they are at the start, so that batch norm is well behaved.
      if (/variance|gamma/.test(name)) return 1;
      if (/moving_mean|beta/.test(name)) return 0;
      return scale * random.normal();
    }),
  );
  weights.write(flat);
  return model;
}

/** Two inputs, one hidden layer, three classes. */
export const denseModel = (seed = 1) =>
  seedWeights(
    layers.sequential({
      layers: [
        dense({ units: 4, inputShape: [2], activation: "tanh", name: "hidden" }),
        dense({ units: 3, name: "logits" }),
      ],
    }),
    seed,
  );

/** Body and head, each with batch norm, and dropout in the head. */
export const normModel = ({ momentum = 0.5, rate = 0 } = {}) =>
  seedWeights(
    layers.sequential({
      layers: [
        dense({ units: 4, inputShape: [2], name: "body" }),
        batchNormalization({ momentum, name: "bodyNorm" }),
        reLU({ name: "bodyRelu" }),
        dropout({ rate, name: "drop" }),
        dense({ units: 5, name: "head" }),
        batchNormalization({ momentum, name: "headNorm" }),
        dense({ units: 3, name: "logits" }),
      ],
    }),
  );

/** 6×6 grey images. */
export const convModel = () =>
  seedWeights(
    layers.sequential({
      layers: [
        conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1], name: "conv1" }),
        reLU({ name: "relu1" }),
        flatten({ name: "flat" }),
        dense({ units: 3, name: "logits" }),
      ],
    }),
  );

/** Three noisy clusters in the plane. */
export function clusters(count: number, seed = 5) {
  const random = new Random(seed, "data");
  const data = new Float32Array(2 * count);
  const y = Uint8Array.from({ length: count }, (_, i) => i % 3);
  y.forEach((label, i) => {
    data[2 * i] = Math.cos(2 * label) + 0.3 * random.normal();
    data[2 * i + 1] = Math.sin(2 * label) + 0.3 * random.normal();
  });
  return { x: { data, shape: [count, 2] }, y };
}

/** The action leaves as many tensors, and as many bytes, as it found. */
export async function expectNoLeak(action: () => unknown): Promise<void> {
  const before = tf.memory();
  await action();
  const after = tf.memory();
  expect([after.numTensors, after.numDataBuffers, after.numBytes]).toEqual([
    before.numTensors,
    before.numDataBuffers,
    before.numBytes,
  ]);
}
