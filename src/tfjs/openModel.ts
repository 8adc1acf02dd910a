import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, rangeError, typeError } from "../internal/checks.js";
import {
  type ApplyMode,
  describeLayers,
  isLayersModel,
  type Model,
  type ModelLayer,
  type ModelVariable,
} from "./model.js";

export interface WeightsSelection {
  /** Only what training changes now: no batch-norm statistics, nothing frozen. @defaultValue false */
  trainable?: boolean;
}

/** A model seen as one flat vector of weights and a function. */
export interface ModelWeights {
  /** Every variable, batch-norm statistics included, in the order of the flat weights. */
  readonly variables: readonly ModelVariable[];
  /** Every layer in the model's order, those without weights included. */
  readonly layers: readonly ModelLayer[];
  /** How many numbers all variables hold together. */
  readonly length: number;
  /** A copy of the weights, one variable after the other, each row-major. */
  read(selection?: WeightsSelection): Float32Array;
  /** Sets the weights that `read` with the same selection gives. The array is copied. */
  write(weights: ArrayLike<number>, selection?: WeightsSelection): void;
  /** The model's output for a batch; the caller disposes of it. */
  apply(x: tf.Tensor, mode: ApplyMode): tf.Tensor;
}

/** What the functions of this folder know about a model beside its weights. */
export interface OpenModel extends ModelWeights {
  /** `[null, …]` of the input layer; undefined for a model of one's own. */
  readonly inputShape: readonly (number | null)[] | undefined;
  /** Whether the last layer turns logits into probabilities. */
  readonly endsInSoftmax: boolean;
  /** Penalties of the layers' own regularizers, to be added to a training loss. */
  penalties(): tf.Scalar[];
}

/** Opens a model for a function that speaks under its own name. */
export function openModel(where: string, model: Model): OpenModel {
  const layers = describeLayers(where, model);
  const variables = layers.flatMap((layer) => layer.variables);
  const select = (where: string, selection: WeightsSelection): readonly ModelVariable[] => {
    checkOptions(where, selection, ["trainable"]);
    return selection.trainable ? variables.filter((variable) => variable.trainable) : variables;
  };

  return {
    inputShape: isLayersModel(model) ? model.inputs[0]!.shape : undefined,
    endsInSoftmax: endsInSoftmax(layers.at(-1)?.source),
    penalties: () => (isLayersModel(model) ? model.calculateLosses() : []),
    variables,
    layers,
    length: sizeOf(variables),
    read: (selection = {}) => readVariables(select("weightsOf.read", selection)),
    write: (weights, selection = {}) => {
      const selected = select("weightsOf.write", selection);
      checkFlat("weightsOf.write", weights, sizeOf(selected));
      const flat = weights instanceof Float32Array ? weights : Float32Array.from(weights);
      writeVariables(selected, flat);
    },
    apply: (x, { training }) =>
      tf.tidy(() => {
        const output = isLayersModel(model)
          ? model.apply(x, { training })
          : model.apply(x, { training });
        if (!(output instanceof tf.Tensor))
          throw typeError(where, "model.apply", "a tensor", output);
        return output;
      }),
  };
}

/** How many numbers variables hold together. */
export const sizeOf = (variables: readonly ModelVariable[]): number =>
  variables.reduce((sum, { size }) => sum + size, 0);

/** A copy of the variables, one after the other. */
export function readVariables(variables: readonly ModelVariable[]): Float32Array {
  const flat = new Float32Array(sizeOf(variables));
  let at = 0;
  for (const { variable, size } of variables) {
    flat.set(variable.dataSync(), at);
    at += size;
  }
  return flat;
}

/** Sets the variables to what `readVariables` gives, whatever the numbers are. */
export function writeVariables(variables: readonly ModelVariable[], flat: Float32Array): void {
  tf.tidy(() => {
    let at = 0;
    for (const { variable, size, shape } of variables) {
      // A copy, since a backend may keep the very array that a tensor is made from.
      variable.assign(tf.tensor(flat.slice(at, at + size), shape as number[], "float32"));
      at += size;
    }
  });
}

/** Whether a layer is a softmax, or has one as its activation. */
function endsInSoftmax(layer: object | undefined): boolean {
  const named = (value: unknown) =>
    (value as { getClassName?(): string } | undefined)?.getClassName?.().toLowerCase() ===
    "softmax";
  return named(layer) || named((layer as { activation?: unknown } | undefined)?.activation);
}

/** Exactly `length` numbers that single precision can hold. */
function checkFlat(where: string, weights: ArrayLike<number>, length: number): void {
  if (!(Array.isArray(weights) || ArrayBuffer.isView(weights)) || weights instanceof DataView) {
    throw typeError(where, "weights", "an array of numbers", weights);
  }
  if (weights.length !== length) {
    throw rangeError(where, "weights", `${length} numbers, as the model has`, weights.length);
  }
  for (let i = 0; i < length; i++) {
    const value = weights[i];
    if (typeof value !== "number" || !Number.isFinite(Math.fround(value))) {
      throw rangeError(where, `weights[${i}]`, "a finite single-precision number", value);
    }
  }
}
