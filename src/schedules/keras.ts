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
 * `keras.optimizers.schedules.ExponentialDecay`: initial_learning_rate · decay_rate^(step / decay_steps), by steps with
 * `staircase`.
 *
 * @param options - As in Keras.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const options = { initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 0.25 };
 * keras.ExponentialDecay(options)(5); // 0.05
 * ```
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
 * `keras.optimizers.schedules.InverseTimeDecay`: initial_learning_rate / (1 + decay_rate · step / decay_steps), by steps with
 * `staircase`.
 *
 * @param options - As in Keras.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const options = { initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 2 };
 * keras.InverseTimeDecay(options)(5); // 0.05
 * ```
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
 * `keras.optimizers.schedules.PolynomialDecay` without `cycle`:
 * (initial_learning_rate − end_learning_rate) · (1 − step / decay_steps)^power + end_learning_rate. The end is 0.0001 unless it
 * is given.
 *
 * @param options - As in Keras; `end_learning_rate` at most `initial_learning_rate`.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * keras.PolynomialDecay({ initial_learning_rate: 0.1, decay_steps: 10 })(1000); // 0.0001
 * ```
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
 * `keras.optimizers.schedules.PiecewiseConstantDecay`. The old value is still in force **at** the boundary, the new one from
 * the step after it on.
 *
 * @param options - As in Keras; the boundaries are integers >= 0.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError or TypeError if an option is out of range or unknown, or the lengths do not fit.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const lr = keras.PiecewiseConstantDecay({ boundaries: [60], values: [0.1, 0.01] });
 * lr(60); // 0.1
 * lr(61); // 0.01
 * ```
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
 * `keras.optimizers.schedules.CosineDecay`. With `warmup_target` there is a ramp of `warmup_steps` from
 * `initial_learning_rate` to it **before** the `decay_steps` of the cosine. `alpha` is a **fraction** of the value that the cosine
 * starts from.
 *
 * @param options - As in Keras; `alpha` in [0, 1].
 * @returns Schedule of the 0-based update index.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const ramp = { warmup_target: 0.1, warmup_steps: 5 };
 * const lr = keras.CosineDecay({ initial_learning_rate: 0, decay_steps: 20, alpha: 0.01, ...ramp });
 * lr(5); // 0.1
 * lr(15); // 0.0505
 * lr(25); // 0.001
 * ```
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
 * `keras.optimizers.schedules.CosineDecayRestarts`. `alpha` is a fraction of `initial_learning_rate`; `m_mul` multiplies the
 * height of the peaks **above that floor**. Cycles get twice as long each time unless `t_mul` is given.
 *
 * Here `t_mul` is an integer (Keras misses some restarts by a rounding error).
 *
 * @param options - As in Keras; `alpha` in [0, 1], `m_mul` in (0, 1].
 * @returns Schedule of the 0-based update index.
 * @throws RangeError or TypeError if an option is out of range or unknown.
 * @example
 * ```ts
 * import { keras } from "closerlook/schedules";
 * const options = { initial_learning_rate: 1, first_decay_steps: 10, m_mul: 0.5, alpha: 0.1 };
 * keras.CosineDecayRestarts(options)(10); // 0.55
 * keras.CosineDecayRestarts(options)(30); // 0.325
 * ```
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
