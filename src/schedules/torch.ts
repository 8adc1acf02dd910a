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
 * `torch.optim.lr_scheduler.StepLR`: lr · gamma^⌊t / step_size⌋.
 *
 * @param options - As in PyTorch, and `lr` of the optimizer.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.StepLR({ lr: 0.05, step_size: 30 })(30); // 0.005
 * ```
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
 * `torch.optim.lr_scheduler.MultiStepLR`: a factor `gamma` at each milestone, in force at the milestone.
 *
 * @param options - As in PyTorch, and `lr` of the optimizer.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.MultiStepLR({ lr: 0.1, milestones: [60, 120] })(60); // 0.01
 * ```
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
  const boundaries = [...new Set(milestones)].sort((a, b) => a - b);
  const passed = (step: number) => milestones.filter((milestone) => milestone <= step).length;
  const values = [lr, ...boundaries.map((step) => lr * gamma ** passed(step))];
  return join(values.map(constant), boundaries);
}

function unsortedIntegers(where: string, option: string, value: unknown): readonly number[] {
  if (!Array.isArray(value)) throw typeError(where, option, "an array of integers", value);
  return value.map((item, i) => checkInteger(where, `${option}[${i}]`, item, { min: 1 }));
}

/**
 * `torch.optim.lr_scheduler.ConstantLR`: lr · factor for `total_iters` steps, then lr.
 *
 * @param options - As in PyTorch, and `lr` of the optimizer.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.ConstantLR({ lr: 0.1, factor: 0.5 })(4); // 0.05
 * torch.ConstantLR({ lr: 0.1, factor: 0.5 })(5); // 0.1
 * ```
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
 * `torch.optim.lr_scheduler.LinearLR`: from lr · start_factor to lr · end_factor, which step `total_iters` is the first to
 * have.
 *
 * @param options - As in PyTorch, and `lr` of the optimizer.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * const lr = torch.LinearLR({ lr: 0.3 });
 * lr(0); // 0.1
 * lr(5); // 0.3
 * ```
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
 * `torch.optim.lr_scheduler.ExponentialLR`: lr · gamma^t.
 *
 * @param options - As in PyTorch, and `lr` of the optimizer.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.ExponentialLR({ lr: 0.1, gamma: 0.5 })(2); // 0.025
 * ```
 */
function ExponentialLR(options: { lr: number; gamma: number }): Schedule {
  const { lr, gamma } = readOptions("torch.ExponentialLR", options, {
    lr: number({ min: 0 }),
    gamma: number(factorRange),
  });
  return exponentialDecay({ initial: lr, factor: gamma });
}

/**
 * `torch.optim.lr_scheduler.PolynomialLR`: lr · (1 − t / total_iters)^power, then 0.
 *
 * @param options - As in PyTorch, and `lr` of the optimizer.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.PolynomialLR({ lr: 0.1, total_iters: 4, power: 2 })(2); // 0.025
 * ```
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
 * `torch.optim.lr_scheduler.CosineAnnealingLR` up to `T_max`. Beyond it PyTorch rises again, along the cosine; here `eta_min`
 * is held.
 *
 * @param options - As in PyTorch, and `lr` of the optimizer.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * const lr = torch.CosineAnnealingLR({ lr: 0.1, T_max: 10, eta_min: 0.001 });
 * lr(5); // 0.0505
 * lr(20); // 0.001 — 0.1 in PyTorch
 * ```
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
 * `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`, as `step()` without an argument has it. (With one, PyTorch misses
 * some restarts by a rounding error.)
 *
 * @param options - As in PyTorch, and `lr` of the optimizer.
 * @returns Schedule of the 0-based count of `scheduler.step()`; fractions as in `step(epoch + i / n)`.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * torch.CosineAnnealingWarmRestarts({ lr: 0.05, T_0: 10, T_mult: 2, eta_min: 1e-6 })(30); // 0.05
 * ```
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
 * `torch.optim.lr_scheduler.OneCycleLR`: its last update, `total_steps` − 1, has the least value.
 *
 * From max_lr / div_factor up to max_lr at step pct_start · total_steps − 1, whole or not, then down to
 * max_lr / div_factor / final_div_factor at step total_steps − 1, which is held. (PyTorch raises an error beyond.)
 * With `three_phase` it comes back to where it began at step 2 · pct_start · total_steps − 2 on its way down.
 *
 * @param options - As in PyTorch. The optimizer's own learning rate plays no part.
 * @returns Schedule of the 0-based count of `scheduler.step()`.
 * @throws RangeError or TypeError if an option is out of range or unknown, or the peak is not inside of the cycle.
 * @example
 * ```ts
 * import { torch } from "closerlook/schedules";
 * const lr = torch.OneCycleLR({ max_lr: 0.1, total_steps: 20 });
 * lr(5); // 0.1
 * lr(19); // 4e-7
 * ```
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
