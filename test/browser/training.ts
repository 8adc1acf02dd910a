/** Runs in Node and in a page: the same steps of training on the same data. */
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { registerTrainingKernels } from "closerlook/tfjs";

export interface Trained {
  readonly losses: number[];
  readonly weights: number[];
  /** Whether tfjs has a heap for threads of its own. */
  readonly shared: boolean;
  /** Tensors that the steps left behind. */
  readonly left: number;
}

/** Pseudo-random numbers in [−1, 1) in integer arithmetic, which no two engines do differently. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const tensor = (shape: number[], seed: number, scale = 1) =>
  tf.tensor(
    numbers(tf.util.sizeFromShape(shape), seed).map((value) => scale * value),
    shape,
  );

function isShared(): boolean {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return !(wasm.HEAPU8.buffer instanceof ArrayBuffer);
}

/** Three steps of a small convolutional network on tfjs's wasm backend, which may use threads of its own where it can. */
export async function trained(wasmFolder?: string, threads = true): Promise<Trained> {
  tf.env().set("PROD", true);
  if (!threads) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (wasmFolder !== undefined) setWasmPaths(wasmFolder);
  // Before the backend starts, and once more after it.
  registerTrainingKernels();
  await tf.setBackend("wasm");
  registerTrainingKernels();

  const { conv2d, maxPooling2d, flatten, dense } = tf.layers;
  const model = tf.sequential({
    layers: [
      conv2d({ filters: 8, kernelSize: 3, padding: "same", inputShape: [12, 12, 3] }),
      tf.layers.reLU(),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 12, kernelSize: 3, strides: 2 }),
      flatten(),
      dense({ units: 5 }),
    ],
  });
  model.setWeights(model.getWeights().map(({ shape }, i) => tensor(shape, i + 1, 0.2)));
  model.compile({ optimizer: tf.train.momentum(0.01, 0.9), loss: "meanSquaredError" });
  const [x, y] = [tensor([16, 12, 12, 3], 100), tensor([16, 5], 101)];
  const losses = [(await model.trainOnBatch(x, y)) as number];
  const before = tf.memory().numTensors;
  for (let step = 0; step < 2; step++) losses.push((await model.trainOnBatch(x, y)) as number);
  return {
    losses,
    weights: model.getWeights().flatMap((weight) => Array.from(weight.dataSync())),
    shared: isShared(),
    left: tf.memory().numTensors - before,
  };
}
