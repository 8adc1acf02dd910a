import type { ExperimentInput } from "./experiment.js";
import { type FamilyData, familyData } from "./familyImages.js";
import type { Job } from "./jobs.js";
import { type ModeName, modeRun, modeSettings } from "./modeSettings.js";
import { type TrainedNetwork, trainingRunJob } from "./trainingRun.js";

/** The trained modes of a preset. */
export interface ModeRuns extends FamilyData {
  readonly job: ReadonlyMap<ModeName, Job<TrainedNetwork>>;
}

export function modeRuns(input: ExperimentInput): ModeRuns {
  const settings = modeSettings(input);
  const { images, network } = familyData(settings, input);
  return {
    images,
    network,
    job: new Map(
      settings.modes.map((mode) => [
        mode,
        trainingRunJob(
          `modes-${mode}`,
          { network, ...modeRun(settings, mode) },
          images,
          input.environment,
        ),
      ]),
    ),
  };
}
