/**
 * X8 — How alike the layers are across a restart (Fig. 14, section 9).
 *
 * SVCCA between the layers of SGDR's networks before and after a restart (w150, w155), and of an early and a late one (w10,
 * w150); for the step decay w10 and the last.
 */
import { heatmaps } from "closerlook/plot";
import { type SimilarityGrid, similarityGrid } from "closerlook/similarity";
import { type Experiment, type ExperimentContext, presets } from "./common/experiment.js";
import {
  describeMaps,
  diagonal,
  layerOutputs,
  mapsAs,
  relativeChanges,
} from "./common/layerSimilarity.js";
import { mean } from "./common/mean.js";
import { vgg } from "./common/networks.js";
import { plainRuns, type RestartRuns, type RunKind } from "./common/restartFamily.js";
import { describeFamily } from "./common/restartNotes.js";
import { epochName } from "./common/trainingRun.js";
import { decide, every, exactly, type Finding } from "./common/verdicts.js";

/** Means of a handful of layers that differ by less are called equal (our threshold). */
const NOISE = 0.02;

/** Similarity, layer by layer, of two networks of one run, and how far the weights of each layer are apart. */
interface Comparison {
  readonly grid: SimilarityGrid;
  /** ‖ΔW‖/‖W‖ of each layer, kernel and bias together. */
  readonly relativeChange: readonly number[];
}

export const x08: Experiment = {
  id: "x08",
  title: "Similarity of layers across a restart",
  shows: "Fig. 14; section 9",
  presets,
  resizable: true,
  meaningfulAtQuick: /^never$/,
  jobs: (input) => Object.values(plainRuns(input).job),

  async report(context) {
    const runs = plainRuns(context);
    const { settings, images } = runs;
    const { moments } = settings.restarts;
    const across = await compare(context, runs, "restarts", moments[150], moments[155]);
    const early = await compare(context, runs, "restarts", moments[10], moments[150]);
    const steps = settings.steps.moments;
    const stepEarly = await compare(context, runs, "steps", steps[10], settings.steps.epochs);
    const caption =
      `SVCCA (99 % of the variance) on ${images.test.y.length} held-out images, ` +
      `${describeMaps(context.preset)}. ${describeFamily(runs, [10, 150, 155])}`;
    return {
      checks: [
        {
          id: "X8.a",
          claim: "w10 → w150: similarity falls with depth, first third of the layers > last third",
          paper: "Fig. 14b",
          ...fallsWithDepth(early),
        },
        {
          id: "X8.b",
          claim: "each layer is more alike across the restart than from w10 to w150",
          paper: "Fig. 14a against 14b",
          ...moreAlike(across, early),
        },
        {
          id: "X8.c",
          claim: "across the restart: mean ≥ 0.8, and shallow layers more alike than deep ones",
          paper: "Fig. 14a; 0.8 is ours",
          ...alikeAcrossRestart(across),
        },
        {
          id: "X8.d",
          claim: "X8.a for step decay, w10 → end",
          paper: "“alike for SGDR and SGD”",
          ...fallsWithDepth(stepEarly),
        },
        {
          id: "X8.e",
          claim: "weights of every layer change less across the restart than from w10 to w150",
          paper: "“both in weights” and CCA",
          ...weightsChangeLess(across, early),
        },
      ],
      notes: [],
      numbers: { settings, across, early, stepEarly },
      figures: {
        "fig14-cca": {
          title: "Layer similarity of SGDR's iterates (paper: Fig. 14)",
          panels: heatmaps(
            [
              panel("(a) across a restart", "w150", "w155", across),
              panel("(b) early and late", "w10", "w150", early),
              panel("step decay, early and last", "w10", "last", stepEarly),
            ],
            { colorLabel: "SVCCA" },
          ),
          caption,
        },
      },
    };
  },
};

const panel = (title: string, from: string, to: string, { grid }: Comparison) => ({
  title,
  grid,
  rowLabel: `layer of ${from}`,
  columnLabel: `layer of ${to}`,
});

async function compare(
  { result, preset }: ExperimentContext,
  { job, network, images }: RestartRuns,
  kind: RunKind,
  from: number,
  to: number,
): Promise<Comparison> {
  const { weights } = await result(job[kind]);
  const model = vgg(network, 0);
  try {
    const [before, after] = [await weights(epochName(from)), await weights(epochName(to))];
    const grid = similarityGrid(
      await layerOutputs(model, before, images.test),
      await layerOutputs(model, after, images.test),
      { as: mapsAs[preset] },
    );
    return { grid, relativeChange: relativeChanges(model, before, after) };
  } finally {
    model.dispose();
  }
}

/** Mean similarity of the first and the last third of the layers. */
function thirds({ grid }: Comparison): readonly [first: number, last: number] {
  const values = diagonal(grid);
  const count = Math.max(1, Math.floor(values.length / 3));
  return [mean(values.slice(0, count)), mean(values.slice(-count))];
}

function fallsWithDepth(comparison: Comparison): Finding {
  const [first, last] = thirds(comparison);
  return {
    verdict: decide(first - last, NOISE),
    ours: `${first.toFixed(2)} against ${last.toFixed(2)}`,
  };
}

function moreAlike(across: Comparison, early: Comparison): Finding {
  const [a, b] = [diagonal(across.grid), diagonal(early.grid)];
  return {
    verdict: every(a.map((value, i) => decide(value - b[i]! + NOISE, 0))),
    ours: a.map((value, i) => `${value.toFixed(2)}/${b[i]!.toFixed(2)}`).join(", "),
  };
}

function alikeAcrossRestart(across: Comparison): Finding {
  const average = mean(diagonal(across.grid));
  const [first, last] = thirds(across);
  return {
    verdict: every([decide(average - 0.8, NOISE), decide(first - last, NOISE)]),
    ours: `mean ${average.toFixed(2)}; ${first.toFixed(2)} against ${last.toFixed(2)}`,
  };
}

function weightsChangeLess(across: Comparison, early: Comparison): Finding {
  const pairs = across.relativeChange.map((value, i) => [value, early.relativeChange[i]!] as const);
  return {
    verdict: exactly(pairs.every(([a, b]) => a < b)),
    ours: pairs.map(([a, b]) => `${a.toFixed(2)}/${b.toFixed(2)}`).join(", "),
  };
}
