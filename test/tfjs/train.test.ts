import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { permutation, Random } from "../../src/internal/random.js";
import { stepDecay } from "../../src/schedules/index.js";
import {
  evaluate,
  sgd,
  type TrainingProgress,
  type TrainOptions,
  train,
  weightsOf,
} from "../../src/tfjs/index.js";
import { clusters, convModel, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const { dense, dropout } = layers.layers;
const data = clusters(12);
const options: TrainOptions = { schedule: 0.1, epochs: 2, batchSize: 5 };

/** Mean cross-entropy in double precision of the two-layer tanh model with flat weights w. */
function lossOf(w: ArrayLike<number>, x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) {
    const hidden = [0, 1, 2, 3].map((j) =>
      Math.tanh(x[2 * i]! * w[j]! + x[2 * i + 1]! * w[4 + j]! + w[8 + j]!),
    );
    const logits = [0, 1, 2].map((k) =>
      hidden.reduce((z, h, j) => z + h * w[12 + 3 * j + k]!, w[24 + k]!),
    );
    sum += Math.log(logits.reduce((total, z) => total + Math.exp(z), 0)) - logits[y[i]!]!;
  }
  return sum / y.length;
}

describe("train", () => {
  test("one update is −rate times the finite difference of the mean loss in double precision", async () => {
    const model = denseModel();
    const before = Float64Array.from(weightsOf(model).read());
    const result = await train(model, data, {
      schedule: 0.5,
      epochs: 1,
      batchSize: 12,
      optimizer: sgd(),
    });
    const after = weightsOf(model).read();
    const h = 1e-5;
    const gradient = Array.from(before, (_, i) => {
      const at = (value: number) => lossOf(before.with(i, value), data.x.data, data.y);
      return (at(before[i]! + h) - at(before[i]! - h)) / (2 * h);
    });
    expect(gradient.some((g) => Math.abs(g) > 0.05)).toBe(true);
    // Rounding of weights near 1 (6e-8) over the rate, and of the gradient itself.
    expect(Array.from(after, (w, i) => (before[i]! - w) / 0.5)).toBeAllclose(gradient, {
      rtol: 1e-5,
      atol: 1e-6,
    });
    expect(result.losses).toBeAllclose([lossOf(before, data.x.data, data.y)], { rtol: 1e-6 });
  });

  test("follows tf.layers' own fit on the same batches with plain SGD", async () => {
    const ours = normModel();
    const theirs = normModel();
    await train(ours, data, { ...options, seed: 3, epochs: 3, optimizer: sgd() });
    const random = new Random(3, "order");
    theirs.compile({
      optimizer: tf.train.sgd(0.1),
      loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
    });
    for (let epoch = 0; epoch < 3; epoch++) {
      const order = Array.from(permutation(12, random));
      const x = tf.gather(tf.tensor2d(data.x.data, [12, 2]), order);
      const y = tf.oneHot(
        order.map((i) => data.y[i]!),
        3,
      );
      await theirs.fit(x, y, { batchSize: 5, epochs: 1, shuffle: false, verbose: 0 });
    }
    // Both compute in single precision; batch norm of five examples magnifies its rounding.
    expect(weightsOf(ours).read()).toBeAllclose(weightsOf(theirs).read(), {
      rtol: 1e-4,
      atol: 1e-5,
    });
    expect(weightsOf(ours).read()).not.toBeAllclose(weightsOf(normModel()).read(), { atol: 1e-2 });
  });

  test("a batch larger than the data is one of them all", async () => {
    const runs = [12, 13, 1e6].map(async (batchSize) => {
      const model = denseModel();
      const result = await train(model, data, { schedule: 0.1, epochs: 2, batchSize });
      return { result, weights: weightsOf(model).read() };
    });
    const [all, ...larger] = await Promise.all(runs);
    expect(all!.result.updates).toBe(2);
    expect(larger).toEqual([all, all]);
  });

  test("learns three clusters, and says how it went epoch by epoch", async () => {
    const model = denseModel();
    const many = clusters(60);
    const test = clusters(30, 8);
    const result = await train(model, many, {
      schedule: stepDecay({ initial: 0.2, boundaries: [20], factor: 0.1 }),
      epochs: 10,
      batchSize: 16,
      validation: test,
    });
    expect(result.stopped).toBe("finished");
    expect(result).not.toHaveProperty("divergedAtUpdate");
    expect(result.updates).toBe(40);
    expect(result.losses).toHaveLength(40);
    expect(result.learningRates.slice(18, 22)).toBeAllclose([0.2, 0.2, 0.02, 0.02], {
      rtol: 1e-12,
    });
    expect(result.history.map(({ epoch, updates }) => [epoch, updates])).toEqual(
      Array.from({ length: 10 }, (_, i) => [i + 1, 4 * (i + 1)]),
    );
    // The last of four batches has 12 examples, not 16.
    const [a, b, c, d] = result.losses as [number, number, number, number];
    expect(result.history[0]!.trainLoss).toBeCloseTo((16 * (a + b + c) + 12 * d) / 60, 12);
    const last = result.history[9]!;
    expect(last.trainLoss).toBeLessThan(result.history[0]!.trainLoss / 2);
    expect(last.learningRate).toBeCloseTo(0.02, 12);
    const final = await evaluate(model, test);
    expect([last.validationLoss, last.validationAccuracy]).toEqual([final.loss, final.accuracy]);
    expect(final.accuracy).toBeGreaterThan(0.9);
  });

  test("every epoch visits every example once, in an order of its own", async () => {
    const visited: number[][] = [];
    await train(denseModel(), data, {
      ...options,
      lossFunction: (logits, { indices, labels }) => {
        expect(Array.from(labels.dataSync())).toEqual(Array.from(indices, (i) => data.y[i]));
        visited.push(Array.from(indices));
        return tf.mean(tf.square(logits));
      },
    });
    expect(visited.map((batch) => batch.length)).toEqual([5, 5, 2, 5, 5, 2]);
    const epochs = [visited.slice(0, 3).flat(), visited.slice(3).flat()];
    for (const epoch of epochs) {
      expect(epoch.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    }
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  test("the same seed gives the same bits, dropout included; another seed others", async () => {
    const run = async (seed: number) => {
      const model = normModel({ rate: 0.5 });
      const { losses } = await train(model, data, { ...options, seed });
      return { losses, weights: weightsOf(model).read() };
    };
    const one = await run(7);
    expect(await run(7)).toEqual(one);
    expect((await run(8)).weights).not.toEqual(one.weights);
  });

  test("dropout draws a new mask for each update, although tf.layers repeats a seeded one", async () => {
    const drop = dropout({ rate: 0.5, seed: 4, inputShape: [8] });
    const one = dense({ units: 2, kernelInitializer: "ones" });
    const model = layers.sequential({ layers: [drop, one] });
    const ones = { x: { data: new Float32Array(16).fill(1), shape: [2, 8] }, y: [0, 1] };
    const apply = () =>
      Array.from(
        weightsOf(model)
          .apply(tf.ones([2, 8]), { training: true })
          .dataSync(),
      );
    expect(apply()).toEqual(apply());
    const sums = new Set<string>();
    await train(model, ones, {
      schedule: 0,
      epochs: 6,
      batchSize: 2,
      lossFunction: (logits) => {
        sums.add(logits.dataSync().join());
        return tf.mean(logits);
      },
    });
    expect(sums.size).toBeGreaterThan(2);
    expect((drop as unknown as { seed: number }).seed).toBe(4);
  });

  test("the event loop has its turn, so a timer can abort", async () => {
    const controller = new AbortController();
    const model = denseModel();
    const result = await train(model, data, {
      ...options,
      epochs: 1e4,
      signal: controller.signal,
      onProgress: ({ update }) => {
        if (update === 1) setTimeout(() => controller.abort(), 5);
      },
    });
    expect(result.stopped).toBe("aborted");
    expect(result.updates).toBeGreaterThan(0);
    // Node would hand out 1,000 messages in a row before it looked at the timer.
    expect(result.updates).toBeLessThan(1000);
    expect(result.losses).toHaveLength(result.updates);
  });

  test("an abort leaves the weights after the last whole update", async () => {
    const controller = new AbortController();
    const model = normModel();
    const result = await train(model, data, {
      ...options,
      snapshots: [4],
      signal: controller.signal,
      onProgress: ({ update }) => {
        if (update === 4) controller.abort();
      },
    });
    expect(result).toMatchObject({ stopped: "aborted", updates: 4 });
    expect(result.history).toHaveLength(1);
    expect(weightsOf(model).read()).toEqual(result.snapshots.get(4));
    const before = weightsOf(model).read();
    const none = await train(model, data, { ...options, signal: AbortSignal.abort() });
    expect(none).toMatchObject({ stopped: "aborted", updates: 0, history: [] });
    expect(weightsOf(model).read()).toEqual(before);
  });

  test("progress is reported after every update, and awaited", async () => {
    const reports: TrainingProgress[] = [];
    let pending = 0;
    await train(denseModel(), data, {
      ...options,
      validation: data,
      onProgress: async (progress) => {
        expect(pending++).toBe(0);
        await new Promise((resolve) => setTimeout(resolve, 1));
        pending--;
        reports.push(progress);
      },
    });
    expect(reports.map(({ update, epoch }) => [update, epoch])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 2],
      [6, 2],
    ]);
    expect(reports.map((report) => "validation" in report)).toEqual([
      ...[false, false, true],
      ...[false, false, true],
    ]);
    expect(reports[0]).toMatchObject({ updates: 6, epochs: 2, learningRate: 0.1 });
  });

  test("evaluateEvery skips epochs, but never the last", async () => {
    const { history } = await train(denseModel(), data, {
      ...options,
      epochs: 5,
      validation: data,
      evaluateEvery: 3,
    });
    expect(history.map((record) => "validationLoss" in record)).toEqual([
      ...[false, false, true, false, true],
    ]);
    const without = await train(denseModel(), data, options);
    expect(without.history[0]).not.toHaveProperty("validationAccuracy");
  });

  test("snapshots are the flat weights after so many updates", async () => {
    const model = normModel();
    const start = weightsOf(model).read();
    const seen = new Map<number, Float32Array>();
    const { snapshots } = await train(model, data, {
      ...options,
      snapshots: [6, 0, 2],
      onProgress: ({ update }) => void seen.set(update, weightsOf(model).read()),
    });
    expect(Array.from(snapshots.keys())).toEqual([0, 2, 6]);
    expect(snapshots.get(0)).toEqual(start);
    expect(snapshots.get(2)).toEqual(seen.get(2));
    expect(snapshots.get(6)).toEqual(weightsOf(model).read());
  });

  test("batch norm moves its statistics by the batch: (1 − momentum) of the way", async () => {
    const model = normModel({ momentum: 0.75 });
    const weights = weightsOf(model);
    const [kernel, bias] = model
      .getLayer("body")
      .getWeights()
      .map((w) => Array.from(w.dataSync()));
    const moving = () =>
      Array.from(model.getLayer("bodyNorm").getWeights().slice(2), (w) => Array.from(w.dataSync()));
    const outputs = (i: number) =>
      bias!.map(
        (b, j) => b + data.x.data[2 * i]! * kernel![j]! + data.x.data[2 * i + 1]! * kernel![4 + j]!,
      );
    const rows = Array.from({ length: 12 }, (_, i) => outputs(i));
    const mean = bias!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / 12);
    const variance = mean.map(
      (m, j) => rows.reduce((sum, row) => sum + (row[j]! - m) ** 2, 0) / 12,
    );
    expect(weights.length).toBe(91);
    await train(model, data, { schedule: 0, epochs: 1, batchSize: 12 });
    expect(moving()).toBeAllclose(
      [mean.map((m) => 0.25 * m), variance.map((v) => 0.75 + 0.25 * v)],
      {
        rtol: 1e-4,
        atol: 1e-6,
      },
    );
  });

  test("penalties of regularizers are part of what is minimised, not of evaluate's loss", async () => {
    const model = layers.sequential({
      layers: [
        dense({
          units: 2,
          inputShape: [1],
          kernelRegularizer: layers.regularizers.l2({ l2: 0.5 }),
          useBias: false,
        }),
      ],
    });
    weightsOf(model).write([1, 1]);
    const zeros = { x: { data: Float32Array.of(0), shape: [1, 1] }, y: [0] };
    const { losses } = await train(model, zeros, { schedule: 0.1, epochs: 1, batchSize: 1 });
    expect(losses).toBeAllclose([Math.LN2 + 1], { rtol: 1e-6 });
    expect(weightsOf(model).read()).toBeAllclose([0.9, 0.9], { rtol: 1e-6 });
    expect((await evaluate(model, zeros)).loss).toBeCloseTo(Math.LN2, 6);
  });

  describe("frozen layers", () => {
    const frozen = { layers: ["head", "headNorm", "logits"], updates: 4 };

    test("stay bit for bit as they are until their time is over, then train from rest", async () => {
      const model = normModel();
      const { snapshots } = await train(model, data, {
        ...options,
        frozen,
        snapshots: [0, 3, 4, 5],
      });
      const part = (update: number, layer: string) =>
        weightsOf(model)
          .variables.filter((variable) => variable.layer === layer)
          .map(({ offset, size }) => snapshots.get(update)!.slice(offset, offset + size));
      for (const layer of frozen.layers) {
        expect(part(4, layer)).toEqual(part(0, layer));
        expect(part(5, layer)).not.toEqual(part(4, layer));
      }
      for (const layer of ["body", "bodyNorm"]) expect(part(3, layer)).not.toEqual(part(0, layer));
      // From rest: update 4 is the same as the first update of an optimizer that knows nothing of the head.
      const again = normModel();
      weightsOf(again).write(snapshots.get(4)!);
      const order = new Random(0, "order");
      permutation(12, order);
      const indices = permutation(12, order).subarray(5, 10);
      const x = Float32Array.from(
        [...indices].flatMap((i) => [...data.x.data.subarray(2 * i, 2 * i + 2)]),
      );
      const y = Array.from(indices, (i) => data.y[i]!);
      const batch = { x: { data: x, shape: [5, 2] }, y };
      const one = { ...options, epochs: 1, batchSize: 5, snapshots: [1] };
      const first = await train(again, batch, one);
      const { offset, size } = weightsOf(model).variables.find(
        ({ name }) => name === "logits/kernel",
      )!;
      const slice = (flat: Float32Array) => flat.slice(offset, offset + size);
      // The batch comes in another order, which changes rounding only.
      expect(slice(first.snapshots.get(1)!)).toBeAllclose(slice(snapshots.get(5)!), {
        rtol: 1e-5,
        atol: 1e-6,
      });
    });

    test("are as they were when the training ends, whatever ends it", async () => {
      const ends: Partial<TrainOptions>[] = [
        {},
        { frozen: { ...frozen, updates: 100 } },
        { signal: AbortSignal.abort() },
        { schedule: 1e38, optimizer: sgd() },
        {
          onProgress: () => {
            throw new Error("stop");
          },
        },
      ];
      for (const end of ends) {
        const model = normModel();
        const flags = () => weightsOf(model).variables.map(({ trainable }) => trainable);
        const before = flags();
        await train(model, data, { ...options, frozen, ...end }).catch((error) => {
          expect(error.message).toBe("stop");
        });
        expect(flags()).toEqual(before);
        expect(Object.hasOwn(model.getLayer("headNorm"), "call")).toBe(false);
      }
    });

    test("lose the momentum that a given optimizer had gathered for them", async () => {
      const model = denseModel();
      const optimizer = sgd({ momentum: 0.9 });
      await train(model, data, { ...options, optimizer });
      const { variables } = weightsOf(model);
      expect(Object.keys(optimizer.getState(variables))).toHaveLength(4);
      await train(model, data, {
        ...options,
        optimizer,
        frozen: { layers: "logits", updates: 6 },
      });
      expect(Object.keys(optimizer.getState(variables))).toEqual(["hidden/kernel", "hidden/bias"]);
      optimizer.dispose();
    });
  });

  describe("divergence", () => {
    /** One weight; the loss is w², whose steps with rate r multiply w by 1 − 2r. */
    const squareModel = (start: number) => {
      const w = tf.variable(tf.tensor1d([start]));
      const model = {
        variables: { w },
        apply: (x: tf.Tensor) => tf.add(tf.zeros([x.shape[0]!, 3]), w),
      };
      return { w, model };
    };
    const square = {
      epochs: 100,
      batchSize: 12,
      optimizer: sgd(),
      lossFunction: (logits: tf.Tensor) => tf.mean(tf.square(logits)) as tf.Scalar,
    };

    test("is noticed in the update whose loss overflows, and undone", async () => {
      // w = (−1000)^k; w² passes 3.4e38 at k = 7: |w| = 1e21.
      const { w, model } = squareModel(1);
      const snapshots = [0, 6, 7, 8];
      const result = await train(model, data, { ...square, schedule: 500.5, snapshots });
      expect(result).toMatchObject({ stopped: "diverged", divergedAtUpdate: 7, updates: 7 });
      expect(result.losses).toHaveLength(7);
      expect(result.losses.every(Number.isFinite)).toBe(true);
      expect(Array.from(result.snapshots.keys())).toEqual([0, 6, 7]);
      expect(w.dataSync()).toEqual(result.snapshots.get(7));
      expect(w.dataSync()[0]! / -1e21).toBeCloseTo(1, 4);
    });

    test("is noticed when the loss is finite but a weight is not any more", async () => {
      const { w, model } = squareModel(1e15);
      const result = await train(model, data, { ...square, schedule: 1e30 });
      expect(result).toMatchObject({ stopped: "diverged", divergedAtUpdate: 0, updates: 0 });
      expect(w.dataSync()[0]).toBe(Math.fround(1e15));
    });

    test("clears what the optimizer remembers, which is not finite", async () => {
      const { model } = squareModel(1);
      const optimizer = sgd({ momentum: 0.9 });
      const result = await train(model, data, { ...square, optimizer, schedule: 1e5 });
      expect(result.stopped).toBe("diverged");
      expect(optimizer.getState(weightsOf(model).variables)).toEqual({});
    });

    test("is noticed when only a statistic of batch norm overflows", async () => {
      const model = normModel();
      const { variables } = weightsOf(model);
      const huge = { x: { data: Float32Array.of(1e30, 0, -1e30, 1), shape: [2, 2] }, y: [0, 1] };
      const before = weightsOf(model).read();
      const result = await train(model, huge, { ...options, schedule: 0 });
      expect(result).toMatchObject({ stopped: "diverged", divergedAtUpdate: 0 });
      expect(weightsOf(model).read()).toEqual(before);
      expect(variables.every(({ variable }) => variable.dataSync().every(Number.isFinite))).toBe(
        true,
      );
    });

    test("leaves finite weights for any rate, and the records end with it", async () => {
      await fc.assert(
        fc.asyncProperty(fc.double({ min: 0, max: 38, noNaN: true }), async (exponent) => {
          const model = denseModel();
          const result = await train(model, data, {
            ...options,
            schedule: 10 ** exponent,
            epochs: 4,
          });
          expect(weightsOf(model).read().every(Number.isFinite)).toBe(true);
          expect(result.losses).toHaveLength(result.updates);
          expect(result.history).toHaveLength(Math.floor(result.updates / 3));
          expect(result.stopped === "diverged").toBe(result.divergedAtUpdate !== undefined);
          if (result.divergedAtUpdate !== undefined)
            expect(result.divergedAtUpdate).toBe(result.updates);
        }),
        { numRuns: 15 },
      );
    });
  });

  test("an error in a callback leaves the weights after a whole number of updates", async () => {
    const model = normModel();
    let calls = 0;
    let after: Float32Array | undefined;
    const failing = train(model, data, {
      ...options,
      onProgress: () => {
        after = weightsOf(model).read();
      },
      lossFunction: (logits) => {
        if (++calls === 3) throw new Error("no more");
        return tf.mean(tf.square(logits));
      },
    });
    await expect(failing).rejects.toThrow("no more");
    expect(weightsOf(model).read()).toEqual(after);
  });

  test("leaves no tensor behind: finished, aborted, diverged, failed, refused", async () => {
    const model = normModel({ rate: 0.5 });
    const conv = convModel();
    const x = tf.ones([4, 6, 6, 1]);
    await expectNoLeak(async () => {
      await train(conv, { x, y: [0, 1, 2, 0] }, { ...options, snapshots: [0, 1] });
      const frozen = { layers: "head", updates: 2 };
      await train(model, data, { ...options, validation: data, frozen });
      await train(model, data, { ...options, signal: AbortSignal.abort() });
      const fail = () => {
        throw new Error("no");
      };
      await expect(train(model, data, { ...options, lossFunction: fail })).rejects.toThrow("no");
      const failBackward = tf.customGrad((z) => ({
        value: tf.mean(z as tf.Tensor),
        gradFunc: fail,
      })) as (z: tf.Tensor) => tf.Tensor;
      await expect(
        train(model, data, { ...options, lossFunction: (z) => failBackward(z) }),
      ).rejects.toThrow("no");
      await expect(train(model, data, { ...options, onProgress: fail })).rejects.toThrow("no");
      await expect(train(model, data, { ...options, epochs: 0 })).rejects.toThrow(RangeError);
      const optimizer = sgd({ momentum: 0.9 });
      await train(model, data, { ...options, optimizer });
      optimizer.dispose();
      expect((await train(model, data, { ...options, schedule: 1e38 })).stopped).toBe("diverged");
    });
  });

  test("inputs may be a tensor, single or double precision, or bytes", async () => {
    const bytes = Uint8Array.from(data.x.data, (value) => Math.round(50 * value + 100));
    const run = async (x: Parameters<typeof train>[1]["x"]) => {
      const model = denseModel();
      await train(model, { x, y: Array.from(data.y) }, options);
      return weightsOf(model).read();
    };
    const expected = await run({ data: bytes, shape: [12, 2] });
    expect(await run({ data: Float32Array.from(bytes), shape: [12, 2] })).toEqual(expected);
    expect(await run({ data: Float64Array.from(bytes), shape: [12, 2] })).toEqual(expected);
    expect(await run(tf.tensor2d(bytes, [12, 2]))).toEqual(expected);
    expect(await run(tf.tensor2d(bytes, [12, 2], "int32"))).toEqual(expected);
  });

  test("prints nothing", async () => {
    const spies = (["log", "warn", "error", "info"] as const).map((name) =>
      vi.spyOn(console, name),
    );
    await train(normModel(), data, {
      ...options,
      validation: data,
      frozen: { layers: "head", updates: 1 },
    });
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  describe("refuses before anything changes", () => {
    const softmax = () =>
      layers.sequential({ layers: [dense({ units: 3, inputShape: [2], activation: "softmax" })] });
    const nan = () => {
      const values = data.x.data.slice();
      values[7] = Number.NaN;
      return { data: values, shape: [12, 2] };
    };
    const { x, y } = data;
    const cases: [string, () => Promise<unknown>, string][] = [
      [
        "a misspelt option",
        () => train(denseModel(), data, { ...options, epoch: 3 } as never),
        'got "epoch"',
      ],
      [
        "no epochs",
        () => train(denseModel(), data, { ...options, epochs: 0 }),
        "epochs must be an integer >= 1, got 0",
      ],
      [
        "half a batch",
        () => train(denseModel(), data, { ...options, batchSize: 1.5 }),
        "batchSize",
      ],
      [
        "a missing schedule",
        () => train(denseModel(), data, { epochs: 1, batchSize: 1 } as never),
        "schedule must be a number or a schedule",
      ],
      [
        "a schedule that fails later",
        () => train(denseModel(), data, { ...options, schedule: (k) => (k < 4 ? 1 : Number.NaN) }),
        "schedule(4) must be a finite number >= 0, got NaN",
      ],
      [
        "a negative rate",
        () => train(denseModel(), data, { ...options, schedule: -1 }),
        "schedule(0)",
      ],
      [
        "a tfjs optimizer",
        () => train(denseModel(), data, { ...options, optimizer: tf.train.sgd(1) as never }),
        "optimizer of closerlook",
      ],
      [
        "a snapshot beyond the end",
        () => train(denseModel(), data, { ...options, snapshots: [7] }),
        "snapshots must be an integer >= 0 and <= 6, got 7",
      ],
      [
        "unknown frozen layers",
        () => train(denseModel(), data, { ...options, frozen: { layers: "fc", updates: 1 } }),
        'train: frozen.layers must be one or more of the layers hidden, logits, got "fc"',
      ],
      [
        "frozen layers without weights",
        () => train(normModel(), data, { ...options, frozen: { layers: "drop", updates: 1 } }),
        'train: frozen.layers must be a layer with weights: body, bodyNorm, head, headNorm, logits, got "drop"',
      ],
      [
        "NaN inputs",
        () => train(denseModel(), { x: nan(), y }, options),
        "data.x.data[7] must be a finite number, got NaN",
      ],
      [
        "NaN validation inputs",
        () => train(denseModel(), data, { ...options, validation: { x: nan(), y } }),
        "validation.x.data[7]",
      ],
      [
        "missing numbers",
        () => train(denseModel(), { x: { ...x, shape: [13, 2] }, y }, options),
        "train: data.x.data must be of 13 × 2 = 26 numbers, as its shape says, got 24",
      ],
      [
        "no examples",
        () => train(denseModel(), { x: { data: new Float32Array(), shape: [0, 2] }, y }, options),
        "train: data.x.shape must be positive integers [examples, …], got [0, 2]",
      ],
      [
        "examples without a shape of their own",
        () => train(denseModel(), { x: { ...x, shape: [24] }, y }, options),
        "train: data.x.shape must be positive integers [examples, …], got [24]",
      ],
      [
        "inputs of 64-bit integers",
        () =>
          train(denseModel(), { x: { data: new BigInt64Array(24), shape: [12, 2] }, y }, options),
        "train: data.x.data must be an array of numbers, got BigInt64Array of 192 bytes. 64-bit integers are read as " +
          "BigInt: convert with Float64Array.from(data, Number)",
      ],
      [
        "another example shape",
        () => train(denseModel(), { x: { ...x, shape: [8, 3] }, y }, options),
        "of shape [2], the model's input, got [3]",
      ],
      [
        "missing labels",
        () => train(denseModel(), { x, y: [0] }, options),
        "12 classes, one for each example, got 1",
      ],
      [
        "a label beyond the outputs",
        () => train(denseModel(), { x, y: y.with(3, 3) }, options),
        "data.y[3] must be an integer from 0 to 2",
      ],
      [
        "a 64-bit label that 32 bits would wrap into range",
        () =>
          train(
            denseModel(),
            { x, y: BigInt64Array.from(y, (_, i) => (i ? 0n : 2n ** 32n)) },
            options,
          ),
        "train: data.y[0] must be an integer from 0 to 2, as the model has 3 outputs, got 4294967296n",
      ],
      [
        "a negative 64-bit label",
        () => train(denseModel(), { x, y: new BigInt64Array(12).fill(-1n) }, options),
        "train: data.y[0] must be an integer from 0 to 2, as the model has 3 outputs, got -1n",
      ],
      [
        "a label that is no integer",
        () => train(denseModel(), { x, y: Array(12).fill(0.5) }, options),
        "data.y[0]",
      ],
      ["a softmax at the end", () => train(softmax(), data, options), "must be logits"],
      [
        "no data",
        () => train(denseModel(), null as never, options),
        "data must be { x, y }, got null",
      ],
      [
        "an own model without classes",
        () =>
          train(
            { variables: [tf.variable(tf.scalar(1))], apply: (x: tf.Tensor) => tf.sum(x) },
            data,
            options,
          ),
        "logits [examples, classes >= 2]",
      ],
      [
        "a loss that is no scalar",
        () => train(denseModel(), data, { ...options, lossFunction: (z) => z }),
        "a scalar tensor, got [5, 3]. Take the mean",
      ],
    ];
    test.each(cases)("%s", async (_, action, message) => {
      await expect(action()).rejects.toThrow(message);
    });

    test("weights that are not finite", async () => {
      const w = tf.variable(tf.tensor1d([1, Number.POSITIVE_INFINITY]));
      const model = {
        variables: { "fc/bias": w },
        apply: (x: tf.Tensor) => tf.add(tf.zeros([x.shape[0]!, 2]), w),
      };
      await expect(train(model, data, options)).rejects.toThrow(
        "train: the model's weights must be finite, got Infinity in fc/bias",
      );
    });

    test("a softmax is fine with a loss function of one's own", async () => {
      const model = seedWeights(softmax());
      const lossFunction = (probabilities: tf.Tensor) =>
        tf.mean(tf.square(probabilities)) as tf.Scalar;
      expect((await train(model, data, { ...options, lossFunction })).stopped).toBe("finished");
    });
  });
});
