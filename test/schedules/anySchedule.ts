import fc from "fast-check";
import {
  constant,
  cosineDecay,
  cosineRestarts,
  curveDecay,
  exponentialDecay,
  interpolatePoints,
  inverseSquareRoot,
  inverseTime,
  join,
  linearDecay,
  oneCycle,
  perEpoch,
  polynomialDecay,
  type Schedule,
  scale,
  shift,
  stepDecay,
  torch,
  warmup,
} from "../../src/schedules/index.js";

const value = fc.double({ min: 0, max: 10, noNaN: true });
const power = fc.double({ min: 0.5, max: 5, noNaN: true });
const factor = fc.double({ min: 0.01, max: 1, noNaN: true });
const length = fc.integer({ min: 1, max: 200 });

/** A larger and a smaller value. */
const bounds = fc
  .tuple(value, value)
  .map(([a, b]) => ({ initial: Math.max(a, b), final: Math.min(a, b) }));

const decay = <T extends object>(others: fc.Arbitrary<T>) =>
  fc
    .tuple(bounds, length, others)
    .map(([ends, steps, options]) => ({ ...ends, steps, ...options }));

/** Strictly increasing steps. */
const increasing = (least: number) =>
  fc
    .uniqueArray(fc.integer({ min: least, max: 300 }), { minLength: 1, maxLength: 5 })
    .map((steps) => steps.sort((a, b) => a - b));

/** Schedules that never rise and have no jump, with values >= 0. */
export const anyContinuousDecay: fc.Arbitrary<Schedule> = fc.oneof(
  value.map(constant),
  decay(fc.constant({})).map(linearDecay),
  decay(fc.record({ exponent: power })).map(cosineDecay),
  decay(fc.record({ power })).map(polynomialDecay),
  decay(fc.record({ factor })).map(exponentialDecay),
  fc.record({ initial: value, steps: length }).map(inverseSquareRoot),
  fc.record({ initial: value, steps: length }).map(inverseTime),
  fc.record({ initial: value, steps: length }).map(curveDecay),
);

/** Lines through points at whole steps. */
export const anyInterpolation: fc.Arbitrary<Schedule> = fc
  .tuple(increasing(0), fc.array(value, { minLength: 5, maxLength: 5 }), fc.boolean())
  .map(([steps, values, straight]) =>
    interpolatePoints({
      points: steps.map((step, i) => [step, values[i]!] as const),
      shape: straight ? "linear" : "cosine",
    }),
  );

const anyWithJumps: fc.Arbitrary<Schedule> = fc.oneof(
  fc.record({ initial: value, boundaries: increasing(1), factor }).map(stepDecay),
  decay(fc.record({ factor })).map((options) => exponentialDecay({ ...options, staircase: true })),
  fc
    .tuple(
      bounds,
      fc.record({
        period: length,
        multiplier: fc.oneof(
          fc.integer({ min: 1, max: 3 }),
          fc.double({ min: 1, max: 3, noNaN: true }),
        ),
        cycles: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(Number.POSITIVE_INFINITY)),
        decay: factor,
        decayOf: fc.constantFrom("max" as const, "height" as const),
        endpoint: fc.boolean(),
        k: power,
      }),
    )
    .map(([{ initial, final }, rest]) => cosineRestarts({ max: initial, min: final, ...rest })),
  fc
    .integer({ min: 4, max: 300 })
    .map((total_steps) => torch.OneCycleLR({ max_lr: 1, total_steps })),
  fc.record({ peak: factor, steps: length }).map(oneCycle),
);

/** Schedules of every kind, inside one another, with values >= 0. */
export const { schedule: anySchedule } = fc.letrec<{ schedule: Schedule; combined: Schedule }>(
  (tie) => ({
    schedule: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      anyContinuousDecay,
      anyInterpolation,
      anyWithJumps,
      tie("combined"),
    ),
    combined: fc.oneof(
      fc.tuple(tie("schedule"), value).map(([schedule, by]) => scale(schedule, by)),
      fc
        .tuple(tie("schedule"), fc.integer({ min: -50, max: 50 }))
        .map(([schedule, steps]) => shift(schedule, steps)),
      fc
        .tuple(tie("schedule"), length, fc.boolean())
        .map(([schedule, steps, interpolate]) => perEpoch(schedule, steps, { interpolate })),
      fc
        .tuple(tie("schedule"), tie("schedule"), length)
        .map(([a, b, boundary]) => join([a, b], [boundary])),
      fc
        .record({
          from: value,
          to: fc.oneof(value, tie("schedule")),
          steps: fc.integer({ min: 0, max: 100 }),
          firstStep: fc.constantFrom("zero" as const, "one" as const),
          inside: fc.boolean(),
        })
        // From 0 the ramp must not lead to a 0 that the schedule has come down to.
        .map((options) => warmup({ ...options, inside: options.inside && options.from > 0 })),
    ),
  }),
);
