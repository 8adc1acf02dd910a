import type { WarmupSettings } from "./warmupFamily.js";

/**
 * Experiments X9 and X10: the trained networks that they share. The factor between the two learning rates
 * follows the factor between the batches, as in the paper (× 50 there, × 10 here).
 */
export const warmupSettings: Readonly<Record<"quick", WarmupSettings>> = {
  // Seconds, on 14 × 14 grey images. The stack of FC layers sees 3 × 3 × 32 features: with a third pool, 16 features
  // and layers of 32, every large-batch run collapses at this rate, the warmed-up one as well, and there is nothing to
  // compare. docs/results/warmup.md lists all settings that were tried.
  quick: {
    network: {
      input: [14, 14, 1],
      features: [8, "M", 16, "M", 32],
      classifier: [64, 64, 10],
      batchNormalization: true,
    },
    trainingImagesPerClass: 100,
    epochs: 12,
    smallBatch: 10,
    smallBatchRate: 0.05,
    largeBatch: 100,
    largeBatchRate: 0.5,
    warmupUpdates: 60,
    milestones: [7, 10, 11],
    momentum: 0.9,
    weightDecay: 5e-4,
    seeds: [0, 1, 2],
  },
};
