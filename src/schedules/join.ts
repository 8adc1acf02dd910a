import { checkFunction, rangeError, typeError } from "../internal/checks.js";
import { boundariesPassed, checkBoundaries } from "./boundaries.js";
import { guarded, type Schedule } from "./schedule.js";

/**
 * Schedules one after another, each on its own clock.
 *
 *     value(t) = s_k(t − b_k),   k = number of boundaries <= t
 *
 *     s_k = schedule k, from 0,   b_0 = 0,   b_k = boundary k − 1
 *
 * At a boundary the next schedule is in force, at its own step 0.
 *
 * @param schedules - One or more schedules.
 * @param boundaries - Steps at which the next schedule begins: integers >= 1, strictly increasing, one
 * fewer than there are schedules.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if there is no schedule, the boundaries are not strictly increasing positive integers or their number
 * does not fit; TypeError for another kind of value.
 * @example The schedule of curve training: constant for half of 200 epochs, then down to a hundredth at 180
 * ```ts
 * import { constant, join, linearDecay } from "closerlook/schedules";
 * const down = linearDecay({ initial: 0.015, final: 0.00015, steps: 80 });
 * const lr = join([constant(0.015), down], [100]);
 * lr(99); // 0.015
 * lr(140); // 0.007575
 * lr(199); // 0.00015
 * ```
 * @see `join_schedules` of optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
export function join(schedules: readonly Schedule[], boundaries: readonly number[]): Schedule {
  if (!Array.isArray(schedules)) {
    throw typeError("join", "schedules", "an array of schedules", schedules);
  }
  if (schedules.length === 0) {
    throw rangeError("join", "schedules", "one or more schedules", schedules);
  }
  const parts: readonly Schedule[] = schedules.map((schedule, i) =>
    checkFunction("join", `schedules[${i}]`, schedule, "a schedule"),
  );
  const ends = checkBoundaries("join", "boundaries", boundaries);
  const starts = [0, ...ends];
  if (parts.length !== starts.length) {
    const must = `one fewer than the ${parts.length} schedules`;
    throw rangeError("join", "the number of boundaries", must, starts.length - 1);
  }
  const rule: Schedule = (step) => {
    const k = boundariesPassed(starts, step) - 1;
    return parts[k]!(step - starts[k]!);
  };
  return guarded("join", rule, { schedules: parts, boundaries: ends });
}
