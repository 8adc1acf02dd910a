import { checkNumber } from "../internal/checks.js";
import { checkDecay, type DecayOptions } from "./decayOptions.js";
import { linear } from "./interpolate.js";
import { guarded, type Schedule } from "./schedule.js";

export interface PolynomialDecayOptions extends DecayOptions {
  /** Power of the fraction that is left, > 0; above 1 the value falls earlier. @defaultValue 1 */
  power?: number;
}

/**
 * Polynomial decay from one value to another, which is then held.
 *
 *     value(t) = final + (initial − final) · (1 − t / steps)^power   for t < steps,   final from then on
 *
 * @param options - See {@link PolynomialDecayOptions}.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if `final` > `initial`, `steps` is not a positive integer or `power` is not positive; TypeError for
 * another kind of value.
 * @example
 * ```ts
 * import { polynomialDecay } from "closerlook/schedules";
 * const lr = polynomialDecay({ initial: 0.1, steps: 100, power: 2 });
 * lr(50); // 0.025
 * lr(100); // 0
 * ```
 * @see `PolynomialDecay` of Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/
 */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const { initial, final, steps } = checkDecay("polynomialDecay", options, ["power"]);
  const { power = 1 } = options;
  checkNumber("polynomialDecay", "power", power, { above: 0 });
  const rule: Schedule = (step) => {
    const left = Math.max(0, 1 - step / steps);
    return linear(final, initial, left ** power);
  };
  return guarded("polynomialDecay", rule, { initial, final, steps, power });
}
