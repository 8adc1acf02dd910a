/** What one finished epoch came to. */
export interface EpochRecord {
  /** Number of the epoch: 1, 2, … */
  readonly epoch: number;
  /** Updates done by its end. */
  readonly updates: number;
  /** Mean loss of its examples, each as it was trained on: in training mode, while the weights moved. */
  readonly trainLoss: number;
  /** Means of the same kind of the loss's terms beside the total; there only if the loss function gives some. */
  readonly terms?: Readonly<Record<string, number>>;
  /** Learning rate of its last update. */
  readonly learningRate: number;
  /** Loss on the validation data after it; there only if it was evaluated. */
  readonly validationLoss?: number;
  /** Accuracy on the validation data after it, in [0, 1]; there only if it was evaluated. */
  readonly validationAccuracy?: number;
}

/**
 * What `train` returns. Of a training that was aborted or diverged it tells what there was after its last update, the one
 * that became non-finite undone: the losses until then, the epochs that were finished, the snapshots that were
 * reached. The model holds the weights of that moment.
 */
export interface TrainingResult {
  /** The epochs that were finished, in order: `history[0]` is epoch 1. */
  readonly history: readonly EpochRecord[];
  /** Loss of the batch before each update. */
  readonly losses: readonly number[];
  /** Learning rate of each update. */
  readonly learningRates: readonly number[];
  /** The flat weights (`weightsOf(model).read()`) after the wanted numbers of updates, as far as these were reached. */
  readonly snapshots: ReadonlyMap<number, Float32Array>;
  /** Updates that were done and that the weights include. */
  readonly updates: number;
  readonly stopped: "finished" | "aborted" | "diverged";
  /** 0-based index of the update that became non-finite; there only if the training diverged. */
  readonly divergedAtUpdate?: number;
}
