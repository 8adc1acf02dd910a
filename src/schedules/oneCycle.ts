import { checkInteger, checkNumber, checkOneOf, checkOptions } from "../internal/checks.js";
import { interpolatePoints } from "./interpolatePoints.js";
import type { Schedule } from "./schedule.js";

export interface OneCycleOptions {
  /** Largest value, > 0. */
  peak: number;
  /** First step that has the final value, an integer >= 1. */
  steps: number;
  /** Part of the steps that lead up to the peak, in (0, 1). @defaultValue 0.3 */
  rise?: number;
  /** Value at step 0, at most `peak`. @defaultValue `peak / 25` */
  initial?: number;
  /** Value at the end, at most `peak`. @defaultValue `initial / 1e4` */
  final?: number;
  /** @defaultValue "cosine" */
  shape?: "linear" | "cosine";
}

/**
 * One cycle: up to a large value and down to a very small one, which is then held.
 *
 *     (0, initial)  →  (rise · steps, peak)  →  (steps, final)
 *
 * by straight lines or half-waves of the cosine, as {@link interpolatePoints} has it. PyTorch's `OneCycleLR` reaches its end
 * in the last of its `total_steps` updates, which is one step earlier: `torch.OneCycleLR`.
 *
 * @param options - See {@link OneCycleOptions}.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if `peak` is not positive, `steps` is not a positive integer, `rise` is outside (0, 1), or `initial` or
 * `final` is above `peak`; TypeError for another kind of value.
 * @example
 * ```ts
 * import { oneCycle } from "closerlook/schedules";
 * const lr = oneCycle({ peak: 0.1, steps: 100 });
 * lr(0); // 0.004
 * lr(30); // 0.1
 * lr(65); // 0.0500002
 * lr(100); // 4e-7
 * ```
 * @see Smith & Topin 2018.
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const where = "oneCycle";
  checkOptions(where, options, ["peak", "steps", "rise", "initial", "final", "shape"]);
  const { peak, steps, rise = 0.3, initial = peak / 25, final = initial / 1e4 } = options;
  const { shape = "cosine" } = options;
  checkNumber(where, "peak", peak, { above: 0 });
  checkInteger(where, "steps", steps, { min: 1 });
  checkNumber(where, "rise", rise, { above: 0, below: 1 });
  checkNumber(where, "initial", initial, { max: peak });
  checkNumber(where, "final", final, { max: peak });
  checkOneOf(where, "shape", shape, ["linear", "cosine"]);
  const points = [
    [0, initial],
    [rise * steps, peak],
    [steps, final],
  ] as const;
  return interpolatePoints({ points, shape });
}
