import {
  checkInteger,
  checkNumber,
  checkOneOf,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { constant } from "./constant.js";
import { cosineDecay } from "./cosineDecay.js";
import { cosineRestarts } from "./cosineRestarts.js";
import { exponentialDecay } from "./exponentialDecay.js";
import { interpolatePoints } from "./interpolatePoints.js";
import { join } from "./join.js";
import { polynomialDecay } from "./polynomialDecay.js";
import { factorRange, flag, integer, number, readOptions } from "./presetOptions.js";
import type { Schedule } from "./schedule.js";

// The names are PyTorch's, so that a call can be copied. `lr` is the learning rate of the optimizer. The unit of a schedule
// is a call of `scheduler.step()`: if a script calls it once an epoch, `perEpoch` makes updates of it.

/**
 * `torch.optim.lr_scheduler.StepLR`: a factor after every `step_size` steps.
 *
 *     value(t) = lr · gamma^⌊t / step_size⌋
 *
 * It falls without an end; step `step_size` is the first with the lower value.
 *
 * @param options - `lr` >= 0 of the optimizer; `step_size` in steps, an integer >= 1; `gamma` in (0, 1], 0.1 by default.
 * @returns Schedule of the 0-based count of `scheduler.step()`; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.StepLR({ lr: 0.05, step_size: 30 })(30); // 0.005
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.StepLR.html
 */
function StepLR(options: { lr: number; step_size: number; gamma?: number }): Schedule {
  const { lr, step_size, gamma } = readOptions("torch.StepLR", options, {
    lr: number({ min: 0 }),
    step_size: integer({ min: 1 }),
    gamma: number(factorRange, 0.1),
  });
  return exponentialDecay({ initial: lr, factor: gamma, steps: step_size, staircase: true });
}

/**
 * `torch.optim.lr_scheduler.MultiStepLR`: a factor at each milestone.
 *
 *     value(t) = lr · gamma^k,   k = number of milestones <= t
 *
 * The new value is in force at the milestone. Milestones may come in any order; one that comes twice counts twice.
 *
 * @param options - `lr` >= 0 of the optimizer; `milestones` in steps, integers >= 1; `gamma` > 0, 0.1 by default.
 * @returns Schedule of the 0-based count of `scheduler.step()`; the last value is held.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.MultiStepLR({ lr: 0.1, milestones: [60, 120] })(60); // 0.01
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.MultiStepLR.html
 */
function MultiStepLR(options: {
  lr: number;
  milestones: readonly number[];
  gamma?: number;
}): Schedule {
  const { lr, milestones, gamma } = readOptions("torch.MultiStepLR", options, {
    lr: number({ min: 0 }),
    milestones: unsortedIntegers,
    gamma: number({ above: 0 }, 0.1),
  });
  const sorted = [...milestones].sort((a, b) => a - b);
  const boundaries = [...new Set(sorted)];
  const values = [
    lr,
    ...boundaries.map((step) => {
      const passed = sorted.lastIndexOf(step) + 1;
      return checkNumber("torch.MultiStepLR", `lr · gamma^${passed}`, lr * gamma ** passed);
    }),
  ];
  return join(values.map(constant), boundaries);
}

function unsortedIntegers(where: string, option: string, value: unknown): readonly number[] {
  if (!Array.isArray(value)) throw typeError(where, option, "an array of integers", value);
  return value.map((item, i) => checkInteger(where, `${option}[${i}]`, item, { min: 1 }));
}

/**
 * `torch.optim.lr_scheduler.ConstantLR`: a part of the learning rate at first, then the whole.
 *
 *     value(t) = lr · factor   for t < total_iters,   lr from then on
 *
 * @param options - `lr` >= 0 of the optimizer; `factor` in [0, 1], a third by default; `total_iters` in steps, an integer >=
 * 1, 5 by default.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.ConstantLR({ lr: 0.1, factor: 0.5 })(4); // 0.05
 * torch.ConstantLR({ lr: 0.1, factor: 0.5 })(5); // 0.1
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.ConstantLR.html
 */
function ConstantLR(options: { lr: number; factor?: number; total_iters?: number }): Schedule {
  const { lr, factor, total_iters } = readOptions("torch.ConstantLR", options, {
    lr: number({ min: 0 }),
    factor: number({ min: 0, max: 1 }, 1 / 3),
    total_iters: integer({ min: 1 }, 5),
  });
  return join([constant(lr * factor), constant(lr)], [total_iters]);
}

/**
 * `torch.optim.lr_scheduler.LinearLR`: a straight line between two parts of the learning rate.
 *
 *     value(t) = lr · (start_factor + (end_factor − start_factor) · min(t / total_iters, 1))
 *
 * Step `total_iters` is the first with the value of the end, which is held.
 *
 * @param options - `lr` >= 0 of the optimizer; `start_factor` in [0, 1], a third by default (PyTorch refuses 0);
 * `end_factor` in [0, 1], 1 by default; `total_iters` in steps, an integer >= 1, 5 by default.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * const lr = torch.LinearLR({ lr: 0.3 });
 * lr(0); // 0.1
 * lr(5); // 0.3
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.LinearLR.html
 */
function LinearLR(options: {
  lr: number;
  start_factor?: number;
  end_factor?: number;
  total_iters?: number;
}): Schedule {
  const { lr, start_factor, end_factor, total_iters } = readOptions("torch.LinearLR", options, {
    lr: number({ min: 0 }),
    start_factor: number({ min: 0, max: 1 }, 1 / 3),
    end_factor: number({ min: 0, max: 1 }, 1),
    total_iters: integer({ min: 1 }, 5),
  });
  const points = [
    [0, lr * start_factor],
    [total_iters, lr * end_factor],
  ] as const;
  return interpolatePoints({ points });
}

/**
 * `torch.optim.lr_scheduler.ExponentialLR`: a factor in every step.
 *
 *     value(t) = lr · gamma^t
 *
 * It falls without an end.
 *
 * @param options - `lr` >= 0 of the optimizer; `gamma` in (0, 1].
 * @returns Schedule of the 0-based count of `scheduler.step()`; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.ExponentialLR({ lr: 0.1, gamma: 0.5 })(2); // 0.025
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.ExponentialLR.html
 */
function ExponentialLR(options: { lr: number; gamma: number }): Schedule {
  const { lr, gamma } = readOptions("torch.ExponentialLR", options, {
    lr: number({ min: 0 }),
    gamma: number(factorRange),
  });
  return exponentialDecay({ initial: lr, factor: gamma });
}

/**
 * `torch.optim.lr_scheduler.PolynomialLR`: down to 0 by a power of the time that is left.
 *
 *     value(t) = lr · (1 − t / total_iters)^power   for t < total_iters,   0 from then on
 *
 * @param options - `lr` >= 0 of the optimizer; `total_iters` in steps, an integer >= 1, 5 by default; `power` > 0, 1 by
 * default.
 * @returns Schedule of the 0-based count of `scheduler.step()`; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.PolynomialLR({ lr: 0.1, total_iters: 4, power: 2 })(2); // 0.025
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.PolynomialLR.html
 */
function PolynomialLR(options: { lr: number; total_iters?: number; power?: number }): Schedule {
  const { lr, total_iters, power } = readOptions("torch.PolynomialLR", options, {
    lr: number({ min: 0 }),
    total_iters: integer({ min: 1 }, 5),
    power: number({ above: 0 }, 1),
  });
  return polynomialDecay({ initial: lr, steps: total_iters, power });
}

/**
 * `torch.optim.lr_scheduler.CosineAnnealingLR` up to `T_max`: half a wave of the cosine down to `eta_min`.
 *
 *     value(t) = eta_min + (lr − eta_min) · (1 + cos(π · t / T_max)) / 2   for t < T_max,   eta_min from then on
 *
 * Beyond `T_max` PyTorch rises again, along the cosine; here `eta_min` is held.
 *
 * @param options - `lr` >= 0 of the optimizer; `T_max` in steps, an integer >= 1; `eta_min` from 0 to `lr`, 0 by default.
 * @returns Schedule of the 0-based count of `scheduler.step()`; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * const lr = torch.CosineAnnealingLR({ lr: 0.1, T_max: 10, eta_min: 0.001 });
 * lr(5); // 0.0505
 * lr(20); // 0.001 — 0.1 in PyTorch
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 */
function CosineAnnealingLR(options: { lr: number; T_max: number; eta_min?: number }): Schedule {
  const where = "torch.CosineAnnealingLR";
  const { lr, T_max, eta_min } = readOptions(where, options, {
    lr: number({ min: 0 }),
    T_max: integer({ min: 1 }),
    eta_min: number({ min: 0 }, 0),
  });
  checkNumber(where, "eta_min", eta_min, { max: lr });
  return cosineDecay({ initial: lr, final: eta_min, steps: T_max });
}

/**
 * `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`, as `step()` without an argument has it: cosines with restarts.
 *
 *     value(t) = eta_min + (lr − eta_min) · (1 + cos(π · T_cur / T_i)) / 2
 *
 *     T_i = T_0 · T_mult^i,   i = number of restarts up to t,   T_cur = steps since the last of them
 *
 * It restarts for ever; a restart has exactly `lr`. (`step(epoch)` of PyTorch misses some restarts by a rounding error.)
 *
 * @param options - `lr` >= 0 of the optimizer; `T_0` in steps, an integer >= 1; `T_mult` an integer >= 1, 1 by default;
 * `eta_min` from 0 to `lr`, 0 by default.
 * @returns Schedule of the 0-based count of `scheduler.step()`; fractions as in `step(epoch + i / n)`.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.CosineAnnealingWarmRestarts({ lr: 0.05, T_0: 10, T_mult: 2, eta_min: 1e-6 })(30); // 0.05
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 */
function CosineAnnealingWarmRestarts(options: {
  lr: number;
  T_0: number;
  T_mult?: number;
  eta_min?: number;
}): Schedule {
  const where = "torch.CosineAnnealingWarmRestarts";
  const { lr, T_0, T_mult, eta_min } = readOptions(where, options, {
    lr: number({ min: 0 }),
    T_0: integer({ min: 1 }),
    T_mult: integer({ min: 1 }, 1),
    eta_min: number({ min: 0 }, 0),
  });
  checkNumber(where, "eta_min", eta_min, { max: lr });
  return cosineRestarts({ max: lr, min: eta_min, period: T_0, multiplier: T_mult });
}

/**
 * `torch.optim.lr_scheduler.OneCycleLR`: up to a large value and down to a very small one.
 *
 *     (0, max_lr / div_factor)  →  (p, max_lr)  →  (total_steps − 1, max_lr / div_factor / final_div_factor)
 *
 *     p = pct_start · total_steps − 1
 *
 * by half-waves of the cosine or straight lines; p need not be whole. With `three_phase` it comes back to where it began at
 * step 2 · p on its way down. Its last update has the least value, which is held. (PyTorch raises an error beyond.)
 *
 * @param options - `max_lr` >= 0; `total_steps` an integer >= 2; `pct_start` in (0, 1), 0.3 by default; `anneal_strategy`
 * "cos", the default, or "linear"; `div_factor` > 0, 25 by default; `final_div_factor` > 0, 1e4 by default; `three_phase`,
 * false by default. The optimizer's own learning rate plays no part.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError if an option is out of its range, the peak is not after step 0 (pct_start · total_steps <= 1) or, with
 * `three_phase`, the last phase has no steps; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * const lr = torch.OneCycleLR({ max_lr: 0.1, total_steps: 20 });
 * lr(5); // 0.1
 * lr(19); // 4e-7
 * ```
 * @see PyTorch 2.7, https://docs.pytorch.org/docs/2.7/generated/torch.optim.lr_scheduler.OneCycleLR.html
 */
function OneCycleLR(options: {
  max_lr: number;
  total_steps: number;
  pct_start?: number;
  anneal_strategy?: "cos" | "linear";
  div_factor?: number;
  final_div_factor?: number;
  three_phase?: boolean;
}): Schedule {
  const where = "torch.OneCycleLR";
  const { max_lr, total_steps, pct_start, ...read } = readOptions(where, options, {
    max_lr: number({ min: 0 }),
    total_steps: integer({ min: 2 }),
    pct_start: number({ above: 0, below: 1 }, 0.3),
    anneal_strategy: (_where, option, value = "cos") =>
      checkOneOf(where, option, value, ["cos", "linear"]),
    div_factor: number({ above: 0 }, 25),
    final_div_factor: number({ above: 0 }, 1e4),
    three_phase: flag(false),
  });
  const initial = max_lr / read.div_factor;
  const peakAt = pct_start * total_steps - 1;
  if (peakAt <= 0) {
    const must = `above 1 / total_steps (${1 / total_steps}), so that the peak is after step 0`;
    throw rangeError(where, "pct_start", must, pct_start);
  }
  if (read.three_phase && 2 * peakAt >= total_steps - 1) {
    const most = (total_steps + 1) / (2 * total_steps);
    const must = `below ${most} with three_phase, so that the third phase has steps`;
    throw rangeError(where, "pct_start", must, pct_start);
  }
  return interpolatePoints({
    points: [
      [0, initial],
      [peakAt, max_lr],
      ...(read.three_phase ? [[2 * peakAt, initial] as const] : []),
      [total_steps - 1, initial / read.final_div_factor],
    ],
    shape: read.anneal_strategy === "cos" ? "cosine" : "linear",
  });
}

/** Schedules by the names, defaults and conventions of PyTorch. */
export const torch = {
  StepLR,
  MultiStepLR,
  ConstantLR,
  LinearLR,
  ExponentialLR,
  PolynomialLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  OneCycleLR,
};
