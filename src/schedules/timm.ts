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
 * `timm.scheduler.CosineLRScheduler`. By default there is one cycle, after which `lr_min` is held, and a warmup lies **over**
 * the cosine and leads to `lr`, from where the value jumps to the cosine; `warmup_prefix: true` is without the jump.
 *
 * Here `cycle_mul` is an integer (timm misses some restarts by a rounding error), and a peak that has decayed below `lr_min`
 * is `lr_min`.
 *
 * @param options - As in timm, and `lr` of the optimizer; without noise.
 * @returns Schedule of timm's `t`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { timm } from "closerlook/schedules";
 * const options = { lr: 0.1, t_initial: 20, lr_min: 1e-5, warmup_t: 5, warmup_lr_init: 1e-4 };
 * const lr = timm.CosineLRScheduler(options);
 * lr(4); // 0.08002
 * lr(5); // 0.08535680352542145 — the jump
 * timm.CosineLRScheduler({ ...options, warmup_prefix: true })(5); // 0.1
 * ```
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
 * `timm.scheduler.PolyLRScheduler` with one cycle: lr_min + (lr − lr_min) · (1 − t / t_initial)^power. A warmup lies over it,
 * with a jump, as in {@link CosineLRScheduler}.
 *
 * @param options - As in timm, and `lr` of the optimizer; without noise, further cycles and k-decay.
 * @returns Schedule of timm's `t`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { timm } from "closerlook/schedules";
 * timm.PolyLRScheduler({ lr: 0.1, t_initial: 100 })(75); // 0.05
 * ```
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
 * `timm.scheduler.StepLRScheduler`: lr · decay_rate^⌊t / decay_t⌋. A warmup comes before it by default.
 *
 * @param options - As in timm, and `lr` of the optimizer; without noise.
 * @returns Schedule of timm's `t`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { timm } from "closerlook/schedules";
 * timm.StepLRScheduler({ lr: 0.1, decay_t: 30, decay_rate: 0.5 })(30); // 0.05
 * ```
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
 * `timm.scheduler.MultiStepLRScheduler`: a factor `decay_rate` at each `decay_t`, **one step before** it: a milestone of 60
 * is in force at t = 59. A warmup comes before it by default.
 *
 * @param options - As in timm, and `lr` of the optimizer; without noise. `decay_t` are integers >= 2.
 * @returns Schedule of timm's `t`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { timm } from "closerlook/schedules";
 * const lr = timm.MultiStepLRScheduler({ lr: 0.1, decay_t: [60, 120], decay_rate: 0.5 });
 * lr(58); // 0.1
 * lr(59); // 0.05
 * ```
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
