import type * as tf from "@tensorflow/tfjs-core";
import type { LearningRateFactors } from "./learningRateFactors.js";
import type { ModelVariable } from "./model.js";
import type { OpenModel } from "./openModel.js";
import type { Optimizer } from "./optimizer.js";

/** What the updates of a training move by gradients of a model: its own weights, or the points of a curve. */
export interface Trained {
  /** All that is checked to be finite, undone and saved. */
  readonly variables: readonly ModelVariable[];
  /** What decides about the updates beside the plan; part of the checkpoints. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Brings the model to the weights at which update number `update`, from 0, wants the gradient. */
  enter(update: number): void;
  /** Moves the variables by the gradient there, which is given by the names of the model's own variables. */
  move(gradient: tf.NamedTensorMap, optimizer: Optimizer, learningRate: number): void;
}

/** A model that is trained itself. */
export function trainedModel({ variables }: OpenModel, factors: LearningRateFactors): Trained {
  let current = 0;
  return {
    variables,
    settings: factors.settings,
    enter(update) {
      current = update;
    },
    move(gradient, optimizer, learningRate) {
      const byFactor = new Map<number, [tf.Variable, tf.Tensor][]>();
      for (const { variable, layer } of variables) {
        // A variable that is frozen, or that the loss does not depend on, has no gradient.
        const its = gradient[variable.name];
        if (!its) continue;
        const factor = factors.of(layer, current);
        byFactor.set(factor, [...(byFactor.get(factor) ?? []), [variable, its]]);
      }
      for (const [factor, gradients] of byFactor) {
        optimizer.apply(gradients, learningRate * factor);
      }
    },
  };
}
