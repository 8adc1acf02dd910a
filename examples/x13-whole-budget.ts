/**
 * X13 — One decay over the whole budget (footnote 4).
 *
 * The networks of X2 beside two that are trained by a cosine and by a linear decay without restarts. The paper: such a decay
 * "consistently performed well", so that it is the decay, less the restarts, that plays the major role.
 */
import { lineChart } from "closerlook/plot";
import { decayKeepsUp } from "./common/decayChecks.js";
import { describeTraining } from "./common/describeTraining.js";
import { type Experiment, type ExperimentInput, presets } from "./common/experiment.js";
import { accuracyLine } from "./common/restartAccuracy.js";
import { decayJobs, plainRuns, ratePlans } from "./common/restartFamily.js";
import { describeFamily } from "./common/restartNotes.js";
import { scheduleOf } from "./common/trainingRun.js";

const titles = {
  restarts: "warm restarts (SGDR)",
  steps: "step decay",
  cosine: "cosine decay",
  linear: "linear decay",
} as const;

const allRuns = (input: ExperimentInput) => {
  const runs = plainRuns(input);
  return { runs, jobs: { ...runs.job, ...decayJobs(runs) } };
};

export const x13: Experiment = {
  id: "x13",
  title: "Decay over the whole budget",
  shows: "footnote 4",
  presets,
  resizable: true,
  meaningfulAtQuick: /^never$/,
  jobs: (input) => Object.values(allRuns(input).jobs),

  async report(context) {
    const { runs, jobs } = allRuns(context);
    const { settings, images } = runs;
    const names = Object.keys(titles) as (keyof typeof titles)[];
    const trained = {
      restarts: (await context.result(jobs.restarts)).numbers,
      steps: (await context.result(jobs.steps)).numbers,
      cosine: (await context.result(jobs.cosine)).numbers,
      linear: (await context.result(jobs.linear)).numbers,
    };
    const testImages = images.test.y.length;
    const plans = ratePlans(settings);
    const lastCycle = settings.restarts.moments[150];
    return {
      checks: [
        {
          id: "X13.a",
          claim: "accuracy at the end of a cosine decay ≥ that of SGDR's last cycle − 0.5 points",
          paper: "“performed well”, in words",
          ...decayKeepsUp(trained, lastCycle, testImages),
        },
      ],
      notes: [
        describeFamily(runs, [150]),
        ...names.map((name) => `${titles[name]}: ${describeTraining(trained[name])}`),
      ],
      numbers: { settings, ...trained },
      figures: {
        "footnote4-decays": {
          title: "Decay over the whole budget, and restarts (paper: footnote 4)",
          panels: [
            lineChart(
              names.map((name) => accuracyLine(titles[name], trained[name])),
              {
                title: "Accuracy by epoch",
                xLabel: "epoch",
                yLabel: `accuracy on ${testImages} held-out images (%)`,
                labels: "key",
                references: [{ x: lastCycle, text: "end of SGDR's last cycle" }],
              },
            ),
            lineChart(
              names.map((name) => ({
                name: titles[name],
                ...ratesOf(plans[name]),
                marker: "none",
              })),
              {
                title: "Learning rate by epoch",
                xLabel: "epoch",
                yLabel: "learning rate",
                labels: "key",
              },
            ),
          ],
          caption: `${describeFamily(runs, [])} Cosine and linear decay: ${settings.decayEpochs} epochs, from the same initial weights.`,
        },
      },
    };
  },
};

/** The learning rate ten times an epoch. */
function ratesOf(plan: Parameters<typeof scheduleOf>[0]) {
  const rate = scheduleOf(plan, 10);
  const times = Array.from({ length: 10 * plan.epochs }, (_, tenth) => tenth);
  return { x: times.map((tenth) => tenth / 10), y: times.map(rate) };
}
