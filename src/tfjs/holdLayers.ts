import type { Variable } from "@tensorflow/tfjs-core";
import type { layers as tfLayers } from "@tensorflow/tfjs-layers";
import { frozenCall, hasFrozenCall } from "./frozenCall.js";
import { frozenNorm } from "./frozenNorm.js";
import { wrapCall } from "./layerCalls.js";
import type { ModelLayer } from "./model.js";

/** What `freezeLayers` and `trainOnly` return. */
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

/** Freezes layers as `freezeLayers` says. */
export function holdLayers(layers: readonly ModelLayer[]): FrozenLayers {
  const releases = layers.flatMap(({ source, variables }) =>
    source
      ? [hold(source, () => freezeSource(source))]
      : variables.map(({ variable }) => hold(variable, () => freezeVariable(variable))),
  );
  return {
    frozen: layers.map((layer) => layer.name),
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
  const restoreCall = changeCall(layer);
  layer.trainable = false;
  // Recurrent layers do not pass their own flag on to the weights of their cell.
  for (const weight of layer.weights) weight.trainable = false;
  return () => {
    restoreCall();
    restoreFlags();
  };
}

/** What holds while a layer is frozen: evaluation mode, no gradient of its weights. */
function changeCall(layer: tfLayers.Layer): () => void {
  if (hasStatistics(layer)) {
    return wrapCall(
      layer,
      (run, inputs, kwargs) =>
        frozenNorm(layer, inputs) ?? run(inputs, { ...kwargs, training: false }),
    );
  }
  if (hasFrozenCall(layer)) {
    return wrapCall(
      layer,
      (run, inputs, kwargs) => frozenCall(layer, inputs) ?? run(inputs, kwargs),
    );
  }
  return () => {};
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
