import { checkNumber, rangeError } from "../internal/checks.js";
import type { CosineRestartsOptions } from "./cosineRestarts.js";
import { type CycleOptions, checkCycles, firstStepOf } from "./cycles.js";

/** The options of `cosineRestarts`; only those of {@link CycleOptions} matter. */
export type RestartStepsOptions = CycleOptions & Partial<CosineRestartsOptions>;

/** More restarts than any training has; a longer list is a mistake in the units. */
const MOST_RESTARTS = 1_000_000;

/**
 * The steps at which `cosineRestarts` restarts, up to and including a given step.
 *
 *     R_k = ⌈period · (1 + multiplier + … + multiplier^(k − 1))⌉,   k = 1, 2, …
 *
 * Step R is the first update of a new cycle. The weights after R updates, which the paper calls w_R,
 * are thus the ones at the end of a cycle, before the restart. `until` is included because a training of
 * `until` updates ends with exactly these weights. Step 0 is not a restart, and neither is the end of
 * the last of a finite number of `cycles`, where the schedule stays at its minimum.
 *
 * @param options - `period`, `multiplier` and `cycles`; the whole options of `cosineRestarts` may be
 * passed.
 * @param until - The last step to list, >= 0.
 * @returns Restart steps in ascending order; empty if the first comes after `until`.
 * @throws RangeError as `cosineRestarts`, or if the list had more than a million entries; TypeError for
 * another kind of value.
 * @example
 * ```ts
 * import { restartSteps } from "closerlook/schedules";
 * restartSteps({ period: 10, multiplier: 2 }, 310); // [10, 30, 70, 150, 310]
 * restartSteps({ period: 10, multiplier: 2, cycles: 3 }, 310); // [10, 30]
 * ```
 * @see Gotmare et al. 2019, section 3.
 */
export function restartSteps(options: RestartStepsOptions, until: number): number[] {
  const where = "restartSteps";
  const { period, multiplier, cycles } = checkCycles(where, options);
  checkNumber(where, "until", until, { min: 0 });

  const steps: number[] = [];
  while (steps.length < cycles - 1) {
    const step = firstStepOf(steps.length + 1, period, multiplier);
    if (step > until) break;
    if (steps.length === MOST_RESTARTS) {
      throw rangeError(where, "until", `at most ${steps.at(-1)} for this period`, until);
    }
    steps.push(step);
  }
  return steps;
}
