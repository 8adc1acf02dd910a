import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel, LayerVariable, layers as tfLayers } from "@tensorflow/tfjs-layers";
import { rangeError, show, typeError } from "../internal/checks.js";

/** A model of one's own, made of variables and a function. */
export interface VariableModel {
  /**
   * The variables, in the order of the flat weights. A record's keys name them, else their own names do. What
   * stands before the last `/` of a name is the layer's name: `{ "conv1/kernel": …, "conv1/bias": … }`.
   */
  readonly variables: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>;
  /**
   * Logits `[examples, classes]` of a batch. Whatever behaves differently in training and in evaluation
   * (dropout, batch statistics) obeys `training`. The caller disposes of the result.
   */
  apply(x: tf.Tensor, mode: ApplyMode): tf.Tensor;
}

/** A tf.layers model with one input and one output, or a model of one's own. */
export type Model = LayersModel | VariableModel;

export interface ApplyMode {
  /** Training mode (dropout on, batch norm by the batch) or evaluation mode (moving statistics). */
  readonly training: boolean;
}

/** One variable of a model and its place in the flat weights. */
export interface ModelVariable {
  /** Layer and weight, e.g. `"conv1/kernel"`; unique in the model, the same for every model built alike. */
  readonly name: string;
  /** Name of the layer. */
  readonly layer: string;
  readonly shape: readonly number[];
  /** How many numbers it holds. */
  readonly size: number;
  /** Index of its first number in the flat weights. */
  readonly offset: number;
  /** Whether training changes it now: false for batch-norm statistics and for whatever is frozen. */
  readonly trainable: boolean;
  readonly variable: tf.Variable;
}

/** One layer of a model. Layers inside a nested model are named `nested/layer`. */
export interface ModelLayer {
  readonly name: string;
  /** Class in tf.layers, e.g. `"Conv2D"`; `"Variables"` in a model of one's own. */
  readonly className: string;
  /** Empty for a layer without weights. */
  readonly variables: readonly ModelVariable[];
  /** The layer object of tf.layers; undefined in a model of one's own. */
  readonly source: tfLayers.Layer | undefined;
}

interface Container {
  readonly layers: tfLayers.Layer[];
}

const isContainer = (value: object): value is Container =>
  Array.isArray((value as Partial<Container>).layers);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

export const isLayersModel = (model: Model): model is LayersModel =>
  isContainer(model) && Array.isArray((model as Partial<LayersModel>).outputs);

/** The layers of any model in order, with their variables; the only place that knows both kinds of model. */
export function describeLayers(where: string, model: Model): ModelLayer[] {
  const must = "a tf.layers model or { variables, apply }";
  if (!isObject(model) || typeof model.apply !== "function") {
    const hint = "A GraphModel has no variables to train: load the model with tf.loadLayersModel";
    throw typeError(where, "model", must, model, isObject(model) ? hint : "");
  }
  if (isLayersModel(model)) return describeLayersModel(where, model);
  if (isObject(model.variables)) return describeVariables(where, model.variables);
  throw typeError(where, "model", must, model);
}

/** Gives each variable its place in the flat weights and keeps names and variables unique. */
class Places {
  readonly #where: string;
  readonly #seen = new Set<tf.Variable>();
  readonly #names = new Set<string>();
  #offset = 0;

  constructor(where: string) {
    this.#where = where;
  }

  has(variable: tf.Variable): boolean {
    return this.#seen.has(variable);
  }

  add(variable: tf.Variable, name: string, layer: string, trainable: () => boolean): ModelVariable {
    if (variable.dtype !== "float32") {
      throw typeError(this.#where, name, "a float32 variable", variable.dtype);
    }
    if (variable.isDisposed) {
      throw new RangeError(`${this.#where}: ${name} must not be disposed`);
    }
    let unique = name;
    for (let i = 1; this.#names.has(unique); i++) unique = `${name}_${i}`;
    this.#names.add(unique);
    this.#seen.add(variable);
    const offset = this.#offset;
    this.#offset += variable.size;
    return {
      name: unique,
      layer,
      shape: variable.shape,
      size: variable.size,
      offset,
      variable,
      get trainable() {
        return trainable();
      },
    };
  }
}

function describeLayersModel(where: string, model: LayersModel): ModelLayer[] {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    const got = `${model.inputs.length} inputs and ${model.outputs.length} outputs`;
    throw new RangeError(`${where}: model must have one input and one output, got ${got}`);
  }
  const places = new Places(where);
  const seen = new Set<tfLayers.Layer>();

  const visit = (container: Container, prefix: string, enabled: () => boolean): ModelLayer[] =>
    container.layers.flatMap((layer) => {
      const className = layer.getClassName();
      if (seen.has(layer) || className === "InputLayer") return [];
      seen.add(layer);
      const name = prefix + layer.name;
      const trainable = () => enabled() && layer.trainable;
      if (isContainer(layer)) return visit(layer, `${name}/`, trainable);
      const variables = layer.weights.flatMap((weight) => {
        const variable = variableOf(where, weight);
        if (places.has(variable)) return [];
        const own = `${name}/${weightName(weight, layer)}`;
        return [places.add(variable, own, name, () => trainable() && weight.trainable)];
      });
      return [{ name, className, variables, source: layer }];
    });
  return visit(model, "", () => model.trainable);
}

/** What `LayerVariable.read` gives is the variable itself, although its type says tensor. */
function variableOf(where: string, weight: LayerVariable): tf.Variable {
  try {
    return weight.read() as tf.Variable;
  } catch {
    throw new RangeError(`${where}: model must not be disposed`);
  }
}

/** `"kernel"` of `"conv1/kernel"`: without the scope, which is named after the layer. */
function weightName({ originalName }: LayerVariable, layer: tfLayers.Layer): string {
  const scope = `${layer.name}/`;
  return originalName.startsWith(scope)
    ? originalName.slice(scope.length)
    : originalName.slice(originalName.lastIndexOf("/") + 1);
}

function describeVariables(where: string, given: VariableModel["variables"]): ModelLayer[] {
  const entries: [string, unknown][] = Array.isArray(given)
    ? given.map((variable, i) => [
        (variable as tf.Variable | null)?.name ?? `variables[${i}]`,
        variable,
      ])
    : Object.entries(given);
  if (entries.length === 0)
    throw rangeError(where, "model.variables", "one or more variables", given);

  const places = new Places(where);
  const byLayer = new Map<string, ModelVariable[]>();
  for (const [name, variable] of entries) {
    if (!(variable instanceof tf.Variable)) {
      throw typeError(where, `model.variables: ${name}`, "a tf.Variable", variable);
    }
    if (places.has(variable)) {
      throw new RangeError(`${where}: model.variables has ${show(name)} twice`);
    }
    const slash = name.lastIndexOf("/");
    const layer = slash > 0 ? name.slice(0, slash) : name;
    const variables = byLayer.get(layer) ?? [];
    byLayer.set(layer, variables);
    variables.push(places.add(variable, name, layer, () => variable.trainable));
  }
  return Array.from(byLayer, ([name, variables]) => ({
    name,
    className: "Variables",
    variables,
    source: undefined,
  }));
}
