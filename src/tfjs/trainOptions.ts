import type * as tf from "@tensorflow/tfjs-core";
import type { ByteStore } from "../formats/index.js";
import type { Schedule } from "../schedules/schedule.js";
import type { Augmentation } from "./augmentation.js";
import type { Evaluation } from "./evaluate.js";
import type { LabelledData } from "./examples.js";
import type { Frozen } from "./freezePlan.js";
import type { LayerMatch } from "./layerMatch.js";
import type { Optimizer } from "./optimizer.js";

/** The examples of one update, or of a part of it (`microBatch`). The tensors live until the loss function returns. */
export interface Batch {
  /** Inputs, augmented if there is an augmentation. */
  readonly x: tf.Tensor;
  /** Classes, int32 `[examples]`. */
  readonly labels: tf.Tensor1D;
  /** Positions of the examples in the training data. */
  readonly indices: Uint32Array;
}

/** A loss in terms, each a scalar: `total` is minimised, and the others are reported beside it, as what `distillationLoss` returns. */
export type LossTerms = {
  readonly total: tf.Tensor;
  readonly [term: string]: tf.Tensor | undefined;
};

/**
 * A loss of logits `[examples, classes]`, made of differentiable tfjs operations; a scalar, mean over the batch, or
 * several of them by name.
 */
export type LossFunction = (logits: tf.Tensor2D, batch: Batch) => tf.Tensor | LossTerms;

/** State of a training after an update. */
export interface TrainingProgress {
  /** Updates done so far, 1 … `updates`. */
  readonly update: number;
  /** Updates of the whole training. */
  readonly updates: number;
  /** Number of the epoch that the update belongs to, 1 … `epochs`. */
  readonly epoch: number;
  readonly epochs: number;
  /** Loss of the update's batch before the update. */
  readonly loss: number;
  /** Terms of the loss beside the total; there only if the loss function gives some. */
  readonly terms?: Readonly<Record<string, number>>;
  /** Learning rate of the update. */
  readonly learningRate: number;
  /** Result on the validation data, in the last update of an epoch that is evaluated. */
  readonly validation?: Evaluation;
}

/** Where and how often a training is saved. */
export interface CheckpointOptions {
  /** Keeps the files, e.g. `folderStore(path)` of `closerlook/node`. One training at a time uses it. */
  store: ByteStore;
  /** Updates between two checkpoints, an integer >= 1; instead of `everyEpochs`. */
  everyUpdates?: number;
  /** Epochs between two checkpoints, an integer >= 1. @defaultValue 1 */
  everyEpochs?: number;
  /** Checkpoints that stay, the newest ones, an integer >= 1. @defaultValue 2 */
  keep?: number;
}

/** What the learning rate of some layers is multiplied by. */
export interface LearningRateFactor {
  readonly layers: LayerMatch;
  /** A number >= 0, or a schedule of the 0-based update index. */
  readonly factor: number | Schedule;
}

export interface TrainOptions {
  /** Learning rate, or a schedule of the 0-based update index (a pure function: it is read in advance). */
  schedule: Schedule | number;
  /**
   * Factors of the learning rate for some layers, each layer at most once; the others have 1. A factor of 0 stops the steps
   * of a layer, but not its momentum and its batch-norm statistics, as `frozen` does. To go on from a checkpoint the factors
   * must be the same, schedules included.
   * @defaultValue none
   */
  learningRateFactors?: readonly LearningRateFactor[];
  /** Passes over the training data, an integer >= 1. */
  epochs: number;
  /**
   * Examples per update, an integer >= 1. The last batch of an epoch is smaller if they do not come out even; more than
   * there are examples is one batch of them all.
   */
  batchSize: number;
  /**
   * Rule of the updates. One that is passed in keeps its state, and is the caller's to dispose of.
   * @defaultValue `sgd({ momentum: 0.9 })`
   */
  optimizer?: Optimizer;
  /**
   * Examples that are computed at a time, an integer >= 1, for batches that do not fit into memory: the gradient of a
   * batch is put together from parts of this size, each weighted by its examples. That is the gradient of the whole batch
   * up to rounding, but batch norm normalises by the part, and moves its statistics once for each; dropout draws new
   * masks for each. A size of at least the batch's is the whole batch at once. On the wasm backend a step that cannot
   * fit into its 4 GiB is refused, with a size that fits.
   * @defaultValue the whole batch at once
   */
  microBatch?: number;
  /** Seed of the order of the examples, of dropout and of the augmentation, an integer. @defaultValue 0 */
  seed?: number;
  /** Random changes of the training examples, e.g. `randomCropAndFlip()`. @defaultValue none */
  augment?: Augmentation;
  /**
   * Layers that stay as they are for some updates or epochs, or all through the training: one period, or several side by side,
   * as gradual unfreezing needs them. One that is longer than the training lasts as long as it. To go on from a checkpoint they must be the same.
   * @defaultValue everything trains
   */
  frozen?: Frozen;
  /** Data to evaluate on at the end of epochs. */
  validation?: LabelledData;
  /** Epochs between two evaluations; the last epoch is always evaluated. @defaultValue 1 */
  evaluateEvery?: number;
  /** Numbers of updates after which the weights are copied; 0 is before the first one. @defaultValue none */
  snapshots?: readonly number[];
  /** Where and how often to save the training, so that it can go on after an abort, a crash or a kill. @defaultValue none */
  checkpoints?: CheckpointOptions;
  /**
   * Whether to go on from the newest checkpoint of the store. If there is none the training begins at its beginning, so
   * that a program may always say `true`.
   * @defaultValue false: a store with checkpoints is an error
   */
  resume?: boolean;
  /** Called, and awaited, after every update. */
  onProgress?: (progress: TrainingProgress) => void | Promise<void>;
  /** Ends the training after the update that is under way. */
  signal?: AbortSignal;
  /** What is minimised. @defaultValue softmax cross-entropy with the labels, in nats */
  lossFunction?: LossFunction;
}
