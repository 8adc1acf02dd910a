/**
 * X9 — What warmup does (Figs 4a–c and 5, section 4).
 *
 * A small batch (SB), a large batch at the proportionally larger learning rate (LB) and the same with a warmup of its
 * first updates (LB+W). The paper's finding: without warmup the stack of fully connected layers is thrown far from its
 * start in the first updates, and the accuracy with it.
 */
import { heatmaps, lineChart } from "closerlook/plot";
import { perEpoch, stepDecay, warmup } from "closerlook/schedules";
import type { SimilarityGrid } from "closerlook/similarity";
import { type Experiment, presets } from "./common/experiment.js";
import { averageGrid, describeMaps, diagonal } from "./common/layerSimilarity.js";
import { mean } from "./common/mean.js";
import { type Check, checkSeeds } from "./common/verdicts.js";
import * as claims from "./common/warmupChecks.js";
import {
  batchSizeOf,
  momentsOf,
  scheduleOf,
  updatesPerEpoch,
  type WarmupSettings,
} from "./common/warmupFamily.js";
import {
  accuracyPanel,
  bandOptions,
  describeSeeds,
  describeSetting,
  lookOf,
  overSeeds,
} from "./common/warmupFigures.js";
import {
  divergences,
  type MeasuredSeed,
  measureChange,
  trainSeeds,
  warmupJobs,
} from "./common/warmupMeasurements.js";
import { vggFamily } from "./common/warmupSettings.js";

const RUNS = ["SB", "LB", "LB+W"] as const;

export const x09: Experiment = {
  id: "x09",
  title: "Warmup of large-batch training",
  shows: "Figs 4a–c, 5; section 4",
  presets,
  meaningfulAtQuick: /^X9\.[dfg]$/,
  jobs: (input) => warmupJobs(vggFamily(input), RUNS),

  async report(context) {
    const family = vggFamily(context);
    const { settings } = family;
    const seeds: MeasuredSeed[] = [];
    for (const trained of await trainSeeds(context, family, RUNS)) {
      seeds.push(await measureChange(context, family, trained));
    }
    const moments = momentsOf(settings, "LB+W");
    const setting = describeSetting(settings);
    const heldOut = `${seeds[0]!.testImages} held-out images`;
    const maps = describeMaps(context.preset);
    const dead = deadLayers(seeds);
    const deadNote =
      dead.length > 0
        ? ` A layer that gives the same output for every image, or one that is not finite, counts as similarity 0: ${dead.join("; ")}.`
        : "";

    const grid = (of: (seed: MeasuredSeed) => SimilarityGrid) => averageGrid(seeds.map(of));
    const panel = (title: string, from: number, to: number, of: Parameters<typeof grid>[0]) => ({
      title,
      grid: grid(of),
      rowLabel: `layer after ${from} updates`,
      columnLabel: `layer after ${to} updates`,
    });
    const { start, afterWarmup, end } = moments;

    return {
      checks: warmupChecks(seeds),
      notes: [
        ...divergences(seeds),
        ...dead.map((text) => `constant on all images, or not finite: ${text}`),
      ],
      numbers: {
        settings,
        moments: { LB: moments, SB: momentsOf(settings, "SB") },
        seeds: seeds.map(
          ({ seed, change, grids, gridSmallBatchByEpochs, gridAfterWarmup, trained }) => ({
            seed,
            change,
            grids,
            gridSmallBatchByEpochs,
            gridAfterWarmup,
            trained: Object.fromEntries(RUNS.map((run) => [run, trained[run].numbers])),
          }),
        ),
      },
      figures: {
        "fig4a-accuracy": {
          title: "Large-batch training with and without warmup",
          panels: [accuracyPanel(seeds, RUNS, "Accuracy by epoch (paper: Fig. 4a)")],
          caption: `${describeSeeds(seeds)}, on ${heldOut}. ${setting}`,
        },
        "fig4b-learning-rate": {
          title: "The three learning-rate schedules",
          panels: [learningRatePanel(settings)],
          caption:
            "Step decay by 10 at the same epochs for all; the warmup rises linearly underneath it from update 0, which " +
            "uses rate 0 (that one point is not drawn: the axis is logarithmic). From its end on the two large-batch " +
            "schedules are the same line.",
        },
        "fig4c-cca-by-layer": {
          title: "How far each layer moves in the first updates",
          panels: [diagonalPanel(seeds)],
          caption:
            `SVCCA (99 % of the variance) of each layer before and after the first ${afterWarmup} updates, on ` +
            `${heldOut}, ${maps}; unrelated layers would have about ` +
            `${mean(seeds.map(meanChance)).toFixed(2)}.${deadNote} ${setting}`,
        },
        "fig5-cca": {
          title: "Layer similarity across training",
          columns: 2,
          panels: heatmaps(
            [
              panel("(a) small batch", start, afterWarmup, ({ grids }) => grids.SB),
              panel("(b) large batch, no warmup", start, afterWarmup, ({ grids }) => grids.LB),
              panel("(c) large batch, warmup", start, afterWarmup, ({ grids }) => grids["LB+W"]),
              panel(
                "(d) large batch, after the warmup",
                afterWarmup,
                end,
                (s) => s.gridAfterWarmup,
              ),
            ],
            { colorLabel: "SVCCA" },
          ),
          caption:
            `${describeSeeds(seeds)} of SVCCA on ${heldOut}, ${maps}. The paper's iterations ` +
            `0, 200 and 2990 are updates ${start}, ${afterWarmup} and ${end} here.${deadNote} ${setting}`,
        },
      },
    };
  },
};

/** All claims of X9. */
export function warmupChecks(seeds: readonly MeasuredSeed[]): Check[] {
  const check = checkSeeds(seeds);
  return [
    check(
      "X9.a",
      "FC stack, start to end of warmup: SVCCA of LB < LB+W",
      "Fig. 5b against 5c",
      claims.fcStackStraysWithoutWarmup,
    ),
    check(
      "X9.b",
      "the same: LB < SB",
      "Fig. 5b against 5a",
      claims.fcStackStraysMoreThanSmallBatch,
    ),
    check(
      "X9.c",
      "SVCCA rises from the last convolutions to the FC stack in LB+W and SB, falls in LB",
      "Fig. 4c",
      claims.similarityRisesInLastLayers,
    ),
    check(
      "X9.d",
      "accuracy at the end of the warmup: LB < LB+W − 2 points",
      "Fig. 4a",
      claims.warmupIsAheadAtItsEnd,
    ),
    check(
      "X9.e",
      "final accuracy: LB+W ≥ LB, and within 2 points of SB",
      "Fig. 4a",
      claims.warmupReachesSmallBatch,
    ),
    check(
      "X9.f",
      "relative weight change of the FC stack: LB > 2 × LB+W",
      "section 4, in words",
      claims.fcStackMovesTwiceAsFar,
    ),
    {
      id: "X9.g",
      claim: "the paper's rates at update 200 and epochs 60, 120, 150",
      paper: "2.5, 0.25, 0.025, 0.0025",
      ...claims.scheduleIsExact(paperRates()),
    },
  ];
}

/** The paper's own schedule: 10 updates an epoch, 200 of warmup to 2.5, a tenth at epochs 60, 120, 150. */
function paperRates(): number[] {
  const steps = stepDecay({ initial: 2.5, boundaries: [60, 120, 150], factor: 1 / 10 });
  const rate = warmup({ to: perEpoch(steps, 10), steps: 200 });
  return [200, 600, 1200, 1500].map(rate);
}

function learningRatePanel(settings: WarmupSettings) {
  const series = RUNS.map((run) => {
    const perEpochCount = updatesPerEpoch(settings, batchSizeOf(settings, run));
    const updates = Array.from({ length: settings.epochs * perEpochCount }, (_, update) => update);
    const rate = scheduleOf(settings, run);
    return {
      ...lookOf(run),
      x: updates.map((update) => update / perEpochCount),
      y: updates.map((update) => rate(update) || null),
      marker: "none" as const,
    };
  });
  return lineChart(series, {
    title: "Learning rate by epoch (paper: Fig. 4b)",
    xLabel: "epoch",
    yLabel: "learning rate",
    yScale: "log",
    curve: "step-after",
    labels: "key",
  });
}

function diagonalPanel(seeds: readonly MeasuredSeed[]) {
  const names = seeds[0]!.grids.SB.rows;
  const layers = names.map((_, i) => i + 1);
  return lineChart(
    RUNS.map((run) =>
      overSeeds(
        run,
        layers,
        seeds.map(({ grids }) => diagonal(grids[run])),
      ),
    ),
    {
      title: "Similarity of each layer with its start (paper: Fig. 4c)",
      xLabel: `layer (${names.map((name, i) => `${i + 1} = ${name}`).join(", ")})`,
      yLabel: "SVCCA",
      yDomain: [0, 1],
      labels: "key",
      ...bandOptions(seeds),
    },
  );
}

/** Chance level of the layers that are alive at both moments. */
function meanChance({ grids }: MeasuredSeed): number {
  const levels = grids.LB.rows.map((_, i) => grids.LB.chance![i]![i]!);
  return mean(levels.filter((chance) => chance > 0));
}

/** Layers that give one output for all images after the warmup; their chance level is 0, as nothing is kept. */
const deadLayers = (seeds: readonly MeasuredSeed[]): string[] =>
  seeds.flatMap(({ seed, grids }) =>
    RUNS.flatMap((run) => {
      const names = grids[run].columns.filter((_, j) => grids[run].chance![0]![j] === 0);
      return names.length > 0 ? [`${run}, seed ${seed}: ${names.join(", ")}`] : [];
    }),
  );
