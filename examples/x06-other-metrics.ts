/**
 * X6 — Accuracy and validation loss between iterates, and a second plane (Figs 11 and 12; sections 8.1 and 8.3).
 */
import { lineCharts } from "closerlook/plot";
import * as claims from "./common/connectionChecks.js";
import { pathSeries, planeFigure } from "./common/connectionFigures.js";
import {
  type MeasuredPair,
  measurePairs,
  measurePlane,
  type Pair,
  pairJobs,
  planeJobs,
  restartPairs,
  stepCurvePairs,
} from "./common/connections.js";
import { type Experiment, presets } from "./common/experiment.js";
import type { DataName, PathProfile } from "./common/paths.js";
import { plainRuns } from "./common/restartFamily.js";
import { describeCurves, describeFamily } from "./common/restartNotes.js";
import type { RestartMoment } from "./common/restartSettings.js";

/** Of the second plane. */
const PAIR: Pair<RestartMoment> = restartPairs[0]!;

export const x06: Experiment = {
  id: "x06",
  title: "Other metrics between iterates, and a second plane",
  shows: "Figs 11, 12; sections 8.1, 8.3",
  presets,
  resizable: true,
  meaningfulAtQuick: /^never$/,
  jobs(input) {
    const runs = plainRuns(input);
    const { iterates, parts } = planeJobs(runs, PAIR);
    const all = [
      ...restartPairs.map((pair) => pairJobs(runs, "restarts", pair)),
      ...stepCurvePairs.map((pair) => pairJobs(runs, "steps", pair)),
    ];
    return [...all.flatMap(({ segment, along }) => [segment, along]), iterates, ...parts];
  },

  async report(context) {
    const runs = plainRuns(context);
    const restarts = await measurePairs(context, runs, "restarts", restartPairs);
    const steps = await measurePairs(context, runs, "steps", stepCurvePairs);
    const plane = await measurePlane(context, planeJobs(runs, PAIR));
    const [early, late, wide] = restarts as [MeasuredPair, MeasuredPair, MeasuredPair];
    const caption = `${describeFamily(runs, [30, 70, 150], [55, 65, 145, 155])} ${describeCurves(runs)}`;
    return {
      checks: [
        {
          id: "X6.a",
          claim:
            "training accuracy of SGDR falls below both ends on the segments, not on the curves",
          paper: "Fig. 11",
          ...claims.ofPairs([late, wide], claims.accuracyFallsOnSegmentOnly),
        },
        {
          id: "X6.b",
          claim: "step decay: never more than ½ point below the lower end",
          paper: "Fig. 11",
          ...claims.ofPairs(steps, claims.accuracyKeepsOnSegment),
        },
        {
          id: "X6.c",
          claim: "SGDR: validation loss at the bend above the mean of the ends",
          paper: "Fig. 11",
          ...claims.ofPairs(restarts, claims.bendIsAboveMeanOfEnds),
        },
        {
          id: "X6.d.a",
          claim: "w30–w70, training loss: w70 > bend",
          paper: "Fig. 12",
          ...claims.bendFitsBetter(early),
        },
        {
          id: "X6.d.b",
          claim: "w30–w70, validation loss: bend > w30, w70",
          paper: "Fig. 12",
          ...claims.bendGeneralizesWorse(early),
        },
        {
          id: "X6.d.e",
          claim: "w30 and w70 are not in different basins of their plane",
          paper: "Fig. 12",
          ...claims.iteratesShareBasin(plane, early),
        },
      ],
      notes: [claims.describePlane(plane)],
      numbers: { settings: runs.settings, restarts, steps, plane },
      figures: {
        "fig11-other-metrics": {
          title: "Accuracy and validation loss between iterates (paper: Fig. 11)",
          columns: 2,
          panels: [
            ...row(steps, restarts, "train", "training accuracy (%)", accuracy),
            ...row(steps, restarts, "test", "validation accuracy (%)", accuracy),
            ...row(steps, restarts, "test", "validation loss (nats)", ({ loss }) => loss),
          ],
          caption,
        },
        "fig12-training-loss": planeFigure(
          plane,
          early,
          "train",
          "Training loss in the plane of w30, w70 and the bend (paper: Fig. 12)",
          caption,
        ),
        "fig12-validation-loss": planeFigure(
          plane,
          early,
          "test",
          "Validation loss in the same plane (paper: Fig. 12)",
          caption,
        ),
      },
    };
  },
};

const accuracy = (profile: PathProfile) => profile.accuracy.map((fraction) => 100 * fraction);

/** Step decay on the left and warm restarts on the right, on the same axes. */
const row = (
  steps: readonly MeasuredPair[],
  restarts: readonly MeasuredPair[],
  kind: DataName,
  yLabel: string,
  value: (profile: PathProfile) => readonly number[],
) =>
  lineCharts(
    [
      { title: "step decay", series: pathSeries(steps, kind, value) },
      { title: "warm restarts (SGDR)", series: pathSeries(restarts, kind, value) },
    ],
    { xLabel: "t", yLabel, width: 460 },
  );
