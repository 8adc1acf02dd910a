import { checkNumber, rangeError, typeError } from "../internal/checks.js";
import { constant } from "./constant.js";
import { cosineDecay } from "./cosineDecay.js";
import { cosineRestarts } from "./cosineRestarts.js";
import { exponentialDecay } from "./exponentialDecay.js";
import { interpolatePoints } from "./interpolatePoints.js";
import { inverseTime } from "./inverseTime.js";
import { join } from "./join.js";
import { perEpoch } from "./perEpoch.js";
import { polynomialDecay } from "./polynomialDecay.js";
import { factorRange, flag, integer, integers, number, readOptions } from "./presetOptions.js";
import type { Schedule } from "./schedule.js";

// The names are Keras', so that a call can be copied. The unit is the optimizer's count of updates. Keras computes in single
// precision, so its printed values have 7 digits of these.

/**
 * `keras.optimizers.schedules.ExponentialDecay`: exponential, without an end.
 *
 *     value(t) = initial_learning_rate · decay_rate^(t / decay_steps),   with staircase   decay_rate^⌊t / decay_steps⌋
 *
 * @param options - `initial_learning_rate` >= 0; `decay_steps` an integer >= 1; `decay_rate` in (0, 1]; `staircase`, false
 * by default.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const options = { initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 0.25 };
 * keras.ExponentialDecay(options)(5); // 0.05
 * ```
 * @see Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/
 */
function ExponentialDecay(options: {
  initial_learning_rate: number;
  decay_steps: number;
  decay_rate: number;
  staircase?: boolean;
}): Schedule {
  const read = readOptions("keras.ExponentialDecay", options, {
    initial_learning_rate: number({ min: 0 }),
    decay_steps: integer({ min: 1 }),
    decay_rate: number(factorRange),
    staircase: flag(false),
  });
  const { initial_learning_rate: initial, decay_steps: steps, decay_rate: factor } = read;
  return exponentialDecay({ initial, factor, steps, staircase: read.staircase });
}

/**
 * `keras.optimizers.schedules.InverseTimeDecay`: by the inverse of the time, without an end.
 *
 *     value(t) = initial_learning_rate / (1 + decay_rate · t / decay_steps),   with staircase   ⌊t / decay_steps⌋
 *
 * @param options - `initial_learning_rate` >= 0; `decay_steps` an integer >= 1; `decay_rate` > 0; `staircase`, false by
 * default.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const options = { initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 2 };
 * keras.InverseTimeDecay(options)(5); // 0.05
 * ```
 * @see Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/
 */
function InverseTimeDecay(options: {
  initial_learning_rate: number;
  decay_steps: number;
  decay_rate: number;
  staircase?: boolean;
}): Schedule {
  const read = readOptions("keras.InverseTimeDecay", options, {
    initial_learning_rate: number({ min: 0 }),
    decay_steps: integer({ min: 1 }),
    decay_rate: number({ above: 0 }),
    staircase: flag(false),
  });
  const { initial_learning_rate: initial, decay_steps, decay_rate, staircase } = read;
  const inPeriods = inverseTime({ initial, steps: 1 / decay_rate });
  return perEpoch(inPeriods, decay_steps, { interpolate: !staircase });
}

/**
 * `keras.optimizers.schedules.PolynomialDecay` without `cycle`: down by a power of the time that is left.
 *
 *     value(t) = end_learning_rate + (initial_learning_rate − end_learning_rate) · (1 − t / decay_steps)^power
 *
 * for t < decay_steps; from then on it is `end_learning_rate`.
 *
 * @param options - `initial_learning_rate` >= 0; `decay_steps` an integer >= 1; `end_learning_rate` from 0 to
 * `initial_learning_rate`, 0.0001 by default; `power` > 0, 1 by default.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * keras.PolynomialDecay({ initial_learning_rate: 0.1, decay_steps: 10 })(1000); // 0.0001
 * ```
 * @see Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/
 */
function PolynomialDecay(options: {
  initial_learning_rate: number;
  decay_steps: number;
  end_learning_rate?: number;
  power?: number;
}): Schedule {
  const where = "keras.PolynomialDecay";
  const read = readOptions(where, options, {
    initial_learning_rate: number({ min: 0 }),
    decay_steps: integer({ min: 1 }),
    end_learning_rate: number({ min: 0 }, 0.0001),
    power: number({ above: 0 }, 1),
  });
  const { initial_learning_rate: initial, decay_steps: steps, end_learning_rate, power } = read;
  const final = checkNumber(where, "end_learning_rate", end_learning_rate, { max: initial });
  return polynomialDecay({ initial, final, steps, power });
}

/**
 * `keras.optimizers.schedules.PiecewiseConstantDecay`: one value after another.
 *
 *     value(t) = values[k],   k = number of boundaries < t
 *
 * The old value is still in force **at** the boundary, the new one from the step after it on.
 *
 * @param options - `boundaries` integers >= 0, strictly increasing; `values` finite, one more than there are boundaries.
 * @returns Schedule of the 0-based update index; the last value is held.
 * @throws RangeError if an option is out of its range or the lengths do not fit; TypeError for another kind of value or an
 * unknown option.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const lr = keras.PiecewiseConstantDecay({ boundaries: [60], values: [0.1, 0.01] });
 * lr(60); // 0.1
 * lr(61); // 0.01
 * ```
 * @see Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/
 */
function PiecewiseConstantDecay(options: {
  boundaries: readonly number[];
  values: readonly number[];
}): Schedule {
  const where = "keras.PiecewiseConstantDecay";
  const { boundaries, values } = readOptions(where, options, {
    boundaries: integers({ min: 0 }),
    values: (_where, option, value) => {
      if (!Array.isArray(value)) throw typeError(where, option, "an array of numbers", value);
      return value.map((item, i) => checkNumber(where, `${option}[${i}]`, item));
    },
  });
  if (values.length !== boundaries.length + 1) {
    const must = `one more than the ${boundaries.length} boundaries`;
    throw rangeError(where, "the number of values", must, values.length);
  }
  return join(
    values.map(constant),
    boundaries.map((boundary) => boundary + 1),
  );
}

/**
 * `keras.optimizers.schedules.CosineDecay`: half a wave of the cosine down to a **fraction** of the value that it starts
 * from, after a ramp if there is a `warmup_target`.
 *
 *     value(t) = initial_learning_rate + (warmup_target − initial_learning_rate) · t / warmup_steps     for t < warmup_steps
 *     value(t) = V · ((1 − alpha) · (1 + cos(π · c / decay_steps)) / 2 + alpha)                         after it
 *
 *     c = min(t − warmup_steps, decay_steps),   V = warmup_target
 *
 * The ramp comes **before** the `decay_steps` of the cosine. Without a `warmup_target` there is none: c = min(t,
 * decay_steps), V = initial_learning_rate.
 *
 * @param options - `initial_learning_rate` >= 0; `decay_steps` an integer >= 1; `alpha` in [0, 1], 0 by default;
 * `warmup_target` >= 0 or null, the default; `warmup_steps` an integer >= 0, 0 by default.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const ramp = { warmup_target: 0.1, warmup_steps: 5 };
 * const lr = keras.CosineDecay({ initial_learning_rate: 0, decay_steps: 20, alpha: 0.01, ...ramp });
 * lr(5); // 0.1
 * lr(15); // 0.0505
 * lr(25); // 0.001
 * ```
 * @see Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/
 */
function CosineDecay(options: {
  initial_learning_rate: number;
  decay_steps: number;
  alpha?: number;
  warmup_target?: number | null;
  warmup_steps?: number;
}): Schedule {
  const read = readOptions("keras.CosineDecay", options, {
    initial_learning_rate: number({ min: 0 }),
    decay_steps: integer({ min: 1 }),
    alpha: number({ min: 0, max: 1 }, 0),
    warmup_target: (where, option, value) =>
      value === undefined || value === null ? undefined : number({ min: 0 })(where, option, value),
    warmup_steps: integer({ min: 0 }, 0),
  });
  const { initial_learning_rate, decay_steps: steps, alpha, warmup_target, warmup_steps } = read;
  const initial = warmup_target ?? initial_learning_rate;
  const decay = cosineDecay({ initial, final: initial * alpha, steps });
  if (warmup_target === undefined || warmup_steps === 0) return decay;
  const points = [
    [0, initial_learning_rate],
    [warmup_steps, warmup_target],
  ] as const;
  return join([interpolatePoints({ points }), decay], [warmup_steps]);
}

/**
 * `keras.optimizers.schedules.CosineDecayRestarts`: cosines with restarts, each cycle twice as long as the one before unless
 * `t_mul` is given.
 *
 *     value(t) = initial_learning_rate · ((1 − alpha) · m_mul^i · (1 + cos(π · c / T_i)) / 2 + alpha)
 *
 *     T_i = first_decay_steps · t_mul^i,   i = number of restarts up to t,   c = steps since the last of them
 *
 * `alpha` is a fraction of `initial_learning_rate`; `m_mul` multiplies the height of the peaks **above that floor**. It
 * restarts for ever. A `t_mul` that is no integer lets cycles begin between two steps. Keras misses some restarts on whole
 * steps by a rounding error; here none is missed.
 *
 * @param options - `initial_learning_rate` >= 0; `first_decay_steps` an integer >= 1; `t_mul` >= 1, 2 by default; `m_mul` in
 * (0, 1], 1 by default; `alpha` in [0, 1], 0 by default.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const options = { initial_learning_rate: 1, first_decay_steps: 10, m_mul: 0.5, alpha: 0.1 };
 * keras.CosineDecayRestarts(options)(10); // 0.55
 * keras.CosineDecayRestarts(options)(30); // 0.325
 * ```
 * @see Keras 3.15, https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/
 */
function CosineDecayRestarts(options: {
  initial_learning_rate: number;
  first_decay_steps: number;
  t_mul?: number;
  m_mul?: number;
  alpha?: number;
}): Schedule {
  const read = readOptions("keras.CosineDecayRestarts", options, {
    initial_learning_rate: number({ min: 0 }),
    first_decay_steps: integer({ min: 1 }),
    t_mul: number({ min: 1 }, 2),
    m_mul: number(factorRange, 1),
    alpha: number({ min: 0, max: 1 }, 0),
  });
  return cosineRestarts({
    max: read.initial_learning_rate,
    min: read.initial_learning_rate * read.alpha,
    period: read.first_decay_steps,
    multiplier: read.t_mul,
    decay: read.m_mul,
    decayOf: "height",
  });
}

/** Schedules by the names, defaults and conventions of Keras. */
export const keras = {
  ExponentialDecay,
  InverseTimeDecay,
  PolynomialDecay,
  PiecewiseConstantDecay,
  CosineDecay,
  CosineDecayRestarts,
};
