import type { ExperimentInput } from "./experiment.js";
import { familyData } from "./familyImages.js";
import type { Job } from "./jobs.js";
import type { FamilyContext } from "./paths.js";
import { batchNormSettings, plainSettings, type RestartSettings } from "./restartSettings.js";
import { type TrainedNetwork, trainingRunJob } from "./trainingRun.js";

/** Which of the two learning-rate schedules. */
export type RunKind = "restarts" | "steps";

/** The trained networks of a family: by warm restarts and by step decay. */
export interface RestartRuns extends FamilyContext {
  readonly settings: RestartSettings;
  readonly job: Readonly<Record<RunKind, Job<TrainedNetwork>>>;
}

/** The epochs of the restarts whose weights are drawn in planes. */
export function iterateEpochs({ restarts, iterateEvery }: RestartSettings): number[] {
  const last = restarts.moments[150];
  return Array.from(
    { length: Math.floor(last / iterateEvery) },
    (_, index) => (index + 1) * iterateEvery,
  );
}

const rising = (epochs: readonly number[]): number[] => [...new Set(epochs)].sort((a, b) => a - b);

/** The runs of networks without batch norm, experiments X2–X6 and X8. */
export const plainRuns = (input: ExperimentInput): RestartRuns =>
  restartRuns("vgg", plainSettings(input), input);

/** The runs of networks with batch norm, experiment X7. */
export const batchNormRuns = (input: ExperimentInput): RestartRuns =>
  restartRuns("vgg-bn", batchNormSettings(input), input);

function restartRuns(
  family: string,
  settings: RestartSettings,
  input: ExperimentInput,
): RestartRuns {
  const { images, network } = familyData(settings, input);
  const { starts, batchSize, momentum, weightDecay, augment, seed } = settings;
  const run = (kind: RunKind, snapshots: readonly number[]) =>
    trainingRunJob(
      `${family}-${kind}`,
      {
        network,
        epochs: settings[kind].epochs,
        batchSize,
        rate: settings[kind].rate,
        optimizer: "sgd",
        momentum,
        weightDecay,
        ...(augment && { augment }),
        starts,
        seed,
        snapshots: rising(snapshots),
        evaluateEvery: settings.evaluateEvery,
      },
      images,
      input.environment,
    );
  return {
    family,
    environment: input.environment,
    settings,
    images,
    network,
    job: {
      restarts: run("restarts", [
        ...Object.values(settings.restarts.moments),
        ...iterateEpochs(settings),
      ]),
      steps: run("steps", [...Object.values(settings.steps.moments), settings.steps.epochs]),
    },
  };
}
