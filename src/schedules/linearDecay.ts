import { checkDecay, type DecayOptions } from "./decayOptions.js";
import { linear } from "./interpolate.js";
import { guarded, type Schedule } from "./schedule.js";

/**
 * Linear decay from one value to another, which is then held.
 *
 *     value(t) = initial + (final − initial) · t / steps   for t < steps,   final from then on
 *
 * Step 0 has exactly `initial` and step `steps` exactly `final`: a training of `steps` updates
 * (0 … steps − 1) ends one step short of `final`.
 *
 * @param options - See {@link DecayOptions}.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if `final` > `initial` or `steps` is not a positive integer; TypeError for another
 * kind of value.
 * @example
 * ```ts
 * import { linearDecay } from "closerlook/schedules";
 * const lr = linearDecay({ initial: 0.05, steps: 200 });
 * lr(0); // 0.05
 * lr(100); // 0.025
 * lr(1000); // 0
 * ```
 * @see Gotmare et al. 2019, section 2.1.1 (mode C) and footnote 4.
 */
export function linearDecay(options: DecayOptions): Schedule {
  const { initial, final, steps } = checkDecay("linearDecay", options);
  return guarded("linearDecay", (step) => linear(initial, final, step / steps), {
    initial,
    final,
    steps,
  });
}
