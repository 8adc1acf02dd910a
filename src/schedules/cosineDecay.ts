import { checkNumber } from "../internal/checks.js";
import { checkDecay, type DecayOptions } from "./decayOptions.js";
import { cosine } from "./interpolate.js";
import { guarded, type Schedule } from "./schedule.js";

export interface CosineDecayOptions extends DecayOptions {
  /** Power that the half-wave is raised to, > 0; above 1 the value falls earlier. @defaultValue 1 */
  exponent?: number;
}

/**
 * Cosine decay (annealing without restarts) from one value to another, which is then held.
 *
 *     value(t) = final + (initial − final) · ((1 + cos(π · t / steps)) / 2)^exponent   for t < steps,   final from then on
 *
 * Step 0 has exactly `initial` and step `steps` exactly `final`. The value never rises again after
 * that, unlike PyTorch's `CosineAnnealingLR`, which follows the cosine back up.
 *
 * @param options - See {@link CosineDecayOptions}.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if `final` > `initial`, `steps` is not a positive integer or `exponent` is not
 * positive; TypeError for another kind of value.
 * @example One cosine over the whole budget, which the paper found to do as well as restarts
 * ```ts
 * import { cosineDecay } from "closerlook/schedules";
 * const lr = cosineDecay({ initial: 0.05, final: 1e-6, steps: 200 });
 * lr(0); // 0.05
 * lr(100); // 0.025000500000000002
 * lr(200); // 0.000001
 * ```
 * @see Loshchilov & Hutter 2017, eq. (5) with a single cycle; Gotmare et al. 2019, footnote 4.
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const { initial, final, steps } = checkDecay("cosineDecay", options, ["exponent"]);
  const { exponent = 1 } = options;
  checkNumber("cosineDecay", "exponent", exponent, { above: 0 });
  return guarded("cosineDecay", (step) => cosine(initial, final, step / steps, exponent), {
    initial,
    final,
    steps,
    exponent,
  });
}
