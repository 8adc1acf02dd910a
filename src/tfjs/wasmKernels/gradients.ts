import * as tf from "@tensorflow/tfjs-core";
import { isFloat } from "./dtypes.js";

/** Makes a gradient out of the one that was registered before. */
export type GradientOf = (shipped: tf.GradConfig) => tf.GradConfig;

/**
 * Whether a gradient may run as one kernel of ours. Not while tfjs records it for a gradient of the gradient: that needs
 * operations that have gradients themselves.
 */
export const canFuse = (...tensors: readonly (tf.Tensor | undefined)[]): boolean =>
  tf.getBackend() === "wasm" && tf.engine().state.gradientDepth === 0 && isFloat(...tensors);
