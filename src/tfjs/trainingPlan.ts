import type * as tf from "@tensorflow/tfjs-core";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSignal,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { Random } from "../internal/random.js";
import { asSchedule } from "./asSchedule.js";
import type { Augmentation } from "./augmentation.js";
import { crossEntropy } from "./crossEntropy.js";
import { checkLogits, type LabelledData, type LabelledExamples, readLabelled } from "./examples.js";
import { type FreezePlan, planFreezes } from "./freezePlan.js";
import type { Model } from "./model.js";
import { type OpenModel, openModel } from "./openModel.js";
import type { Trained } from "./trained.js";
import type { Batch, CheckpointOptions, LossTerms, TrainOptions } from "./trainOptions.js";

/** A training with everything checked and every default filled in. */
export interface TrainingPlan {
  /** Name of the function that trains, for errors. */
  readonly where: string;
  readonly weights: OpenModel;
  readonly trained: Trained;
  readonly examples: LabelledExamples;
  readonly validation: LabelledExamples | undefined;
  readonly evaluateEvery: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly microBatch: number | undefined;
  /** Updates of an epoch. */
  readonly updatesPerEpoch: number;
  readonly learningRates: readonly number[];
  readonly seed: number;
  readonly augment: Augmentation | undefined;
  readonly frozen: FreezePlan;
  readonly snapshots: ReadonlySet<number>;
  readonly checkpoints: CheckpointPlan | undefined;
  /** What is needed for the loss beside the logits, and is not differentiated. */
  readonly targets?: (x: tf.Tensor, indices: Uint32Array) => tf.NamedTensorMap;
  readonly lossFunction: (
    logits: tf.Tensor2D,
    batch: Batch,
    targets: tf.NamedTensorMap,
  ) => tf.Tensor | LossTerms;
  /** What tells the loss from others, as far as it can be written down. */
  readonly lossSettings: unknown;
  readonly onProgress: TrainOptions["onProgress"];
  readonly signal: AbortSignal | undefined;
}

/** Checkpoints with every default filled in. */
export interface CheckpointPlan {
  readonly store: CheckpointOptions["store"];
  /** Updates between two checkpoints. */
  readonly every: number;
  readonly keep: number;
  readonly resume: boolean;
}

/** Names of the options of `train`. */
export const trainOptionNames: readonly string[] = [
  "schedule",
  "learningRateFactors",
  "epochs",
  "batchSize",
  "optimizer",
  "microBatch",
  "seed",
  "augment",
  "frozen",
  "validation",
  "evaluateEvery",
  "snapshots",
  "checkpoints",
  "resume",
  "onProgress",
  "signal",
  "lossFunction",
];

/** Checks all that can be checked before anything changes. What is to be trained is still to be added. */
export async function planTraining(
  where: string,
  model: Model,
  data: LabelledData,
  options: TrainOptions,
): Promise<Omit<TrainingPlan, "trained">> {
  checkOptions(where, options, trainOptionNames);
  const { schedule, epochs, batchSize, microBatch, optimizer, seed = 0, augment } = options;
  const { frozen, evaluateEvery = 1, snapshots = [], onProgress, signal, lossFunction } = options;
  checkInteger(where, "epochs", epochs, { min: 1 });
  checkInteger(where, "batchSize", batchSize, { min: 1 });
  if (microBatch !== undefined) checkInteger(where, "microBatch", microBatch, { min: 1 });
  checkInteger(where, "seed", seed);
  checkInteger(where, "evaluateEvery", evaluateEvery, { min: 1 });
  if (optimizer !== undefined && typeof optimizer?.apply !== "function") {
    throw typeError(where, "optimizer", "an optimizer of closerlook, e.g. sgd()", optimizer);
  }
  if (augment !== undefined) {
    checkFunction(where, "augment", augment, "a function, e.g. randomCropAndFlip()");
  }
  if (onProgress !== undefined) checkFunction(where, "onProgress", onProgress, "a function");
  if (lossFunction !== undefined) checkFunction(where, "lossFunction", lossFunction, "a function");
  checkSignal(where, signal);

  const weights = openModel(where, model);
  if (lossFunction === undefined) checkLogits(where, weights);
  checkFinite(where, weights);
  const examples = await readLabelled(where, "data", data, weights);
  if (augment) {
    // One that does not suit the examples says so now.
    const { data, size, shape } = examples;
    augment(data.subarray(0, size), new Float32Array(size), shape, new Random(seed));
  }
  const validation =
    options.validation && (await readLabelled(where, "validation", options.validation, weights));

  const updatesPerEpoch = Math.ceil(examples.count / batchSize);
  const updates = epochs * updatesPerEpoch;
  if (!Array.isArray(snapshots)) {
    throw typeError(where, "snapshots", "an array of numbers of updates", snapshots);
  }
  for (const count of snapshots) checkInteger(where, "snapshots", count, { min: 0, max: updates });
  const rate = asSchedule(where, "schedule", schedule);
  const learningRates = Array.from({ length: updates }, (_, update) =>
    checkNumber(where, `schedule(${update})`, rate(update), { min: 0 }),
  );

  return {
    where,
    weights,
    examples,
    validation,
    evaluateEvery,
    epochs,
    batchSize,
    microBatch,
    updatesPerEpoch,
    learningRates,
    seed,
    augment,
    frozen: planFreezes(where, frozen, weights, updatesPerEpoch),
    snapshots: new Set(snapshots),
    checkpoints: planCheckpoints(where, options, updatesPerEpoch),
    lossFunction: lossFunction ?? ((logits, { labels }) => crossEntropy(logits, labels)),
    lossSettings: lossFunction ? "a function" : "cross-entropy",
    onProgress,
    signal,
  };
}

function planCheckpoints(
  where: string,
  { checkpoints, resume = false }: TrainOptions,
  updatesPerEpoch: number,
): CheckpointPlan | undefined {
  checkBoolean(where, "resume", resume);
  if (checkpoints === undefined) {
    const must = "given together with checkpoints, which say where from";
    if (resume) throw rangeError(where, "resume", must, resume);
    return undefined;
  }
  checkOptions(`${where}: checkpoints`, checkpoints, [
    "store",
    "everyUpdates",
    "everyEpochs",
    "keep",
  ]);
  const { store, everyUpdates, everyEpochs, keep = 2 } = checkpoints;
  for (const method of ["read", "write", "list", "remove"] as const) {
    if (typeof store?.[method] === "function") continue;
    const must = "a store with read, write, list and remove, e.g. folderStore(path)";
    throw typeError(where, "checkpoints.store", must, store);
  }
  checkInteger(where, "checkpoints.keep", keep, { min: 1 });
  if (everyUpdates !== undefined) {
    checkInteger(where, "checkpoints.everyUpdates", everyUpdates, { min: 1 });
    if (everyEpochs !== undefined) {
      const must = "left out when there is everyUpdates";
      throw rangeError(where, "checkpoints.everyEpochs", must, everyEpochs);
    }
    return { store, every: everyUpdates, keep, resume };
  }
  const epochs = checkInteger(where, "checkpoints.everyEpochs", everyEpochs ?? 1, { min: 1 });
  return { store, every: epochs * updatesPerEpoch, keep, resume };
}

/** The restored weights of a diverged training are finite only if the first ones are. */
function checkFinite(where: string, weights: OpenModel): void {
  const flat = weights.read();
  const bad = flat.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const { name } = weights.variables.findLast(({ offset }) => offset <= bad)!;
  throw new RangeError(`${where}: the model's weights must be finite, got ${flat[bad]} in ${name}`);
}
