/**
 * X7 — Barriers and the plane for networks with batch normalisation (Fig. 13, section 8.4).
 *
 * As X3 and X5. The statistics of every point that was not itself trained are recomputed by a pass over the training
 * images; X7.e shows what becomes of the middle of a segment without it.
 */
import { evaluate, weightsOf } from "closerlook/tfjs";
import * as claims from "./common/connectionChecks.js";
import { lossFigure, planeFigure } from "./common/connectionFigures.js";
import {
  type MeasuredPair,
  measurePairs,
  measurePlane,
  type Pair,
  pairJobs,
  planeJobs,
  restartPairs,
} from "./common/connections.js";
import { describeTraining } from "./common/describeTraining.js";
import { type Experiment, type ExperimentContext, presets } from "./common/experiment.js";
import { vgg } from "./common/networks.js";
import { batchNormRuns, type RestartRuns } from "./common/restartFamily.js";
import { describeCurves, describeFamily } from "./common/restartNotes.js";
import type { RestartMoment } from "./common/restartSettings.js";
import { epochName } from "./common/trainingRun.js";
import { exactly, type Finding } from "./common/verdicts.js";

const PAIR: Pair<RestartMoment> = { from: 70, to: 150 };

export const x07: Experiment = {
  id: "x07",
  title: "Barriers and plane with batch normalisation",
  shows: "Fig. 13; section 8.4",
  presets,
  resizable: true,
  meaningfulAtQuick: /^never$/,
  jobs(input) {
    const runs = batchNormRuns(input);
    const { iterates, parts } = planeJobs(runs, PAIR);
    const pairs = restartPairs.map((pair) => pairJobs(runs, "restarts", pair));
    return [...pairs.flatMap(({ segment, along }) => [segment, along]), iterates, ...parts];
  },

  async report(context) {
    const runs = batchNormRuns(context);
    const pairs = await measurePairs(context, runs, "restarts", restartPairs);
    const plane = await measurePlane(context, planeJobs(runs, PAIR));
    const [, late, wide] = pairs as [MeasuredPair, MeasuredPair, MeasuredPair];
    const without = await middleWithMeanStatistics(context, runs);
    const caption =
      `${describeFamily(runs, [30, 70, 150])} ${describeCurves(runs)} Statistics of batch norm are recomputed at every ` +
      "point from all training images.";
    return {
      checks: [
        {
          id: "X7.a",
          claim: "w70–w150 and w30–w150: training loss on the segment rises above both ends",
          paper: "Fig. 13a",
          ...claims.ofPairs([late, wide], claims.segmentHasBarrier),
        },
        {
          id: "X7.b",
          claim: "w70 and w150 are not in different basins of the plane",
          paper: "Fig. 13b",
          ...claims.iteratesShareBasin(plane, late),
        },
        {
          id: "X7.c",
          claim: "validation loss: bend > w70, w150",
          paper: "Fig. 13c",
          ...claims.bendGeneralizesWorse(late),
        },
        {
          id: "X7.d",
          claim: "half-way between them: training loss above both, validation loss below both",
          paper: "Fig. 13b, c",
          ...claims.averageGeneralizesBetter(late),
        },
        {
          id: "X7.e",
          claim: "without the extra pass the middle has at least twice the training loss",
          paper: "ours",
          ...passIsNeeded(late, without),
        },
      ],
      notes: [
        `SGDR: ${describeTraining((await context.result(runs.job.restarts)).numbers)}`,
        ...pairs.map(claims.describePair),
        claims.describePlane(plane),
      ],
      numbers: { settings: runs.settings, pairs, plane, middleWithMeanStatistics: without },
      figures: {
        "fig13a-barriers": lossFigure(
          pairs,
          "Training loss between iterates of warm restarts, batch norm (paper: Fig. 13a)",
          caption,
        ),
        "fig13b-training-loss": planeFigure(
          plane,
          late,
          "train",
          "Training loss in the plane of w70, w150 and the bend, batch norm (paper: Fig. 13b)",
          caption,
        ),
        "fig13c-validation-loss": planeFigure(
          plane,
          late,
          "test",
          "Validation loss in the same plane, batch norm (paper: Fig. 13c)",
          caption,
        ),
      },
    };
  },
};

function passIsNeeded({ segment }: MeasuredPair, without: number): Finding {
  const { loss } = segment.train;
  const withPass = loss[(loss.length - 1) / 2]!;
  return {
    verdict: exactly(without >= 2 * withPass),
    ours: `${claims.nats(without)} without, ${claims.nats(withPass)} with`,
  };
}

/** Training loss half-way from w70 to w150 if the statistics too are the means of those at the ends. */
async function middleWithMeanStatistics(
  { result }: ExperimentContext,
  { job, settings, network, images }: RestartRuns,
): Promise<number> {
  const { moments } = settings.restarts;
  const { weights } = await result(job.restarts);
  const [from, to] = [
    await weights(epochName(moments[PAIR.from])),
    await weights(epochName(moments[PAIR.to])),
  ];
  const model = vgg(network, 0);
  try {
    weightsOf(model).write(from.map((value, i) => (value + to[i]!) / 2));
    return (await evaluate(model, images.train)).loss;
  } finally {
    model.dispose();
  }
}
