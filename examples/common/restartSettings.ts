import type { RandomCropAndFlipOptions } from "closerlook/tfjs";
import type { ExperimentInput, Preset } from "./experiment.js";
import { miniShape, tinyShape, type VggShape, vggShape } from "./networkShapes.js";
import { fanOut, he, heSmallLogits, type RatePlan, type TrainingStart } from "./trainingRun.js";

/**
 * One network trained twice, by warm restarts (SGDR) and by a step decay, and the curves, segments and planes between its
 * iterates: experiments X2–X6 and X8, and with batch normalisation X7.
 */
export interface RestartSettings {
  readonly network: VggShape;
  readonly trainingImagesPerClass: number;
  readonly testImages: number;
  /** Ways to begin, as far as the first ones do not train. */
  readonly starts: readonly TrainingStart[];
  readonly batchSize: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** How images are cropped and mirrored at random; not at all if absent. */
  readonly augment?: RandomCropAndFlipOptions;
  readonly restarts: RunSettings<RestartMoment, "restarts">;
  readonly steps: RunSettings<StepMoment, "steps">;
  /** Epochs of the decays over the whole budget, experiment X13. */
  readonly decayEpochs: number;
  /** Epochs between the iterates of the restarts that are drawn in the planes. */
  readonly iterateEvery: number;
  /** Epochs between two evaluations on the test images. */
  readonly evaluateEvery: number;
  readonly curve: {
    readonly epochs: number;
    readonly rate: number;
    /** Positions t on each path that are measured. */
    readonly positions: number;
  };
  readonly plane: {
    /** Cells along each axis. */
    readonly cells: number;
    /** Test images in each cell; training images are all. */
    readonly testImages: number;
  };
  readonly seed: number;
}

/** Moments of the two runs, by the epoch that the paper gives them. */
export type RestartMoment = 10 | 30 | 70 | 150 | 155;
export type StepMoment = 10 | 55 | 65 | 145 | 155 | 165;

interface RunSettings<Moment extends number, Kind extends RatePlan["kind"]> {
  readonly epochs: number;
  readonly rate: Extract<RatePlan, { kind: Kind }>;
  /** Our epoch for each of the paper's. */
  readonly moments: Readonly<Record<Moment, number>>;
}

/** Everything in the paper's own epochs. */
const paperRuns: Pick<RestartSettings, "restarts" | "steps" | "decayEpochs" | "iterateEvery"> = {
  restarts: {
    epochs: 155,
    rate: { kind: "restarts", max: 0.05, min: 1e-6, period: 10, multiplier: 2 },
    moments: { 10: 10, 30: 30, 70: 70, 150: 150, 155: 155 },
  },
  steps: {
    epochs: 200,
    rate: { kind: "steps", initial: 0.05, boundaries: [60, 150], factor: 1 / 5 },
    moments: { 10: 10, 55: 55, 65: 65, 145: 145, 155: 155, 165: 165 },
  },
  decayEpochs: 200,
  iterateEvery: 5,
};

/** A fifth of the paper's epochs. */
const shortRuns: Pick<RestartSettings, "restarts" | "steps" | "decayEpochs" | "iterateEvery"> = {
  restarts: {
    epochs: 31,
    rate: { kind: "restarts", max: 0.05, min: 1e-6, period: 2, multiplier: 2 },
    moments: { 10: 2, 30: 6, 70: 14, 150: 30, 155: 31 },
  },
  steps: {
    epochs: 33,
    rate: { kind: "steps", initial: 0.05, boundaries: [12, 30], factor: 1 / 5 },
    moments: { 10: 2, 55: 11, 65: 13, 145: 29, 155: 31, 165: 33 },
  },
  decayEpochs: 31,
  iterateEvery: 1,
};

const settingsOf = (preset: Preset, batchNormalization: boolean): RestartSettings => {
  const common = {
    momentum: 0.9,
    weightDecay: 5e-4,
    seed: 0,
    // Only the networks without batch norm have a figure of their accuracy.
    evaluateEvery: batchNormalization ? 5 : 1,
  };
  switch (preset) {
    case "quick":
      return {
        ...common,
        ...shortRuns,
        network: tinyShape(batchNormalization),
        trainingImagesPerClass: 50,
        testImages: 500,
        starts: [fanOut],
        batchSize: 25,
        curve: { epochs: 20, rate: 0.015, positions: 11 },
        plane: { cells: 9, testImages: 500 },
      };
    // The data are fewer and not the epochs: a barrier shows between iterates whose training loss is near zero. For the
    // same reason there is no augmentation.
    case "cpu":
      return {
        ...common,
        ...paperRuns,
        // As long as the last moment that is compared.
        steps: { ...paperRuns.steps, epochs: 165 },
        // As long as the restarts.
        decayEpochs: 155,
        network: miniShape(batchNormalization),
        trainingImagesPerClass: 200,
        testImages: 2000,
        // Training loss after 10 epochs from three seeds: He's kernels diverged, 2.10, 0.86; with a last layer ÷ √2 1.58,
        // 1.27, 0.94; by fan-out 0.98, 1.01, 1.21. With a loss of 4.4 at the start the first are at the edge of stability.
        starts: [heSmallLogits],
        batchSize: 50,
        // Without batch norm the bend's training loss after 20 epochs is still above that of the later end, whose training was
        // much longer.
        curve: { epochs: batchNormalization ? 20 : 60, rate: 0.015, positions: 13 },
        plane: { cells: 11, testImages: 1000 },
      };
    case "paper":
      return {
        ...common,
        ...paperRuns,
        network: vggShape(16, { batchNormalization, dropout: 0.5 }),
        trainingImagesPerClass: 5000,
        testImages: 10_000,
        starts: [he, fanOut],
        batchSize: 100,
        augment: {},
        curve: { epochs: 200, rate: 0.015, positions: 61 },
        plane: { cells: 21, testImages: 10_000 },
      };
  }
};

type Sized = Pick<ExperimentInput, "preset" | "sizes">;

export const plainSettings = (input: Sized) => resized(settingsOf(input.preset, false), input);
export const batchNormSettings = (input: Sized) => resized(settingsOf(input.preset, true), input);

function resized(settings: RestartSettings, { sizes = {} }: Sized): RestartSettings {
  const { trainingImagesPerClass, curve } = settings;
  return {
    ...settings,
    trainingImagesPerClass: sizes.imagesPerClass ?? trainingImagesPerClass,
    curve: { ...curve, epochs: sizes.curveEpochs ?? curve.epochs },
  };
}
