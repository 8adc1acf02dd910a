import * as tf from "@tensorflow/tfjs-core";
import { checkInteger, checkOptions } from "../internal/checks.js";
import { scoreExample } from "./crossEntropy.js";
import {
  batchOf,
  checkLogits,
  type LabelledData,
  type LabelledExamples,
  readLabelled,
} from "./examples.js";
import type { Model } from "./model.js";
import { type OpenModel, openModel } from "./openModel.js";

export interface EvaluateOptions {
  /** Examples per forward pass; it does not change the result. @defaultValue 500 */
  batchSize?: number;
}

/** How well a model does on data. */
export interface Evaluation {
  /** Mean cross-entropy in nats; `Infinity` if `nonFinite` is not 0. */
  readonly loss: number;
  /** Fraction of the examples whose (first) largest logit is the label's, in [0, 1]. */
  readonly accuracy: number;
  /** Examples with a logit that is not finite. They count as wrong. */
  readonly nonFinite: number;
}

/**
 * Mean loss and accuracy of a model on data, in evaluation mode: dropout off, batch norm by its moving statistics.
 *
 *     loss = −(1/n) Σ_i log softmax(z_i)[y_i]        z_i = logits of example i
 *
 * The softmax, the logarithm and the sum are taken in double precision from the model's single-precision logits.
 * Penalties of the layers' own regularizers are not part of the loss. No tensor is left behind.
 *
 * @param model - A tf.layers model or `{ variables, apply }` that gives logits, not probabilities.
 * @param data - Inputs and classes.
 * @param options - See {@link EvaluateOptions}.
 * @returns See {@link Evaluation}.
 * @throws RangeError or TypeError, as a rejected promise, if model and data do not fit together, an input is not finite,
 * a label is not a class, or the last layer is a softmax.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { evaluate, weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
 * // Logits (−x, x).
 * weightsOf(model).write([-1, 1, 0, 0]);
 * const data = { x: { data: Float32Array.of(-3, 2, 1), shape: [3, 1] }, y: [0, 1, 0] };
 * const { accuracy } = await evaluate(model, data);
 * accuracy; // 0.6666666666666666
 * ```
 */
export async function evaluate(
  model: Model,
  data: LabelledData,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  checkOptions("evaluate", options, ["batchSize"]);
  const { batchSize = 500 } = options;
  checkInteger("evaluate", "batchSize", batchSize, { min: 1 });
  const weights = openModel("evaluate", model);
  checkLogits("evaluate", weights);
  const examples = await readLabelled("evaluate", "data", data, weights);
  return evaluateExamples(weights, examples, batchSize);
}

/** `evaluate` on data that has been read and checked. The losses of the single examples go into `exampleLosses`. */
export async function evaluateExamples(
  weights: OpenModel,
  examples: LabelledExamples,
  batchSize: number,
  { exampleLosses, signal }: { exampleLosses?: Float32Array; signal?: AbortSignal } = {},
): Promise<Evaluation> {
  let loss = 0;
  let correct = 0;
  let nonFinite = 0;
  for (let from = 0; from < examples.count; from += batchSize) {
    signal?.throwIfAborted();
    const to = Math.min(from + batchSize, examples.count);
    const output = tf.tidy(() => weights.apply(batchOf(examples, from, to), { training: false }));
    let logits: Float32Array | Int32Array | Uint8Array;
    try {
      logits = await output.data();
    } finally {
      output.dispose();
    }
    const classes = logits.length / (to - from);
    for (let i = from; i < to; i++) {
      const score = scoreExample(logits, (i - from) * classes, classes, examples.labels[i]!);
      loss += score.loss;
      if (exampleLosses) exampleLosses[i] = score.loss;
      if (score.correct) correct++;
      if (!score.finite) nonFinite++;
    }
  }
  return { loss: loss / examples.count, accuracy: correct / examples.count, nonFinite };
}
