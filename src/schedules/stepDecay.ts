import { checkNumber, checkOptions } from "../internal/checks.js";
import { boundariesPassed, checkBoundaries } from "./boundaries.js";
import { guarded, type Schedule } from "./schedule.js";

export interface StepDecayOptions {
  /** Value before the first boundary. */
  initial: number;
  /** Steps at which the value drops: integers >= 1, strictly increasing. An empty list never drops. */
  boundaries: readonly number[];
  /** What each boundary multiplies the value by, in (0, 1]; a division by 5 is `1 / 5`. */
  factor: number;
}

/**
 * Step decay: the value is multiplied by a factor at each of a list of steps.
 *
 *     value(t) = initial · factor^k,   k = number of boundaries <= t
 *
 * The new value is in force **at** the boundary: with a boundary of 60, update 59 uses the old value
 * and update 60 the new one. This is the convention of PyTorch, optax and timm; Keras'
 * `PiecewiseConstantDecay` drops one step later, so a Keras boundary b is `b + 1` here.
 *
 * @param options - See {@link StepDecayOptions}.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if the boundaries are not strictly increasing positive integers, or if `factor`
 * is outside (0, 1]; TypeError for another kind of value.
 * @example The two step schedules of the paper, in epochs
 * ```ts
 * import { stepDecay } from "closerlook/schedules";
 * const modes = stepDecay({ initial: 0.05, boundaries: [60, 120, 160], factor: 1 / 5 });
 * modes(59); // 0.05
 * modes(60); // 0.010000000000000002
 * modes(160); // 0.00040000000000000013
 * const warmupExperiment = stepDecay({ initial: 2.5, boundaries: [60, 120, 150], factor: 1 / 10 });
 * warmupExperiment(60); // 0.25
 * ```
 * @see Gotmare et al. 2019, sections 3, 4 and 7.1.
 */
export function stepDecay(options: StepDecayOptions): Schedule {
  checkOptions("stepDecay", options, ["initial", "boundaries", "factor"]);
  const { initial, factor } = options;
  checkNumber("stepDecay", "initial", initial);
  checkNumber("stepDecay", "factor", factor, { above: 0, max: 1 });
  const boundaries = checkBoundaries("stepDecay", "boundaries", options.boundaries);
  return guarded("stepDecay", (step) => initial * factor ** boundariesPassed(boundaries, step), {
    initial,
    boundaries,
    factor,
  });
}
