import { perEpoch, type Schedule, stepDecay, warmup } from "closerlook/schedules";
import {
  type EpochRecord,
  type RandomCropAndFlipOptions,
  randomCropAndFlip,
  sgd,
  train,
  weightsOf,
} from "closerlook/tfjs";
import { digestOfImages, type TrainAndTest } from "./images.js";
import type { Job, JobResult } from "./jobs.js";
import type { NetworkShape } from "./networkShapes.js";
import { FC_STACK, type InitialKernels, network } from "./networks.js";

/** One network trained by small batches, by large ones, and by large ones with a warmup or a freeze at their start. */
export interface WarmupSettings {
  readonly network: NetworkShape;
  /** He's if absent. */
  readonly kernels?: InitialKernels;
  readonly trainingImagesPerClass: number;
  readonly testImages: number;
  /** How images are cropped and mirrored at random; not at all if absent. */
  readonly augment?: RandomCropAndFlipOptions;
  readonly epochs: number;
  readonly smallBatch: number;
  readonly smallBatchRate: number;
  readonly largeBatch: number;
  /** Images of a large batch that are computed at a time, and that batch norm sees; all if absent. */
  readonly microBatch?: number;
  readonly largeBatchRate: number;
  /** Length of the warmup, and of the freeze that replaces it. */
  readonly warmupUpdates: number;
  /** The learning rate falls to a tenth at the start of these epochs. */
  readonly milestones: readonly number[];
  readonly momentum: number;
  readonly weightDecay: number;
  readonly seeds: readonly number[];
}

/** The settings, and the images that they are for. */
export interface WarmupFamily {
  /** First part of the names of jobs. */
  readonly id: string;
  readonly settings: WarmupSettings;
  readonly images: TrainAndTest;
  /** What else the bits of a result depend on: package version and back end. */
  readonly environment: unknown;
}

export type RunName = "SB" | "LB" | "LB+W" | "LB+freeze";

/** What a run is called in a legend. */
export const runTitles: Readonly<Record<RunName, string>> = {
  SB: "small batch",
  LB: "large batch, no warmup",
  "LB+W": "large batch, warmup",
  "LB+freeze": "large batch, FC stack frozen instead",
};

export interface TrainedRun extends JobResult {
  readonly numbers: {
    readonly run: RunName;
    readonly seed: number;
    /** After each epoch, as fractions; 0.1 from the update on at which a run diverged. */
    readonly testAccuracy: readonly number[];
    /** Mean loss of each epoch's updates, in nats; absent from the epoch on in which a run diverged. */
    readonly trainLoss: readonly number[];
    readonly updates: number;
    readonly divergedAtUpdate?: number;
  };
  /** Flat weights after so many updates, by `update<count>`. */
  readonly weights: Readonly<Record<string, Float32Array>>;
}

export const updatesPerEpoch = (settings: WarmupSettings, batchSize: number): number =>
  Math.ceil((10 * settings.trainingImagesPerClass) / batchSize);

export const batchSizeOf = (settings: WarmupSettings, run: RunName): number =>
  run === "SB" ? settings.smallBatch : settings.largeBatch;

/** Learning rate of a run by update. */
export function scheduleOf(settings: WarmupSettings, run: RunName): Schedule {
  const perUpdate = perEpoch(
    stepDecay({
      initial: run === "SB" ? settings.smallBatchRate : settings.largeBatchRate,
      boundaries: settings.milestones,
      factor: 1 / 10,
    }),
    updatesPerEpoch(settings, batchSizeOf(settings, run)),
  );
  return run === "LB+W" ? warmup({ to: perUpdate, steps: settings.warmupUpdates }) : perUpdate;
}

/** The moments of a run whose weights are compared: the start, "iteration 200" and the end. */
export function momentsOf(settings: WarmupSettings, run: RunName) {
  const perEpoch = updatesPerEpoch(settings, batchSizeOf(settings, run));
  const warmupEpochs = settings.warmupUpdates / updatesPerEpoch(settings, settings.largeBatch);
  return {
    start: 0,
    /** As many updates as the warmup has. */
    afterWarmup: settings.warmupUpdates,
    /** As many epochs as the warmup has; another moment for the small batch only. */
    afterWarmupEpochs: Math.round(warmupEpochs * perEpoch),
    end: settings.epochs * perEpoch,
  };
}

export const weightsName = (update: number): string => `update${update}`;

export const weightsAt = ({ weights }: TrainedRun, update: number): Float32Array =>
  weights[weightsName(update)]!;

/**
 * Test accuracy after each epoch, and after how many updates the run was no longer finite, if that was so: from then on it
 * counts as guessing. Outputs may overflow on held-out images some updates before the weights do.
 */
export function accuracyOfRun(
  history: readonly Pick<EpochRecord, "updates" | "validationLoss" | "validationAccuracy">[],
  epochs: number,
  divergedAtUpdate?: number,
): Pick<TrainedRun["numbers"], "testAccuracy" | "divergedAtUpdate"> {
  const finite = history.findLastIndex(({ validationLoss }) => validationLoss! < Infinity) + 1;
  const overflow = history[finite]?.updates ?? divergedAtUpdate;
  return {
    testAccuracy: Array.from({ length: epochs }, (_, epoch) =>
      epoch < finite ? history[epoch]!.validationAccuracy! : 0.1,
    ),
    ...(overflow !== undefined && { divergedAtUpdate: overflow }),
  };
}

/** One training run as a job. */
export function trainingJob(family: WarmupFamily, run: RunName, seed: number): Job<TrainedRun> {
  const { id, settings, images, environment } = family;
  const { epochs, momentum, weightDecay, warmupUpdates, augment, microBatch } = settings;
  const batchSize = batchSizeOf(settings, run);
  const { seeds: _, ...rest } = settings;
  return {
    name: `${id}-${run}-seed${seed}`,
    configuration: {
      settings: rest,
      run,
      seed,
      data: digestOfImages(images),
      environment,
    },
    async run({ signal, progress, checkpoints }) {
      const model = network(settings.network, seed, settings.kernels);
      const optimizer = sgd({ momentum, weightDecay });
      try {
        const moments = Object.values(momentsOf(settings, run));
        const { history, snapshots, updates, divergedAtUpdate } = await train(model, images.train, {
          schedule: scheduleOf(settings, run),
          optimizer,
          epochs,
          batchSize,
          ...(microBatch && run !== "SB" && { microBatch }),
          seed,
          ...(augment && { augment: randomCropAndFlip(augment) }),
          validation: images.test,
          snapshots: [...new Set(moments)].sort((a, b) => a - b),
          ...(run === "LB+freeze" && { frozen: { layers: FC_STACK, updates: warmupUpdates } }),
          checkpoints: { store: checkpoints },
          resume: true,
          signal,
          onProgress: ({ update, updates: total, loss }) =>
            progress(update / total, `${runTitles[run]}, seed ${seed}, loss ${loss.toFixed(3)}`),
        });
        signal.throwIfAborted();
        // A run that diverged keeps its last finite weights.
        const last = weightsOf(model).read();
        const weights = Object.fromEntries(
          moments.map((update) => [weightsName(update), snapshots.get(update) ?? last]),
        );
        return {
          numbers: {
            run,
            seed,
            ...accuracyOfRun(history, epochs, divergedAtUpdate),
            trainLoss: history.map(({ trainLoss }) => trainLoss),
            updates,
          },
          weights,
        };
      } finally {
        optimizer.dispose();
        model.dispose();
      }
    },
  };
}
