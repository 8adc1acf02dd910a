import { checkBoolean, checkFunction, checkInteger, checkOptions } from "../internal/checks.js";
import { guarded, type Schedule } from "./schedule.js";

export interface PerEpochOptions {
  /** Whether the value changes with every update rather than once in an epoch. @defaultValue false */
  interpolate?: boolean;
}

/**
 * A schedule of epochs as a schedule of updates.
 *
 *     value(t) = schedule(⌊t / stepsPerEpoch⌋)   or, with interpolate,   schedule(t / stepsPerEpoch)
 *
 * @param schedule - An epoch schedule: its argument is the 0-based epoch.
 * @param stepsPerEpoch - Updates in an epoch, an integer >= 1. With gradient accumulation these are the
 * optimizer's updates, not the micro-batches.
 * @param options - See {@link PerEpochOptions}.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if `stepsPerEpoch` is not a positive integer; TypeError for another kind of value.
 * @example
 * ```ts
 * import { cosineRestarts, perEpoch } from "closerlook/schedules";
 * const sgdr = cosineRestarts({ max: 0.05, min: 1e-6, period: 10, multiplier: 2 });
 * perEpoch(sgdr, 500)(2999); // 0.025000500000000002 — all of epoch 5
 * perEpoch(sgdr, 500, { interpolate: true })(2999); // 0.017290170035088252
 * ```
 * @see `step(epoch + i / iters)` of PyTorch 2.7,
 * https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 */
export function perEpoch(
  schedule: Schedule,
  stepsPerEpoch: number,
  options: PerEpochOptions = {},
): Schedule {
  checkFunction("perEpoch", "schedule", schedule, "a schedule");
  checkInteger("perEpoch", "stepsPerEpoch", stepsPerEpoch, { min: 1 });
  checkOptions("perEpoch", options, ["interpolate"]);
  const { interpolate = false } = options;
  checkBoolean("perEpoch", "interpolate", interpolate);
  const rule: Schedule = (step) => {
    const epochs = step / stepsPerEpoch;
    return schedule(interpolate ? epochs : Math.floor(epochs));
  };
  return guarded("perEpoch", rule, { of: schedule, stepsPerEpoch, interpolate });
}
