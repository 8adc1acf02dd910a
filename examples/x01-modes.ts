/**
 * X1 — Modes that were found in different ways are connected (Figs 1 and 7 to 10; sections 2.1.1 and 7).
 *
 * Mode G is trained in the usual way and each other one with a single change: large batch, Adam, linear decay, less weight
 * decay, larger initial weights, no augmentation. A curve with one bend from G to each other mode is
 * measured as its training goes on, from the straight line at epoch 0.
 */
import { pairwiseDistances } from "closerlook/landscape";
import { embeddingChart, type Figure, lineCharts, tsne } from "closerlook/plot";
import { describeTraining } from "./common/describeTraining.js";
import { type Experiment, type ExperimentContext, presets } from "./common/experiment.js";
import * as claims from "./common/modeChecks.js";
import { type ConnectedMode, connectModes, modeConnections } from "./common/modeConnections.js";
import { modeTitles } from "./common/modeSettings.js";
import type { DataName, PathProfile } from "./common/paths.js";

/** Points by which accuracy on a trained curve may stay behind the ends, and on one that is trained for a quarter. */
const POINTS = { paper: 3, cpu: 5, quick: 5 } as const;
const POINTS_EARLY = 5;

export const x01: Experiment = {
  id: "x01",
  title: "Modes found in different ways are connected",
  shows: "Figs 1, 7–10; sections 2.1.1, 7",
  presets,
  resizable: true,
  meaningfulAtQuick: /^X1\.c$/,
  jobs: (input) => {
    const { modes, curves, paths } = modeConnections(input);
    return [...modes.values(), ...curves.values(), ...[...paths.values()].flat()];
  },

  async report(context) {
    const connections = modeConnections(context);
    const { settings, images } = connections;
    const modes = await connectModes(context, connections);
    const points = POINTS[context.preset];
    const numbers = new Map(
      await Promise.all(
        [...connections.modes].map(
          async ([mode, job]) => [mode, (await context.result(job)).numbers] as const,
        ),
      ),
    );
    const caption =
      `t = 0 is mode G, t = 1 the other mode. ${images.train.y.length} training images, batch ${settings.batchSize}, ` +
      `${settings.epochs} epochs, weight decay ${settings.weightDecay}; curves with one bend, ${settings.curve.epochs} epochs at rate ` +
      `${settings.curve.rate}; measured on ${modes[0]!.paths[0]!.images.train} training and ${modes[0]!.paths[0]!.images.test} ` +
      "held-out images. Curve epoch 0 is the straight line. One seed for each mode.";
    const figure = (
      title: string,
      kind: DataName,
      yLabel: string,
      value: (profile: PathProfile) => readonly number[],
    ): Figure => ({
      title,
      caption,
      panels: lineCharts(
        modes.map(({ mode, paths }) => ({
          title: `G–${mode}: ${modeTitles[mode]}`,
          series: paths.map((path, i) => ({
            name: `curve epoch ${settings.curve.snapshots[i]}`,
            x: path.t,
            y: value(path[kind]),
          })),
        })),
        { xLabel: "t", yLabel, palette: "ordered" },
      ),
    });
    const accuracy = (profile: PathProfile) => profile.accuracy.map((fraction) => 100 * fraction);
    const loss = (profile: PathProfile) => profile.loss;
    const embedding = await embeddingFigure(context, modes);

    return {
      checks: [
        {
          id: "X1.a",
          claim: `least validation accuracy on the last curve ≥ lower end − ${points} points`,
          paper: "“almost as well”",
          ...claims.ofModes(modes, (mode) =>
            claims.curveKeepsUp(mode, mode.paths.length - 1, points),
          ),
        },
        {
          id: "X1.b",
          claim: `the same at the first snapshot, − ${POINTS_EARLY} points`,
          paper: "“in a few epochs”",
          ...claims.ofModes(modes, (mode) => claims.curveKeepsUp(mode, 1, POINTS_EARLY)),
        },
        {
          id: "X1.c",
          claim: "the segment falls below every curve, and 10 points below the ends",
          paper: "Fig. 1",
          ...claims.ofModes(modes, claims.segmentFalls),
        },
        {
          id: "X1.d",
          claim: "at the bend training loss ≤ higher end, validation loss > mean of the ends",
          paper: "section 7.2",
          ...claims.ofModes(modes, claims.bendOverfits),
        },
        {
          id: "X1.e",
          claim: "all pairs of modes are connected by way of G",
          paper: "21 pairs",
          ...claims.allPairsConnected(modes, points),
        },
      ],
      notes: [
        ...[...numbers].map(
          ([mode, trained]) => `Mode ${mode} (${modeTitles[mode]}): ${describeTraining(trained)}`,
        ),
        ...modes.map(claims.describeMode),
      ],
      numbers: { settings, training: Object.fromEntries(numbers), modes },
      figures: {
        "fig1-validation-accuracy": figure(
          "Validation accuracy on curves between modes (paper: Fig. 1)",
          "test",
          "validation accuracy (%)",
          accuracy,
        ),
        "fig7-validation-loss": figure(
          "Validation loss on curves between modes (paper: Fig. 7)",
          "test",
          "validation loss (nats)",
          loss,
        ),
        "fig8-training-accuracy": figure(
          "Training accuracy on curves between modes (paper: Fig. 8)",
          "train",
          "training accuracy (%)",
          accuracy,
        ),
        "fig9-training-loss": figure(
          "Training loss on curves between modes (paper: Fig. 9)",
          "train",
          "training loss (nats)",
          loss,
        ),
        "fig10-embedding": embedding,
      },
    };
  },
};

/** t-SNE of modes and bends, from their distances. */
async function embeddingFigure(
  context: ExperimentContext,
  modes: readonly ConnectedMode[],
): Promise<Figure> {
  const { curves, settings } = modeConnections(context);
  const labels: string[] = ["G"];
  const points: Float32Array[] = [];
  const last = settings.curve.snapshots.at(-1)!;
  for (const { mode } of modes) {
    const curve = await context.result(curves.get(mode)!);
    if (points.length === 0) points.push(await curve.weights("start"));
    points.push(await curve.weights("end"), await curve.weights(`epoch${last}`));
    labels.push(mode, `G–${mode}`);
  }
  const perplexity = Math.min(4, (points.length - 1) / 3);
  const places = await tsne(pairwiseDistances(points), { perplexity, seed: 0 });
  return {
    title: "Modes and bends by t-SNE (paper: Fig. 10)",
    panels: [
      embeddingChart(
        places.map((place, i) => ({
          ...place,
          label: labels[i]!,
          kind: labels[i]!.length > 1 ? "bend" : "mode",
        })),
        { lines: modes.map(({ mode }) => ["G", `G–${mode}`, mode]) },
      ),
    ],
    caption:
      `${points.length} networks, perplexity ${perplexity.toFixed(1)}, seed 0. Neighbours are neighbours; lengths and axes have no ` +
      "meaning.",
  };
}
