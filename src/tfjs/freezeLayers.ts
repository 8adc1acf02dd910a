import type { Variable } from "@tensorflow/tfjs-core";
import type { layers as tfLayers } from "@tensorflow/tfjs-layers";
import { wrapCall } from "./layerCalls.js";
import { type LayerMatch, matchWeightedLayers } from "./layerMatch.js";
import type { Model } from "./model.js";
import { openModel } from "./openModel.js";

/** What `freezeLayers` returns. */
export interface FrozenLayers {
  /** Names of the frozen layers, in the model's order; layers without weights are not among them. */
  readonly frozen: readonly string[];
  /** Makes the layers as they were. Calling it again does nothing. */
  restore(): void;
}

interface Freeze {
  /** How many handles hold it. */
  holders: number;
  undo(): void;
}

/** What is frozen now, by layer of tf.layers or by variable, so that overlapping handles work in any order. */
const freezes = new WeakMap<object, Freeze>();

/**
 * Freezes layers of a model: until restored, training leaves every number in them exactly as it is.
 *
 * Frozen means
 * - no gradient: the variables are not trainable, and `train` does not differentiate them;
 * - no momentum and no weight decay: the optimizers of closerlook leave untrainable variables alone. `train` also
 *   **clears the momentum** of what it freezes, so that a layer starts from rest when it is trained again; whoever
 *   freezes by hand in the middle of a training does so with `optimizer.clear(variables)`;
 * - no drift of batch-norm statistics: a layer that has statistics runs in evaluation mode, even when the model runs in
 *   training mode. (tf.layers alone goes on to normalise by the batch, and to move the averages, with
 *   `trainable = false`.) Dropout in front of, or between, frozen layers stays on.
 *
 * The same layer may be frozen several times; it thaws with the last `restore`. In a model of one's own
 * (`{ variables, apply }`) the variables become untrainable; statistics that `apply` moves by hand are its own business.
 *
 * `model.fit` of tf.layers obeys too, but keep to a new tfjs optimizer for each phase (tfjs issue 4290).
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
  const chosen = matchWeightedLayers("freezeLayers", "match", layers, match);
  const releases = chosen.flatMap(({ source, variables }) =>
    source
      ? [hold(source, () => freezeSource(source))]
      : variables.map(({ variable }) => hold(variable, () => freezeVariable(variable))),
  );
  return {
    frozen: chosen.map((layer) => layer.name),
    restore: () => {
      for (const release of releases.splice(0)) release();
    },
  };
}

/** Freezes what `key` stands for, or joins those who hold it frozen already; the result lets go. */
function hold(key: object, freeze: () => () => void): () => void {
  const held: Freeze = freezes.get(key) ?? { holders: 0, undo: freeze() };
  freezes.set(key, held);
  held.holders++;
  return () => {
    if (--held.holders > 0) return;
    freezes.delete(key);
    held.undo();
  };
}

function freezeVariable(variable: Variable): () => void {
  const before = variable.trainable;
  variable.trainable = false;
  return () => {
    variable.trainable = before;
  };
}

function freezeSource(layer: tfLayers.Layer): () => void {
  const restoreFlags = saveFlags(layer);
  const evaluationMode = hasStatistics(layer)
    ? wrapCall(layer, (run, inputs, kwargs) => run(inputs, { ...kwargs, training: false }))
    : () => {};
  layer.trainable = false;
  // Recurrent layers do not pass their own flag on to the weights of their cell.
  for (const weight of layer.weights) weight.trainable = false;
  return () => {
    evaluationMode();
    restoreFlags();
  };
}

/** Remembers which weights are trainable one by one, since setting a layer's flag sets those of its weights. */
function saveFlags(layer: tfLayers.Layer): () => void {
  const { trainable, weights } = layer;
  const flags = weights.map((weight) => weight.trainable);
  return () => {
    layer.trainable = trainable;
    weights.forEach((weight, i) => {
      weight.trainable = flags[i]!;
    });
  };
}

/** Whether the layer keeps weights that are never for gradients, which is what moving averages are. */
function hasStatistics(layer: tfLayers.Layer): boolean {
  const restoreFlags = saveFlags(layer);
  layer.trainable = true;
  for (const weight of layer.weights) weight.trainable = true;
  // With every flag up, only the list that the weight was made for is left to tell them apart.
  const has = layer.nonTrainableWeights.length > 0;
  restoreFlags();
  return has;
}
