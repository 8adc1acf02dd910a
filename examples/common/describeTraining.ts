import type { TrainedNetwork, TrainingStart } from "./trainingRun.js";
import { percent } from "./verdicts.js";

const describeStart = ({ kernels, clipNorm }: TrainingStart): string =>
  `${Number(kernels.factor.toFixed(3))} × ${kernels.rule}` +
  `${kernels.lastLayerFactor ? `, last layer × ${kernels.lastLayerFactor.toFixed(3)}` : ""}` +
  `${clipNorm === undefined ? "" : `, gradients clipped to ${clipNorm}`}`;

/** What became of a training, how it began, and what was tried before that. */
export function describeTraining({ starts, trainLoss, test }: TrainedNetwork["numbers"]): string {
  const { outcome, ...start } = starts.at(-1)!;
  const before = starts
    .slice(0, -1)
    .map((other) => `; before, ${describeStart(other)} ${other.outcome}`);
  return (
    `${outcome}, training loss ${trainLoss.at(-1)!.toFixed(3)} in its last epoch, accuracy ` +
    `${percent(test.at(-1)!.accuracy)}; initial kernels ${describeStart(start)}${before.join("")}.`
  );
}
