import { type LineSeries, lineChart, type Panel } from "closerlook/plot";
import { mean } from "./mean.js";
import { describeNetwork } from "./networkShapes.js";
import { type RunName, runTitles, type WarmupSettings } from "./warmupFamily.js";
import type { TrainedSeed } from "./warmupMeasurements.js";

/** One look for each run in all figures: colour-blind safe, and by dash and marker readable in grey. */
const looks: Readonly<Record<RunName, Pick<LineSeries, "color" | "dash" | "marker">>> = {
  SB: { color: "#000000", dash: "1 3", marker: "circle" },
  LB: { color: "#d55e00", dash: "6 3", marker: "square" },
  "LB+W": { color: "#0072b2", dash: "none", marker: "triangle" },
  "LB+freeze": { color: "#009e73", dash: "8 3 2 3", marker: "diamond" },
};

/** Mean over seeds with the band from the least to the greatest. */
export function overSeeds(
  run: RunName,
  x: readonly number[],
  bySeed: readonly (readonly number[])[],
): LineSeries {
  const column = (i: number) => bySeed.map((values) => values[i]!);
  return {
    name: runTitles[run],
    x,
    y: x.map((_, i) => mean(column(i))),
    ...(bySeed.length > 1 && {
      band: {
        low: x.map((_, i) => Math.min(...column(i))),
        high: x.map((_, i) => Math.max(...column(i))),
      },
    }),
    ...looks[run],
  };
}

export const lookOf = (run: RunName) => ({ name: runTitles[run], ...looks[run] });

/** Options that explain the bands, where there are any. */
export const bandOptions = ({ length }: readonly unknown[]) =>
  length > 1 ? { bandLabel: `least to greatest of ${length} seeds` } : {};

/** Test accuracy by epoch. */
export function accuracyPanel<Run extends RunName>(
  seeds: readonly TrainedSeed<Run>[],
  runs: readonly Run[],
  title: string,
): Panel {
  const series = runs.map((run) => {
    const bySeed = seeds.map(({ accuracy }) => accuracy[run].map((fraction) => 100 * fraction));
    return overSeeds(
      run,
      bySeed[0]!.map((_, epoch) => epoch + 1),
      bySeed,
    );
  });
  return lineChart(series, {
    title,
    xLabel: "epoch",
    yLabel: "accuracy on held-out images (%)",
    yDomain: [0, 100],
    labels: "key",
    ...bandOptions(seeds),
    references: [{ x: seeds[0]!.warmupEpochs, text: "end of warmup" }],
  });
}

/** The network and how it was trained, for a caption. */
export const describeSetting = (settings: WarmupSettings): string =>
  `${describeNetwork(settings.network)}; ${10 * settings.trainingImagesPerClass} training images ` +
  `${settings.augment ? "with" : "without"} augmentation, batch ${settings.smallBatch} at rate ${settings.smallBatchRate} ` +
  `against batch ${settings.largeBatch} at ${settings.largeBatchRate}` +
  `${settings.microBatch ? ` (computed ${settings.microBatch} at a time)` : ""}, warmup of ` +
  `${settings.warmupUpdates} updates, ${settings.epochs} epochs.`;

export const describeSeeds = ({ length }: readonly unknown[]): string =>
  length === 1 ? "One seed" : `Mean over ${length} seeds`;
