import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registerTrainingKernels, train, weightsOf } from "../../src/tfjs/index.js";
import { expectNoLeak, seedWeights } from "./models.js";

beforeAll(async () => {
  registerTrainingKernels();
  await tf.setBackend("wasm");
});
afterAll(() => tf.setBackend("cpu"));

const makeModel = () =>
  seedWeights(
    layers.sequential({
      layers: [
        layers.layers.conv2d({
          filters: 32,
          kernelSize: 3,
          padding: "same",
          inputShape: [32, 32, 1],
        }),
        layers.layers.batchNormalization(),
        layers.layers.reLU(),
        layers.layers.maxPooling2d({ poolSize: 4 }),
        layers.layers.flatten(),
        layers.layers.dropout({ rate: 0.5 }),
        layers.layers.dense({ units: 2 }),
      ],
    }),
  );

const examples = (count: number) => ({
  x: { data: new Float32Array(count * 1024).map((_, i) => Math.sin(i)), shape: [count, 32, 32, 1] },
  y: Array.from({ length: count }, (_, i) => i % 2),
});

test("a step that cannot fit is refused with its size, and one of the proposed size fits", async () => {
  const model = makeModel();
  const before = weightsOf(model).read();
  const data = examples(20_000);
  let message = "";
  await expectNoLeak(() =>
    train(model, data, { schedule: 0.1, epochs: 1, batchSize: 20_000 }).catch((error) => {
      expect(error).toBeInstanceOf(RangeError);
      message = error.message;
    }),
  );
  const [, gibibytes, proposed] =
    /^train: a step must fit into the 4 GiB of WebAssembly memory, got about (.*) GiB for 20000 examples at a time\. Set microBatch: (\d+) or less/
      .exec(message)!
      .map(Number);
  expect(weightsOf(model).read()).toEqual(before);

  // Three activations of the size of the convolution's output are kept for the gradients, of which there are as many, and
  // operations have their results beside them.
  const activation = 32 * 32 * 32 * 4;
  const perExample = (gibibytes! * 2 ** 30) / 20_000;
  expect(perExample).toBeGreaterThan(4 * activation);
  expect(perExample).toBeLessThan(9 * activation);
  expect(proposed! * perExample).toBeLessThan(0.8 * 2 ** 32);
  expect(proposed! * perExample).toBeGreaterThan(0.7 * 2 ** 32);

  const once = { schedule: 0.1, epochs: 1, batchSize: proposed! };
  const { stopped } = await train(model, examples(proposed!), once);
  expect(stopped).toBe("finished");
});
