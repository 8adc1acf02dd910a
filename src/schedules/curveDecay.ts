import { checkInteger, checkNumber, checkOptions } from "../internal/checks.js";
import { guarded, type Schedule } from "./schedule.js";

export interface CurveDecayOptions {
  /** Value in the first half. */
  initial: number;
  /** Steps of the whole training, an integer >= 1. */
  steps: number;
}

/** Share of the initial value that is left at the end. */
const LEAST = 0.01;

/**
 * The decay by which curves between networks are usually trained: constant, then a line, then constant.
 *
 *     value(t) = initial · f(t / steps)
 *
 *     f(α) = 1                               α <= 0.5
 *     f(α) = 1 − 0.99 · (α − 0.5) / 0.4      0.5 < α < 0.9
 *     f(α) = 0.01                            α >= 0.9
 *
 * The last value is held from then on, beyond `steps` too. The code behind the paper of Garipov et al. sets the rate once
 * for each epoch e = 1, 2, …, with α = e / epochs; here the first step is 0.
 *
 * @param options - See {@link CurveDecayOptions}.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if `steps` is not a positive integer or `initial` is not finite; TypeError for another kind of value.
 * @example
 * ```ts
 * import { curveDecay } from "closerlook/schedules";
 * const lr = curveDecay({ initial: 0.015, steps: 200 });
 * lr(100); // 0.015
 * lr(140); // 0.007575
 * lr(180); // 0.00015
 * ```
 * @see Garipov et al. 2018, section 3.
 */
export function curveDecay(options: CurveDecayOptions): Schedule {
  const where = "curveDecay";
  checkOptions(where, options, ["initial", "steps"]);
  const { initial, steps } = options;
  checkNumber(where, "initial", initial);
  checkInteger(where, "steps", steps, { min: 1 });
  const rule: Schedule = (step) => {
    const done = step / steps;
    if (done <= 0.5) return initial;
    if (done >= 0.9) return initial * LEAST;
    return initial * (1 - ((1 - LEAST) * (done - 0.5)) / 0.4);
  };
  return guarded(where, rule, { initial, steps });
}
