import type { ExperimentContext, ExperimentInput } from "./experiment.js";
import type { Job } from "./jobs.js";
import { modeRuns } from "./modeFamily.js";
import { type ModeName, type ModeSettings, modeSettings } from "./modeSettings.js";
import {
  curveJob,
  type FamilyContext,
  type Iterate,
  type MeasuredPath,
  pathJob,
  type TrainedCurve,
} from "./paths.js";
import type { TrainedNetwork } from "./trainingRun.js";

/** The jobs of X1: modes, curves from G to each other one, and measurements of every snapshot of each curve. */
export interface ModeConnections extends FamilyContext {
  readonly settings: ModeSettings;
  readonly modes: ReadonlyMap<ModeName, Job<TrainedNetwork>>;
  readonly curves: ReadonlyMap<ModeName, Job<TrainedCurve>>;
  readonly paths: ReadonlyMap<ModeName, readonly Job<MeasuredPath>[]>;
}

export function modeConnections(input: ExperimentInput): ModeConnections {
  const settings = modeSettings(input);
  const { images, network, job: modes } = modeRuns(input);
  const context: FamilyContext = {
    family: "modes",
    images,
    network,
    environment: input.environment,
  };
  const { curve, momentum, weightDecay, augment, epochs } = settings;
  const at = (mode: ModeName): Iterate => ({ label: mode, job: modes.get(mode)!, epoch: epochs });
  const others = settings.modes.filter((mode) => mode !== "G");
  const curves = new Map(
    others.map((mode) => [
      mode,
      curveJob(context, at("G"), at(mode), {
        epochs: curve.epochs,
        rate: curve.rate,
        batchSize: curve.batchSize,
        momentum,
        weightDecay,
        augment,
        snapshots: curve.snapshots,
        seed: 0,
      }),
    ]),
  );
  const paths = new Map(
    others.map((mode) => [
      mode,
      curve.snapshots.map((epoch) =>
        pathJob(
          context,
          { kind: "curve", label: `G-${mode}`, job: curves.get(mode)!, epoch },
          {
            positions: curve.positions,
            images: { train: settings.measuredTrainingImages, test: settings.testImages },
          },
        ),
      ),
    ]),
  );
  return { ...context, settings, modes, curves, paths };
}

/** A mode and its path to G at each snapshot of the curve; the first is the segment. */
export interface ConnectedMode {
  readonly mode: ModeName;
  readonly paths: readonly MeasuredPath["numbers"][];
}

export async function connectModes(
  { result }: Pick<ExperimentContext, "result">,
  { paths }: ModeConnections,
): Promise<ConnectedMode[]> {
  const connected: ConnectedMode[] = [];
  for (const [mode, jobs] of paths) {
    const measured: MeasuredPath["numbers"][] = [];
    for (const job of jobs) measured.push((await result(job)).numbers);
    connected.push({ mode, paths: measured });
  }
  return connected;
}
