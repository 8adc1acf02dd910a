import * as tf from "@tensorflow/tfjs-core";
import {
  checkLabels,
  type DistillationLossOptions,
  type LossReduction,
} from "../distillation/distillationOptions.js";
import { rangeError, typeError } from "../internal/checks.js";
import { crossEntropies } from "./crossEntropy.js";
import { readSoftLossOptions, softened, softLosses } from "./softLosses.js";

/** The loss as tensors; the caller disposes of them. */
export type DistillationLossTensors<Value extends tf.Tensor = tf.Scalar> = {
  /** `softWeight · soft + (1 − softWeight) · hard`. */
  readonly total: Value;
  /** The soft term as it enters the total, with its factor of the temperature squared. */
  readonly soft: Value;
  /** Cross-entropy of the student with the labels, at temperature 1; absent without labels. */
  readonly hard?: Value;
};

/**
 * The loss of a student that learns from a teacher's softened predictions, on tensors: the formula of
 * `distillationLoss` of `closerlook/distillation`, in single precision and differentiable by the student's logits.
 *
 *     d total / d student = (softWeight · T · (q − p) + (1 − softWeight) · (softmax(student) − onehot)) / examples
 *
 * with q and p the softened probabilities of student and teacher (a factor 1/T in the place of T with
 * `scaleByTemperatureSquared: false`), whichever the kind. No gradient flows into the teacher, even where its logits are
 * computed from variables inside of the differentiated function. Logits of ±1000 are fine.
 *
 * It is what {@link distill} trains with, and may be returned by the `lossFunction` of {@link train} as it is: the terms are
 * then reported by epoch.
 *
 * @param student - Logits (not probabilities, which cannot be told apart without waiting for the device) `[examples, classes]`.
 * @param teacher - Logits of the teacher for the same examples, of the same shape.
 * @param labels - Class of each example: an array, or an int32 tensor, whose numbers are not read; one that is no class makes
 * the hard term NaN. `undefined` for none.
 * @param options - As of the function on arrays: `temperature` (1), `softWeight` (1), `kind` (`"kl"`),
 * `scaleByTemperatureSquared` (true), `reduction` (`"mean"`).
 * @returns Scalars, or with `reduction: "none"` tensors `[examples]`.
 * @throws RangeError for shapes that do not fit, an array with labels out of range, a `softWeight` below 1 without labels, or a
 * `temperature` outside of 10⁻¹⁵ … 10¹⁵; TypeError for another kind of value.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { distillationLoss } from "closerlook/tfjs";
 * const teacher = tf.tensor2d([[0, 0]]);
 * const loss = (student: tf.Tensor2D) => distillationLoss(student, teacher, undefined, { temperature: 2 }).total;
 * // T · (softmax(student / T) − ½)
 * Array.from(tf.grad(loss)(tf.tensor2d([[0, 0]])).dataSync()); // [0, 0]
 * loss(tf.tensor2d([[1000, -1000]])).dataSync()[0] > 1000; // true
 * ```
 * @see Hinton et al. 2015, section 2; Gotmare et al. 2019, section 5.
 */
export function distillationLoss<Reduction extends LossReduction = "mean">(
  student: tf.Tensor,
  teacher: tf.Tensor,
  labels?: tf.Tensor | ArrayLike<number>,
  options: DistillationLossOptions<Reduction> = {},
): DistillationLossTensors<Reduction extends "none" ? tf.Tensor1D : tf.Scalar> {
  const where = "distillationLoss";
  const settings = readSoftLossOptions(where, options, labels !== undefined);
  const z = checkLogitTensor(where, "student", student);
  const t = checkLogitTensor(where, "teacher", teacher);
  const [examples, classes] = z.shape;
  if (!tf.util.arraysEqual(z.shape, t.shape)) {
    throw rangeError(where, "teacher", `of the student's shape [${z.shape.join(", ")}]`, t.shape);
  }
  if (labels instanceof tf.Tensor) {
    if (labels.dtype !== "int32") {
      throw typeError(where, "labels", "an int32 tensor or an array", labels.dtype);
    }
    if (!tf.util.arraysEqual(labels.shape, [examples])) {
      throw rangeError(where, "labels", `of shape [${examples}]`, labels.shape);
    }
  } else if (labels !== undefined) checkLabels(where, labels, examples, classes);

  const { softWeight, temperature, reduction } = settings;
  const result = tf.tidy(() => {
    const reduce = (values: tf.Tensor) => (reduction === "none" ? values : tf.mean(values));
    const soft = reduce(softLosses(z, () => softened(t, temperature), settings));
    if (labels === undefined) return { total: tf.clone(soft), soft };
    const classes = labels instanceof tf.Tensor ? labels : tf.tensor1d(Array.from(labels), "int32");
    const hard = reduce(crossEntropies(z, classes as tf.Tensor1D));
    return { total: tf.add(tf.mul(soft, softWeight), tf.mul(hard, 1 - softWeight)), soft, hard };
  });
  return result as DistillationLossTensors<Reduction extends "none" ? tf.Tensor1D : tf.Scalar>;
}

function checkLogitTensor(where: string, name: string, logits: unknown): tf.Tensor2D {
  if (!(logits instanceof tf.Tensor)) throw typeError(where, name, "a tensor of logits", logits);
  if (logits.rank === 2 && logits.shape[0]! >= 1 && logits.shape[1]! >= 2) {
    return logits as tf.Tensor2D;
  }
  throw rangeError(where, name, "logits [examples, classes >= 2]", logits.shape);
}
