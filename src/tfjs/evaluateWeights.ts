import {
  checkBoolean,
  checkInteger,
  checkOptions,
  checkSignal,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { type Evaluation, evaluateExamples } from "./evaluate.js";
import { EventLoop } from "./eventLoop.js";
import { checkLogits, type LabelledData, readLabelled } from "./examples.js";
import { keepVariables } from "./keepVariables.js";
import type { Model } from "./model.js";
import { type OpenModel, openModel, writeVariables } from "./openModel.js";
import { type BatchNormInputs, planRefresh, refreshedLayers } from "./refreshBatchNorm.js";
import { checkTrainableWeights, trainableOf } from "./trainableWeights.js";

export interface EvaluateWeightsOptions {
  /**
   * Inputs to recompute the batch-norm statistics from before the evaluation, as {@link refreshBatchNorm} does: those of the
   * training data, un-augmented. Needed by a model that has batch norm; for others it does nothing.
   */
  batchNorm?: BatchNormInputs;
  /** Examples per forward pass, an integer >= 1; it does not change the result. @defaultValue 500 */
  batchSize?: number;
  /** Whether to return the loss of every example too. @defaultValue false */
  exampleLosses?: boolean;
  /** Ends the evaluation, which is then rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** How well a model does on data with other weights than its own. */
export interface WeightsEvaluation extends Evaluation {
  /** Loss of each example in nats, in the order of the data; there only if it was asked for. */
  readonly exampleLosses?: Float32Array;
}

/**
 * Mean loss and accuracy that a model has on data with given weights. The model itself is as before.
 *
 *     loss = −(1/n) Σ_i log softmax(z_i)[y_i]        z_i = logits of example i at the weights
 *
 * In evaluation mode, in the order of the data, so that the same call gives the same bits. The losses of curves, planes
 * and averages are all this one: cross-entropy in nats, without any penalty of the weights. A model with batch norm has no
 * statistics that fit the weights; they are recomputed from `batchNorm`, at the weights of its own checkpoints too. To compare a
 * checkpoint's own evaluation with this one, call {@link refreshBatchNorm} with the same inputs there.
 *
 * @param model - A tf.layers model or `{ variables, apply }` that gives logits.
 * @param weights - Its trainable weights, as `weightsOf(model).read({ trainable: true })` gives them.
 * @param data - Data sets by name.
 * @param options - See {@link EvaluateWeightsOptions}.
 * @returns An evaluation for each data set. The loss is `Infinity` where a logit is not finite.
 * @throws RangeError or TypeError, as a rejected promise, if there are not as many weights as trainable ones in the model,
 * one is not finite, model and data do not fit together, or a model with batch norm comes without `batchNorm`; the signal's
 * reason if it is aborted.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { evaluateWeights } from "closerlook/tfjs";
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
 * const test = { x: { data: Float32Array.of(-3, 2), shape: [2, 1] }, y: [0, 1] };
 * // Logits (−x, x).
 * const evaluations = await evaluateWeights(model, Float32Array.of(-1, 1, 0, 0), { test });
 * evaluations.test.accuracy; // 1
 * ```
 */
export async function evaluateWeights<Name extends string>(
  model: Model,
  weights: Float32Array,
  data: Readonly<Record<Name, LabelledData>>,
  options: EvaluateWeightsOptions = {},
): Promise<Record<Name, WeightsEvaluation>> {
  const where = "evaluateWeights";
  checkOptions(where, options, ["batchNorm", "batchSize", "exampleLosses", "signal"]);
  const open = openModel(where, model);
  checkTrainableWeights(where, "weights", weights, open);
  return evaluateElsewhere(where, open, data, options, (evaluateAt) => evaluateAt(weights));
}

type EvaluateAt<Name extends string> = (
  weights: Float32Array,
) => Promise<Record<Name, WeightsEvaluation>>;

/** Lets `body` evaluate a model at other weights; then it is as before, whatever happened. */
export async function evaluateElsewhere<Name extends string, Result>(
  where: string,
  model: OpenModel,
  data: Readonly<Record<Name, LabelledData>>,
  { batchNorm, batchSize = 500, exampleLosses = false, signal }: EvaluateWeightsOptions,
  body: (evaluateAt: EvaluateAt<Name>) => Promise<Result>,
): Promise<Result> {
  checkInteger(where, "batchSize", batchSize, { min: 1 });
  checkBoolean(where, "exampleLosses", exampleLosses);
  checkSignal(where, signal);
  checkLogits(where, model);
  if (typeof data !== "object" || data === null || Object.keys(data).length === 0) {
    throw typeError(where, "data", "data sets by name, e.g. { train, test }", data);
  }
  const sets = await Promise.all(
    Object.entries<LabelledData>(data).map(
      async ([name, set]) =>
        [name as Name, await readLabelled(where, `data.${name}`, set, model)] as const,
    ),
  );
  const refresh = await planStatistics(where, model, batchNorm);
  const trainable = trainableOf(model);
  const restore = keepVariables(model.variables);
  const eventLoop = new EventLoop();
  try {
    return await body(async (weights) => {
      await eventLoop.turn();
      signal?.throwIfAborted();
      writeVariables(trainable, weights);
      await refresh?.(signal);
      const results: [Name, WeightsEvaluation][] = [];
      for (const [name, examples] of sets) {
        const losses = exampleLosses ? new Float32Array(examples.count) : undefined;
        const evaluation = await evaluateExamples(model, examples, batchSize, {
          ...(losses && { exampleLosses: losses }),
          ...(signal && { signal }),
        });
        results.push([name, { ...evaluation, ...(losses && { exampleLosses: losses }) }]);
      }
      return Object.fromEntries(results) as Record<Name, WeightsEvaluation>;
    });
  } finally {
    eventLoop.close();
    restore();
  }
}

async function planStatistics(
  where: string,
  model: OpenModel,
  batchNorm: BatchNormInputs | undefined,
): Promise<((signal?: AbortSignal) => Promise<void>) | undefined> {
  if (batchNorm === undefined) {
    const [layer] = refreshedLayers(model);
    if (!layer) return undefined;
    const must = "given for a model with batch norm, whose statistics belong to other weights";
    throw rangeError(where, "batchNorm", must, batchNorm, "Pass { x } of the training data");
  }
  checkOptions(`${where}: batchNorm`, batchNorm, ["x", "batchSize", "statistics"]);
  return planRefresh(`${where}: batchNorm`, model, batchNorm);
}
