import { type FrozenLayers, holdLayers } from "./holdLayers.js";
import { type LayerMatch, matchWeightedLayers } from "./layerMatch.js";
import type { Model } from "./model.js";
import { openModel } from "./openModel.js";

/**
 * Freezes layers of a model: until restored, training leaves every number in them exactly as it is.
 *
 * Frozen means
 * - no gradient: the variables are not trainable, and `train` does not differentiate by them. Nor does it cost anything: dense
 *   layers and convolutions leave the gradient of frozen weights out (tf.layers alone computes it for nothing), and what
 *   stands before all that is trained is not differentiated at all;
 * - no momentum and no weight decay: the optimizers of closerlook leave untrainable variables alone. `train` also
 *   **clears the momentum** of what it freezes, so that a layer starts from rest when it is trained again, and so does
 *   {@link freezeFor} with an optimizer; whoever freezes by hand in the middle of a training does so with
 *   `optimizer.clear(variables)`;
 * - no drift of batch-norm statistics: a layer that has statistics runs in evaluation mode, even when the model runs in
 *   training mode. (tf.layers alone goes on to normalise by the batch, and to move the averages, with
 *   `trainable = false`.) Batch norm without scale or offset, which tf.layers cannot train, is no obstacle while frozen.
 *   Dropout in front of, or between, frozen layers stays on.
 *
 * The same layer may be frozen several times; it thaws with the last `restore`. In a model of one's own
 * (`{ variables, apply }`) the variables become untrainable; statistics that `apply` moves by hand are its own business.
 *
 * `model.fit` of tf.layers obeys too. **Compile before freezing, or again after `restore`** (with a new optimizer or a
 * {@link keyedByVariable} one): what was frozen when the model was compiled stays out of `fit`, thawed or not. `fit` warns of a
 * "Discrepancy" between trainable weights in both cases: if the model was compiled before, the layers do stay frozen, and all
 * is well; if it was compiled while they were frozen, they do not train again. `minimize` of tfjs's optimizers obeys as well,
 * but see {@link keyedByVariable} for what it remembers of another list of variables.
 *
 * {@link trainOnly} freezes all the others; `frozen` of {@link train} and {@link freezeFor} freeze for a time.
 *
 * @param model - A tf.layers model or `{ variables, apply }`.
 * @param match - A name, a list of names, a RegExp, or a predicate of the layer.
 * @returns A handle with the frozen layers' names and `restore()`.
 * @throws RangeError if a name, or the whole match, meets no layer that has weights; TypeError for another kind of match.
 * @example The paper's alternative to warmup holds the fully connected layers in the first updates
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { freezeLayers, weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 4, inputShape: [3], name: "body" }),
 *     tf.layers.dense({ units: 2, name: "fc1" }),
 *     tf.layers.dense({ units: 2, name: "fc2" }),
 *   ],
 * });
 * const handle = freezeLayers(model, /^fc/);
 * handle.frozen; // ["fc1", "fc2"]
 * weightsOf(model).read({ trainable: true }).length; // 16
 * handle.restore();
 * weightsOf(model).read({ trainable: true }).length; // 32
 * ```
 * @see Gotmare et al. 2019, section 4.
 */
export function freezeLayers(model: Model, match: LayerMatch): FrozenLayers {
  const { layers } = openModel("freezeLayers", model);
  return holdLayers(matchWeightedLayers("freezeLayers", "match", layers, match));
}
