import type { ExperimentInput } from "./experiment.js";
import { familyData } from "./familyImages.js";
import type { Job } from "./jobs.js";
import type { FamilyContext } from "./paths.js";
import { batchNormSettings, plainSettings, type RestartSettings } from "./restartSettings.js";
import { type TrainedNetwork, type TrainingRun, trainingRunJob } from "./trainingRun.js";

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

function restartRuns(name: string, settings: RestartSettings, input: ExperimentInput): RestartRuns {
  const family = { family: name, environment: input.environment, ...familyData(settings, input) };
  const run = (kind: RunKind, snapshots: readonly number[]) =>
    runOf(family, settings, kind, { ...settings[kind], snapshots: rising(snapshots) });
  return {
    ...family,
    settings,
    job: {
      restarts: run("restarts", [
        ...Object.values(settings.restarts.moments),
        ...iterateEpochs(settings),
      ]),
      steps: run("steps", [...Object.values(settings.steps.moments), settings.steps.epochs]),
    },
  };
}

/** The decays over the whole budget, experiment X13. */
type DecayKind = "cosine" | "linear";

/** How long each run is, and its learning rate. */
export function ratePlans(
  settings: RestartSettings,
): Readonly<Record<RunKind | DecayKind, Pick<TrainingRun, "epochs" | "rate">>> {
  const { restarts, steps, decayEpochs: epochs } = settings;
  return {
    restarts,
    steps,
    // One cycle of the restarts, as long as the training.
    cosine: { epochs, rate: { ...restarts.rate, period: epochs, multiplier: 1 } },
    linear: { epochs, rate: { kind: "linear", initial: restarts.rate.max } },
  };
}

/** The trainings by these decays: as those of the family but for the learning rate. */
export function decayJobs({
  settings,
  ...family
}: RestartRuns): Readonly<Record<DecayKind, Job<TrainedNetwork>>> {
  const { cosine, linear } = ratePlans(settings);
  const snapshots = [settings.decayEpochs];
  return {
    cosine: runOf(family, settings, "cosine", { ...cosine, snapshots }),
    linear: runOf(family, settings, "linear", { ...linear, snapshots }),
  };
}

/** The training of a family's network by one learning-rate plan. */
export function runOf(
  { family, network, images, environment }: FamilyContext,
  { batchSize, momentum, weightDecay, augment, starts, seed, evaluateEvery }: RestartSettings,
  name: string,
  { epochs, rate, snapshots }: Pick<TrainingRun, "epochs" | "rate" | "snapshots">,
): Job<TrainedNetwork> {
  return trainingRunJob(
    `${family}-${name}`,
    {
      network,
      epochs,
      batchSize,
      rate,
      optimizer: "sgd",
      momentum,
      weightDecay,
      ...(augment && { augment }),
      starts,
      seed,
      snapshots,
      evaluateEvery,
    },
    images,
    environment,
  );
}
