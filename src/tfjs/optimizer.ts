import type * as tf from "@tensorflow/tfjs-core";

/** A variable under the name that it has in a saved state, e.g. a `ModelVariable`. */
export interface NamedVariable {
  readonly name: string;
  readonly variable: tf.Variable;
}

/** What an optimizer remembers of one variable, as plain arrays. */
export interface VariableState {
  /** How many updates of the variable it remembers. */
  readonly updates: number;
  /** Arrays of the variable's size by their meaning, e.g. `velocity`. */
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

/** What an optimizer remembers, by name of the variable. */
export type OptimizerState = Readonly<Record<string, VariableState>>;

/**
 * A rule that turns gradients into updates. What it remembers belongs to the variable itself, never to a position in a
 * list, so that any set of variables may be updated at any time.
 */
export interface Optimizer {
  /** Name and settings; a training is only taken up again with the same ones. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /**
   * Updates variables in place. Variables that are not trainable (`variable.trainable === false`) stay as they are,
   * and so does what is remembered of them. The gradients stay the caller's.
   */
  apply(
    gradients: Iterable<readonly [variable: tf.Variable, gradient: tf.Tensor]>,
    learningRate: number,
  ): void;
  /** Copies what is remembered of the variables; nothing for those never updated. */
  getState(variables: readonly NamedVariable[]): OptimizerState;
  /** Takes up a state of `getState`; of variables that are not in it nothing is remembered any more. */
  setState(state: OptimizerState, variables: readonly NamedVariable[]): void;
  /** Forgets the given variables, or everything. */
  clear(variables?: Iterable<tf.Variable>): void;
  /** Releases all tensors. A disposed optimizer starts afresh when used again. */
  dispose(): void;
}
