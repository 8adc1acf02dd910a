import { checkBoolean, checkNumber, checkOneOf, rangeError } from "../internal/checks.js";
import { type CycleOptions, checkCycles, cycleOf } from "./cycles.js";
import { cosine, linear } from "./interpolate.js";
import { guarded, type Schedule } from "./schedule.js";

export interface CosineRestartsOptions extends CycleOptions {
  /** Value at the start of the first cycle. */
  max: number;
  /** Value that every cycle goes down to, at most `max`. @defaultValue 0 */
  min?: number;
  /** What the maximum is multiplied by at each restart, in (0, 1]. @defaultValue 1 */
  decay?: number;
  /**
   * What `decay` multiplies: the maximum itself (timm), or its height above `min` (Keras). The same if `min` is 0.
   * @defaultValue "max"
   */
  decayOf?: "max" | "height";
  /** Whether the last step of a cycle has exactly `min` (see {@link cosineRestarts}). @defaultValue false */
  endpoint?: boolean;
  /** Power of the elapsed fraction of a cycle, > 0 (k-decay); above 1 stays longer near the maximum. @defaultValue 1 */
  k?: number;
}

/**
 * Cosine annealing with warm restarts (SGDR).
 *
 *     value(t) = min + (M_i − min) · (1 + cos(π · (c / T_i)^k)) / 2
 *
 *     i = 0-based number of the cycle,   c = steps since its restart,
 *     T_i = period · multiplier^i,       M_i = max(min, max · decay^i)   or, with decayOf "height",   min + (max − min) · decay^i
 *
 * `c` runs from 0 to T_i − 1. The restart step has exactly M_i, the step before it is slightly above
 * `min`, as in PyTorch, Keras, optax and timm. With `endpoint: true` the divisor is T_i − 1, so that the
 * last step of a cycle has exactly `min`, which is the letter of the SGDR paper; a cycle of a single
 * step then has its maximum. After the last of a finite number of cycles the value stays at `min`.
 *
 * Cycles are counted in whole numbers, so that no restart is missed at any step, and a call takes the
 * same short time at any step. With a multiplier that is no integer a cycle may begin between two steps, and its first step
 * has a value a little below M_i; a start within 10⁻¹² of a step, relative to it, is at the step. The paper's printed
 * formula lacks the π.
 *
 * @param options - See {@link CosineRestartsOptions} and {@link CycleOptions}. The restarts of the same
 * options are listed by {@link restartSteps}.
 * @returns Schedule of the 0-based update index; never above `max` or below `min`, and never rising
 * except at a restart.
 * @throws RangeError if `period` or `cycles` is not a positive integer, `multiplier` < 1, `min` > `max`,
 * `decay` is outside (0, 1] or `k` is not positive; TypeError for another kind of value.
 * @example The paper's schedule, in epochs: restarts after 10, 30, 70 and 150
 * ```ts
 * import { cosineRestarts } from "closerlook/schedules";
 * const lr = cosineRestarts({ max: 0.05, min: 1e-6, period: 10, multiplier: 2 });
 * lr(0); // 0.05
 * lr(5); // 0.025000500000000002
 * lr(9); // 0.0012245626208793093
 * lr(9.999); // 0.0000010012336758649387
 * lr(30); // 0.05 — the third cycle starts
 * lr(155); // 0.04987962057444159 — 5 epochs into a cycle of 160
 * ```
 * @see Loshchilov & Hutter 2017, eq. (5); Gotmare et al. 2019, eq. (1); Zhang & Li 2020, k-decay.
 */
export function cosineRestarts(options: CosineRestartsOptions): Schedule {
  const where = "cosineRestarts";
  const { period, multiplier, cycles } = checkCycles(where, options);
  const { max, min = 0, decay = 1, decayOf = "max", endpoint = false, k = 1 } = options;
  checkNumber(where, "max", max);
  checkNumber(where, "min", min);
  checkNumber(where, "decay", decay, { above: 0, max: 1 });
  if (min > max) throw rangeError(where, "min", `at most max (${max})`, min);
  checkOneOf(where, "decayOf", decayOf, ["max", "height"]);
  checkBoolean(where, "endpoint", endpoint);
  checkNumber(where, "k", k, { above: 0 });

  const rule: Schedule = (step) => {
    const { cycle, length, elapsed } = cycleOf(step, period, multiplier);
    if (cycle >= cycles) return min;
    const factor = decay ** cycle;
    const peak = decayOf === "max" ? Math.max(min, max * factor) : linear(min, max, factor);
    const span = endpoint ? Math.max(1, length - 1) : length;
    return cosine(peak, min, (elapsed / span) ** k);
  };
  const layout = { period, multiplier, ...(Number.isFinite(cycles) && { cycles }) };
  return guarded(where, rule, { max, min, ...layout, decay, decayOf, endpoint, k });
}
