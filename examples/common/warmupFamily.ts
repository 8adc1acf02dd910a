import { perEpoch, type Schedule, stepDecay, warmup } from "closerlook/schedules";
import { sgd, train, weightsOf } from "closerlook/tfjs";
import { digestOfImages, type TrainAndTest } from "./images.js";
import type { Job, JobResult } from "./jobs.js";
import type { VggShape } from "./networkShapes.js";
import { FC_STACK, vgg } from "./networks.js";

/** The trained networks that experiments X9 and X10 share: small batch, large batch, warmup, freezing. */
export interface WarmupSettings {
  readonly network: VggShape;
  readonly trainingImagesPerClass: number;
  readonly epochs: number;
  readonly smallBatch: number;
  readonly smallBatchRate: number;
  readonly largeBatch: number;
  readonly largeBatchRate: number;
  /** Length of the warmup, and of the freeze that replaces it. */
  readonly warmupUpdates: number;
  /** The learning rate falls to a tenth at the start of these epochs. */
  readonly milestones: readonly number[];
  readonly momentum: number;
  readonly weightDecay: number;
  readonly seeds: readonly number[];
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

/** One training run as a job. `environment` is what else its bits depend on: package version and back end. */
export function trainingJob(
  settings: WarmupSettings,
  run: RunName,
  seed: number,
  data: TrainAndTest,
  environment: unknown,
): Job<TrainedRun> {
  const { train: images, test } = data;
  const { network, epochs, momentum, weightDecay, warmupUpdates } = settings;
  const batchSize = batchSizeOf(settings, run);
  const { seeds: _, ...rest } = settings;
  return {
    name: `warmup-${run}-seed${seed}`,
    configuration: {
      settings: rest,
      run,
      seed,
      data: digestOfImages(data),
      environment,
    },
    async run({ signal, progress }) {
      const model = vgg(network, seed);
      const optimizer = sgd({ momentum, weightDecay });
      try {
        const moments = Object.values(momentsOf(settings, run));
        const { history, snapshots, updates, divergedAtUpdate } = await train(model, images, {
          schedule: scheduleOf(settings, run),
          optimizer,
          epochs,
          batchSize,
          seed,
          validation: test,
          snapshots: [...new Set(moments)].sort((a, b) => a - b),
          ...(run === "LB+freeze" && { frozen: { layers: FC_STACK, updates: warmupUpdates } }),
          signal,
          onProgress: ({ update, updates: total, loss }) =>
            progress(update / total, `${runTitles[run]}, seed ${seed}, loss ${loss.toFixed(3)}`),
        });
        signal.throwIfAborted();
        // A run that diverged keeps its last finite weights and counts as guessing from then on.
        const last = weightsOf(model).read();
        const weights = Object.fromEntries(
          moments.map((update) => [weightsName(update), snapshots.get(update) ?? last]),
        );
        const testAccuracy = Array.from(
          { length: epochs },
          (_, epoch) => history[epoch]?.validationAccuracy ?? 0.1,
        );
        return {
          numbers: {
            run,
            seed,
            testAccuracy,
            trainLoss: history.map(({ trainLoss }) => trainLoss),
            updates,
            ...(divergedAtUpdate !== undefined && { divergedAtUpdate }),
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
