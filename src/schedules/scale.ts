import { checkFunction, checkNumber } from "../internal/checks.js";
import { guarded, type Schedule } from "./schedule.js";

/**
 * A schedule with all its values multiplied by a factor.
 *
 *     value(t) = factor · schedule(t)
 *
 * @param schedule - Any schedule.
 * @param factor - Any finite number, such as the ratio of two batch sizes under the linear scaling rule.
 * @returns Schedule of the 0-based update index.
 * @throws TypeError if `schedule` is not a function or `factor` not a number; RangeError if `factor` is
 * not finite.
 * @example From batches of 100 to batches of 5000
 * ```ts
 * import { constant, scale } from "closerlook/schedules";
 * scale(constant(0.05), 5000 / 100)(0); // 2.5
 * ```
 * @see Gotmare et al. 2019, section 4; the scaling rule is Goyal et al. 2017, section 2.1.
 */
export function scale(schedule: Schedule, factor: number): Schedule {
  checkFunction("scale", "schedule", schedule, "a schedule");
  checkNumber("scale", "factor", factor);
  return guarded("scale", (step) => factor * schedule(step), { of: schedule, factor });
}
