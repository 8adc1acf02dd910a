import * as tf from "@tensorflow/tfjs-core";
import { crossEntropy } from "./crossEntropy.js";
import type { TrainingPlan } from "./trainingPlan.js";
import { differentiate } from "./trainingUpdate.js";

/** All that a memory of 32-bit addresses holds. */
const HEAP_BYTES = 2 ** 32;
/** What a proposed step may take, since a heap is never without gaps. */
const ROOM = 0.75;

/**
 * Refuses a training on the wasm backend whose step cannot fit into the heap, before anything changes. What a step takes
 * grows in proportion to its examples: it is measured with one and with two.
 *
 * @throws RangeError with the estimate and a `microBatch` that fits.
 */
export async function checkStepMemory(plan: TrainingPlan): Promise<void> {
  if (tf.getBackend() !== "wasm") return;
  const { batchSize, microBatch = batchSize, examples } = plan;
  const count = Math.min(batchSize, microBatch, examples.count);
  if (count <= 2) return;
  const one = await peakBytes(plan, 1);
  const more = (await peakBytes(plan, 2)) - one;
  const estimate = one + more * (count - 1);
  if (estimate <= HEAP_BYTES) return;
  const fits = Math.floor((ROOM * HEAP_BYTES - one) / more) + 1;
  const gigabytes = (estimate / 2 ** 30).toFixed(1);
  throw new RangeError(
    `${plan.where}: a step must fit into the 4 GiB of WebAssembly memory, got about ${gigabytes} GiB for ${count} examples at a time. ` +
      (fits >= 1
        ? `Set microBatch: ${fits} or less, or use a native back end`
        : "Use a native back end, or a smaller model"),
  );
}

/** Largest number of bytes in tensors during a forward and backward pass over the first examples. */
async function peakBytes(plan: TrainingPlan, count: number): Promise<number> {
  const variables = plan.weights.variables.map(({ variable }) => variable);
  // The pass moves batch-norm statistics.
  const before = variables.map((variable) => tf.clone(variable));
  try {
    const indices = Uint32Array.from({ length: count }, (_, i) => i);
    // Not a loss function of the caller's own, which need not expect it.
    const measured = {
      ...plan,
      lossFunction: (logits: tf.Tensor2D, { labels }: { labels: tf.Tensor1D }) =>
        crossEntropy(logits, labels),
    };
    const { peakBytes } = await tf.profile(() => {
      tf.tidy(() => void differentiate(measured, { epoch: 0, beforePass() {} }, indices));
      return [];
    });
    return peakBytes;
  } finally {
    variables.forEach((variable, i) => void variable.assign(before[i]!));
    tf.dispose(before);
  }
}
