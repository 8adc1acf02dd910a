import { checkOneOf, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { finiteNumbers, positionsOfPath } from "./positions.js";

/** The losses measured along a path, from one end (t = 0) to the other (t = 1). */
export interface LossProfile {
  /** Positions: strictly increasing from exactly 0 to exactly 1, at least one between. */
  readonly t: ArrayLike<number>;
  /** Mean loss at each position. */
  readonly loss: ArrayLike<number>;
  /** Standard error of each mean, if the positions were measured on **different** examples. */
  readonly standardError?: ArrayLike<number>;
  /**
   * The loss of every single example at each position, if all were measured on the **same** examples in
   * the same order. The differences are then paired, which makes their standard error much smaller.
   */
  readonly exampleLosses?: readonly ArrayLike<number>[];
}

export interface BarrierOptions {
  /** What the losses on the path are compared with (see {@link barrier}). @defaultValue "max" */
  definition?: "max" | "mean" | "chord";
}

export interface Barrier {
  /** Largest excess of the loss over the reference, in the loss's unit. */
  readonly height: number;
  /** Position of the largest excess; the first of several equal ones. */
  readonly at: number;
  /** Standard error of `height` as a difference of losses at fixed positions; absent if unknown. */
  readonly standardError?: number;
  /** What `height` must exceed to be called a barrier. */
  readonly tolerance: number;
  /** Whether there is a barrier: `height > tolerance`. */
  readonly holds: boolean;
}

/** A barrier must be higher than this share of the worse end's loss. */
const LEAST_SHARE = 0.01;

/**
 * The barrier in the loss between the two ends of a path.
 *
 *     height = max_t [ L(t) − R(t) ]
 *
 *     definition "max":    R = max(L(0), L(1))              the paper's footnote 3
 *     definition "mean":   R = (L(0) + L(1)) / 2            Frankle et al. 2020
 *     definition "chord":  R(t) = (1 − t)·L(0) + t·L(1)     Entezari et al. 2022
 *
 * `"max"` is the least of the three and never negative; the three agree where the ends have the same loss.
 * `"mean"` is positive wherever the ends differ, and `"chord"` sees a bulge on a slope where `"max"` is 0.
 *
 * Noise: a barrier **holds** if it exceeds both a hundredth of the worse end's loss and twice the standard
 * error s of the difference at the place found,
 *
 *     tolerance = max(2·s, 0.01·max(|L(0)|, |L(1)|))
 *
 * The height is a lower bound for the path, as the maximum is taken over the positions that were measured.
 *
 * @param profile - See {@link LossProfile}; the two ways of giving the noise exclude each other.
 * @param options - See {@link BarrierOptions}.
 * @returns See {@link Barrier}.
 * @throws RangeError for positions that do not run from 0 to 1, lists of different lengths, numbers that
 * are not finite, or example losses whose mean is not the loss; TypeError for another kind of value.
 * @example
 * ```ts
 * import { barrier } from "closerlook/curves";
 * const profile = { t: [0, 0.25, 0.5, 0.75, 1], loss: [0.5, 0.5, 0.75, 0.5, 0.25] };
 * barrier(profile).height; // 0.25
 * barrier(profile).at; // 0.5
 * barrier(profile).holds; // true
 * barrier(profile, { definition: "chord" }).height; // 0.375
 * ```
 * @see Gotmare et al. 2019, footnote 3.
 */
export function barrier(profile: LossProfile, options: BarrierOptions = {}): Barrier {
  checkOptions("barrier", options, ["definition"]);
  const { definition = "max" } = options;
  checkOneOf("barrier", "definition", definition, ["max", "mean", "chord"]);
  const { t, loss, standardError, exampleLosses } = checkProfile(profile);

  const last = t.length - 1;
  const start = loss[0]!;
  const end = loss[last]!;
  /** The weights of the two ends in the reference at a position. */
  const endWeights = (position: number): readonly [number, number] => {
    if (definition === "mean") return [0.5, 0.5];
    if (definition === "chord") return [1 - position, position];
    return start >= end ? [1, 0] : [0, 1];
  };
  const excess = loss.map((value, i) => {
    const [weightOfStart, weightOfEnd] = endWeights(t[i]!);
    return value - (weightOfStart * start + weightOfEnd * end);
  });
  const highest = excess.reduce((best, value, i) => (value > excess[best]! ? i : best), 0);
  const height = excess[highest]!;

  // The height as a weighted sum of losses; at an end, the weights of the same loss add up.
  const weights = new Float64Array(t.length);
  weights[highest] = 1;
  const [weightOfStart, weightOfEnd] = endWeights(t[highest]!);
  weights[0]! -= weightOfStart;
  weights[last]! -= weightOfEnd;
  const error = exampleLosses
    ? pairedError(weights, exampleLosses)
    : standardError && independentError(weights, standardError);

  const share = LEAST_SHARE * Math.max(Math.abs(start), Math.abs(end));
  const tolerance = Math.max(2 * (error ?? 0), share);
  return {
    height,
    at: t[highest]!,
    ...(error !== undefined && { standardError: error }),
    tolerance,
    holds: height > tolerance,
  };
}

/** Standard error of a weighted sum of independent means. */
const independentError = (weights: Float64Array, errors: readonly number[]): number =>
  Math.sqrt(weights.reduce((sum, weight, k) => sum + (weight * errors[k]!) ** 2, 0));

/** Standard error of the mean of a weighted sum that is taken example by example. */
function pairedError(weights: Float64Array, losses: readonly ArrayLike<number>[]): number {
  const active = Array.from(weights.keys()).filter((k) => weights[k] !== 0);
  const differences = Float64Array.from({ length: losses[0]!.length }, (_, i) =>
    active.reduce((sum, k) => sum + weights[k]! * losses[k]![i]!, 0),
  );
  const n = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (n - 1) / n);
}

function checkProfile(profile: LossProfile) {
  if (typeof profile !== "object" || profile === null) {
    throw typeError("barrier", "profile", "an object with t and loss", profile);
  }
  const t = positionsOfPath("barrier", "profile.t", profile.t);
  const loss = finiteNumbers("barrier", "profile.loss", profile.loss, t.length);
  if (profile.standardError !== undefined && profile.exampleLosses !== undefined) {
    const must = "absent where there are exampleLosses, which give it";
    throw rangeError("barrier", "profile.standardError", must, profile.standardError);
  }
  const standardError =
    profile.standardError &&
    finiteNumbers("barrier", "profile.standardError", profile.standardError, t.length, 0);
  const exampleLosses = profile.exampleLosses && checkExampleLosses(profile.exampleLosses, loss);
  return { t, loss, standardError, exampleLosses };
}

function checkExampleLosses(exampleLosses: readonly ArrayLike<number>[], loss: readonly number[]) {
  if (!Array.isArray(exampleLosses)) {
    throw typeError("barrier", "profile.exampleLosses", "an array of arrays", exampleLosses);
  }
  if (exampleLosses.length !== loss.length) {
    const must = `${loss.length}, one for each position`;
    throw rangeError("barrier", "the number of exampleLosses", must, exampleLosses.length);
  }
  const examples = (exampleLosses[0] as ArrayLike<number> | undefined)?.length;
  const scale = loss.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return exampleLosses.map((row: ArrayLike<number>, k) => {
    const losses = finiteNumbers("barrier", `profile.exampleLosses[${k}]`, row, examples);
    if (losses.length < 2) throw rangeError("barrier", "the number of examples", ">= 2", examples);
    // Means in single precision may be off by far less than this; losses of another position by more.
    const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    if (Math.abs(mean - loss[k]!) > 1e-3 * scale) {
      const must = `of mean ${loss[k]}, the loss there`;
      throw rangeError("barrier", `profile.exampleLosses[${k}]`, must, mean);
    }
    return losses;
  });
}
