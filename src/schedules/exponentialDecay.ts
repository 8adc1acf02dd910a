import { checkBoolean, checkInteger, checkNumber, checkOptions } from "../internal/checks.js";
import { checkFinal } from "./decayOptions.js";
import { guarded, type Schedule } from "./schedule.js";

export interface ExponentialDecayOptions {
  /** Value at step 0. */
  initial: number;
  /** What the value is multiplied by in the course of `steps` steps, in (0, 1]. */
  factor: number;
  /** An integer >= 1. @defaultValue 1 */
  steps?: number;
  /** Value below which it does not fall, at most `initial`. @defaultValue 0 */
  final?: number;
  /** Whether the value falls at once every `steps` steps rather than a little in each. @defaultValue false */
  staircase?: boolean;
}

/**
 * Exponential decay down to a floor.
 *
 *     value(t) = max(final, initial · factor^(t / steps))        with staircase   factor^⌊t / steps⌋
 *
 * With `staircase` it is a step decay with equal distances: step `steps` is the first with the lower value.
 *
 * @param options - See {@link ExponentialDecayOptions}.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if `final` > `initial`, `factor` is outside (0, 1] or `steps` is not a positive integer; TypeError for
 * another kind of value.
 * @example
 * ```ts
 * import { exponentialDecay } from "closerlook/schedules";
 * exponentialDecay({ initial: 0.1, factor: 0.25, steps: 10 })(5); // 0.05
 * exponentialDecay({ initial: 0.1, factor: 0.25, steps: 10, staircase: true })(9); // 0.1
 * exponentialDecay({ initial: 0.1, factor: 0.25, steps: 10, staircase: true })(10); // 0.025
 * exponentialDecay({ initial: 0.1, factor: 0.25, steps: 10, final: 0.01 })(1000); // 0.01
 * ```
 * @see `ExponentialDecay` of Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/
 */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const where = "exponentialDecay";
  checkOptions(where, options, ["initial", "factor", "steps", "final", "staircase"]);
  const { initial, factor, steps = 1, final = 0, staircase = false } = options;
  checkNumber(where, "initial", initial);
  checkNumber(where, "factor", factor, { above: 0, max: 1 });
  checkInteger(where, "steps", steps, { min: 1 });
  checkFinal(where, initial, final);
  checkBoolean(where, "staircase", staircase);
  const rule: Schedule = (step) => {
    const periods = staircase ? Math.floor(step / steps) : step / steps;
    return Math.max(final, initial * factor ** periods);
  };
  return guarded(where, rule, { initial, factor, steps, final, staircase });
}
