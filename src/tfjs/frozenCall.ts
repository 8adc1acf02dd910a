import * as tf from "@tensorflow/tfjs-core";
import type { LayerVariable, layers as tfLayers } from "@tensorflow/tfjs-layers";
import { inputInGradient } from "./layerCalls.js";

/** What the layers that are computed here have in common. */
interface KernelLayer {
  readonly kernel: LayerVariable;
  readonly bias: LayerVariable | null | undefined;
  readonly activation: { apply(x: tf.Tensor): tf.Tensor } | null | undefined;
}

interface Convolution extends KernelLayer {
  readonly strides: [number, number];
  readonly padding: "same" | "valid";
  readonly dilationRate: [number, number];
  readonly dataFormat: string;
}

/**
 * A dense layer, or a convolution, without the gradient of its weights; undefined for anything else, which
 * the layer is to compute by itself.
 *
 * tf.layers computes both by fused operations of tfjs, whose gradients come all at once, whether they are wanted or not. These
 * are the same operations one by one, of which tfjs takes only the wanted gradients.
 */
export function frozenCall(layer: tfLayers.Layer, inputs: tf.Tensor | tf.Tensor[]) {
  const x = inputInGradient(inputs);
  if (!x) return undefined;
  const product = productOf(layer, x);
  if (!product) return undefined;
  return tf.tidy(() => {
    const { kernel, bias, activation } = layer as unknown as KernelLayer;
    const linear = product(kernel.read());
    const sum = bias ? tf.add(linear, bias.read()) : linear;
    return activation ? activation.apply(sum) : sum;
  });
}

/** Whether the layer, when frozen, is computed by `frozenCall`. */
export const hasFrozenCall = (layer: tfLayers.Layer): boolean =>
  ["Dense", "Conv2D"].includes(layer.getClassName());

function productOf(
  layer: tfLayers.Layer,
  x: tf.Tensor,
): ((kernel: tf.Tensor) => tf.Tensor) | undefined {
  if (layer.getClassName() === "Dense") {
    return (kernel) => {
      const rows = tf.reshape(x, [-1, kernel.shape[0]!]);
      const product = tf.matMul(rows, kernel as tf.Tensor2D);
      return tf.reshape(product, [...x.shape.slice(0, -1), kernel.shape[1]!]);
    };
  }
  const { strides, padding, dilationRate, dataFormat } = layer as unknown as Convolution;
  if (layer.getClassName() !== "Conv2D" || dataFormat === "channelsFirst") return undefined;
  return (kernel) =>
    tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, strides, padding, "NHWC", dilationRate);
}
