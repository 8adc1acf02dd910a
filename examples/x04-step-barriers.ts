/**
 * X4 — No barriers between the iterates of a step decay (Fig. 2c, section 3).
 *
 * Before and after a drop of the rate, and across one, the training loss falls along the straight line almost linearly.
 */
import * as claims from "./common/connectionChecks.js";
import { lossFigure } from "./common/connectionFigures.js";
import {
  measurePairs,
  type Pair,
  pairJobs,
  stepCurvePairs,
  stepPairs,
} from "./common/connections.js";
import { type Experiment, presets } from "./common/experiment.js";
import { plainRuns } from "./common/restartFamily.js";
import { describeCurves, describeFamily } from "./common/restartNotes.js";
import type { RestartMoment } from "./common/restartSettings.js";

/** The pair of warm restarts that X4.c compares with. */
const RESTARTS: Pair<RestartMoment> = { from: 70, to: 150 };

export const x04: Experiment = {
  id: "x04",
  title: "No barriers between iterates of step decay",
  shows: "Fig. 2c; section 3",
  presets,
  resizable: true,
  meaningfulAtQuick: /^never$/,
  jobs(input) {
    const runs = plainRuns(input);
    return [
      ...stepPairs.map((pair) => pairJobs(runs, "steps", pair).segment),
      ...stepCurvePairs.map((pair) => pairJobs(runs, "steps", pair).along),
      pairJobs(runs, "restarts", RESTARTS).segment,
    ];
  },

  async report(context) {
    const runs = plainRuns(context);
    const pairs = await measurePairs(context, runs, "steps", stepPairs, (pair) =>
      stepCurvePairs.some((one) => one === pair),
    );
    const [restarts] = await measurePairs(context, runs, "restarts", [RESTARTS], () => false);
    const late = pairs.find(({ pair }) => pair.from === 145 && pair.to === 165)!;
    return {
      checks: [
        {
          id: "X4.a",
          claim: "no barrier on any segment",
          paper: "Fig. 2c",
          ...claims.ofPairs(pairs, claims.segmentHasNoBarrier),
        },
        {
          id: "X4.b",
          claim:
            "the loss falls along the segment almost linearly: it never rises, chord excess ≤ ¼ of the fall",
          paper: "“almost linear decrease”",
          ...claims.ofPairs(pairs, claims.segmentFallsInLine),
        },
        {
          id: "X4.c",
          claim: "the barrier w70–w150 of SGDR exceeds that of w145–w165 here",
          paper: "Fig. 2b against 2c",
          ...claims.isHigher(restarts!.segment.train.barriers.max, late.segment.train.barriers.max),
        },
      ],
      notes: [
        ...pairs.map(claims.describePair),
        `For comparison, SGDR's w70 and w150 are ${restarts!.segment.distance.toFixed(1)} apart.`,
      ],
      numbers: { settings: runs.settings, pairs, restarts },
      figures: {
        "fig2c-no-barriers": lossFigure(
          pairs,
          "Training loss between iterates of step decay (paper: Fig. 2c)",
          `${describeFamily(runs, [], [55, 65, 145, 155, 165])} ${describeCurves(runs)}`,
        ),
      },
    };
  },
};
