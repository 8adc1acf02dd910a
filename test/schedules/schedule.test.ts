import { describe, expect, test } from "vitest";
import {
  constant,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  interpolatePoints,
  inverseSquareRoot,
  inverseTime,
  join,
  linearDecay,
  perEpoch,
  polynomialDecay,
  type Schedule,
  scale,
  shift,
  stepDecay,
  warmup,
} from "../../src/schedules/index.js";

const inner: Schedule = () => 1;

const everySchedule: Record<string, Schedule> = {
  constant: constant(1),
  stepDecay: stepDecay({ initial: 1, boundaries: [5], factor: 0.5 }),
  linearDecay: linearDecay({ initial: 1, steps: 5 }),
  cosineDecay: cosineDecay({ initial: 1, steps: 5 }),
  cosineRestarts: cosineRestarts({ max: 1, period: 5 }),
  warmup: warmup({ to: inner, steps: 5 }),
  join: join([inner, inner], [5]),
  scale: scale(inner, 2),
  perEpoch: perEpoch(inner, 5),
  shift: shift(inner, 5),
  exponentialDecay: exponentialDecay({ initial: 1, factor: 0.5 }),
  polynomialDecay: polynomialDecay({ initial: 1, steps: 5 }),
  inverseSquareRoot: inverseSquareRoot({ initial: 1, steps: 5 }),
  inverseTime: inverseTime({ initial: 1, steps: 5 }),
  interpolatePoints: interpolatePoints({ points: [[0, 1]] }),
};

describe.each(Object.entries(everySchedule))("a schedule of %s", (name, schedule) => {
  test.each([-1, -1e-9, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses step %s",
    (step) => {
      expect(() => schedule(step)).toThrow(
        new RangeError(`${name}: step must be a finite number >= 0, got ${step}`),
      );
    },
  );

  test.each([undefined, null, "3", 3n, [3]])("refuses %s, which is no number", (step) => {
    // @ts-expect-error: not a number
    expect(() => schedule(step)).toThrow(TypeError);
  });

  test("accepts fractional steps and negative zero", () => {
    expect(Number.isFinite(schedule(2.5))).toBe(true);
    expect(schedule(-0)).toBe(schedule(0));
  });
});

describe("a schedule around the caller's own function", () => {
  const broken: Schedule = (step) => (step < 2 ? 1 : Number.NaN);

  test.each([
    ["warmup", warmup({ to: broken, steps: 1 })],
    ["join", join([broken, inner], [5])],
    ["scale", scale(broken, 2)],
    ["perEpoch", perEpoch(broken, 1)],
    ["shift", shift(broken, 1)],
  ])("%s does not pass on a value that is not finite", (name, schedule) => {
    expect(schedule(1)).toBeGreaterThan(0);
    expect(() => schedule(3)).toThrow(
      new RangeError(`${name}: the value at step 3 must be a finite number, got NaN`),
    );
  });
});
