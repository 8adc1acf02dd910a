import type { Model } from "./model.js";
import { type ModelWeights, openModel } from "./openModel.js";

/**
 * The one door to a model: its weights as a flat vector that can be read and written, and the function itself.
 *
 *     flat = [variables[0], variables[1], …],   variables[i] = flat[offset_i … offset_i + size_i)
 *
 * Layers come in the order of `model.layers`, a layer's weights in the order of `layer.weights`; layers of nested
 * models stand where the nested model stands. Two models built alike have the same names and the same order, so
 * that their flat vectors can be averaged, interpolated and compared. Freezing layers does not change the order.
 *
 * `read` and `write` include the moving statistics of batch norm, since they belong to the function. Nothing here
 * holds tensors; what `apply` returns belongs to the caller.
 *
 * @param model - A tf.layers model with one input and one output, or `{ variables, apply }`.
 * @returns See {@link ModelWeights}. It stays valid while the model lives.
 * @throws TypeError if `model` is neither; RangeError if it is disposed or has several inputs or outputs. `write`
 * throws a RangeError if the number of weights is wrong or one is not finite.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({
 *   layers: [tf.layers.dense({ units: 2, inputShape: [3], name: "fc" })],
 * });
 * const weights = weightsOf(model);
 * weights.variables.map((variable) => variable.name); // ["fc/kernel", "fc/bias"]
 * weights.length; // 8
 * weights.write(new Float32Array(8).fill(0.5));
 * weights.read()[7]; // 0.5
 * ```
 */
export function weightsOf(model: Model): ModelWeights {
  const { variables, layers, length, read, write, apply } = openModel("weightsOf", model);
  return { variables, layers, length, read, write, apply };
}
