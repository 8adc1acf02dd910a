import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { pick } from "../../examples/common/images.js";
import { mnistDigits } from "../../examples/common/mnistDigits.js";
import { barrier, type Curve, lineSegment, PolyChainCurve } from "../../src/curves/index.js";
import { curveDecay } from "../../src/schedules/index.js";
import {
  evaluateCurve,
  registerTrainingKernels,
  train,
  trainCurve,
  weightsOf,
} from "../../src/tfjs/index.js";
import { seedWeights } from "./models.js";

const { batchNormalization, dense, flatten, reLU } = tfl.layers;

/** A network with batch norm whose weights come from a seed. */
const digitModel = (seed: number) =>
  seedWeights(
    tfl.sequential({
      layers: [
        flatten({ inputShape: [28, 28, 1] }),
        dense({ units: 12, name: "fc1" }),
        batchNormalization({ name: "norm" }),
        reLU(),
        dense({ units: 10, name: "fc2" }),
      ],
    }),
    seed,
    0.05,
  );

test("a trained curve between two networks of real digits stays below the barrier of the segment", async () => {
  registerTrainingKernels();
  await tf.setBackend("wasm");
  const digits = await mnistDigits();
  const data = pick(
    digits.train,
    Uint32Array.from({ length: 400 }, (_, i) => i),
  );
  const ends: Float32Array[] = [];
  for (const seed of [1, 2]) {
    const model = digitModel(seed);
    await train(model, data, { schedule: 0.1, epochs: 8, batchSize: 50, seed });
    ends.push(weightsOf(model).read({ trainable: true }));
  }
  const [start, end] = ends as [Float32Array, Float32Array];
  const model = digitModel(3);
  const profile = async (curve: Curve) => {
    const options = { t: 17, batchNorm: { x: data.x, batchSize: 200 } };
    return (await evaluateCurve(model, curve, { data }, options)).profiles.data;
  };
  const segment = barrier(await profile(lineSegment(start, end)));
  expect(segment.holds).toBe(true);

  const curve = new PolyChainCurve({ start, end });
  const epochs = 40;
  await trainCurve(model, curve, data, {
    schedule: curveDecay({ initial: 0.1, steps: 8 * epochs }),
    epochs,
    batchSize: 50,
  });
  const bent = barrier(await profile(curve));
  expect(bent.height).toBeLessThan(segment.height / 2);
  await tf.setBackend("cpu");
});
