/**
 * X10 — Freezing the fully connected layers instead of warming up (Fig. 4d, section 4).
 *
 * If warmup works by keeping the FC stack where it is, holding that stack fixed for as many updates must do as well.
 */
import type { Experiment } from "./common/experiment.js";
import { checkSeeds } from "./common/verdicts.js";
import * as claims from "./common/warmupChecks.js";
import { momentsOf, type RunName, weightsAt } from "./common/warmupFamily.js";
import { accuracyPanel } from "./common/warmupFigures.js";
import {
  divergences,
  fcStackWeights,
  type TrainedSeed,
  trainSeeds,
  warmupFamily,
  warmupJobs,
} from "./common/warmupMeasurements.js";

const RUNS: readonly RunName[] = ["SB", "LB", "LB+W", "LB+freeze"];

/** Points by which the frozen stack may stay behind the warmup, and the trajectories apart, at reduced presets. */
const POINTS_BEHIND = 10;
const POINTS_APART = 8;

export const x10: Experiment = {
  id: "x10",
  title: "Freezing the FC stack instead of warmup",
  shows: "Fig. 4d; section 4",
  presets: ["quick"],
  meaningfulAtQuick: /^X10\.[bd]$/,
  jobs: (input) => warmupJobs(input, RUNS),

  async report(context) {
    const { settings } = warmupFamily(context);
    const seeds = await trainSeeds(context, RUNS);
    const { start, afterWarmup } = momentsOf(settings, "LB+freeze");
    const untouched = ({ trained }: TrainedSeed<RunName>) =>
      claims.frozenWeightsAreUntouched(
        fcStackWeights(settings, weightsAt(trained["LB+freeze"], start)),
        fcStackWeights(settings, weightsAt(trained["LB+freeze"], afterWarmup)),
      );
    const check = checkSeeds(seeds);
    return {
      checks: [
        check(
          "X10.a",
          `accuracy at the end of the warmup: freeze ≥ LB+W − ${POINTS_BEHIND} points`,
          "Fig. 4d",
          (seed) => claims.freezingKeepsUpWithWarmup(seed, POINTS_BEHIND),
        ),
        check(
          "X10.b",
          "the same moment: freeze > LB + 2 points",
          "Fig. 4d against 4a",
          claims.freezingIsAheadOfLargeBatch,
        ),
        check(
          "X10.c",
          `afterwards freeze and LB+W stay within ${POINTS_APART} points on average`,
          "“no qualitative difference”",
          (seed) => claims.trajectoriesStayTogether(seed, POINTS_APART),
        ),
        check("X10.d", "frozen weights are the same bits until then", "exact", untouched),
      ],
      notes: divergences(seeds),
      numbers: {
        settings,
        seeds: seeds.map(({ seed, trained }) => ({
          seed,
          trained: Object.fromEntries(RUNS.map((run) => [run, trained[run].numbers])),
        })),
      },
      figures: {
        "fig4d-freezing": {
          title: "Freezing the FC stack instead of warming up",
          panels: [accuracyPanel(seeds, RUNS, "Accuracy by epoch (paper: Fig. 4d)")],
          caption:
            `Mean over ${seeds.length} seeds. In the frozen run the ${settings.network.classifier.length} fully connected ` +
            `layers keep their initial weights for the first ${afterWarmup} updates, at the full learning rate of ` +
            `${settings.largeBatchRate}; then all layers train. A run that diverges counts as guessing (10 %) from there.`,
        },
      },
    };
  },
};
