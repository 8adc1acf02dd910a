import * as tf from "@tensorflow/tfjs-core";
import type { DistillationSettings } from "../distillation/distillationOptions.js";

/** The logarithm of the softmax of each row at a temperature, without overflow. */
export function logSoftmaxAt(logits: tf.Tensor2D, temperature: number): tf.Tensor2D {
  // The difference before the division, as large numbers over small temperatures would overflow.
  const shifted = tf.div(tf.sub(logits, tf.max(logits, 1, true)), tf.scalar(temperature));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
}

/**
 * The soft term of each example, `[examples]`, from the student's logits and the logarithms of the teacher's softened
 * probabilities. These are asked for outside of the gradient, so that none flows into a teacher that computes them.
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
    const logP = teacher();
    const p = tf.exp(logP);
    const logQ = logSoftmaxAt(logits, temperature);
    const parts = kind === "kl" ? divergences(p, logP, logQ) : tf.neg(tf.mul(p, logQ));
    // A class of probability 0 has its own value, since 0 · −∞ is none.
    const missing = kind === "kl" ? tf.exp(logQ) : tf.zerosLike(p);
    const value = tf.mul(tf.sum(tf.where(tf.greater(p, 0), parts, missing), 1), factor);
    save([logits, p]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [z, p] = saved as [tf.Tensor2D, tf.Tensor2D];
      const difference = tf.sub(tf.exp(logSoftmaxAt(z, temperature)), p);
      return tf.mul(tf.mul(tf.expandDims(dy, 1), difference), factor / temperature);
    };
    return { value, gradFunc };
  });
  return soften(student) as tf.Tensor1D;
}

/**
 * Parts of KL(p‖q) by class, written p·log(p/q) − p + q: the sum over the classes is the same, but no part is negative, so
 * that nothing cancels when the two are nearly equal.
 */
function divergences(p: tf.Tensor2D, logP: tf.Tensor2D, logQ: tf.Tensor2D): tf.Tensor2D {
  const difference = tf.sub(logP, logQ);
  const near = tf.mul(p, tf.add(tf.expm1(tf.neg(difference)), difference));
  const far = tf.add(tf.mul(p, tf.sub(difference, 1)), tf.exp(logQ));
  return tf.where(tf.less(tf.abs(difference), 1), near, far) as tf.Tensor2D;
}
