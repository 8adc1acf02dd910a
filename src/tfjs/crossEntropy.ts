import * as tf from "@tensorflow/tfjs-core";

/**
 * Mean cross-entropy in nats of logits `[examples, classes]` and classes `[examples]`, as a tensor.
 *
 *     loss = −(1/n) Σ_i log softmax(z_i)[label_i],   log softmax(z) = z − max z − log Σ exp(z − max z)
 */
export function crossEntropy(logits: tf.Tensor, labels: tf.Tensor1D): tf.Scalar {
  const [examples, classes] = logits.shape as [number, number];
  // Not oneHot's own float32, into which the wasm backend writes the bits of integers.
  const target = tf.cast(tf.oneHot(labels, classes), "float32");
  const sum = tf.sum(tf.mul(target, tf.logSoftmax(logits as tf.Tensor2D)));
  return tf.div(sum, tf.scalar(-examples)) as tf.Scalar;
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
