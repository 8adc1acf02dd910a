import { checkNumber } from "../internal/checks.js";
import { cosineRestarts } from "./cosineRestarts.js";
import { exponentialDecay } from "./exponentialDecay.js";
import { join } from "./join.js";
import { polynomialDecay } from "./polynomialDecay.js";
import { factorRange, flag, integer, integers, number, readOptions } from "./presetOptions.js";
import type { Schedule } from "./schedule.js";
import { shift } from "./shift.js";
import { stepDecay } from "./stepDecay.js";
import { warmup } from "./warmup.js";

// The names are timm's, so that a call can be copied. `lr` is the learning rate of the optimizer. The unit is what a script
// passes to `step(epoch)` or `step_update(n)`: if epochs, `perEpoch` makes updates of it.

/** The ramp that all schedulers of timm have. */
export interface TimmWarmupOptions {
  /** Steps of the ramp. @defaultValue 0 */
  warmup_t?: number;
  /** Value that it starts from. @defaultValue 0 */
  warmup_lr_init?: number;
  /** Whether the schedule starts after the ramp rather than underneath it. */
  warmup_prefix?: boolean;
}

const ramp = (prefix: boolean) => ({
  warmup_t: integer({ min: 0 }, 0),
  warmup_lr_init: number({ min: 0 }, 0),
  warmup_prefix: flag(prefix),
});

/** The ramp leads to `lr` even if the schedule underneath has fallen by its end; so there is a jump. */
function warmedUp(
  schedule: Schedule,
  { lr, warmup_t, warmup_lr_init, warmup_prefix }: Required<TimmWarmupOptions> & { lr: number },
): Schedule {
  if (warmup_t === 0) return schedule;
  const after = warmup_prefix ? schedule : shift(schedule, -warmup_t);
  return join([warmup({ from: warmup_lr_init, to: lr, steps: warmup_t }), after], [warmup_t]);
}

/**
 * `timm.scheduler.CosineLRScheduler`: cosines with restarts, one by default, after which `lr_min` is held.
 *
 *     value(t) = lr_min + (M_i − lr_min) · (1 + cos(π · (c / T_i)^k_decay)) / 2   for i < cycle_limit,   lr_min from then on
 *
 *     T_i = t_initial · cycle_mul^i,   M_i = max(lr_min, lr · cycle_decay^i)
 *     i = number of restarts up to t,   c = steps since the last of them
 *
 * With a warmup, t < warmup_t has warmup_lr_init + (lr − warmup_lr_init) · t / warmup_t. By default it lies **over** the
 * cosine and leads to `lr`, from where the value jumps to the cosine; with `warmup_prefix` the cosine begins after it,
 * without a jump.
 *
 * A `cycle_mul` that is no integer lets cycles begin between two steps. timm misses some restarts on whole steps by a
 * rounding error; here none is missed. A peak that timm lets fall below `lr_min` is `lr_min`.
 *
 * @param options - `lr` >= 0 of the optimizer; `t_initial` in steps, an integer >= 1; `lr_min` from 0 to `lr`, 0 by default;
 * `cycle_mul` >= 1, 1 by default; `cycle_decay` in (0, 1], 1 by default; `cycle_limit` an integer >= 1, 1 by default;
 * `k_decay` > 0, 1 by default; `warmup_t` in steps, an integer >= 0, `warmup_lr_init` >= 0 and `warmup_prefix` as
 * {@link TimmWarmupOptions} says. Without noise.
 * @returns Schedule of timm's `t`.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { timm } from "closerlook/schedules";
 * const options = { lr: 0.1, t_initial: 20, lr_min: 1e-5, warmup_t: 5, warmup_lr_init: 1e-4 };
 * const lr = timm.CosineLRScheduler(options);
 * lr(4); // 0.08002
 * lr(5); // 0.08535680352542145 — the jump
 * timm.CosineLRScheduler({ ...options, warmup_prefix: true })(5); // 0.1
 * ```
 * @see timm 1.0, https://huggingface.co/docs/timm/reference/schedulers
 */
function CosineLRScheduler(
  options: {
    lr: number;
    t_initial: number;
    lr_min?: number;
    cycle_mul?: number;
    cycle_decay?: number;
    cycle_limit?: number;
    k_decay?: number;
  } & TimmWarmupOptions,
): Schedule {
  const where = "timm.CosineLRScheduler";
  const read = readOptions(where, options, {
    lr: number({ min: 0 }),
    t_initial: integer({ min: 1 }),
    lr_min: number({ min: 0 }, 0),
    cycle_mul: number({ min: 1 }, 1),
    cycle_decay: number(factorRange, 1),
    cycle_limit: integer({ min: 1 }, 1),
    k_decay: number({ above: 0 }, 1),
    ...ramp(false),
  });
  checkNumber(where, "lr_min", read.lr_min, { max: read.lr });
  const cosine = cosineRestarts({
    max: read.lr,
    min: read.lr_min,
    period: read.t_initial,
    multiplier: read.cycle_mul,
    decay: read.cycle_decay,
    cycles: read.cycle_limit,
    k: read.k_decay,
  });
  return warmedUp(cosine, read);
}

/**
 * `timm.scheduler.PolyLRScheduler` with one cycle: down to `lr_min` by a power of the time that is left.
 *
 *     value(t) = lr_min + (lr − lr_min) · (1 − t / t_initial)^power   for t < t_initial,   lr_min from then on
 *
 * A warmup lies over it, with a jump, as in `timm.CosineLRScheduler`.
 *
 * @param options - `lr` >= 0 of the optimizer; `t_initial` in steps, an integer >= 1; `power` > 0, 0.5 by default; `lr_min`
 * from 0 to `lr`, 0 by default; `warmup_t` in steps, an integer >= 0, `warmup_lr_init` >= 0 and `warmup_prefix` as
 * {@link TimmWarmupOptions} says. Without noise, further cycles and k-decay.
 * @returns Schedule of timm's `t`.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { timm } from "closerlook/schedules";
 * timm.PolyLRScheduler({ lr: 0.1, t_initial: 100 })(75); // 0.05
 * ```
 * @see timm 1.0, https://huggingface.co/docs/timm/reference/schedulers
 */
function PolyLRScheduler(
  options: { lr: number; t_initial: number; power?: number; lr_min?: number } & TimmWarmupOptions,
): Schedule {
  const where = "timm.PolyLRScheduler";
  const read = readOptions(where, options, {
    lr: number({ min: 0 }),
    t_initial: integer({ min: 1 }),
    power: number({ above: 0 }, 0.5),
    lr_min: number({ min: 0 }, 0),
    ...ramp(false),
  });
  const { lr: initial, lr_min: final, t_initial: steps, power } = read;
  checkNumber(where, "lr_min", final, { max: initial });
  return warmedUp(polynomialDecay({ initial, final, steps, power }), read);
}

/**
 * `timm.scheduler.StepLRScheduler`: a factor after every `decay_t` steps.
 *
 *     value(t) = lr · decay_rate^⌊t / decay_t⌋
 *
 * It falls without an end. A warmup comes before it by default, and t counts from its end.
 *
 * @param options - `lr` >= 0 of the optimizer; `decay_t` in steps, an integer >= 1; `decay_rate` in (0, 1], 1 by default;
 * `warmup_t` in steps, an integer >= 0, `warmup_lr_init` >= 0 and `warmup_prefix` as {@link TimmWarmupOptions} says. Without
 * noise.
 * @returns Schedule of timm's `t`.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { timm } from "closerlook/schedules";
 * timm.StepLRScheduler({ lr: 0.1, decay_t: 30, decay_rate: 0.5 })(30); // 0.05
 * ```
 * @see timm 1.0, https://huggingface.co/docs/timm/reference/schedulers
 */
function StepLRScheduler(
  options: { lr: number; decay_t: number; decay_rate?: number } & TimmWarmupOptions,
): Schedule {
  const read = readOptions("timm.StepLRScheduler", options, {
    lr: number({ min: 0 }),
    decay_t: integer({ min: 1 }),
    decay_rate: number(factorRange, 1),
    ...ramp(true),
  });
  const { lr: initial, decay_t: steps, decay_rate: factor } = read;
  return warmedUp(exponentialDecay({ initial, factor, steps, staircase: true }), read);
}

/**
 * `timm.scheduler.MultiStepLRScheduler`: a factor **one step before** each milestone.
 *
 *     value(t) = lr · decay_rate^k,   k = number of milestones <= t + 1
 *
 * A milestone of 60 is in force at t = 59. A warmup comes before it by default, and t counts from its end.
 *
 * @param options - `lr` >= 0 of the optimizer; `decay_t` in steps, integers >= 2, strictly increasing; `decay_rate` in (0,
 * 1], 1 by default; `warmup_t` in steps, an integer >= 0, `warmup_lr_init` >= 0 and `warmup_prefix` as
 * {@link TimmWarmupOptions} says. Without noise.
 * @returns Schedule of timm's `t`; the last value is held.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { timm } from "closerlook/schedules";
 * const lr = timm.MultiStepLRScheduler({ lr: 0.1, decay_t: [60, 120], decay_rate: 0.5 });
 * lr(58); // 0.1
 * lr(59); // 0.05
 * ```
 * @see timm 1.0, https://huggingface.co/docs/timm/reference/schedulers
 */
function MultiStepLRScheduler(
  options: { lr: number; decay_t: readonly number[]; decay_rate?: number } & TimmWarmupOptions,
): Schedule {
  const read = readOptions("timm.MultiStepLRScheduler", options, {
    lr: number({ min: 0 }),
    decay_t: integers({ min: 2 }),
    decay_rate: number(factorRange, 1),
    ...ramp(true),
  });
  const boundaries = read.decay_t.map((step) => step - 1);
  return warmedUp(stepDecay({ initial: read.lr, boundaries, factor: read.decay_rate }), read);
}

/** Schedules by the names, defaults and conventions of timm. */
export const timm = {
  CosineLRScheduler,
  PolyLRScheduler,
  StepLRScheduler,
  MultiStepLRScheduler,
};
