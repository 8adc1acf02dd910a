import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  rangeError,
} from "../internal/checks.js";
import { linear } from "./interpolate.js";
import { guarded, type Schedule } from "./schedule.js";

export interface WarmupOptions {
  /** Value that the ramp starts from. @defaultValue 0 */
  from?: number;
  /** What the ramp leads to: a value, which is then held, or a schedule, which then goes on. */
  to: number | Schedule;
  /** Length of the ramp in steps, an integer >= 0; 0 is no ramp at all. */
  steps: number;
  /**
   * Whether the first update uses none or one part in `steps` of the ramp (see {@link warmup}).
   * @defaultValue "zero"
   */
  firstStep?: "zero" | "one";
  /**
   * Whether the ramp lies inside of the schedule that it leads to, in the place of its first steps, or comes before its
   * step 0 (see {@link warmup}).
   * @defaultValue true
   */
  inside?: boolean;
}

/**
 * A linear ramp up to a value or into another schedule.
 *
 *     value(t) = from + (to(end) − from) · t / steps         for t < end = steps,      firstStep "zero"
 *     value(t) = from + (to(end) − from) · (t + 1) / steps   for t < end = steps − 1,  firstStep "one"
 *     value(t) = to(t)                                       for t >= end
 *
 * `end` is the first step with the full value. A number as `to` is held from there on. A schedule as
 * `to` **counts from step 0 underneath the ramp**, so that its boundaries are steps of the whole
 * training, as in the paper; the ramp leads to the value that it has at `end`, so that there is no jump
 * there whatever the schedule. With `inside: false` it **starts after the ramp**, with its step 0 at step `steps`: to(t) is
 * then to(max(0, t − steps)), and the whole is longer than the schedule by the ramp.
 *
 * With `from: 0` and `firstStep: "zero"` (the paper, optax, transformers) the first update uses 0 and
 * changes nothing; with `"one"` it uses 1/steps of the full value. The habit (t + 1)/(steps + 1) of
 * nanoGPT is `from: to / (steps + 1)` with `"zero"`.
 *
 * @param options - See {@link WarmupOptions}.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if `steps` is not an integer >= 0, a value is not finite, or a schedule that is not 0 at first is 0 at
 * `end`, so that the ramp would lead from 0 to 0: it is over before the warmup; TypeError for another kind of value.
 * @example The paper: 200 iterations from 0 to 2.5, then a tenth at epochs 60, 120, 150 of 10 iterations
 * ```ts
 * import { perEpoch, stepDecay, warmup } from "closerlook/schedules";
 * const steps = stepDecay({ initial: 2.5, boundaries: [60, 120, 150], factor: 1 / 10 });
 * const lr = warmup({ to: perEpoch(steps, 10), steps: 200 });
 * lr(0); // 0
 * lr(100); // 1.25
 * lr(199); // 2.4875
 * lr(200); // 2.5
 * lr(599); // 2.5
 * lr(600); // 0.25 — epoch 60, counted from the start of the training
 * ```
 * @example
 * ```ts
 * import { warmup } from "closerlook/schedules";
 * warmup({ to: 1, steps: 4 })(0); // 0
 * warmup({ to: 1, steps: 4, firstStep: "one" })(0); // 0.25
 * warmup({ to: 1, steps: 4, firstStep: "one" })(3); // 1
 * ```
 * @example A ramp of 5 steps before, or inside of, a cosine of 20
 * ```ts
 * import { cosineDecay, warmup } from "closerlook/schedules";
 * const to = cosineDecay({ initial: 0.1, steps: 20 });
 * warmup({ to, steps: 5, inside: false })(5); // 0.1
 * warmup({ to, steps: 5, inside: false })(25); // 0 — the total is 25
 * warmup({ to, steps: 5 })(5); // 0.08535533905932738
 * warmup({ to, steps: 5 })(20); // 0 — the total is 20
 * ```
 * @see Gotmare et al. 2019, section 4.
 */
export function warmup(options: WarmupOptions): Schedule {
  const where = "warmup";
  checkOptions(where, options, ["from", "to", "steps", "firstStep", "inside"]);
  const { from = 0, to, steps, firstStep = "zero", inside = true } = options;
  checkNumber(where, "from", from);
  checkInteger(where, "steps", steps, { min: 0 });
  checkOneOf(where, "firstStep", firstStep, ["zero", "one"]);
  checkBoolean(where, "inside", inside);

  const lead = firstStep === "one" ? 1 : 0;
  const end = Math.max(0, steps - lead);
  const schedule = typeof to === "function" ? to : () => to;
  const after: Schedule = inside ? schedule : (step) => schedule(Math.max(0, step - steps));
  const full = checkNumber(
    where,
    typeof to === "function" ? `to(${inside ? end : 0})` : "to",
    after(end),
  );
  // A schedule that begins with 0 is meant so; one that has come down to it lies inside of its own warmup.
  if (inside && from === 0 && full === 0 && schedule(0) !== 0) {
    const hint = "The schedule is over before the warmup; inside: false puts the warmup before it";
    throw rangeError(where, `to(${end})`, "other than 0, where the ramp from 0 ends", full, hint);
  }
  const rule: Schedule = (step) =>
    step < end ? linear(from, full, (step + lead) / steps) : after(step);
  return guarded(where, rule, { from, to, steps, firstStep, inside });
}
