import { checkNumber } from "../internal/checks.js";
import { guarded, type Schedule } from "./schedule.js";

/**
 * The same value at every step.
 *
 *     value(t) = value
 *
 * @param value - Any finite number.
 * @returns Schedule of the 0-based update index.
 * @throws TypeError or RangeError if `value` is not a finite number.
 * @example
 * ```ts
 * import { constant } from "closerlook/schedules";
 * constant(0.1)(1000); // 0.1
 * ```
 * @see `constant_schedule` of optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
export function constant(value: number): Schedule {
  checkNumber("constant", "value", value);
  return guarded("constant", () => value, { value });
}
