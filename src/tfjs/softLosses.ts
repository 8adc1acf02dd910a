import * as tf from "@tensorflow/tfjs-core";
import {
  type DistillationLossOptions,
  type DistillationSettings,
  readDistillationOptions,
} from "../distillation/distillationOptions.js";
import { checkNumber } from "../internal/checks.js";

/** Options of a loss on tensors: beyond these temperatures it leaves the range of single precision. */
export function readSoftLossOptions(
  where: string,
  options: DistillationLossOptions,
  hasLabels: boolean,
): DistillationSettings {
  const settings = readDistillationOptions(where, options, hasLabels);
  checkNumber(where, "temperature", settings.temperature, { min: 1e-15, max: 1e15 });
  return settings;
}

/**
 * The logits of each row over the temperature, as differences from the highest: at high temperatures small numbers that keep
 * their digits, and no overflow for large logits over small temperatures.
 */
export const softened = (logits: tf.Tensor2D, temperature: number): tf.Tensor2D =>
  tf.div(tf.sub(logits, tf.max(logits, 1, true)), tf.scalar(temperature));

const logSoftmax = (softened: tf.Tensor2D): tf.Tensor2D =>
  tf.sub(softened, tf.log(tf.sum(tf.exp(softened), 1, true)));

/**
 * The soft term of each example, `[examples]`, from the student's logits and the teacher's, {@link softened}. These are
 * asked for outside of the gradient, so that none flows into a teacher that computes them.
 *
 *     d soft_i / d student_i = (factor / T) · (q_i − p_i)
 */
export function softLosses(
  student: tf.Tensor2D,
  teacher: () => tf.Tensor2D,
  { temperature, kind, factor }: Pick<DistillationSettings, "temperature" | "kind" | "factor">,
): tf.Tensor1D {
  const soften = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [logits, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const both = compare(softened(logits, temperature), teacher());
    const values = kind === "kl" ? divergences(both) : crossEntropies(both);
    save([both.difference]);
    const gradFunc = (dy: tf.Tensor, [difference]: tf.Tensor[]) =>
      tf.mul(tf.mul(tf.expandDims(dy, 1), difference!), factor / temperature);
    return { value: tf.mul(values, factor), gradFunc };
  });
  return soften(student) as tf.Tensor1D;
}

type Comparison = ReturnType<typeof compare>;

/**
 * Both distributions of each example, and q − p, with the way to KL(p‖q), in full precision at high temperatures and where all logits nearly agree:
 *
 *     d = teacher − student, both softened,   u = d − Σ p·d
 *     KL = log(1 + Σ p·(e^(−u) − 1 + u)),   q − p = p·(e^(−u − KL) − 1)
 */
function compare(student: tf.Tensor2D, teacher: tf.Tensor2D) {
  const logP = logSoftmax(teacher);
  const logQ = logSoftmax(student);
  const [p, q] = [tf.exp(logP), tf.exp(logQ)];
  const d = tf.sub(teacher, student);
  const u = tf.sub(d, tf.sum(tf.mul(p, d), 1, true)) as tf.Tensor2D;
  const near = log1pOfSmall(tf.sum(tf.mul(p, excess(u)), 1));
  const step = tf.neg(tf.add(u, tf.expandDims(near, 1)));
  // False for what is not a number: two classes of probability 0.
  const isNear = tf.all(tf.less(tf.abs(u), NEAR), 1);
  const difference = tf.where(
    tf.broadcastTo(tf.expandDims(isNear, 1), p.shape),
    tf.mul(p, tf.expm1(step)),
    tf.sub(q, p),
  );
  return { p, q, logP, logQ, isNear, near, difference };
}

/** KL(p‖q): as above, or, where that might overflow, the sum of p·log(p/q) − p + q, which is the same. */
function divergences({ p, q, logP, logQ, isNear, near }: Comparison): tf.Tensor {
  const difference = tf.sub(logP, logQ);
  const each = tf.where(
    tf.less(tf.abs(difference), 1),
    tf.mul(p, tf.add(tf.expm1(tf.neg(difference)), difference)),
    tf.add(tf.mul(p, tf.sub(difference, 1)), q),
  );
  return tf.where(isNear, near, tf.sum(tf.where(tf.greater(p, 0), each, q), 1));
}

/** −Σ p·log q, with 0 · log q = 0 whatever q. */
const crossEntropies = ({ p, logQ }: Comparison): tf.Tensor =>
  tf.neg(tf.sum(tf.where(tf.greater(p, 0), tf.mul(p, logQ), tf.zerosLike(p)), 1));

/** Below it {@link excess} is precise. */
const NEAR = 0.25;

/** e^(−u) − 1 + u of small numbers, by its series: u²/2 · (1 − u/3 · (1 − u/4 · (…))). */
function excess(u: tf.Tensor): tf.Tensor {
  let factor: tf.Tensor = tf.onesLike(u);
  for (let k = 7; k >= 3; k--) factor = tf.sub(1, tf.mul(tf.div(u, k), factor));
  return tf.mul(tf.div(tf.square(u), 2), factor);
}

/** log(1 + x) for 0 <= x < 0.1, by its series in z = x / (2 + x): tf.log1p of the wasm backend rounds 1 + x. */
function log1pOfSmall(x: tf.Tensor): tf.Tensor {
  const z = tf.div(x, tf.add(x, 2));
  const square = tf.square(z);
  const factor = tf.add(1, tf.mul(square, tf.add(1 / 3, tf.div(square, 5))));
  return tf.mul(tf.mul(z, 2), factor);
}
