import { checkInverseDecay, type InverseDecayOptions } from "./inverseDecay.js";
import { guarded, type Schedule } from "./schedule.js";

/**
 * Decay by the inverse of the time, without an end.
 *
 *     value(t) = initial · steps / (steps + t)
 *
 * The value is halved after `steps` steps.
 *
 * @param options - See {@link InverseDecayOptions}.
 * @returns Schedule of the 0-based update index; never rises if `initial` is positive.
 * @throws RangeError if `initial` is not finite or `steps` is not positive; TypeError for another kind of value.
 * @example
 * ```ts
 * import { inverseTime } from "closerlook/schedules";
 * inverseTime({ initial: 0.1, steps: 100 })(100); // 0.05
 * ```
 * @see `InverseTimeDecay` of Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/
 */
export function inverseTime(options: InverseDecayOptions): Schedule {
  const { initial, steps } = checkInverseDecay("inverseTime", options);
  return guarded("inverseTime", (step) => initial / (1 + step / steps), { initial, steps });
}
