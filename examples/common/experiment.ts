import type { Figure } from "closerlook/plot";
import type { TrainAndTest } from "./images.js";
import type { Finished, Job, JobResult } from "./jobs.js";
import type { Check } from "./verdicts.js";

/** Sizes at which an experiment can run. */
export const presets = ["quick", "cpu", "paper"] as const;
export type Preset = (typeof presets)[number];

/** Sizes that take the place of the preset's. */
interface Sizes {
  /** Training images of each class. */
  readonly imagesPerClass?: number;
  /** Epochs for which curves are trained. */
  readonly curveEpochs?: number;
}

/** What an experiment works on. */
export interface ExperimentInput {
  readonly preset: Preset;
  readonly sizes?: Sizes;
  /** All images of the data set, values in [0, 1]. */
  readonly data: TrainAndTest;
  /** What else the bits of a result depend on: version, back end. */
  readonly environment: unknown;
}

/** What an experiment may ask of its surroundings. */
export interface ExperimentContext extends ExperimentInput {
  /** Result of a job, computed or found from an earlier run. */
  result<Result extends JobResult>(job: Job<Result>): Promise<Finished<Result>>;
}

export interface ExperimentReport {
  readonly checks: readonly Check[];
  /** What a reader of the checks must know, such as runs that diverged. */
  readonly notes?: readonly string[];
  /** By file name without extension. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** Everything that the figures and checks were made from, for `result.json`. */
  readonly numbers: unknown;
}

/** One experiment of the paper. */
export interface Experiment {
  /** As on the command line: `x09`. */
  readonly id: string;
  readonly title: string;
  /** Where the paper shows it. */
  readonly shows: string;
  /** The presets that it has. */
  readonly presets: readonly Preset[];
  /** Whether it goes by {@link Sizes}. */
  readonly resizable?: boolean;
  /** The checks that mean something at preset `quick`; the others only show that the whole path works. */
  readonly meaningfulAtQuick: RegExp;
  /** The jobs that {@link Experiment.report} asks results of. */
  jobs(input: ExperimentInput): readonly Job[];
  report(context: ExperimentContext): Promise<ExperimentReport>;
}
