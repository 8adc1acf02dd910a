import type { NetworkShape } from "../../examples/common/networkShapes.js";
import type { Task } from "../side.js";
import type { Work } from "./work.js";

/** What one side is asked to compute. */
export interface TrainingTask extends Task {
  /** Whose kernels a side in Node computes with. */
  readonly kernels: "ours" | "composed" | "cpu";
  readonly work: Work;
  /** Data of a step of training. */
  readonly files?: StepFiles;
  readonly update: typeof UPDATE;
  /** How many steps' losses are the answer. */
  readonly firstSteps: number;
  /** Repeat until so much time has passed. */
  readonly enoughSeconds: number;
}

/** `.npz` files. */
export interface StepFiles {
  /** The network's initial weights by name, as tf.layers has them. */
  readonly weights: string;
  /** Images `x` and classes `y`, the same in every step. */
  readonly batch: string;
}

/** Losses of the first steps, or a sample of a kernel's result; and the bare kernel's rate where there is one. */
export interface Answer {
  readonly values: readonly number[];
  /** GFLOP/s on one thread. */
  readonly bareKernel?: number;
}

/** Seed of the initial weights. */
export const SEED = 1;

/** Small enough that rounding does not grow in three steps. */
export const UPDATE = { learningRate: 0.01, momentum: 0.9 };

/** Classes that a network tells apart. */
export const classesOf = (shape: NetworkShape): number =>
  "stages" in shape ? shape.classes : shape.classifier.at(-1)!;
