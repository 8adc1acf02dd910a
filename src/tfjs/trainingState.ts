import type { OptimizerState } from "./optimizer.js";
import type { EpochRecord } from "./trainingResult.js";

/** All that a training needs in order to go on, after a whole number of updates, as if nothing had happened. */
export interface TrainingState {
  /** The flat weights. */
  readonly weights: Float32Array;
  readonly optimizer: OptimizerState;
  /** One for each update that was done. */
  readonly losses: readonly number[];
  /** The same for each term of the loss beside the total. */
  readonly terms: Readonly<Record<string, readonly number[]>>;
  readonly learningRates: readonly number[];
  /** Epochs that were finished. */
  readonly history: readonly EpochRecord[];
  readonly random: {
    /** State from which the order of the epoch under way is drawn. */
    readonly order: readonly number[];
    /** State from which the next update's masks are drawn. */
    readonly dropout: readonly number[];
  };
}
