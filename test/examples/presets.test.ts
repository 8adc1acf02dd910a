import { describe, expect, test } from "vitest";
import { restartPairs, stepCurvePairs, stepPairs } from "../../examples/common/connections.js";
import { distillationSettings } from "../../examples/common/distillationSettings.js";
import { type Preset, presets } from "../../examples/common/experiment.js";
import { modeRun, modeSettings } from "../../examples/common/modeSettings.js";
import { forwardFlops } from "../../examples/common/networkShapes.js";
import {
  batchNormSettings,
  plainSettings,
  type RestartSettings,
} from "../../examples/common/restartSettings.js";
import { studentFlops } from "../../examples/common/studentNetwork.js";
import type { WarmupSettings } from "../../examples/common/warmupFamily.js";
import { resnetSettings, vggSettings } from "../../examples/common/warmupSettings.js";

/** The plan's TFLOP, which no preset may fall below; the table's numbers are rounded to three digits. */
const budgets: Readonly<Record<"A" | "B" | "B′" | "C" | "D" | "E" | "F", Record<Preset, number>>> =
  {
    A: { quick: 0.05, cpu: 36.7, paper: 314_000 },
    B: { quick: 0.045, cpu: 41.1, paper: 207_000 },
    "B′": { quick: 0.01, cpu: 19.5, paper: 37_600 },
    C: { quick: 0.03, cpu: 23.9, paper: 127_000 },
    D: { quick: 0.03, cpu: 25.4, paper: 55_200 },
    E: { quick: 0.04, cpu: 29.6, paper: 225_000 },
    F: { quick: 0.01, cpu: 25.5, paper: 69_900 },
  };
const ROUNDING = 0.995;

// Backwards costs twice as much as forwards.
const training = (flops: number, epochs: number, images: number) => 3 * flops * epochs * images;

/** Σ runs 3·F·epochs·N + Σ points F·images, in TFLOP. */
function flopsOfRestarts(settings: RestartSettings, batchNorm: boolean): number {
  const { network, trainingImagesPerClass, testImages, restarts, steps, curve, plane } = settings;
  const flops = forwardFlops(network);
  const images = 10 * trainingImagesPerClass;
  const pass = batchNorm ? images : 0;
  const curves = restartPairs.length + (batchNorm ? 0 : stepCurvePairs.length);
  const paths = curves + restartPairs.length + (batchNorm ? 0 : stepPairs.length);
  const planes = batchNorm ? 1 : 2;
  const epochs = restarts.epochs + (batchNorm ? 0 : steps.epochs);
  return (
    (training(flops, epochs + curves * curve.epochs, images) +
      paths * curve.positions * flops * (images + testImages + pass) +
      planes * plane.cells ** 2 * flops * (images + plane.testImages + pass)) /
    1e12
  );
}

function flopsOfModes(preset: Preset): number {
  const settings = modeSettings({ preset });
  const { network, trainingImagesPerClass, modes, curve } = settings;
  const flops = forwardFlops(network);
  const images = 10 * trainingImagesPerClass;
  const epochs = modes.reduce((sum, mode) => sum + modeRun(settings, mode).epochs, 0);
  const curves = modes.length - 1;
  return (
    (training(flops, epochs + curves * curve.epochs, images) +
      curves *
        curve.snapshots.length *
        curve.positions *
        flops *
        (settings.measuredTrainingImages + settings.testImages)) /
    1e12
  );
}

/** The four runs of each seed, and the held-out images after each epoch. */
function flopsOfWarmups(settings: WarmupSettings): number {
  const { network, epochs, trainingImagesPerClass, testImages, seeds } = settings;
  const flops = forwardFlops(network);
  const run = training(flops, epochs, 10 * trainingImagesPerClass) + flops * epochs * testImages;
  return (4 * seeds.length * run) / 1e12;
}

function flopsOfDecays({ network, decayEpochs, trainingImagesPerClass }: RestartSettings): number {
  return (2 * training(forwardFlops(network), decayEpochs, 10 * trainingImagesPerClass)) / 1e12;
}

/** The teacher, two students for each seed, and the teacher's answers to the distilled one. */
function flopsOfDistillation(preset: Preset): number {
  const settings = distillationSettings[preset];
  const { network, student, teacherEpochs, studentEpochs, seeds, augment } = settings;
  const images = 10 * settings.trainingImagesPerClass;
  const teacher = forwardFlops(network);
  const answers = teacher * images * (augment ? studentEpochs : 1);
  return (
    (training(teacher, teacherEpochs, images) +
      seeds.length * (2 * training(studentFlops(student), studentEpochs, images) + answers)) /
    1e12
  );
}

describe.each(presets)("preset %s is no smaller than planned", (preset) => {
  test("modes (X1)", () => {
    expect(flopsOfModes(preset)).toBeGreaterThanOrEqual(ROUNDING * budgets.A[preset]);
  });

  test("restarts and steps (X2 to X6, X8)", () => {
    const total = flopsOfRestarts(plainSettings({ preset }), false);
    expect(total).toBeGreaterThanOrEqual(ROUNDING * budgets.B[preset]);
  });

  test("with batch norm (X7)", () => {
    const total = flopsOfRestarts(batchNormSettings({ preset }), true);
    expect(total).toBeGreaterThanOrEqual(ROUNDING * budgets.C[preset]);
  });

  test("decays over the whole budget (X13)", () => {
    const total = flopsOfDecays(plainSettings({ preset }));
    expect(total).toBeGreaterThanOrEqual(ROUNDING * budgets["B′"][preset]);
  });

  test("warmup and freezing (X9, X10)", () => {
    const total = flopsOfWarmups(vggSettings[preset]);
    expect(total).toBeGreaterThanOrEqual(ROUNDING * budgets.D[preset]);
  });

  test("the same of residual networks (X11)", () => {
    const total = Object.values(resnetSettings[preset]).reduce(
      (sum, settings) => sum + flopsOfWarmups(settings),
      0,
    );
    expect(total).toBeGreaterThanOrEqual(ROUNDING * budgets.E[preset]);
  });

  test("warms up for whole epochs, and its learning rates follow the batches, twice as fast at cpu", () => {
    const resnets = Object.values(resnetSettings[preset]);
    for (const settings of [vggSettings[preset], ...resnets]) {
      const { largeBatch, smallBatch, trainingImagesPerClass, warmupUpdates } = settings;
      expect(warmupUpdates % ((10 * trainingImagesPerClass) / largeBatch)).toBe(0);
      const ratio = { quick: 10, cpu: 10, paper: 50 }[preset];
      expect(settings.largeBatchRate / settings.smallBatchRate).toBeCloseTo(ratio, 9);
      expect(largeBatch / smallBatch).toBe(preset === "cpu" ? 5 : ratio);
    }
  });

  test("distillation (X12)", () => {
    expect(flopsOfDistillation(preset)).toBeGreaterThanOrEqual(ROUNDING * budgets.F[preset]);
  });

  test("has an odd number of positions, so that the bend is measured", () => {
    for (const { curve } of [plainSettings({ preset }), modeSettings({ preset })]) {
      expect(curve.positions % 2).toBe(1);
    }
  });

  test("names moments that are the ends of cycles, and epochs that its runs reach", () => {
    for (const settings of [plainSettings({ preset }), batchNormSettings({ preset })]) {
      const { restarts, steps } = settings;
      if (restarts.rate.kind !== "restarts") throw new Error("no restarts");
      const { period } = restarts.rate;
      const { 10: a, 30: b, 70: c, 150: d, 155: e } = restarts.moments;
      expect([a, b, c, d]).toEqual([1, 3, 7, 15].map((cycles) => cycles * period));
      expect(e - d).toBe((16 * period) / 32);
      expect(e).toBe(restarts.epochs);
      expect(Math.max(...Object.values(steps.moments))).toBeLessThanOrEqual(steps.epochs);
      // The same share of a phase before and after each drop of the rate.
      const { boundaries } = steps.rate as { boundaries: readonly number[] };
      const { 55: f, 65: g, 145: h, 155: i } = steps.moments;
      expect([f, h]).toEqual(boundaries.map((at) => at - period / 2));
      expect([g, i]).toEqual(boundaries.map((at) => at + period / 2));
    }
  });
});

describe("warmups", () => {
  test("have the paper's numbers at preset paper", () => {
    const common = { epochs: 300, milestones: [60, 120, 150], warmupUpdates: 200 };
    const batches = { smallBatch: 100, largeBatch: 5000 };
    expect(vggSettings.paper).toMatchObject({ ...common, ...batches, largeBatchRate: 2.5 });
    for (const net of ["ResNet-18", "ResNet-32"]) {
      expect(resnetSettings.paper[net]).toMatchObject({ ...common, ...batches, largeBatchRate: 5 });
    }
  });

  test("of VGG have three seeds at preset cpu", () => {
    expect(vggSettings.cpu.seeds).toEqual([0, 1, 2]);
  });
});

describe("modes", () => {
  const settings = modeSettings({ preset: "paper" });
  const usual = modeRun(settings, "G");
  const differences = (mode: Parameters<typeof modeRun>[1]) => {
    const run = modeRun(settings, mode);
    const names = new Set([...Object.keys(usual), ...Object.keys(run)]) as Set<keyof typeof run>;
    return [...names].filter((name) => JSON.stringify(run[name]) !== JSON.stringify(usual[name]));
  };

  test("differ from G in their seed and in what they are named for", () => {
    expect(differences("A")).toEqual(["batchSize", "seed"]);
    expect(differences("B")).toEqual(["rate", "optimizer", "seed"]);
    expect(differences("C")).toEqual(["rate", "seed"]);
    expect(differences("D")).toEqual(["weightDecay", "seed"]);
    expect(differences("E")).toEqual(["starts", "seed"]);
    expect(differences("F")).toEqual(["seed", "augment"]);
  });

  test("have the paper's numbers at preset paper", () => {
    expect(usual).toMatchObject({ epochs: 200, batchSize: 100, weightDecay: 5e-4 });
    expect(usual.rate).toMatchObject({ initial: 0.05, boundaries: [60, 120, 160], factor: 0.2 });
    expect(modeRun(settings, "A").batchSize).toBe(4000);
    expect(modeRun(settings, "D").weightDecay).toBe(5e-6);
    expect(modeRun(settings, "E").starts[0]).toEqual({ kernels: { rule: "he", factor: 3 } });
  });
});

test("sizes take the place of the preset's", () => {
  const sizes = { imagesPerClass: 7, curveEpochs: 40 };
  for (const settings of [plainSettings, batchNormSettings, modeSettings]) {
    const [own, changed] = [settings({ preset: "cpu" }), settings({ preset: "cpu", sizes })];
    expect([own.trainingImagesPerClass, own.curve.epochs]).not.toEqual([7, 40]);
    expect([changed.trainingImagesPerClass, changed.curve.epochs]).toEqual([7, 40]);
  }
  const { snapshots } = modeSettings({ preset: "cpu", sizes }).curve;
  expect(snapshots).toEqual([0, 10, 20, 30, 40]);
});
