import {
  cosineRestarts,
  linearDecay,
  perEpoch,
  type Schedule,
  stepDecay,
} from "closerlook/schedules";
import {
  adam,
  type Optimizer,
  type RandomCropAndFlipOptions,
  randomCropAndFlip,
  sgd,
  train,
} from "closerlook/tfjs";
import { clipped } from "./clippedOptimizer.js";
import { digestOfImages, type TrainAndTest } from "./images.js";
import { type Job, type JobContext, type JobResult, storeWithin } from "./jobs.js";
import type { VggShape } from "./networkShapes.js";
import { type InitialKernels, vgg } from "./networks.js";

/** A learning-rate schedule; times in epochs, and but for the steps it changes with every update. */
export type RatePlan =
  | {
      readonly kind: "restarts";
      readonly max: number;
      readonly min: number;
      readonly period: number;
      readonly multiplier: number;
    }
  | {
      readonly kind: "steps";
      readonly initial: number;
      readonly boundaries: readonly number[];
      readonly factor: number;
    }
  | { readonly kind: "linear"; readonly initial: number };

/** One training of a network: all that its result depends on beside the images. */
export interface TrainingRun {
  readonly network: VggShape;
  readonly epochs: number;
  readonly batchSize: number;
  readonly rate: RatePlan;
  readonly optimizer: "sgd" | "adam";
  /** Of SGD. */
  readonly momentum: number;
  readonly weightDecay: number;
  /** How images are cropped and mirrored at random; not at all if absent. */
  readonly augment?: RandomCropAndFlipOptions;
  /** Ways to begin that are tried one after another until a training neither diverges nor stays at chance. */
  readonly starts: readonly TrainingStart[];
  readonly seed: number;
  /** Epochs after which the weights are kept; 0 is before the first. */
  readonly snapshots: readonly number[];
  /** Epochs between two evaluations on the test images. */
  readonly evaluateEvery: number;
}

export interface TrainingStart {
  readonly kernels: InitialKernels;
  /** Length to which gradients are shortened. */
  readonly clipNorm?: number;
}

export const he: TrainingStart = { kernels: { rule: "he", factor: 1 } };
export const heSmallLogits: TrainingStart = {
  kernels: { rule: "he", factor: 1, lastLayerFactor: Math.SQRT1_2 },
};
export const fanOut: TrainingStart = { kernels: { rule: "he-fan-out", factor: 1 } };

export interface TrainedNetwork extends JobResult {
  readonly numbers: {
    /** The ways to begin that were tried, and what became of each; the last is the one that was trained to its end. */
    readonly starts: readonly (TrainingStart & { readonly outcome: string })[];
    /** Epochs that were evaluated, with loss in nats and accuracy as a fraction. */
    readonly test: { readonly epoch: number; readonly loss: number; readonly accuracy: number }[];
    /** Mean loss of each epoch's updates, in nats, while the weights moved. */
    readonly trainLoss: readonly number[];
    readonly learningRates: readonly number[];
    readonly updates: number;
  };
  /** Flat weights, batch-norm statistics included, after so many epochs, by `epoch<count>`. */
  readonly weights: Readonly<Record<string, Float32Array>>;
}

export const epochName = (epoch: number): string => `epoch${epoch}`;

export const updatesIn = ({ batchSize }: Pick<TrainingRun, "batchSize">, images: number): number =>
  Math.ceil(images / batchSize);

/** Learning rate of each update, where an epoch has so many. */
export function scheduleOf(
  { rate, epochs }: Pick<TrainingRun, "rate" | "epochs">,
  updates: number,
): Schedule {
  const byEpoch = (): Schedule => {
    switch (rate.kind) {
      case "restarts":
        return cosineRestarts({
          max: rate.max,
          min: rate.min,
          period: rate.period,
          multiplier: rate.multiplier,
        });
      case "steps":
        return stepDecay({
          initial: rate.initial,
          boundaries: rate.boundaries,
          factor: rate.factor,
        });
      case "linear":
        return linearDecay({ initial: rate.initial, final: 0, steps: epochs });
    }
  };
  return perEpoch(byEpoch(), updates, { interpolate: rate.kind !== "steps" });
}

/** A training whose mean loss in its last epoch is no better than this has learnt nothing; ln 10 = 2.303 is guessing. */
const CHANCE_LOSS = 2.29;

/** A training run as a job. `environment` is what else its bits depend on: package version and back end. */
export function trainingRunJob(
  name: string,
  run: TrainingRun,
  { train: images, test }: TrainAndTest,
  environment: unknown,
): Job<TrainedNetwork> {
  return {
    name,
    configuration: {
      run,
      data: digestOfImages({ train: images, test }),
      environment,
    },
    async run(context) {
      const tried: (TrainingStart & { outcome: string })[] = [];
      for (const [index, start] of run.starts.entries()) {
        const result = await trainFrom(start, index, name, run, { train: images, test }, context);
        context.signal.throwIfAborted();
        const last = result.history.at(-1)?.trainLoss;
        const outcome =
          result.stopped === "diverged"
            ? `diverged at update ${result.divergedAtUpdate}`
            : last! > CHANCE_LOSS
              ? `stayed at chance, loss ${last!.toFixed(3)}`
              : "trained";
        tried.push({ ...start, outcome });
        // Of the last way, whatever it came to is the result, as long as it is finite.
        const isLast = index === run.starts.length - 1;
        if (outcome !== "trained" && !(isLast && result.stopped === "finished")) continue;
        const updates = updatesIn(run, images.y.length);
        return {
          numbers: {
            starts: tried,
            test: result.history.flatMap(({ epoch, validationLoss, validationAccuracy }) =>
              validationAccuracy === undefined
                ? []
                : [{ epoch, loss: validationLoss!, accuracy: validationAccuracy }],
            ),
            trainLoss: result.history.map(({ trainLoss }) => trainLoss),
            learningRates: result.history.map(({ learningRate }) => learningRate),
            updates: result.updates,
          },
          weights: Object.fromEntries(
            run.snapshots.map((epoch) => [
              epochName(epoch),
              result.snapshots.get(epoch * updates)!,
            ]),
          ),
        };
      }
      const outcomes = tried.map(
        ({ kernels, clipNorm, outcome }) =>
          `${outcome} (${kernels.factor} × ${kernels.rule}${clipNorm ? `, clipped to ${clipNorm}` : ""})`,
      );
      throw new Error(`${name} did not train: ${outcomes.join("; ")}`);
    },
  };
}

async function trainFrom(
  { kernels, clipNorm }: TrainingStart,
  index: number,
  name: string,
  run: TrainingRun,
  { train: images, test }: TrainAndTest,
  { signal, progress, checkpoints }: JobContext,
) {
  const updates = updatesIn(run, images.y.length);
  const model = vgg(run.network, run.seed, kernels);
  const rule: Optimizer =
    run.optimizer === "adam"
      ? adam({ weightDecay: run.weightDecay })
      : sgd({ momentum: run.momentum, weightDecay: run.weightDecay });
  try {
    return await train(model, images, {
      schedule: scheduleOf(run, updates),
      optimizer: clipNorm === undefined ? rule : clipped(rule, clipNorm),
      epochs: run.epochs,
      batchSize: run.batchSize,
      seed: run.seed,
      ...(run.augment && { augment: randomCropAndFlip(run.augment) }),
      validation: test,
      evaluateEvery: run.evaluateEvery,
      snapshots: run.snapshots.map((epoch) => epoch * updates),
      checkpoints: { store: storeWithin(checkpoints, `start${index}-`) },
      resume: true,
      signal,
      onProgress: ({ update, updates: total, epoch, loss }) =>
        progress(update / total, `${name}, epoch ${epoch}, loss ${loss.toFixed(3)}`),
    });
  } finally {
    rule.dispose();
    model.dispose();
  }
}
