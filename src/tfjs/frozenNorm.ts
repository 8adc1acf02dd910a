import * as tf from "@tensorflow/tfjs-core";
import type { LayerVariable, layers as tfLayers } from "@tensorflow/tfjs-layers";
import { inputInGradient } from "./layerCalls.js";

interface BatchNormalization {
  readonly axis: number;
  readonly epsilon: number;
  readonly gamma: LayerVariable | null | undefined;
  readonly beta: LayerVariable | null | undefined;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
}

/**
 * Batch norm in evaluation mode, without its scale or its offset, in a gradient; undefined for anything else, which the
 * layer is to compute by itself.
 *
 * tf.layers computes it by one operation of tfjs, whose gradient fails where scale or offset are missing.
 */
export function frozenNorm(layer: tfLayers.Layer, inputs: tf.Tensor | tf.Tensor[]) {
  const x = inputInGradient(inputs);
  if (!x) return undefined;
  if (layer.getClassName() !== "BatchNormalization") return undefined;
  const { axis, epsilon, gamma, beta, movingMean, movingVariance } =
    layer as unknown as BatchNormalization;
  if (gamma && beta) return undefined;
  return tf.tidy(() => {
    const channels = axis < 0 ? axis + x.rank : axis;
    const shape = x.shape.map((size, i) => (i === channels ? size : 1));
    const read = (weight: LayerVariable) => tf.reshape(weight.read(), shape);
    const deviation = tf.sqrt(tf.add(read(movingVariance), epsilon));
    const normal = tf.div(tf.sub(x, read(movingMean)), deviation);
    const scaled = gamma ? tf.mul(normal, read(gamma)) : normal;
    return beta ? tf.add(scaled, read(beta)) : scaled;
  });
}
