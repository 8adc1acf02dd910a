import { checkFunction, checkInteger } from "../internal/checks.js";
import { guarded, type Schedule } from "./schedule.js";

/**
 * A schedule that comes a number of steps later, or earlier.
 *
 *     value(t) = schedule(max(0, t − steps))
 *
 * Later, its first value is held until it begins. Earlier (`steps` negative), it is taken up in its middle.
 *
 * @param schedule - Any schedule.
 * @param steps - How much later, an integer.
 * @returns Schedule of the 0-based update index.
 * @throws TypeError if `schedule` is not a function or `steps` not a number; RangeError if `steps` is not an integer.
 * @example
 * ```ts
 * import { linearDecay, shift } from "closerlook/schedules";
 * const lr = linearDecay({ initial: 0.1, steps: 10 });
 * shift(lr, 5)(5); // 0.1
 * shift(lr, 5)(10); // 0.05
 * shift(lr, -5)(0); // 0.05
 * ```
 * @see `transition_begin` of optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
export function shift(schedule: Schedule, steps: number): Schedule {
  checkFunction("shift", "schedule", schedule, "a schedule");
  checkInteger("shift", "steps", steps);
  const rule: Schedule = (step) => schedule(Math.max(0, step - steps));
  return guarded("shift", rule, { of: schedule, steps });
}
