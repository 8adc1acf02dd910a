import * as tf from "@tensorflow/tfjs-core";
import { checkInteger, checkNumber, rangeError, typeError } from "../internal/checks.js";
import type { NamedVariable, OptimizerState, VariableState } from "./optimizer.js";

interface Remembered<Name extends string> {
  readonly updates: number;
  readonly tensors: Readonly<Record<Name, tf.Tensor>>;
}

/** What an optimizer remembers: for each variable a count of updates, and tensors of the variable's shape. */
export class OptimizerMemory<Name extends string> {
  /** Name of the optimizer, for errors. */
  readonly #where: string;
  readonly #names: readonly Name[];
  readonly #remembered = new Map<tf.Variable, Remembered<Name>>();

  constructor(where: string, names: readonly Name[]) {
    this.#where = where;
    this.#names = names;
  }

  of(variable: tf.Variable): Remembered<Name> | undefined {
    return this.#remembered.get(variable);
  }

  /** Puts the tensors of one more update in the place of the former ones. */
  update(variable: tf.Variable, tensors: Readonly<Record<Name, tf.Tensor>>): void {
    const updates = (this.of(variable)?.updates ?? 0) + 1;
    this.clear([variable]);
    this.#remember(variable, { updates, tensors });
  }

  #remember(variable: tf.Variable, { updates, tensors }: Remembered<Name>): void {
    for (const name of this.#names) tf.keep(tensors[name]);
    this.#remembered.set(variable, { updates, tensors });
  }

  clear(variables: Iterable<tf.Variable> = Array.from(this.#remembered.keys())): void {
    for (const variable of variables) {
      const { tensors } = this.of(variable) ?? {};
      if (tensors) for (const name of this.#names) tensors[name].dispose();
      this.#remembered.delete(variable);
    }
  }

  getState(variables: readonly NamedVariable[]): OptimizerState {
    return Object.fromEntries(
      variables.flatMap(({ name, variable }) => {
        const remembered = this.of(variable);
        if (!remembered) return [];
        const { updates, tensors } = remembered;
        const arrays = this.#names.map((array) => [
          array,
          Float32Array.from(tensors[array].dataSync()),
        ]);
        return [[name, { updates, arrays: Object.fromEntries(arrays) }]];
      }),
    );
  }

  setState(state: OptimizerState, variables: readonly NamedVariable[]): void {
    const byName = new Map(variables.map(({ name, variable }) => [name, variable]));
    const entries = Object.entries(state).map(([name, saved]) => {
      const variable = byName.get(name);
      if (!variable) throw rangeError(this.#where, "state", "of the given variables", name);
      this.#check(name, variable, saved);
      return [variable, saved] as const;
    });
    this.clear(byName.values());
    for (const [variable, { updates, arrays }] of entries) {
      const tensors = this.#names.map((name) => [
        name,
        // A copy, since a backend may keep the very array that a tensor is made from.
        tf.tensor(arrays[name]!.slice(), variable.shape, "float32"),
      ]);
      this.#remember(variable, { updates, tensors: Object.fromEntries(tensors) });
    }
  }

  #check(variableName: string, variable: tf.Variable, saved: VariableState): void {
    const where = this.#where;
    const of = `state of ${variableName}`;
    if (typeof saved?.arrays !== "object" || saved.arrays === null) {
      throw typeError(where, of, "{ updates, arrays }", saved);
    }
    checkInteger(where, `${of}: updates`, saved.updates, { min: 1 });
    const given = Object.keys(saved.arrays);
    const other = given.find((name) => !this.#names.includes(name as Name));
    if (other !== undefined) {
      throw rangeError(where, of, `made of ${this.#names.join(", ") || "nothing"}`, other);
    }
    for (const name of this.#names) {
      const values = saved.arrays[name];
      if (!(values instanceof Float32Array)) {
        throw typeError(where, `${of}: ${name}`, "a Float32Array", values);
      }
      if (values.length !== variable.size) {
        throw rangeError(where, `${of}: ${name}`, `${variable.size} numbers`, values.length);
      }
    }
  }
}

/** Checks the arguments of `apply`, and leaves out the variables that are not trainable. */
export function checkUpdate(
  where: string,
  gradients: Iterable<readonly [variable: tf.Variable, gradient: tf.Tensor]>,
  learningRate: number,
): (readonly [variable: tf.Variable, gradient: tf.Tensor])[] {
  checkNumber(where, "learningRate", learningRate, { min: 0 });
  const updates = Array.from(gradients).filter(([variable]) => variable.trainable);
  for (const [variable, gradient] of updates) {
    if (!(gradient instanceof tf.Tensor)) {
      const hint = "Leave out variables that have none, such as frozen ones";
      throw typeError(where, `the gradient of ${variable.name}`, "a tensor", gradient, hint);
    }
    if (!tf.util.arraysEqual(variable.shape, gradient.shape)) {
      const must = `[${variable.shape}], the shape of the variable`;
      throw rangeError(where, `the gradient of ${variable.name}`, must, gradient.shape);
    }
  }
  return updates;
}
