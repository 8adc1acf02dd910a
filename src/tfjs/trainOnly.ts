import { rangeError } from "../internal/checks.js";
import { type FrozenLayers, holdLayers } from "./holdLayers.js";
import { type LayerMatch, matchWeightedLayers } from "./layerMatch.js";
import type { Model } from "./model.js";
import { openModel } from "./openModel.js";

/**
 * Freezes every layer of a model but those that are matched; all that {@link freezeLayers} says holds for the others.
 *
 * It holds until `restore`. For a time at the beginning of a training there is `frozen: { except: match, epochs }` of
 * {@link train}.
 *
 * @param model - A tf.layers model or `{ variables, apply }`.
 * @param match - The layers to be trained: a name, a list of names, a RegExp, or a predicate of the layer.
 * @returns A handle with the frozen layers' names and `restore()`; it has no names if everything is to be trained.
 * @throws RangeError if a name, or the whole match, meets no layer that has weights, or if all that it meets are untrainable
 * already; TypeError for another kind of match.
 * @example A new last layer on features that stay
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { train, trainOnly, weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 4, inputShape: [1], name: "features" }),
 *     tf.layers.dense({ units: 2, name: "logits" }),
 *   ],
 * });
 * const features = weightsOf(model).read().slice(0, 8);
 * const handle = trainOnly(model, "logits");
 * handle.frozen; // ["features"]
 * const data = { x: { data: Float32Array.of(-1, 1), shape: [2, 1] }, y: [0, 1] };
 * await train(model, data, { schedule: 0.1, epochs: 3, batchSize: 2 });
 * handle.restore();
 * weightsOf(model).read().slice(0, 8).every((weight, i) => weight === features[i]); // true
 * ```
 */
export function trainOnly(model: Model, match: LayerMatch): FrozenLayers {
  const where = "trainOnly";
  const { layers } = openModel(where, model);
  const chosen = matchWeightedLayers(where, "match", layers, match);
  if (!chosen.some(({ variables }) => variables.some(({ trainable }) => trainable))) {
    const names = chosen.map(({ name }) => name).join(", ");
    throw rangeError(where, "match", "a layer that is trainable", names);
  }
  return holdLayers(
    layers.filter((layer) => layer.variables.length > 0 && !chosen.includes(layer)),
  );
}
