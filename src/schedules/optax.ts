import { checkNumber, checkOneOf, rangeError, typeError } from "../internal/checks.js";
import { constant } from "./constant.js";
import { cosineDecay } from "./cosineDecay.js";
import { exponentialDecay } from "./exponentialDecay.js";
import { type InterpolatePointsOptions, interpolatePoints } from "./interpolatePoints.js";
import { join } from "./join.js";
import { polynomialDecay } from "./polynomialDecay.js";
import { factorRange, flag, integer, number, readOptions } from "./presetOptions.js";
import type { Schedule } from "./schedule.js";
import { shift } from "./shift.js";

// The names are optax', so that a call can be copied. The unit is the count of updates. `constant_schedule` is `constant`
// here, `join_schedules` is `join`.

const later = (schedule: Schedule, steps: number) =>
  steps === 0 ? schedule : shift(schedule, steps);

/**
 * `optax.linear_schedule`: a straight line, up or down.
 *
 *     value(t) = init_value + (end_value − init_value) · c / transition_steps,   c = t − transition_begin
 *
 * c is held at 0 before it and at `transition_steps` after it.
 *
 * @param options - `init_value` and `end_value` finite; `transition_steps` an integer >= 1; `transition_begin` in steps, an
 * integer >= 0, 0 by default.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * optax.linear_schedule({ init_value: 0, end_value: 2.5, transition_steps: 200 })(100); // 1.25
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function linear_schedule(options: {
  init_value: number;
  end_value: number;
  transition_steps: number;
  transition_begin?: number;
}): Schedule {
  const read = readOptions("optax.linear_schedule", options, {
    init_value: number(),
    end_value: number(),
    transition_steps: integer({ min: 1 }),
    transition_begin: integer({ min: 0 }, 0),
  });
  return ramp(read.init_value, read.end_value, read.transition_steps, read.transition_begin);
}

const ramp = (from: number, to: number, steps: number, begin = 0): Schedule =>
  interpolatePoints({
    points: [
      [begin, from],
      [begin + steps, to],
    ],
  });

/**
 * `optax.polynomial_schedule` that does not rise: down by a power of the time that is left.
 *
 *     value(t) = end_value + (init_value − end_value) · (1 − c / transition_steps)^power,   c = t − transition_begin
 *
 * c is held at 0 before it and at `transition_steps` after it.
 *
 * @param options - `init_value` finite; `end_value` at most `init_value`; `power` > 0; `transition_steps` an integer >= 1;
 * `transition_begin` in steps, an integer >= 0, 0 by default.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * const options = { init_value: 0.1, end_value: 0, power: 2, transition_steps: 100 };
 * optax.polynomial_schedule(options)(50); // 0.025
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function polynomial_schedule(options: {
  init_value: number;
  end_value: number;
  power: number;
  transition_steps: number;
  transition_begin?: number;
}): Schedule {
  const where = "optax.polynomial_schedule";
  const read = readOptions(where, options, {
    init_value: number(),
    end_value: number(),
    power: number({ above: 0 }),
    transition_steps: integer({ min: 1 }),
    transition_begin: integer({ min: 0 }, 0),
  });
  const { init_value: initial, end_value, transition_steps: steps, power } = read;
  const final = checkNumber(where, "end_value", end_value, { max: initial });
  return later(polynomialDecay({ initial, final, steps, power }), read.transition_begin);
}

/**
 * `optax.piecewise_constant_schedule`: at each boundary the value is multiplied by its scale.
 *
 *     value(t) = init_value · s_1 · … · s_k,   k = number of boundaries <= t
 *
 * The scales **multiply up**. The new value is in force at the boundary.
 *
 * @param options - `init_value` finite; `boundaries_and_scales` has integers >= 1 as keys and scales >= 0, none by default.
 * @returns Schedule of the 0-based update index; the last value is held.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * const options = { init_value: 1, boundaries_and_scales: { 60: 0.5, 120: 0.1 } };
 * optax.piecewise_constant_schedule(options)(120); // 0.05
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function piecewise_constant_schedule(options: {
  init_value: number;
  boundaries_and_scales?: Readonly<Record<number, number>>;
}): Schedule {
  const { init_value, boundaries_and_scales } = readOptions(
    "optax.piecewise_constant_schedule",
    options,
    { init_value: number(), boundaries_and_scales: scales },
  );
  const values = multiplied(init_value, boundaries_and_scales);
  return join(
    values.map(constant),
    boundaries_and_scales.map(([boundary]) => boundary),
  );
}

/**
 * `optax.piecewise_interpolate_schedule`: through the points whose values `optax.piecewise_constant_schedule` jumps to.
 *
 *     (0, init_value)  →  (b_1, init_value · s_1)  →  (b_2, init_value · s_1 · s_2)  →  …
 *
 * by straight lines or half-waves of the cosine. The last value is held.
 *
 * @param options - `interpolate_type` "linear" or "cosine"; `init_value` finite; `boundaries_and_scales` has integers >= 1
 * as keys and scales >= 0, none by default.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * const options = { interpolate_type: "linear", init_value: 1, boundaries_and_scales: { 10: 0.5 } } as const;
 * optax.piecewise_interpolate_schedule(options)(5); // 0.75
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function piecewise_interpolate_schedule(options: {
  interpolate_type: "linear" | "cosine";
  init_value: number;
  boundaries_and_scales?: Readonly<Record<number, number>>;
}): Schedule {
  const where = "optax.piecewise_interpolate_schedule";
  const read = readOptions(where, options, {
    interpolate_type: shape,
    init_value: number(),
    boundaries_and_scales: scales,
  });
  return through(read.interpolate_type, read.init_value, read.boundaries_and_scales);
}

/**
 * `optax.exponential_decay` that does not rise: exponential, down to a floor.
 *
 *     value(t) = max(end_value, init_value · decay_rate^(c / transition_steps)),   c = max(0, t − transition_begin)
 *
 *     with staircase   decay_rate^⌊c / transition_steps⌋
 *
 * @param options - `init_value` >= 0; `transition_steps` an integer >= 1; `decay_rate` in (0, 1]; `transition_begin` in
 * steps, an integer >= 0, 0 by default; `staircase`, false by default; `end_value` from 0 to `init_value`, 0 by default.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * optax.exponential_decay({ init_value: 0.1, transition_steps: 10, decay_rate: 0.25 })(5); // 0.05
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function exponential_decay(options: { init_value: number } & OptaxExponentialOptions): Schedule {
  const where = "optax.exponential_decay";
  const read = readOptions(where, options, {
    init_value: number({ min: 0 }),
    ...exponentialOptions,
  });
  return exponential(where, read.init_value, read);
}

/** The options that both exponential decays have. */
export interface OptaxExponentialOptions {
  transition_steps: number;
  decay_rate: number;
  transition_begin?: number;
  staircase?: boolean;
  end_value?: number;
}

const exponentialOptions = {
  transition_steps: /* @__PURE__ */ integer({ min: 1 }),
  decay_rate: /* @__PURE__ */ number(factorRange),
  transition_begin: /* @__PURE__ */ integer({ min: 0 }, 0),
  staircase: /* @__PURE__ */ flag(false),
  end_value: /* @__PURE__ */ number({ min: 0 }, 0),
};

const exponential = (
  where: string,
  initial: number,
  read: Required<OptaxExponentialOptions>,
): Schedule => {
  checkNumber(where, "end_value", read.end_value, { max: initial });
  const { transition_steps: steps, decay_rate: factor, staircase, end_value: final } = read;
  const decay = exponentialDecay({ initial, factor, steps, final, staircase });
  return later(decay, read.transition_begin);
};

/**
 * `optax.cosine_decay_schedule`: half a wave of the cosine down to a **fraction** of the first value.
 *
 *     value(t) = init_value · ((1 − alpha) · ((1 + cos(π · t / decay_steps)) / 2)^exponent + alpha)   for t < decay_steps
 *
 * From step `decay_steps` on it is init_value · alpha.
 *
 * @param options - `init_value` >= 0; `decay_steps` an integer >= 1; `alpha` in [0, 1], 0 by default; `exponent` > 0, 1 by
 * default.
 * @returns Schedule of the 0-based update index; never rises.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * optax.cosine_decay_schedule({ init_value: 0.1, decay_steps: 20, alpha: 0.01 })(20); // 0.001
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function cosine_decay_schedule(options: {
  init_value: number;
  decay_steps: number;
  alpha?: number;
  exponent?: number;
}): Schedule {
  const read = readOptions("optax.cosine_decay_schedule", options, {
    init_value: number({ min: 0 }),
    decay_steps: integer({ min: 1 }),
    alpha: number({ min: 0, max: 1 }, 0),
    exponent: number({ above: 0 }, 1),
  });
  const { init_value: initial, decay_steps: steps, exponent } = read;
  return cosineDecay({ initial, final: initial * read.alpha, steps, exponent });
}

/** The options of `optax.warmup_cosine_decay_schedule`. */
export interface OptaxWarmupCosineOptions {
  init_value: number;
  peak_value: number;
  warmup_steps: number;
  decay_steps: number;
  end_value?: number;
  exponent?: number;
}

/**
 * `optax.warmup_cosine_decay_schedule`: a straight line up to the peak and half a wave of the cosine down.
 *
 *     value(t) = init_value + (peak_value − init_value) · t / warmup_steps                           for t < warmup_steps
 *     value(t) = end_value + (peak_value − end_value) · ((1 + cos(π · c / D)) / 2)^exponent           after it
 *
 *     c = t − warmup_steps,   D = decay_steps − warmup_steps
 *
 * `decay_steps` is the **total**: from there on the value is `end_value`, which is a value, not a fraction.
 *
 * @param options - `init_value` and `peak_value` >= 0; `warmup_steps` an integer >= 0; `decay_steps` an integer >
 * `warmup_steps`; `end_value` from 0 to `peak_value`, 0 by default; `exponent` > 0, 1 by default.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * const options = { init_value: 0, peak_value: 0.1, warmup_steps: 5, decay_steps: 25, end_value: 0.001 };
 * const lr = optax.warmup_cosine_decay_schedule(options);
 * lr(5); // 0.1
 * lr(15); // 0.0505
 * lr(25); // 0.001
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function warmup_cosine_decay_schedule(options: OptaxWarmupCosineOptions): Schedule {
  return warmupCosine("optax.warmup_cosine_decay_schedule", options);
}

function warmupCosine(where: string, options: OptaxWarmupCosineOptions): Schedule {
  const read = readOptions(where, options, {
    init_value: number({ min: 0 }),
    peak_value: number({ min: 0 }),
    warmup_steps: integer({ min: 0 }),
    decay_steps: integer({ min: 1 }),
    end_value: number({ min: 0 }, 0),
    exponent: number({ above: 0 }, 1),
  });
  const { peak_value, warmup_steps, end_value, exponent } = read;
  const final = checkNumber(where, "end_value", end_value, { max: peak_value });
  const decay_steps = checkNumber(where, "decay_steps", read.decay_steps, { above: warmup_steps });
  const steps = decay_steps - warmup_steps;
  const decay = cosineDecay({ initial: peak_value, final, steps, exponent });
  return afterRamp(read, decay);
}

const afterRamp = (
  read: { init_value: number; peak_value: number; warmup_steps: number },
  schedule: Schedule,
): Schedule => {
  const { init_value, peak_value, warmup_steps } = read;
  if (warmup_steps === 0) return schedule;
  return join([ramp(init_value, peak_value, warmup_steps), schedule], [warmup_steps]);
};

/**
 * `optax.warmup_exponential_decay_schedule`: a straight line up to the peak and an exponential decay.
 *
 *     value(t) = init_value + (peak_value − init_value) · t / warmup_steps               for t < warmup_steps
 *     value(t) = max(end_value, peak_value · decay_rate^(c / transition_steps))           after it
 *
 *     c = max(0, t − warmup_steps − transition_begin),   with staircase   decay_rate^⌊c / transition_steps⌋
 *
 * @param options - `init_value` and `peak_value` >= 0; `warmup_steps` an integer >= 0; `transition_steps` an integer >= 1;
 * `decay_rate` in (0, 1]; `transition_begin` in steps after the ramp, an integer >= 0, 0 by default; `staircase`, false by
 * default; `end_value` from 0 to `peak_value`, 0 by default.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if an option is out of its range; TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * const decay = { transition_steps: 10, decay_rate: 0.25 };
 * const options = { init_value: 0, peak_value: 0.1, warmup_steps: 5, ...decay };
 * optax.warmup_exponential_decay_schedule(options)(10); // 0.05
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function warmup_exponential_decay_schedule(
  options: {
    init_value: number;
    peak_value: number;
    warmup_steps: number;
  } & OptaxExponentialOptions,
): Schedule {
  const where = "optax.warmup_exponential_decay_schedule";
  const read = readOptions(where, options, {
    init_value: number({ min: 0 }),
    peak_value: number({ min: 0 }),
    warmup_steps: integer({ min: 0 }),
    ...exponentialOptions,
  });
  return afterRamp(read, exponential(where, read.peak_value, read));
}

/**
 * `optax.sgdr_schedule`: cycles of `optax.warmup_cosine_decay_schedule`, one after the other.
 *
 *     value(t) = cycle_k(t − b_k),   b_k = sum of decay_steps of the cycles before it,   k = the last with b_k <= t
 *
 * A cycle begins at its own step 0, so a ramp of 0 steps restarts at the peak. The last cycle is held at its end value.
 *
 * @param cycles - One or more of {@link OptaxWarmupCosineOptions}, with the ranges that `optax.warmup_cosine_decay_schedule`
 * gives them.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if the list is empty or an option is out of its range; TypeError for another kind of value or an
 * unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * const cycle = { init_value: 0, peak_value: 0.1, warmup_steps: 2, decay_steps: 10 };
 * optax.sgdr_schedule([cycle, { ...cycle, decay_steps: 20 }])(12); // 0.1
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function sgdr_schedule(cycles: readonly OptaxWarmupCosineOptions[]): Schedule {
  const where = "optax.sgdr_schedule";
  if (!Array.isArray(cycles)) {
    throw typeError(where, "cycles", "an array of options", cycles);
  }
  if (cycles.length === 0) throw rangeError(where, "cycles", "the options of one or more", cycles);
  const schedules = cycles.map((options, i) => warmupCosine(`${where}: cycles[${i}]`, options));
  let end = 0;
  const ends = cycles.map(({ decay_steps }) => (end += decay_steps));
  return join(schedules, ends.slice(0, -1));
}

/**
 * `optax.cosine_onecycle_schedule`: up to a peak and down to a very small value.
 *
 *     (0, peak_value / div_factor)  →  (⌊pct_start · transition_steps⌋, peak_value)
 *                                   →  (transition_steps, peak_value / div_factor / final_div_factor)
 *
 * by half-waves of the cosine. The last value is held.
 *
 * @param options - `transition_steps` an integer >= 2; `peak_value` >= 0; `pct_start` in (0, 1), 0.3 by default;
 * `div_factor` > 0, 25 by default; `final_div_factor` > 0, 1e4 by default.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if an option is out of its range or the peak is at step 0; TypeError for another kind of value or an
 * unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * const lr = optax.cosine_onecycle_schedule({ transition_steps: 20, peak_value: 0.1 });
 * lr(6); // 0.1
 * lr(20); // 4e-7
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function cosine_onecycle_schedule(options: {
  transition_steps: number;
  peak_value: number;
  pct_start?: number;
  div_factor?: number;
  final_div_factor?: number;
}): Schedule {
  const where = "optax.cosine_onecycle_schedule";
  const read = readOptions(where, options, oneCycleOptions);
  const { transition_steps, peak_value, pct_start, div_factor, final_div_factor } = read;
  return through("cosine", peak_value / div_factor, [
    [peakStep(where, pct_start, transition_steps), div_factor],
    [transition_steps, 1 / (div_factor * final_div_factor)],
  ]);
}

function peakStep(where: string, pct_start: number, transition_steps: number): number {
  const step = Math.trunc(pct_start * transition_steps);
  if (step >= 1) return step;
  const must = "such that ⌊pct_start · transition_steps⌋, the step of the peak, is at least 1";
  throw rangeError(where, "pct_start", must, pct_start);
}

const oneCycleOptions = {
  transition_steps: /* @__PURE__ */ integer({ min: 2 }),
  peak_value: /* @__PURE__ */ number({ min: 0 }),
  pct_start: /* @__PURE__ */ number({ above: 0, below: 1 }, 0.3),
  div_factor: /* @__PURE__ */ number({ above: 0 }, 25),
  final_div_factor: /* @__PURE__ */ number({ above: 0 }, 1e4),
};

/**
 * `optax.linear_onecycle_schedule`: up to a peak, back to where it began, and down to a very small value.
 *
 *     (0, peak_value / div_factor)  →  (⌊pct_start · transition_steps⌋, peak_value)
 *                                   →  (⌊pct_final · transition_steps⌋, peak_value / div_factor)
 *                                   →  (transition_steps, peak_value / div_factor / final_div_factor)
 *
 * by straight lines. The last value is held.
 *
 * @param options - `transition_steps` an integer >= 2; `peak_value` >= 0; `pct_start` and `pct_final` in (0, 1), 0.3 and
 * 0.85 by default; `div_factor` > 0, 25 by default; `final_div_factor` > 0, 1e4 by default.
 * @returns Schedule of the 0-based update index.
 * @throws RangeError if an option is out of its range, the peak is at step 0 or not before the second of these steps;
 * TypeError for another kind of value or an unknown option.
 * @example
 * ```ts
 * import { optax } from "closerlook/schedules";
 * const lr = optax.linear_onecycle_schedule({ transition_steps: 20, peak_value: 0.1 });
 * lr(6); // 0.1
 * lr(17); // 0.004
 * lr(20); // 4e-7
 * ```
 * @see optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
function linear_onecycle_schedule(options: {
  transition_steps: number;
  peak_value: number;
  pct_start?: number;
  pct_final?: number;
  div_factor?: number;
  final_div_factor?: number;
}): Schedule {
  const where = "optax.linear_onecycle_schedule";
  const read = readOptions(where, options, {
    ...oneCycleOptions,
    pct_final: number({ above: 0, below: 1 }, 0.85),
  });
  const { transition_steps, peak_value, pct_start, pct_final, div_factor } = read;
  const peakAt = peakStep(where, pct_start, transition_steps);
  const backAt = Math.trunc(pct_final * transition_steps);
  if (backAt <= peakAt) {
    const must = `a step or more after pct_start (${pct_start}) of the transition_steps`;
    throw rangeError(where, "pct_final", must, pct_final);
  }
  return through("linear", peak_value / div_factor, [
    [peakAt, div_factor],
    [backAt, 1 / div_factor],
    [transition_steps, 1 / read.final_div_factor],
  ]);
}

type Scale = readonly [boundary: number, scale: number];

const shape = (where: string, option: string, value: unknown) =>
  checkOneOf(where, option, value, ["linear", "cosine"]);

/** A record of boundaries and their scales, in ascending order. */
function scales(where: string, option: string, value: unknown = {}): Scale[] {
  if (typeof value !== "object" || value === null) {
    throw typeError(where, option, "{ boundary: scale, … }", value);
  }
  return Object.entries(value)
    .map(([boundary, scale]): Scale => {
      const step = integer({ min: 1 })(where, `a boundary of ${option}`, Number(boundary));
      return [step, checkNumber(where, `${option}[${boundary}]`, scale, { min: 0 })];
    })
    .sort(([a], [b]) => a - b);
}

/** The value before and after each boundary. */
const multiplied = (initial: number, boundaries: readonly Scale[]): number[] => {
  const values = [initial];
  for (const [, scale] of boundaries) values.push(values.at(-1)! * scale);
  return values;
};

const through = (
  shape: InterpolatePointsOptions["shape"] & string,
  initial: number,
  boundaries: readonly Scale[],
): Schedule => {
  const values = multiplied(initial, boundaries);
  const points = values.map((value, i) => [i === 0 ? 0 : boundaries[i - 1]![0], value] as const);
  return interpolatePoints({ points, shape });
};

/** Schedules by the names, defaults and conventions of optax. */
export const optax = {
  linear_schedule,
  polynomial_schedule,
  piecewise_constant_schedule,
  piecewise_interpolate_schedule,
  exponential_decay,
  cosine_decay_schedule,
  warmup_cosine_decay_schedule,
  warmup_exponential_decay_schedule,
  sgdr_schedule,
  cosine_onecycle_schedule,
  linear_onecycle_schedule,
};
