import { rangeError } from "../internal/checks.js";
import { areProbabilities } from "./areProbabilities.js";
import {
  checkLabels,
  type DistillationLossOptions,
  type LossReduction,
  readDistillationOptions,
} from "./distillationOptions.js";
import { divergence } from "./divergence.js";
import { type ClassValues, type LogitsLike, readLogits } from "./logits.js";
import { logSoftmaxRow } from "./logSoftmax.js";

export interface DistillationLoss<Value = number> {
  /** `softWeight · soft + (1 − softWeight) · hard`. */
  readonly total: Value;
  /** The soft term as it enters the total, with its factor of the temperature squared. */
  readonly soft: Value;
  /** Cross-entropy of the student with the labels, at temperature 1; absent without labels. */
  readonly hard?: Value;
}

/**
 * The loss of a student that learns from a teacher's softened predictions (knowledge distillation).
 *
 *     p = softmax(teacher / T),   q = softmax(student / T),   T = temperature
 *     soft  = T² · Σ_c p_c · (log p_c − log q_c)    kind "kl"
 *     soft  = T² · Σ_c −p_c · log q_c               kind "crossEntropy"
 *     hard  = −log softmax(student)_label
 *     total = softWeight · soft + (1 − softWeight) · hard
 *
 * in nats, each the mean over the examples (not over examples × classes, as the default of PyTorch's
 * `KLDivLoss` is). With `scaleByTemperatureSquared: false` the factor T² is left out. The default is the
 * paper's: the teacher's distribution alone; its temperature was 5.
 *
 * Logits of any finite size are fine, a class of probability 0 adds 0, and the divergence is never
 * negative and exactly 0 where student and teacher agree, with full precision at every temperature.
 *
 * @param student - Logits (not probabilities) of the student, `[examples, classes]`.
 * @param teacher - Logits of the teacher for the same examples, of the same shape.
 * @param labels - Class of each example, an integer in [0, classes); `undefined` for none.
 * @param options - See {@link DistillationLossOptions}.
 * @returns See {@link DistillationLoss}; numbers, or with `reduction: "none"` a `Float64Array` of one
 * number per example.
 * @throws RangeError for shapes that do not fit, logits that are not finite, or that are probabilities by
 * mistake (in [0, 1], every row sums to 1, and not all rows are one-hot), labels out of range, or a
 * `softWeight` below 1 without labels; TypeError for another kind of value.
 * @example
 * ```ts
 * import { distillationLoss } from "closerlook/distillation";
 * const student = [[2, 0, 0]];
 * const teacher = [[0, 0, 0]];
 * distillationLoss(student, student, undefined, { temperature: 5 }); // { total: 0, soft: 0 }
 * distillationLoss(student, teacher, [0], { temperature: 5, softWeight: 0.9 }).hard; // 0.23954476622188453
 * ```
 * @see Hinton et al. 2015, section 2; Gotmare et al. 2019, section 5.
 */
export function distillationLoss<Reduction extends LossReduction = "mean">(
  student: LogitsLike,
  teacher: LogitsLike,
  labels?: ArrayLike<number>,
  options: DistillationLossOptions<Reduction> = {},
): DistillationLoss<Reduction extends "none" ? Float64Array : number> {
  const where = "distillationLoss";
  const { temperature, softWeight, kind, factor, reduction } = readDistillationOptions(
    where,
    options,
    labels !== undefined,
  );
  const studentLogits = readLogits(where, "student", student);
  const teacherLogits = readLogits(where, "teacher", teacher);
  checkNoProbabilities(where, "student", studentLogits);
  checkNoProbabilities(where, "teacher", teacherLogits);
  const [examples, classes] = studentLogits.shape;
  if (teacherLogits.shape[0] !== examples || teacherLogits.shape[1] !== classes) {
    const must = `of the student's shape [${examples}, ${classes}]`;
    throw rangeError(where, "teacher", must, teacherLogits.shape);
  }

  const rowOf = ({ data }: ClassValues, i: number) => data.subarray(i * classes, (i + 1) * classes);
  let hard: Float64Array | undefined;
  if (labels !== undefined) {
    checkLabels(where, labels, examples, classes);
    hard = new Float64Array(examples).map(
      (_, i) => 0 - logSoftmaxRow(rowOf(studentLogits, i), 1)[labels[i]!]!,
    );
  }
  const term = kind === "kl" ? divergence : crossEntropy;
  const soft = new Float64Array(examples).map(
    (_, i) => factor * term(rowOf(studentLogits, i), rowOf(teacherLogits, i), temperature),
  );

  const total = hard
    ? soft.map((value, i) => softWeight * value + (1 - softWeight) * hard[i]!)
    : soft.slice();
  const overflow = total.findIndex((value) => !Number.isFinite(value));
  if (overflow >= 0) {
    const hint = "The logits or the temperature are out of all proportion";
    throw rangeError(where, `the loss of example ${overflow}`, "finite", total[overflow], hint);
  }
  const reduce = (values: Float64Array): Float64Array | number =>
    reduction === "none" ? values : mean(values);
  const result: DistillationLoss<Float64Array | number> = {
    total: reduce(total),
    soft: reduce(soft),
    ...(hard && { hard: reduce(hard) }),
  };
  return result as DistillationLoss<Reduction extends "none" ? Float64Array : number>;
}

/** −Σ p·log q of one example, with 0·log 0 = 0. */
function crossEntropy(student: Float64Array, teacher: Float64Array, temperature: number): number {
  const logP = logSoftmaxRow(teacher, temperature);
  const logQ = logSoftmaxRow(student, temperature);
  return logP.reduce((sum, each, c) => {
    const p = Math.exp(each);
    return p === 0 ? sum : sum - p * logQ[c]!;
  }, 0);
}

/** The softmax of a softmax is nearly uniform, and would pass for a result. */
function checkNoProbabilities(where: string, name: string, values: ClassValues): void {
  if (!areProbabilities(values.data, values.shape[1])) return;
  throw new RangeError(
    `${where}: ${name} must be logits, got probabilities, as every row sums to 1. ` +
      "Give the numbers that go into the softmax, or the logarithms of what comes out of it",
  );
}

const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
