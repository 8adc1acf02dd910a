/**
 * X11 — Warmup and freezing in residual networks (Fig. 15, section 10).
 *
 * As X10 for two ResNets, whose stack of fully connected layers is the one layer that gives the logits.
 */
import { type Experiment, presets } from "./common/experiment.js";
import { freezingChecks, freezingNumbers, freezingRuns } from "./common/freezing.js";
import { accuracyPanel, describeSeeds, describeSetting } from "./common/warmupFigures.js";
import { divergences, trainSeeds, warmupJobs } from "./common/warmupMeasurements.js";
import { resnetFamilies } from "./common/warmupSettings.js";

export const x11: Experiment = {
  id: "x11",
  title: "Warmup and freezing in residual networks",
  shows: "Fig. 15; section 10",
  presets,
  meaningfulAtQuick: /^never$/,
  jobs: (input) => resnetFamilies(input).flatMap(([, family]) => warmupJobs(family, freezingRuns)),

  async report(context) {
    const nets = [];
    for (const [net, family] of resnetFamilies(context)) {
      const seeds = await trainSeeds(context, family, freezingRuns);
      nets.push({ net, settings: family.settings, seeds });
    }
    const { seeds } = nets[0]!;
    return {
      // By depth, as in X11.a.18.
      checks: nets.flatMap(({ net, seeds }) =>
        freezingChecks(seeds, context.preset, (claim) => `X11.${claim}.${/\d+/.exec(net)![0]}`, {
          figure: "Fig. 15",
          prefix: `${net}: `,
        }),
      ),
      notes: nets.flatMap(({ net, seeds }) => divergences(seeds).map((text) => `${net}: ${text}`)),
      numbers: Object.fromEntries(
        nets.map(({ net, settings, seeds }) => [net, freezingNumbers(settings, seeds)]),
      ),
      figures: {
        "fig15-resnets": {
          title: "Freezing instead of warmup in residual networks (paper: Fig. 15)",
          columns: 2,
          panels: nets.map(({ net, seeds }) => accuracyPanel(seeds, freezingRuns, net)),
          caption:
            `${describeSeeds(seeds)}, on ${seeds[0]!.testImages} held-out images. In the frozen run the FC layer keeps its ` +
            `initial weights until the end of the warmup, at the full learning rate; then all layers train. A run that ` +
            `diverges counts as guessing (10 %) from there. ` +
            nets.map(({ net, settings }) => `${net}: ${describeSetting(settings)}`).join(" "),
        },
      },
    };
  },
};
