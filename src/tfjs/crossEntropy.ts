import * as tf from "@tensorflow/tfjs-core";

/**
 * Mean cross-entropy in nats of logits `[examples, classes]` and classes `[examples]`, as a tensor.
 *
 *     loss = −(1/n) Σ_i log softmax(z_i)[label_i],   log softmax(z) = z − max z − log Σ exp(z − max z)
 */
export function crossEntropy(logits: tf.Tensor, labels: tf.Tensor1D): tf.Scalar {
  // All in one sum: sums of sums would differ in their last bits, and so would the records of trainings.
  const sum = tf.sum(logarithmsAtLabels(logits, labels).logarithms);
  return tf.div(sum, tf.scalar(-logits.shape[0]!)) as tf.Scalar;
}

/** Cross-entropy of each example, `[examples]`; NaN where the label is no class. */
export function crossEntropies(logits: tf.Tensor, labels: tf.Tensor1D): tf.Tensor1D {
  const { logarithms, target } = logarithmsAtLabels(logits, labels);
  // A row without a one is divided by 0.
  return tf.neg(tf.div(tf.sum(logarithms, 1), tf.sum(target, 1))) as tf.Tensor1D;
}

/** The logarithms of the softmax where the labels stand, 0 elsewhere, and the labels as rows with a one. */
function logarithmsAtLabels(logits: tf.Tensor, labels: tf.Tensor1D) {
  // Not oneHot's own float32, into which the wasm backend writes the bits of integers.
  const target = tf.cast(tf.oneHot(labels, logits.shape[1]!), "float32");
  return { logarithms: tf.mul(target, tf.logSoftmax(logits as tf.Tensor2D)), target };
}

/** Cross-entropy in nats of one example's logits in f64, and whether the (first) largest is the label's. */
export function scoreExample(
  logits: Float32Array | Int32Array | Uint8Array,
  from: number,
  classes: number,
  label: number,
): { loss: number; correct: boolean; finite: boolean } {
  let largest = from;
  let finite = true;
  for (let i = from; i < from + classes; i++) {
    if (!Number.isFinite(logits[i])) finite = false;
    if (logits[i]! > logits[largest]!) largest = i;
  }
  if (!finite) return { loss: Number.POSITIVE_INFINITY, correct: false, finite };
  let sum = 0;
  for (let i = from; i < from + classes; i++) sum += Math.exp(logits[i]! - logits[largest]!);
  const loss = Math.log(sum) + logits[largest]! - logits[from + label]!;
  return { loss, correct: largest === from + label, finite };
}
