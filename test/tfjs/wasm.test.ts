import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import {
  adam,
  captureActivations,
  evaluate,
  evaluateCurve,
  freezeLayers,
  registerTrainingKernels,
  sgd,
  train,
  trainCurve,
  weightsOf,
} from "../../src/tfjs/index.js";
import { bentChain } from "./curves.js";
import { MemoryStore } from "./memoryStore.js";
import { clusters, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const data = clusters(12);

/** Everything there is, on one backend. */
async function everything(backend: "cpu" | "wasm") {
  await tf.setBackend(backend);
  const model = normModel({ rate: 0.25 });
  const optimizer = sgd({ momentum: 0.9, weightDecay: 0.01, nesterov: true });
  const { losses } = await train(model, data, {
    schedule: 0.05,
    epochs: 3,
    batchSize: 5,
    optimizer,
    frozen: { layers: "head", updates: 3 },
  });
  const state = optimizer.getState(weightsOf(model).variables);
  optimizer.dispose();
  const { loss, accuracy } = await evaluate(model, data);
  const { logits } = await captureActivations(model, data.x, { batchSize: 5 });
  freezeLayers(model, /Norm/).restore();
  const velocities = Object.values(state).map(({ arrays }) => arrays.velocity!);
  return [losses, weightsOf(model).read(), ...velocities, [loss, accuracy], logits!.data];
}

describe("on the wasm backend", () => {
  afterAll(() => tf.setBackend("cpu"));

  test("everything gives the numbers of the cpu backend", async () => {
    const cpu = await everything("cpu");
    const wasm = await everything("wasm");
    // Nine updates in single precision, each through batch norm of a few examples.
    expect(wasm).toBeAllclose(cpu, { rtol: 1e-3, atol: 1e-4 });
    expect(await everything("wasm")).toEqual(wasm);
  });

  test("Adam, gradients in parts and a training that is taken up again give the numbers of cpu", async () => {
    const run = async (backend: "cpu" | "wasm", stopAfter?: number) => {
      await tf.setBackend(backend);
      const checkpoints = { store: new MemoryStore(), everyUpdates: 1 };
      const controller = new AbortController();
      const options = {
        schedule: 0.01,
        epochs: 3,
        batchSize: 5,
        microBatch: 2,
        frozen: { layers: "head", updates: 3 },
        checkpoints,
        resume: true,
      };
      const start = async (model: ReturnType<typeof normModel>, rest: object = {}) => {
        const optimizer = adam({ weightDecay: 0.01 });
        const { losses } = await train(model, data, { ...options, optimizer, ...rest });
        optimizer.dispose();
        return [losses, weightsOf(model).read()];
      };
      if (stopAfter === undefined) return start(denseModel(), { frozen: undefined });
      await start(normModel({ rate: 0.25 }), {
        signal: controller.signal,
        onProgress: ({ update }: { update: number }) => {
          if (update === stopAfter) controller.abort();
        },
      });
      return start(seedWeights(normModel({ rate: 0.25 }), 9));
    };
    expect(await run("wasm")).toBeAllclose(await run("cpu"), { rtol: 1e-4, atol: 1e-5 });
    const undisturbed = await run("wasm", 9);
    expect(await run("wasm", 2)).toEqual(undisturbed);
    expect(await run("wasm", 5)).toEqual(undisturbed);
  });

  test("a divergence is noticed and undone", async () => {
    await tf.setBackend("wasm");
    const model = normModel();
    const options = { epochs: 5, batchSize: 5, snapshots: [0, 1, 2, 3, 4, 5] };
    const result = await train(model, data, { ...options, schedule: 1e20 });
    expect(result.stopped).toBe("diverged");
    expect(weightsOf(model).read()).toEqual(result.snapshots.get(result.updates));
    expect(weightsOf(model).read().every(Number.isFinite)).toBe(true);
  });

  test("leaves no tensor behind", async () => {
    await tf.setBackend("wasm");
    const model = normModel();
    const options = { schedule: 0.1, epochs: 2, batchSize: 5 };
    await expectNoLeak(async () => {
      await train(model, data, { ...options, validation: data });
      await captureActivations(model, data.x);
      weightsOf(model).write(weightsOf(model).read());
    });
  });

  test("a curve is trained and evaluated to the numbers of cpu", async () => {
    const run = async (backend: "cpu" | "wasm") => {
      await tf.setBackend(backend);
      const model = normModel({ rate: 0.25 });
      const curve = bentChain(model, 2);
      const options = { schedule: 0.05, epochs: 3, batchSize: 5, weightDecay: 0.01 };
      const { losses } = await trainCurve(model, curve, data, {
        ...options,
        fixed: { end: false },
      });
      const { profiles } = await evaluateCurve(
        model,
        curve,
        { data },
        { t: 5, batchNorm: { x: data.x } },
      );
      return [losses, ...curve.points, profiles.data.loss];
    };
    const cpu = await run("cpu");
    const wasm = await run("wasm");
    expect(wasm).toBeAllclose(cpu, { rtol: 1e-3, atol: 1e-4 });
    expect(await run("wasm")).toEqual(wasm);
    registerTrainingKernels();
    expect(await run("wasm")).toBeAllclose(cpu, { rtol: 1e-3, atol: 1e-4 });
  });
});
