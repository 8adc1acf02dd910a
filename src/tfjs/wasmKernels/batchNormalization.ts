import * as tf from "@tensorflow/tfjs-core";
import type { layers as tfLayers } from "@tensorflow/tfjs-layers";
import {
  batchNormalizationGradient,
  columnMoments,
  type Engine,
  normalize,
  normalizeGradient,
} from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import { isFloat } from "./dtypes.js";
import { canFuse, type GradientOf } from "./gradients.js";
import { type AddressOf, tensorMemory } from "./tensorMemory.js";

type Inputs = Record<string, tf.TensorInfo>;

/** A tensor as a matrix: channels are columns. */
function matrixOf({ shape }: tf.TensorInfo): { rows: number; columns: number } {
  const columns = shape.at(-1)!;
  return { rows: tf.util.sizeFromShape(shape.slice(0, -1)), columns };
}

/** A copy of numbers, of which there is one for each channel. */
const read = (
  engine: Engine,
  address: AddressOf,
  tensor: tf.TensorInfo | undefined,
): Float32Array | undefined =>
  tensor && engine.floats(address(tensor), tf.util.sizeFromShape(tensor.shape)).slice();

const write = (
  engine: Engine,
  address: AddressOf,
  tensor: tf.TensorInfo,
  values: ArrayLike<number>,
): void => engine.floats(address(tensor), values.length).set(values);

/** Whether there is one mean, variance, scale and offset for each channel. */
const isByChannel = (
  x: tf.TensorInfo,
  ...others: readonly (tf.TensorInfo | null | undefined)[]
): boolean =>
  tf.util.sizeFromShape(x.shape) > 0 &&
  others.every(
    (tensor) => !tensor || (tensor.shape.length === 1 && tensor.shape[0] === x.shape.at(-1)),
  );

const given = (tensors: readonly (tf.TensorInfo | null | undefined)[]): tf.TensorInfo[] =>
  tensors.filter((tensor): tensor is tf.TensorInfo => Boolean(tensor));

/** `FusedBatchNorm`: normalisation by mean and variance that are given. */
export const batchNormKernel =
  (shipped: tf.KernelFunc): tf.KernelFunc =>
  (call) => {
    const { x, mean, variance, offset, scale } = call.inputs as Inputs;
    const { varianceEpsilon: epsilon } = call.attrs as { varianceEpsilon: number };
    const numbers = given([mean, variance, offset, scale]);
    if (!isFloat(x, ...numbers) || !isByChannel(x!, ...numbers)) return shipped(call);
    const backend = call.backend as WasmBackend;
    const y = backend.makeOutput(x!.shape, "float32");
    const { engine, within } = tensorMemory(backend);
    within([x!, ...numbers], [y], (address) => {
      const normalization = {
        mean: read(engine, address, mean)!,
        variance: read(engine, address, variance)!,
        scale: read(engine, address, scale),
        epsilon,
      };
      const places = { input: address(x!), output: address(y) };
      normalize(engine, matrixOf(x!), places, normalization, read(engine, address, offset));
    });
    return y;
  };

const gradientName = "CloserlookBatchNormGradient";

/** The gradients of `FusedBatchNorm` by x, mean, variance, scale and offset at once. */
export const batchNormGradient: tf.KernelConfig = {
  kernelName: gradientName,
  backendName: "wasm",
  kernelFunc(call) {
    const { dy, x, mean, variance, scale } = call.inputs as Inputs;
    const { epsilon } = call.attrs as { epsilon: number };
    const backend = call.backend as WasmBackend;
    const dx = backend.makeOutput(x!.shape, "float32");
    const channels = Array.from({ length: 4 }, () => backend.makeOutput(mean!.shape, "float32"));
    const { engine, within } = tensorMemory(backend);
    within([dy!, x!, mean!, variance!, scale!], [dx, ...channels], (address) => {
      const normalization = {
        mean: read(engine, address, mean)!,
        variance: read(engine, address, variance)!,
        scale: read(engine, address, scale),
        epsilon,
      };
      const places = { dy: address(dy!), input: address(x!), gradient: address(dx) };
      const by = normalizeGradient(engine, matrixOf(x!), places, normalization);
      for (const [i, values] of [by.mean, by.variance, by.scale, by.offset].entries()) {
        write(engine, address, channels[i]!, values);
      }
    });
    return [dx, ...channels];
  },
};

/** tfjs composes this gradient of some 20 operations, two of which tile a vector to the size of x. */
export const gradientOfBatchNorm: GradientOf = (shipped) => ({
  ...shipped,
  inputsToSave: ["x", "mean", "variance", "scale"],
  gradFunc(dy, saved, attributes) {
    const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    if (
      !canFuse(dy as tf.Tensor, x, mean, variance, scale) ||
      !isByChannel(x, mean, variance, scale)
    ) {
      return shipped.gradFunc(dy, saved, attributes);
    }
    const { varianceEpsilon: epsilon } = attributes as unknown as { varianceEpsilon: number };
    const inputs = { dy: dy as tf.Tensor, x, mean, variance, scale };
    const [dx, dMean, dVariance, dScale, dOffset] = tf
      .engine()
      .runKernel(gradientName, inputs, { epsilon }) as unknown as tf.Tensor[];
    return {
      x: () => dx!,
      mean: () => dMean!,
      variance: () => dVariance!,
      scale: () => dScale!,
      offset: () => dOffset!,
    };
  },
});

const trainingName = "CloserlookBatchNormTraining";
const trainingGradientName = "CloserlookBatchNormTrainingGradient";

/** Normalisation by the mean and the variance of x itself, which are further outputs. */
export const batchNormTraining: tf.KernelConfig = {
  kernelName: trainingName,
  backendName: "wasm",
  kernelFunc(call) {
    const { x, scale, offset } = call.inputs as Inputs;
    const { epsilon } = call.attrs as { epsilon: number };
    const backend = call.backend as WasmBackend;
    const y = backend.makeOutput(x!.shape, "float32");
    const mean = backend.makeOutput(scale!.shape, "float32");
    const variance = backend.makeOutput(scale!.shape, "float32");
    const { engine, within } = tensorMemory(backend);
    within([x!, scale!, offset!], [y, mean, variance], (address) => {
      const matrix = matrixOf(x!);
      const moments = columnMoments(engine, matrix, address(x!));
      write(engine, address, mean, moments.mean);
      write(engine, address, variance, moments.variance);
      const normalization = { ...moments, scale: read(engine, address, scale), epsilon };
      const places = { input: address(x!), output: address(y) };
      normalize(engine, matrix, places, normalization, read(engine, address, offset));
    });
    return [y, mean, variance];
  },
};

/** The gradients of {@link batchNormTraining} by x, scale and offset at once. */
export const batchNormTrainingGradient: tf.KernelConfig = {
  kernelName: trainingGradientName,
  backendName: "wasm",
  kernelFunc(call) {
    const { dy, dMean, dVariance, x, scale, mean, variance } = call.inputs as Inputs;
    const { epsilon } = call.attrs as { epsilon: number };
    const backend = call.backend as WasmBackend;
    const dx = backend.makeOutput(x!.shape, "float32");
    const dScale = backend.makeOutput(scale!.shape, "float32");
    const dOffset = backend.makeOutput(scale!.shape, "float32");
    const { engine, within } = tensorMemory(backend);
    const all = [dy!, dMean!, dVariance!, x!, scale!, mean!, variance!];
    within(all, [dx, dScale, dOffset], (address) => {
      const [ofMean, ofVariance, ...numbers] = [dMean, dVariance, mean, variance, scale].map(
        (tensor) => read(engine, address, tensor)!,
      );
      const gradients = batchNormalizationGradient(
        engine,
        matrixOf(x!),
        { dy: address(dy!), input: address(x!), gradient: address(dx) },
        { mean: numbers[0]!, variance: numbers[1]!, scale: numbers[2]!, epsilon },
        { dMean: ofMean!, dVariance: ofVariance! },
      );
      write(engine, address, dScale, gradients.scale);
      write(engine, address, dOffset, gradients.offset);
    });
    return [dx, dScale, dOffset];
  },
};

export const gradientOfBatchNormTraining: tf.GradConfig = {
  kernelName: trainingName,
  inputsToSave: ["x", "scale"],
  outputsToSave: [false, true, true],
  gradFunc(dys, saved, attributes) {
    const [dy, dMean, dVariance] = dys as tf.Tensor[];
    const [x, scale, mean, variance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const inputs = { dy: dy!, dMean: dMean!, dVariance: dVariance!, x, scale, mean, variance };
    const [dx, dScale, dOffset] = tf
      .engine()
      .runKernel(trainingGradientName, inputs, { ...attributes }) as unknown as tf.Tensor[];
    return { x: () => dx!, scale: () => dScale!, offset: () => dOffset! };
  },
};

/** What tf.layers' batch normalisation is made of. */
export interface BatchNormalization extends tfLayers.Layer {
  readonly axis: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly gamma?: Weight;
  readonly beta?: Weight;
  readonly movingMean: Weight;
  readonly movingVariance: Weight;
}

interface Weight {
  read(): tf.Tensor;
  write(value: tf.Tensor): void;
}

type Call = tfLayers.Layer["call"];

/** Where the class keeps its own method; one key for all copies of this module. */
const shippedCall = Symbol.for("closerlook.shippedCall");

/**
 * Lets the batch normalisation of tf.layers, in training mode on the wasm backend, run as one kernel forward and one
 * backward. It composes them of moments and `batchNorm`, some 15 passes over the data. The class is found where tf.layers
 * enters it for loading models, since this module must not depend on tf.layers.
 */
export function fuseBatchNormalizationLayers(): void {
  const classes = tf.serialization.SerializationMap.getMap().classNameMap;
  const prototype = classes.BatchNormalization?.[0].prototype as
    | (BatchNormalization & { [shippedCall]?: Call })
    | undefined;
  if (!prototype) return;
  const shipped = prototype[shippedCall] ?? prototype.call;
  prototype[shippedCall] = shipped;
  prototype.call = function (this: BatchNormalization, inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    const { gamma, beta, axis } = this;
    const fused =
      kwargs.training &&
      gamma &&
      beta &&
      (axis === -1 || axis === x.rank - 1) &&
      x.size > 0 &&
      tf.getBackend() === "wasm" &&
      // Not for a gradient of the gradient, which the composed operations have and the kernel has not.
      tf.engine().state.gradientDepth < 2 &&
      isFloat(x);
    if (!fused) return shipped.call(this, inputs, kwargs);
    return tf.tidy(() => {
      const [y, mean, variance] = tf
        .engine()
        .runKernel(
          trainingName,
          { x, scale: gamma.read(), offset: beta.read() },
          { epsilon: this.epsilon },
        ) as unknown as tf.Tensor[];
      const follow = (moving: Weight, value: tf.Tensor) => {
        const old = moving.read();
        moving.write(tf.sub(old, tf.mul(tf.sub(old, value), 1 - this.momentum)));
      };
      follow(this.movingMean, mean!);
      follow(this.movingVariance, variance!);
      return y!;
    });
  };
}
