/**
 * X5 — The plane through w70, w150 and the bend of the curve between them (Fig. 3, section 3).
 *
 * Both iterates of SGDR lie at the foot of the same slope: there is a bump on the straight line between them and a way around
 * it in the plane.
 */
import * as claims from "./common/connectionChecks.js";
import { planeFigure } from "./common/connectionFigures.js";
import {
  measurePairs,
  measurePlane,
  type Pair,
  pairJobs,
  planeJobs,
} from "./common/connections.js";
import { type Experiment, presets } from "./common/experiment.js";
import { plainRuns } from "./common/restartFamily.js";
import { describeCurves, describeFamily } from "./common/restartNotes.js";
import type { RestartMoment } from "./common/restartSettings.js";

const PAIR: Pair<RestartMoment> = { from: 70, to: 150 };

export const x05: Experiment = {
  id: "x05",
  title: "The plane through w70, w150 and the bend",
  shows: "Fig. 3; section 3",
  presets,
  resizable: true,
  meaningfulAtQuick: /^never$/,
  jobs(input) {
    const runs = plainRuns(input);
    const { segment, along } = pairJobs(runs, "restarts", PAIR);
    const { iterates, parts } = planeJobs(runs, PAIR);
    return [segment, along, iterates, ...parts];
  },

  async report(context) {
    const runs = plainRuns(context);
    const [pair] = await measurePairs(context, runs, "restarts", [PAIR]);
    const plane = await measurePlane(context, planeJobs(runs, PAIR));
    const caption = `${describeFamily(runs, [70, 150])} ${describeCurves(runs)}`;
    return {
      checks: [
        {
          id: "X5.a",
          claim: "training loss: w150 > bend",
          paper: "section 3, in words",
          ...claims.bendFitsBetter(pair!),
        },
        {
          id: "X5.b",
          claim: "validation loss: bend > w70, w150",
          paper: "“overfit”",
          ...claims.bendGeneralizesWorse(pair!),
        },
        {
          id: "X5.c",
          claim: "half-way between them: training loss above both, validation loss below both",
          paper: "why averages work",
          ...claims.averageGeneralizesBetter(pair!),
        },
        {
          id: "X5.d",
          claim: "neither iterate is a local minimum in the plane",
          paper: "section 3, in words",
          ...claims.iteratesAreNoMinima(plane),
        },
        {
          id: "X5.e",
          claim: "they are not in different basins of the plane",
          paper: "section 3, in words",
          ...claims.iteratesShareBasin(plane, pair!),
        },
      ],
      notes: [claims.describePair(pair!), claims.describePlane(plane)],
      numbers: { settings: runs.settings, pair, plane },
      figures: {
        "fig3a-training-loss": planeFigure(
          plane,
          pair!,
          "train",
          "Training loss in the plane of w70, w150 and the bend (paper: Fig. 3a)",
          caption,
        ),
        "fig3b-validation-loss": planeFigure(
          plane,
          pair!,
          "test",
          "Validation loss in the same plane (paper: Fig. 3b)",
          caption,
        ),
      },
    };
  },
};
