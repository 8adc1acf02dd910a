import type * as tf from "@tensorflow/tfjs";
import { PolyChainCurve } from "closerlook/curves";
import { type ArrayData, readArrays } from "closerlook/node";
import { sgd, train, trainCurve, weightsOf } from "closerlook/tfjs";
import type { NetworkShape } from "../../examples/common/networkShapes.js";
import { network } from "../../examples/common/networks.js";
import type { Computation } from "./kernels.js";
import { SEED, type TrainingTask } from "./task.js";
import type { Step } from "./work.js";

/** More steps than any run takes: the training is aborted. */
const STEPS = 100_000;

const frozenLayers = { convolutions: /^conv/, classifier: /^fc/ };

/** Steps of one training by `train`, which waits after each of them until the next one is wanted. */
export async function stepComputation(
  { network: shape, batch, curve: isCurve = false, frozen }: Step,
  { files, firstSteps, update: { learningRate, momentum } }: TrainingTask,
): Promise<Computation> {
  const { x, y } = (await readArrays(files!.batch)) as Record<"x" | "y", ArrayData>;
  const model = network(shape, SEED);
  const abort = new AbortController();
  let proceed = start;
  let stepped = (_loss: number) => {};
  let failed = (_error: Error) => {};

  function start(): void {
    const data = { x: { data: x.data as Float32Array, shape: x.shape }, y: y.data as Int32Array };
    const options = {
      schedule: learningRate,
      optimizer: sgd({ momentum }),
      epochs: STEPS,
      batchSize: batch,
      signal: abort.signal,
      onProgress: ({ loss }: { readonly loss: number }) =>
        new Promise<void>((resolve) => {
          proceed = resolve;
          stepped(loss);
        }),
    };
    const training: Promise<{ readonly stopped: string }> = isCurve
      ? trainCurve(model, curveFrom(model, shape), data, options)
      : train(model, data, {
          ...options,
          ...(frozen && { frozen: { layers: frozenLayers[frozen] } }),
        });
    training.then(({ stopped }) => failed(new Error(`the training has ${stopped}`)), failed);
  }

  const step = () =>
    new Promise<number>((resolve, reject) => {
      stepped = resolve;
      failed = reject;
      proceed();
    });

  return {
    async first() {
      const values: number[] = [];
      const seconds: number[] = [];
      for (let i = 0; i < firstSteps; i++) {
        const from = performance.now();
        values.push(await step());
        seconds.push((performance.now() - from) / 1000);
      }
      const spent = seconds.reduce((sum, value) => sum + value, 0);
      return { values, seconds: Math.min(...seconds), spent };
    },
    async once() {
      await step();
    },
    close() {
      abort.abort();
      proceed();
    },
  };
}

/** A curve with one bend from a network to another one. */
function curveFrom(model: tf.LayersModel, shape: NetworkShape): PolyChainCurve {
  const other = network(shape, SEED + 1);
  const [start, end] = [model, other].map((one) => weightsOf(one).read({ trainable: true }));
  other.dispose();
  return new PolyChainCurve({ start: start!, end: end! });
}
