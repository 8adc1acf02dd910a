import { describeNetwork } from "./networkShapes.js";
import type { RestartRuns, RunKind } from "./restartFamily.js";
import type { RestartMoment, StepMoment } from "./restartSettings.js";

/** What the family trained, in a sentence, and our epochs for those of the paper that are named. */
export function describeFamily(
  { settings, images, network }: RestartRuns,
  restarts: readonly RestartMoment[],
  steps: readonly StepMoment[] = [],
): string {
  const names = <Moment extends number>(kind: RunKind, wanted: readonly Moment[]) => {
    const moments = settings[kind].moments as Readonly<Record<number, number>>;
    const named = wanted.map((moment) => `w${moment} = epoch ${moments[moment]}`);
    return named.length > 0
      ? ` ${kind === "restarts" ? "SGDR" : "Step decay"}: ${named.join(", ")}.`
      : "";
  };
  return (
    `${describeNetwork(network)}, ` +
    `${images.train.y.length} training images ${settings.augment ? "with" : "without"} augmentation, batch ${settings.batchSize}, ` +
    `momentum ${settings.momentum}, weight decay ${settings.weightDecay}; SGDR ${settings.restarts.epochs} epochs` +
    // Networks with batch norm were not trained by step decay.
    `${network.batchNormalization ? "" : `, step decay ${settings.steps.epochs}`}; one seed.` +
    names("restarts", restarts) +
    names("steps", steps)
  );
}

/** How the curves of the family were trained. */
export const describeCurves = ({ settings: { curve } }: RestartRuns): string =>
  `Curves with one bend, ${curve.epochs} epochs at rate ${curve.rate}, measured at ${curve.positions} positions.`;
