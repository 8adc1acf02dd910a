/**
 * X2 — Warm restarts against step decay (Fig. 2a, section 3).
 *
 * One network is trained twice from the same initial weights: by SGDR, whose rate falls along a cosine and jumps back at the
 * end of each cycle, and by a step decay. Both are the networks of X3 to X6 and X8.
 */
import { lineChart } from "closerlook/plot";
import { describeTraining } from "./common/describeTraining.js";
import { type Experiment, presets } from "./common/experiment.js";
import { accuracies, accuracyLine } from "./common/restartAccuracy.js";
import { plainRuns } from "./common/restartFamily.js";
import { describeFamily } from "./common/restartNotes.js";
import { accuracyNoise, decide, every, type Finding, percent } from "./common/verdicts.js";

/** Points of accuracy that a restart must cost, and that the best of both runs may differ by. */
const DROP = 0.02;
const APART = 0.01;

export const x02: Experiment = {
  id: "x02",
  title: "Warm restarts against step decay",
  shows: "Fig. 2a; section 3",
  presets,
  resizable: true,
  meaningfulAtQuick: /^never$/,
  jobs: (input) => Object.values(plainRuns(input).job),

  async report(context) {
    const runs = plainRuns(context);
    const { settings, images } = runs;
    const { moments } = settings.restarts;
    const trained = {
      restarts: (await context.result(runs.job.restarts)).numbers,
      steps: (await context.result(runs.job.steps)).numbers,
    };
    const [restarts, steps] = [accuracies(trained.restarts), accuracies(trained.steps)];
    const testImages = images.test.y.length;
    const noise = (a: number, b: number) => accuracyNoise(a, b, testImages);

    const grows = (): Finding => {
      const [a, b, c] = ([30, 70, 150] as const).map((moment) => restarts.get(moments[moment])!);
      return {
        verdict: every([decide(b! - a!, noise(a!, b!)), decide(c! - b!, noise(b!, c!))]),
        ours: [a, b, c].map((value) => percent(value!)).join(", "),
      };
    };
    const drops = (): Finding => {
      // Five epochs in the paper; as many of ours as lie between its w150 and w155.
      const window = moments[155] - moments[150];
      const found = ([10, 30, 70, 150] as const).map((moment) => {
        const before = restarts.get(moments[moment])!;
        const after = Math.min(
          ...Array.from({ length: window }, (_, i) => restarts.get(moments[moment] + 1 + i)!),
        );
        return { before, after };
      });
      return {
        verdict: every(
          found.map(({ before, after }) => decide(before - after - DROP, noise(before, after))),
        ),
        ours: found.map(({ before, after }) => `${percent(before)} → ${percent(after)}`).join("; "),
      };
    };
    const best = (run: ReadonlyMap<number, number>) => Math.max(...run.values());
    const apart = best(restarts) - best(steps);

    return {
      checks: [
        {
          id: "X2.a",
          claim: "accuracy at the end of a cycle grows: w30 < w70 < w150",
          paper: "Fig. 2a",
          ...grows(),
        },
        {
          id: "X2.b",
          claim: "after each restart accuracy falls by more than 2 points",
          paper: "Fig. 2a",
          ...drops(),
        },
        {
          id: "X2.c",
          claim: "best accuracies of both within 1 point",
          paper: "no number printed",
          verdict: decide(APART - Math.abs(apart), noise(best(restarts), best(steps))),
          ours: `SGDR ${percent(best(restarts))}, steps ${percent(best(steps))}`,
        },
      ],
      notes: [
        describeFamily(runs, [10, 30, 70, 150, 155]),
        `SGDR: ${describeTraining(trained.restarts)}`,
        `Step decay: ${describeTraining(trained.steps)}`,
      ],
      numbers: { settings, ...trained },
      figures: {
        "fig2a-accuracy": {
          title: "Warm restarts (SGDR) and step decay",
          panels: [
            lineChart(
              [
                accuracyLine("warm restarts (SGDR)", trained.restarts),
                accuracyLine("step decay", trained.steps),
              ],
              {
                title: "Accuracy by epoch (paper: Fig. 2a)",
                xLabel: "epoch",
                yLabel: `accuracy on ${testImages} held-out images (%)`,
                labels: "key",
                references: ([10, 30, 70, 150] as const).map((moment) => ({
                  x: moments[moment],
                  text: `w${moment}`,
                })),
              },
            ),
          ],
          caption: `${describeFamily(runs, [])} Vertical lines: restarts, named by the paper's epochs.`,
        },
      },
    };
  },
};
