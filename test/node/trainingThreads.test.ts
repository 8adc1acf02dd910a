import * as tf from "@tensorflow/tfjs";
import { afterAll, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { useBackend } from "../../src/node/index.js";
import { randomCropAndFlip, sgd, train, weightsOf } from "../../src/tfjs/index.js";

afterAll(() => tf.setBackend("wasm"));

/** Every kind of layer whose kernels are cut into items for threads. */
function makeModel(): tf.LayersModel {
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.conv2d({ filters: 12, kernelSize: 3, padding: "same", inputShape: [12, 12, 3] }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 20, kernelSize: 3, strides: 2, padding: "same", useBias: false }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.depthwiseConv2d({ kernelSize: 3, padding: "same" }),
      layers.averagePooling2d({ poolSize: 3, strides: 1 }),
      layers.flatten(),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 16, activation: "relu" }),
      layers.dense({ units: 4 }),
    ],
  });
  const random = new Random(11);
  const { variables, write } = weightsOf(model);
  write(
    variables.flatMap(({ name, shape, size }) => {
      const inputs = shape.slice(0, -1).reduce((product, factor) => product * factor, 1);
      return Array.from({ length: size }, () => {
        if (/gamma|moving_variance/.test(name)) return 1;
        return /kernel/.test(name) ? random.normal() * Math.sqrt(2 / inputs) : 0;
      });
    }),
  );
  return model;
}

const random = new Random(3);
const labels = Array.from({ length: 200 }, (_, i) => i % 4);
/** Noise in which each class has a channel of its own that is brighter, the last class none. */
const images = {
  data: Float32Array.from({ length: 200 * 432 }, (_, i) => {
    const bright = i % 3 === labels[Math.floor(i / 432)];
    return random.normal() + (bright ? 0.7 : 0);
  }),
  shape: [200, 12, 12, 3],
};

async function bitsOfTraining(threads: number) {
  expect(await useBackend("wasm", { threads })).toMatchObject({ threads, heap: "shared" });
  const model = makeModel();
  const optimizer = sgd({ momentum: 0.9, weightDecay: 5e-4, nesterov: true });
  const { losses, stopped } = await train(
    model,
    { x: images, y: labels },
    {
      schedule: 0.02,
      epochs: 25,
      batchSize: 26,
      optimizer,
      augment: randomCropAndFlip({ padding: 1 }),
    },
  );
  const weights = weightsOf(model).read();
  optimizer.dispose();
  model.dispose();
  return { stopped, losses, weights };
}

test("200 updates give the same bits on any number of threads, and once more", async () => {
  const alone = await bitsOfTraining(1);
  expect(alone.stopped).toBe("finished");
  expect(alone.losses).toHaveLength(200);
  const mean = (from: number) =>
    alone.losses.slice(from, from + 10).reduce((sum, loss) => sum + loss / 10, 0);
  expect(mean(190)).toBeLessThan(mean(0) / 2);
  for (const threads of [2, 3, 4, 1]) expect(await bitsOfTraining(threads)).toEqual(alone);
}, 180_000);
