import { checkInverseDecay, type InverseDecayOptions } from "./inverseDecay.js";
import { guarded, type Schedule } from "./schedule.js";

/**
 * Decay by the inverse square root of the time, without an end.
 *
 *     value(t) = initial · √(steps / (steps + t))
 *
 * The value is halved after 3 · `steps` steps. After a warmup of `steps` steps this is the schedule of the Transformer,
 * initial · √(steps / t) for t >= steps.
 *
 * @param options - See {@link InverseDecayOptions}.
 * @returns Schedule of the 0-based update index; never rises if `initial` is positive.
 * @throws RangeError if `initial` is not finite or `steps` is not positive; TypeError for another kind of value.
 * @example The Transformer's: 4000 steps up, then down by the root
 * ```ts
 * import { inverseSquareRoot, warmup } from "closerlook/schedules";
 * const to = inverseSquareRoot({ initial: 7e-4, steps: 4000 });
 * const lr = warmup({ to, steps: 4000, inside: false });
 * lr(2000); // 0.00035
 * lr(4000); // 0.0007
 * lr(16000); // 0.00035
 * ```
 * @see Vaswani et al. 2017, eq. (3).
 */
export function inverseSquareRoot(options: InverseDecayOptions): Schedule {
  const { initial, steps } = checkInverseDecay("inverseSquareRoot", options);
  const rule: Schedule = (step) => initial / Math.sqrt(1 + step / steps);
  return guarded("inverseSquareRoot", rule, { initial, steps });
}
