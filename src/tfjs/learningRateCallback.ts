import type { Optimizer } from "@tensorflow/tfjs-core";
import { checkNumber, typeError } from "../internal/checks.js";
import type { Schedule } from "../schedules/schedule.js";
import { asSchedule } from "./asSchedule.js";

/** What `learningRateCallback` needs of a compiled tf.layers model. */
export interface CompiledModel {
  readonly optimizer: Optimizer;
}

/** A callback of `model.fit` and `model.fitDataset`. */
export interface LearningRateCallback {
  onBatchBegin(): Promise<void>;
}

const where = "learningRateCallback";

/**
 * A callback for `model.fit` of tf.layers that sets the learning rate before each update.
 *
 *     rate of update k = schedule(k),     k = 0, 1, 2, … updates since the callback was made
 *
 * It works with all of tfjs's optimizers. (To set `optimizer.learningRate` by hand changes nothing in `sgd` and `momentum`,
 * which keep a copy.) The count goes on from one `fit` to the next: make a new callback for a new training. Which optimizer
 * the model has is looked up before each update, so the model may be compiled later or again.
 *
 * @param schedule - Learning rate, a finite number >= 0, or a schedule of the 0-based update index.
 * @param model - The model that `fit` is called on; tf.layers does not tell a callback.
 * @returns What `fit` takes as one of its `callbacks`. `fit` rejects with a RangeError if a rate is negative or not finite,
 * with a TypeError if the model is not compiled.
 * @throws TypeError if `schedule` is neither a number nor a function, or `model` no object; RangeError if it is a number that is
 * negative or not finite.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { warmup } from "closerlook/schedules";
 * import { learningRateCallback } from "closerlook/tfjs";
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
 * model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: "meanSquaredError" });
 * const callbacks = learningRateCallback(warmup({ to: 0.5, steps: 4 }), model);
 * const x = tf.ones([6, 1]);
 * await model.fit(x, x, { batchSize: 2, epochs: 1, callbacks, verbose: 0 });
 * model.optimizer.getConfig().learningRate; // 0.25 — that of the third and last update
 * ```
 */
export function learningRateCallback(
  schedule: Schedule | number,
  model: CompiledModel,
): LearningRateCallback {
  const rateOf = asSchedule(where, "schedule", schedule);
  if (typeof schedule === "number") checkNumber(where, "schedule", schedule, { min: 0 });
  if (typeof model !== "object" || model === null) {
    throw typeError(where, "model", "the tf.layers model that fit is called on", model);
  }
  let update = 0;
  return {
    onBatchBegin: async () => {
      const rate = checkNumber(where, `schedule(${update})`, rateOf(update), { min: 0 });
      setLearningRate(model.optimizer, rate);
      update++;
    },
  };
}

/** The optimizers that keep a tensor of the rate have a setter; the others read the property in each update. */
function setLearningRate(
  optimizer: Optimizer & { learningRate?: number; setLearningRate?(rate: number): void },
  rate: number,
): void {
  if (typeof optimizer?.setLearningRate === "function") optimizer.setLearningRate(rate);
  else if (typeof optimizer?.learningRate === "number") optimizer.learningRate = rate;
  else {
    const must = "one with a learning rate, as those of tf.train";
    throw typeError(where, "the model's optimizer", must, optimizer, "Compile the model first");
  }
}
