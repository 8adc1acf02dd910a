/**
 * X10 — Freezing the fully connected layers instead of warming up (Fig. 4d, section 4).
 *
 * If warmup works by keeping the FC stack where it is, holding that stack fixed for as many updates must do as well.
 */
import { type Experiment, presets } from "./common/experiment.js";
import { freezingChecks, freezingNumbers, freezingRuns } from "./common/freezing.js";
import { checkSeeds } from "./common/verdicts.js";
import { frozenWeightsAreUntouched } from "./common/warmupChecks.js";
import { momentsOf, weightsAt } from "./common/warmupFamily.js";
import { accuracyPanel, describeSeeds, describeSetting } from "./common/warmupFigures.js";
import {
  divergences,
  fcStackWeights,
  trainSeeds,
  warmupJobs,
} from "./common/warmupMeasurements.js";
import { vggFamily } from "./common/warmupSettings.js";

export const x10: Experiment = {
  id: "x10",
  title: "Freezing the FC stack instead of warmup",
  shows: "Fig. 4d; section 4",
  presets,
  meaningfulAtQuick: /^X10\.[bd]$/,
  jobs: (input) => warmupJobs(vggFamily(input), freezingRuns),

  async report(context) {
    const family = vggFamily(context);
    const { settings } = family;
    const seeds = await trainSeeds(context, family, freezingRuns);
    const { start, afterWarmup } = momentsOf(settings, "LB+freeze");
    const fcStack = fcStackWeights(settings);
    return {
      checks: [
        ...freezingChecks(seeds, context.preset, (claim) => `X10.${claim}`, { figure: "Fig. 4d" }),
        checkSeeds(seeds)(
          "X10.d",
          "frozen weights are the same bits until then",
          "exact",
          ({ trained: { "LB+freeze": run } }) =>
            frozenWeightsAreUntouched(
              fcStack(weightsAt(run, start)),
              fcStack(weightsAt(run, afterWarmup)),
            ),
        ),
      ],
      notes: divergences(seeds),
      numbers: freezingNumbers(settings, seeds),
      figures: {
        "fig4d-freezing": {
          title: "Freezing the FC stack instead of warming up",
          panels: [accuracyPanel(seeds, freezingRuns, "Accuracy by epoch (paper: Fig. 4d)")],
          caption:
            `${describeSeeds(seeds)}, on ${seeds[0]!.testImages} held-out images. In the frozen run the fully connected ` +
            `layers keep their initial weights for the first ${afterWarmup} updates, at the full learning rate; then all ` +
            `layers train. A run that diverges counts as guessing (10 %) from there. ${describeSetting(settings)}`,
        },
      },
    };
  },
};
