import type { RandomCropAndFlipOptions } from "closerlook/tfjs";
import type { ExperimentInput, Preset } from "./experiment.js";
import { miniShape, tinyShape, type VggShape, vggShape } from "./networkShapes.js";
import { fanOut, he, type RatePlan, type TrainingRun, type TrainingStart } from "./trainingRun.js";

/** Networks that were trained in one way each, and what sets each apart from mode G. */
export const modeTitles = {
  G: "small batch SGD",
  A: "large batch",
  B: "Adam",
  C: "linear decay",
  D: "less weight decay",
  E: "larger initial weights",
  F: "no augmentation",
} as const;
export type ModeName = keyof typeof modeTitles;

/** Experiment X1: modes found in different ways, and curves from G to each other one. */
export interface ModeSettings {
  readonly network: VggShape;
  readonly trainingImagesPerClass: number;
  readonly testImages: number;
  /** Training images on which curves are measured; they are trained on all. */
  readonly measuredTrainingImages: number;
  readonly modes: readonly ModeName[];
  readonly epochs: number;
  readonly batchSize: number;
  /** Of mode A. */
  readonly largeBatch: number;
  readonly rate: Extract<RatePlan, { kind: "steps" }>;
  /** Of mode B, whose steps are at the same epochs. */
  readonly adamRate: number;
  /** Of all modes but F. */
  readonly augment: RandomCropAndFlipOptions;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Of mode D. */
  readonly smallWeightDecay: number;
  /** Ways to begin, as far as the first ones do not train. */
  readonly starts: readonly TrainingStart[];
  /** Of mode E, in the order in which they are tried. */
  readonly largeStarts: readonly TrainingStart[];
  readonly curve: {
    readonly epochs: number;
    readonly rate: number;
    readonly batchSize: number;
    /** Curve epochs at which the curves are measured; 0 is the segment. */
    readonly snapshots: readonly number[];
    /** Positions t that are measured. */
    readonly positions: number;
  };
}

const common = {
  adamRate: 1e-3,
  momentum: 0.9,
  weightDecay: 5e-4,
  smallWeightDecay: 5e-6,
};

const steps = (boundaries: readonly number[]) =>
  ({ kind: "steps", initial: 0.05, boundaries, factor: 1 / 5 }) as const;

const allModes = Object.keys(modeTitles) as ModeName[];

const planned: Readonly<Record<Preset, ModeSettings>> = {
  quick: {
    ...common,
    network: tinyShape(false),
    trainingImagesPerClass: 100,
    testImages: 1000,
    measuredTrainingImages: 1000,
    modes: ["G", "A", "F"],
    epochs: 15,
    batchSize: 25,
    largeBatch: 100,
    // Digits are not mirrored, and a quarter of 14 pixels is too far.
    augment: { padding: 1, flip: false },
    rate: steps([5, 9, 12]),
    starts: [fanOut],
    largeStarts: [{ kernels: { rule: "he-fan-out", factor: 1.5 }, clipNorm: 1 }],
    curve: { epochs: 8, rate: 0.015, batchSize: 25, snapshots: [0, 4, 8], positions: 9 },
  },
  cpu: {
    ...common,
    network: miniShape(false),
    trainingImagesPerClass: 300,
    testImages: 2000,
    measuredTrainingImages: 1000,
    modes: allModes,
    epochs: 30,
    batchSize: 50,
    largeBatch: 1000,
    augment: {},
    rate: steps([9, 18, 24]),
    // He's kernels with a last layer ÷ √2, as planned first, left mode D at chance and G at a training loss of 1.59.
    starts: [fanOut],
    // Factors from 1.5 on diverge without clipping; 3 with clipping stays at chance.
    largeStarts: [{ kernels: { ...fanOut.kernels, factor: 1.5 }, clipNorm: 1 }],
    curve: { epochs: 40, rate: 0.015, batchSize: 50, snapshots: [0, 10, 20, 30, 40], positions: 9 },
  },
  paper: {
    ...common,
    network: vggShape(16, { dropout: 0.5 }),
    trainingImagesPerClass: 5000,
    testImages: 10_000,
    measuredTrainingImages: 50_000,
    modes: allModes,
    epochs: 200,
    batchSize: 100,
    largeBatch: 4000,
    augment: {},
    rate: steps([60, 120, 160]),
    // The paper's factor 3 first, then what is nearest to it.
    starts: [he, fanOut],
    largeStarts: [
      { kernels: { rule: "he", factor: 3 } },
      { kernels: { rule: "he", factor: 3 }, clipNorm: 1 },
      { kernels: { rule: "he", factor: Math.sqrt(3) } },
      { kernels: { rule: "he-fan-out", factor: 1.5 } },
    ],
    curve: {
      epochs: 200,
      rate: 0.015,
      batchSize: 100,
      snapshots: [0, 20, 40, 60, 80, 200],
      positions: 61,
    },
  },
};

export function modeSettings({
  preset,
  sizes = {},
}: Pick<ExperimentInput, "preset" | "sizes">): ModeSettings {
  const settings = planned[preset];
  const { trainingImagesPerClass, curve } = settings;
  const epochs = sizes.curveEpochs ?? curve.epochs;
  return {
    ...settings,
    trainingImagesPerClass: sizes.imagesPerClass ?? trainingImagesPerClass,
    curve: {
      ...curve,
      epochs,
      // At the same shares of the training.
      snapshots: curve.snapshots.map((epoch) => Math.round((epoch / curve.epochs) * epochs)),
    },
  };
}

type Run = Omit<TrainingRun, "network">;

/** How one mode is trained, beside the network. */
export function modeRun(settings: ModeSettings, mode: ModeName): Run {
  const { epochs, batchSize, rate, momentum, weightDecay, augment } = settings;
  const plain: Run = {
    epochs,
    batchSize,
    rate,
    optimizer: "sgd",
    momentum,
    weightDecay,
    starts: settings.starts,
    // Every mode has initial weights and an order of its own.
    seed: allModes.indexOf(mode),
    snapshots: [epochs],
    evaluateEvery: epochs,
  };
  const usual: Run = { ...plain, augment };
  switch (mode) {
    case "G":
      return usual;
    case "A":
      return { ...usual, batchSize: settings.largeBatch };
    case "B":
      return { ...usual, optimizer: "adam", rate: { ...rate, initial: settings.adamRate } };
    case "C":
      return { ...usual, rate: { kind: "linear", initial: rate.initial } };
    case "D":
      return { ...usual, weightDecay: settings.smallWeightDecay };
    case "E":
      return { ...usual, starts: settings.largeStarts };
    case "F":
      return plain;
  }
}
