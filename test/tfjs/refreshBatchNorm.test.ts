import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import {
  captureActivations,
  freezeLayers,
  type RefreshBatchNormOptions,
  refreshBatchNorm,
  registerTrainingKernels,
  weightsOf,
} from "../../src/tfjs/index.js";
import { clusters, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const { batchNormalization, conv2d, dense, dropout, flatten, reLU } = tfl.layers;
const data = clusters(30);

/** Images whose channels have means far from 0. */
const random = new Random(7, "images");
const images = {
  data: Float32Array.from({ length: 20 * 5 * 5 * 3 }, (_, i) => 10 * (i % 3) + random.normal()),
  shape: [20, 5, 5, 3],
};

/** Mean and variance of each channel, in double precision, over examples `from … to − 1`. */
function moments(values: ArrayLike<number>, channels: number, from = 0, to = values.length) {
  const count = (to - from) / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let i = from; i < to; i++) mean[i % channels]! += values[i]! / count;
  for (let i = from; i < to; i++) {
    variance[i % channels]! += (values[i]! - mean[i % channels]!) ** 2 / count;
  }
  return { mean, variance, count };
}

/** `[mean, variance]` that a layer has now. */
const statistics = (model: tfl.LayersModel, name: string) =>
  model
    .getLayer(name)
    .getWeights()
    .slice(-2)
    .map((tensor) => tensor.dataSync());

/** A convolution between two batch norms, dropout, and a functional model with a shortcut that holds a nested one. */
function imageModel(): tfl.LayersModel {
  const nested = tfl.sequential({
    name: "nested",
    layers: [
      conv2d({ filters: 4, kernelSize: 3, padding: "same", inputShape: [5, 5, 3], name: "conv" }),
      batchNormalization({ name: "inner" }),
      reLU(),
      conv2d({ filters: 3, kernelSize: 1, name: "back" }),
    ],
  });
  const input = tfl.input({ shape: [5, 5, 3] });
  const normed = batchNormalization({ name: "first" }).apply(input) as tfl.SymbolicTensor;
  const body = nested.apply(normed) as tfl.SymbolicTensor;
  const sum = tfl.layers.add({ name: "sum" }).apply([normed, body]) as tfl.SymbolicTensor;
  const last = batchNormalization({ name: "last" }).apply(sum);
  const dropped = dropout({ rate: 0.5 }).apply(flatten().apply(last));
  const output = dense({ units: 2, name: "logits" }).apply(dropped) as tfl.SymbolicTensor;
  return seedWeights(tfl.model({ inputs: input, outputs: output }));
}

/** Gives statistics to all layers that nothing may depend on. */
function spoil(model: tfl.LayersModel): void {
  const weights = weightsOf(model);
  const flat = weights.read();
  for (const { name, offset, size } of weights.variables) {
    if (/moving/.test(name)) flat.fill(name.includes("variance") ? 77 : -55, offset, offset + size);
  }
  weights.write(flat);
}

const refreshed = async (
  model: tfl.LayersModel,
  x: Parameters<typeof refreshBatchNorm>[1],
  options?: RefreshBatchNormOptions,
) => {
  await refreshBatchNorm(model, x, options);
  return weightsOf(model).read();
};

describe.each(["cpu", "wasm", "wasm with training kernels"])(
  "refreshBatchNorm on %s",
  (backend) => {
    const start = async () => {
      if (backend.endsWith("kernels")) registerTrainingKernels();
      await tf.setBackend(backend.split(" ")[0]!);
    };
    afterAll(() => tf.setBackend("cpu"));

    test("gives the first layer mean and variance of all inputs, whatever the batches", async () => {
      await start();
      const model = seedWeights(
        tfl.sequential({
          layers: [
            batchNormalization({ inputShape: [5, 5, 3], name: "first" }),
            flatten(),
            dense({ units: 2 }),
          ],
        }),
      );
      const { mean, variance } = moments(images.data, 3);
      const all = await refreshed(model, images);
      for (const batchSize of [1, 3, 7, 20, 100]) {
        await refreshBatchNorm(model, images, { batchSize });
        // Means of 20 in single precision; the variance is 1 beside a square of 400, and does not suffer.
        expect(statistics(model, "first")).toBeAllclose([mean, variance], {
          rtol: 1e-6,
          atol: 1e-7,
        });
        expect(weightsOf(model).read()).toBeAllclose(all, { rtol: 1e-6 });
      }
      const reversed = { ...images, data: new Float32Array(images.data.length) };
      for (let i = 0; i < 20; i++)
        reversed.data.set(images.data.subarray(75 * i, 75 * i + 75), 75 * (19 - i));
      expect(await refreshed(model, reversed, { batchSize: 7 })).toBeAllclose(all, { rtol: 1e-6 });
    });

    test("gives every layer the statistics of what it meets, nested and functional ones too", async () => {
      await start();
      const model = imageModel();
      spoil(model);
      await refreshBatchNorm(model, images);
      // One batch: with these statistics evaluation mode repeats the pass.
      const activations = await captureActivations(model, images, {
        layers: ["nested/conv", "sum"],
      });
      const conv = activations["nested/conv"]!;
      const sum = activations.sum!;
      const inner = model.getLayer("nested") as unknown as tfl.LayersModel;
      const [ofConv, ofSum] = [moments(conv.data, 4), moments(sum.data, 3)];
      expect(statistics(inner, "inner")).toBeAllclose([ofConv.mean, ofConv.variance], {
        rtol: 1e-5,
        atol: 1e-5,
      });
      expect(statistics(model, "last")).toBeAllclose([ofSum.mean, ofSum.variance], {
        rtol: 1e-5,
        atol: 1e-5,
      });
    });

    test("does not depend on earlier statistics, repeats its bits, and leaves the other weights", async () => {
      await start();
      for (const statistics of ["pooled", "moving"] as const) {
        const model = imageModel();
        const trainable = weightsOf(model).read({ trainable: true });
        const once = await refreshed(model, images, { batchSize: 7, statistics });
        spoil(model);
        expect(await refreshed(model, images, { batchSize: 7, statistics })).toEqual(once);
        expect(weightsOf(model).read({ trainable: true })).toEqual(trainable);
      }
    });

    test('has cumulative means of the batches and unbiased variances as "moving"', async () => {
      await start();
      const model = normModel();
      spoil(model);
      await refreshBatchNorm(model, data.x, { batchSize: 8, statistics: "moving" });
      const { body } = await captureActivations(model, data.x, { layers: "body" });
      const mean = new Float64Array(4);
      const variance = new Float64Array(4);
      for (let from = 0; from < 30; from += 8) {
        const batch = moments(body!.data, 4, 4 * from, 4 * Math.min(from + 8, 30));
        const { count } = batch;
        for (let c = 0; c < 4; c++) {
          mean[c]! += (batch.mean[c]! * count) / 30;
          variance[c]! += (((batch.variance[c]! * count) / (count - 1)) * count) / 30;
        }
      }
      expect(statistics(model, "bodyNorm")).toBeAllclose([mean, variance], {
        rtol: 1e-5,
        atol: 1e-6,
      });
    });

    test("leaves no tensor behind", async () => {
      await start();
      const model = imageModel();
      await expectNoLeak(() => refreshBatchNorm(model, images, { batchSize: 6 }));
      const infinite = normModel();
      weightsOf(infinite).write(weightsOf(infinite).read().fill(1e30));
      const before = weightsOf(infinite).read();
      await expectNoLeak(() =>
        expect(refreshBatchNorm(infinite, data.x)).rejects.toThrow(
          "refreshBatchNorm: the statistics of bodyNorm must be finite, got",
        ),
      );
      expect(weightsOf(infinite).read()).toEqual(before);
    });
  },
);

describe("refreshBatchNorm", () => {
  test("pools the moments that layers below leave, which depend on the batches", async () => {
    const model = normModel();
    const all = await refreshed(model, data.x, { batchSize: 30 });
    const parts = await refreshed(model, data.x, { batchSize: 5 });
    const of = (flat: Float32Array, layer: string) =>
      weightsOf(model)
        .variables.filter(({ name }) => name.startsWith(`${layer}/moving`))
        .map(({ offset, size }) => flat.slice(offset, offset + size));
    expect(of(parts, "bodyNorm")).toBeAllclose(of(all, "bodyNorm"), { rtol: 1e-5, atol: 1e-6 });
    expect(of(parts, "headNorm")).not.toBeAllclose(of(all, "headNorm"), { rtol: 1e-2 });
  });

  test("takes layers without scale or offset, which tf.layers cannot train", async () => {
    const model = tfl.sequential({
      layers: [batchNormalization({ scale: false, center: false, inputShape: [2], name: "bare" })],
    });
    await refreshBatchNorm(model, data.x, { batchSize: 7 });
    const { mean, variance } = moments(data.x.data, 2);
    expect(statistics(model, "bare")).toBeAllclose([mean, variance], { rtol: 1e-5, atol: 1e-6 });
  });

  test("takes channels that are not the last axis", async () => {
    const model = tfl.sequential({
      layers: [
        batchNormalization({ axis: 1, inputShape: [3, 4], name: "norm" }),
        flatten(),
        dense({ units: 2 }),
      ],
    });
    const x = { data: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)), shape: [5, 3, 4] };
    await refreshBatchNorm(model, x, { batchSize: 2 });
    const channel = (c: number) => x.data.filter((_, i) => Math.floor(i / 4) % 3 === c);
    const wanted = [0, 1, 2].map((c) => moments(channel(c), 1));
    expect(statistics(model, "norm")).toBeAllclose(
      [wanted.map(({ mean }) => mean[0]!), wanted.map(({ variance }) => variance[0]!)],
      { rtol: 1e-5, atol: 1e-7 },
    );
  });

  test("leaves frozen layers with their statistics", async () => {
    const model = normModel();
    spoil(model);
    const frozen = statistics(model, "bodyNorm").map((values) => values.slice());
    const handle = freezeLayers(model, "bodyNorm");
    await refreshBatchNorm(model, data.x);
    handle.restore();
    expect(statistics(model, "bodyNorm")).toEqual(frozen);
    expect(statistics(model, "headNorm")[0]).not.toContain(-55);
  });

  test("has nothing to do without batch norm, or in a model of one's own", async () => {
    const plain = denseModel();
    const before = weightsOf(plain).read();
    await refreshBatchNorm(plain, data.x);
    expect(weightsOf(plain).read()).toEqual(before);
    const w = tf.variable(tf.ones([2, 2]));
    await refreshBatchNorm(
      { variables: { w }, apply: (x: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D) },
      data.x,
    );
    expect(Array.from(w.dataSync())).toEqual([1, 1, 1, 1]);
  });

  test("puts everything back when it is aborted or a layer fails", async () => {
    const model = normModel();
    const before = weightsOf(model).read();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 0);
    const aborted = refreshBatchNorm(model, data.x, { batchSize: 1, signal: controller.signal });
    await expect(aborted).rejects.toThrow("enough");
    expect(weightsOf(model).read()).toEqual(before);
    const logits = model.getLayer("logits");
    logits.call = () => {
      throw new Error("broken");
    };
    await expectNoLeak(() => expect(refreshBatchNorm(model, data.x)).rejects.toThrow("broken"));
    expect(weightsOf(model).read()).toEqual(before);
  });

  test("says what is wrong", async () => {
    const model = normModel();
    const attempt = (options: object, x: unknown = data.x) =>
      refreshBatchNorm(model, x as never, options);
    await expect(attempt({ batchSize: 0 })).rejects.toThrow("refreshBatchNorm: batchSize must be");
    await expect(attempt({ statistics: "mean" })).rejects.toThrow(
      "refreshBatchNorm: statistics must be",
    );
    await expect(attempt({ momentum: 0.1 })).rejects.toThrow("refreshBatchNorm: options must be");
    await expect(attempt({ signal: true })).rejects.toThrow("refreshBatchNorm: signal must be");
    await expect(attempt({}, images)).rejects.toThrow("refreshBatchNorm: one example must be");
    await expect(attempt({ batchSize: 29, statistics: "moving" })).rejects.toThrow(
      "refreshBatchNorm: the numbers of a channel of bodyNorm in a batch must be >= 2, got 1",
    );
  });
});
