/**
 * X3 — Barriers between the iterates of warm restarts (Fig. 2b, section 3).
 *
 * On the straight line between the ends of two cycles of SGDR the training loss rises above both; along a curve with
 * one bend, trained for that, it does not.
 */
import * as claims from "./common/connectionChecks.js";
import { lossFigure } from "./common/connectionFigures.js";
import { measurePairs, pairJobs, restartPairs } from "./common/connections.js";
import { type Experiment, presets } from "./common/experiment.js";
import { plainRuns } from "./common/restartFamily.js";
import { describeCurves, describeFamily } from "./common/restartNotes.js";

export const x03: Experiment = {
  id: "x03",
  title: "Barriers between iterates of warm restarts",
  shows: "Fig. 2b; section 3",
  presets,
  resizable: true,
  meaningfulAtQuick: /^never$/,
  jobs(input) {
    const runs = plainRuns(input);
    return restartPairs.flatMap((pair) => {
      const { segment, along } = pairJobs(runs, "restarts", pair);
      return [segment, along];
    });
  },

  async report(context) {
    const runs = plainRuns(context);
    const pairs = await measurePairs(context, runs, "restarts", restartPairs);
    const [, late, wide] = pairs as [(typeof pairs)[0], (typeof pairs)[0], (typeof pairs)[0]];
    return {
      checks: [
        {
          id: "X3.a",
          claim: "w70–w150: training loss on the segment rises above both ends",
          paper: "“much higher than the end points”",
          ...claims.segmentHasBarrier(late),
        },
        {
          id: "X3.b",
          claim: "w30–w150: the same",
          paper: "“much higher than the end points”",
          ...claims.segmentHasBarrier(wide),
        },
        {
          id: "X3.c",
          claim: "on the curves it does not, up to a fifth of the segment's barrier",
          paper: "Fig. 2b",
          ...claims.ofPairs(pairs, claims.curveHasNoBarrier),
        },
        {
          id: "X3.d",
          claim: "w70–w150: the segment's barrier exceeds the curve's",
          paper: "Fig. 2b",
          ...claims.segmentIsHigherThanCurve(late),
        },
      ],
      notes: pairs.map(claims.describePair),
      numbers: { settings: runs.settings, pairs },
      figures: {
        "fig2b-barriers": lossFigure(
          pairs,
          "Training loss between iterates of warm restarts (paper: Fig. 2b)",
          `${describeFamily(runs, [30, 70, 150])} ${describeCurves(runs)}`,
        ),
      },
    };
  },
};
