import type { RandomCropAndFlipOptions } from "closerlook/tfjs";
import type { Preset } from "./experiment.js";
import { miniShape, tinyShape, type VggShape, vggShape } from "./networkShapes.js";
import { type StudentShape, studentShape, tinyStudentShape } from "./studentNetwork.js";
import { fanOut, he, type RatePlan, type TrainingStart } from "./trainingRun.js";

/** Experiment X12: a teacher, and students that learn from it or from the labels. */
export interface DistillationSettings {
  readonly network: VggShape;
  readonly student: StudentShape;
  readonly trainingImagesPerClass: number;
  readonly testImages: number;
  readonly teacherEpochs: number;
  readonly teacherRate: Extract<RatePlan, { kind: "steps" }>;
  /** Ways in which the teacher begins, as far as the first ones do not train. */
  readonly starts: readonly TrainingStart[];
  readonly studentEpochs: number;
  /**
   * Of both kinds: the teacher's divided by the temperature, since the gradient of the soft term, T · (q − p), may be so many times
   * as long as that of hard labels. At the teacher's own rate the distilled students of `quick` stay at chance.
   */
  readonly studentRate: Extract<RatePlan, { kind: "steps" }>;
  readonly batchSize: number;
  /** Of teacher and students; none if absent. */
  readonly augment?: RandomCropAndFlipOptions;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly temperature: number;
  /** One distilled and one hard-label student each. */
  readonly seeds: readonly number[];
}

const common = { momentum: 0.9, weightDecay: 5e-4, temperature: 5 };

const steps = (boundaries: readonly number[], initial = 0.05) =>
  ({ kind: "steps", initial, boundaries, factor: 1 / 5 }) as const;

export const distillationSettings: Readonly<Record<Preset, DistillationSettings>> = {
  quick: {
    ...common,
    network: tinyShape(false),
    student: tinyStudentShape,
    trainingImagesPerClass: 100,
    testImages: 1000,
    teacherEpochs: 12,
    teacherRate: steps([6, 9, 11]),
    starts: [fanOut],
    studentEpochs: 12,
    studentRate: steps([6, 9, 11], 0.05 / 5),
    batchSize: 25,
    seeds: [0, 1],
  },
  cpu: {
    ...common,
    network: miniShape(true),
    student: studentShape(4),
    trainingImagesPerClass: 500,
    testImages: 2000,
    teacherEpochs: 30,
    teacherRate: steps([9, 18, 24]),
    starts: [he],
    studentEpochs: 30,
    studentRate: steps([9, 18, 24], 0.05 / 5),
    batchSize: 50,
    augment: {},
    seeds: [0, 1, 2],
  },
  paper: {
    ...common,
    network: vggShape(16, { dropout: 0.5 }),
    student: studentShape(1),
    trainingImagesPerClass: 5000,
    testImages: 10_000,
    teacherEpochs: 200,
    teacherRate: steps([60, 120, 160]),
    starts: [he, fanOut],
    studentEpochs: 200,
    studentRate: steps([60, 120, 160], 0.05 / 5),
    batchSize: 100,
    augment: {},
    seeds: [0, 1, 2, 3, 4],
  },
};
