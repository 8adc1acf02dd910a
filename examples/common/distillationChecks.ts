import type { Preset } from "./experiment.js";
import { mean, standardError } from "./mean.js";
import {
  accuracyNoise,
  decide,
  every,
  exactly,
  type Finding,
  type NumberFormat,
  numberFormat,
  percent,
} from "./verdicts.js";

/** Mean |difference| of two grids over the teacher's layers, for the shallow and the deep layers of the student. */
export interface DepthDifference {
  /** Convolutions. */
  readonly shallow: number;
  /** Fully connected layers. */
  readonly deep: number;
}

/** Similarities differ in the third digit. */
const similarity = numberFormat(1, 3, "");

const summary = (values: readonly number[], format: NumberFormat) =>
  format(mean(values), standardError(values));

/** X12.a: the best distilled student is better than the best with hard labels. */
export function distillationHelps(
  soft: readonly number[],
  hard: readonly number[],
  testImages: number,
): Finding {
  const [a, b] = [Math.max(...soft), Math.max(...hard)];
  return {
    verdict: decide(a - b, accuracyNoise(a, b, testImages)),
    ours: `best ${percent(a)} against ${percent(b)}; means ${summary(soft, percent)}, ${summary(hard, percent)}`,
  };
}

/** X12.b: distillation changes the deep layers more than the shallow ones. */
export function deepLayersDiffer(pairs: readonly DepthDifference[]): Finding {
  const margins = pairs.map(({ deep, shallow }) => deep - shallow);
  return {
    verdict: decide(mean(margins), standardError(margins)),
    ours: pairs
      .map(({ deep, shallow }) => `${similarity(deep)} against ${similarity(shallow)}`)
      .join("; "),
  };
}

/** X12.c: and changes them more than another seed does. */
export function exceedsSeedNoise(
  pairs: readonly DepthDifference[],
  control: readonly DepthDifference[],
): Finding {
  const [distilled, seeds] = [pairs, control].map((all) => all.map(({ deep }) => deep)) as [
    number[],
    number[],
  ];
  const allowance = Math.hypot(standardError(distilled), standardError(seeds));
  return {
    verdict: decide(mean(distilled) - mean(seeds), allowance),
    ours: `${summary(distilled, similarity)} against ${summary(seeds, similarity)}`,
  };
}

/** X12.d: the paper's accuracies, within a point. */
export function accuraciesOfPaper(
  soft: readonly number[],
  hard: readonly number[],
  preset: Preset,
): Finding {
  const [a, b] = [Math.max(...soft), Math.max(...hard)];
  const within = (value: number, low: number, high: number) =>
    exactly(value >= low && value <= high);
  return {
    verdict:
      preset === "paper" ? every([within(a, 0.842, 0.862), within(b, 0.82, 0.84)]) : "not decided",
    ours: `${percent(a)} and ${percent(b)}${preset === "paper" ? "" : ", a smaller setting"}`,
  };
}
