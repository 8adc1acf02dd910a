import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  constant,
  cosineDecay,
  cosineRestarts,
  join,
  perEpoch,
  stepDecay,
  warmup,
} from "../../src/schedules/index.js";

// + 0: no negative zero, whose sign is not kept
const anyValue = fc.double({ min: -5, max: 5, noNaN: true }).map((value) => value + 0);

const anyRamp = fc.record({
  from: anyValue,
  steps: fc.integer({ min: 1, max: 300 }),
  firstStep: fc.constantFrom("zero" as const, "one" as const),
});

describe("warmup", () => {
  test("rises in equal parts from 0 and holds the value", () => {
    const value = warmup({ to: 2, steps: 4 });
    expect([0, 1, 2, 2.5, 3, 4, 5, 1e9].map(value)).toEqual([0, 0.5, 1, 1.25, 1.5, 2, 2, 2]);
  });

  test('with firstStep "one" each update is one part further', () => {
    const value = warmup({ to: 2, steps: 4, firstStep: "one" });
    expect([0, 1, 2, 3, 4, 1e9].map(value)).toEqual([0.5, 1, 1.5, 2, 2, 2]);
  });

  test("a warmup of no steps, or of one that starts at one part, is no warmup", () => {
    expect(warmup({ to: 2, steps: 0 })(0)).toBe(2);
    expect(warmup({ to: 2, steps: 0, firstStep: "one" })(0)).toBe(2);
    expect(warmup({ to: 2, steps: 1, firstStep: "one" })(0)).toBe(2);
    expect([0, 1].map(warmup({ to: 2, steps: 1 }))).toEqual([0, 2]);
  });

  test("the paper's schedule: from 0 to 2.5 in 200 iterations, then a tenth at epochs from the start", () => {
    const drops = stepDecay({ initial: 2.5, boundaries: [60, 120, 150], factor: 0.1 });
    const lr = warmup({ to: perEpoch(drops, 10), steps: 200 });
    for (let i = 0; i < 200; i++) expect(lr(i)).toBeAllclose((2.5 * i) / 200, { rtol: 1e-15 });
    expect([200, 599, 600, 1199, 1200, 1500, 2999].map(lr)).toBeAllclose(
      [2.5, 2.5, 0.25, 0.25, 0.025, 0.0025, 0.0025],
      { rtol: 1e-15 },
    );
  });

  test("a boundary inside the ramp lowers what the ramp leads to", () => {
    const lr = warmup({
      to: stepDecay({ initial: 1, boundaries: [5], factor: 0.5 }),
      steps: 10,
    });
    expect([0, 4, 6, 10, 11].map(lr)).toBeAllclose([0, 0.2, 0.3, 0.5, 0.5], { rtol: 1e-15 });
  });

  test("outside of the schedule that it leads to, it delays that by its steps", () => {
    const to = cosineRestarts({ max: 2, min: 0.1, period: 5 });
    const value = warmup({ to, steps: 4, inside: false });
    expect([0, 1, 2, 3].map(value)).toEqual([0, 0.5, 1, 1.5]);
    for (let step = 0; step < 12; step++) expect(value(4 + step)).toBe(to(step));
    const one = warmup({ to, steps: 4, firstStep: "one", inside: false });
    expect([0, 1, 2, 3].map(one)).toEqual([0.5, 1, 1.5, 2]);
    for (let step = 0; step < 12; step++) expect(one(4 + step)).toBe(to(step));
    expect(warmup({ to, steps: 0, inside: false })(3)).toBe(to(3));
  });

  test("meets any schedule without a jump, and leaves it as it is from there on", () => {
    fc.assert(
      fc.property(anyRamp, fc.integer({ min: 0, max: 500 }), (ramp, beyond) => {
        const to = cosineRestarts({ max: 2, min: 0.1, period: 37, multiplier: 2 });
        const value = warmup({ ...ramp, to });
        const end = ramp.firstStep === "one" ? ramp.steps - 1 : ramp.steps;
        expect(value(end + beyond)).toBe(to(end + beyond));
        if (end > 0) {
          const slope = Math.abs(to(end) - ramp.from) / ramp.steps;
          expect(Math.abs(value(end) - value(end - 1e-6))).toBeLessThanOrEqual(slope * 1e-6 + 1e-9);
        }
      }),
    );
  });

  test("rises in equal steps and within its bounds", () => {
    fc.assert(
      fc.property(anyRamp, anyValue, (ramp, to) => {
        const value = warmup({ ...ramp, to });
        const part = (to - ramp.from) / ramp.steps;
        if (ramp.firstStep === "zero") expect(value(0)).toBe(ramp.from);
        for (let step = 0; step < ramp.steps - 1; step++) {
          expect(value(step + 1) - value(step)).toBeAllclose(part, { atol: 1e-14 });
          expect(value(step)).toBeGreaterThanOrEqual(Math.min(ramp.from, to));
          expect(value(step)).toBeLessThanOrEqual(Math.max(ramp.from, to));
        }
      }),
    );
  });

  test("a schedule that is over before the end of the ramp from 0 is an error rather than 0 everywhere", () => {
    const to = cosineDecay({ initial: 0.1, steps: 10 });
    expect(() => warmup({ to, steps: 20 })).toThrow(
      new RangeError(
        "warmup: to(20) must be other than 0, where the ramp from 0 ends, got 0. " +
          "The schedule is over before the warmup; inside: false puts the warmup before it",
      ),
    );
    expect(() => warmup({ to, steps: 11, firstStep: "one" })).toThrow(/to\(10\) must be other/);
    // What leads somewhere, or begins with 0 itself, is meant.
    expect(warmup({ to, steps: 20, inside: false })(20)).toBe(0.1);
    expect(warmup({ to, steps: 10, firstStep: "one" })(9)).toBe(to(9));
    expect(warmup({ from: 0.1, to, steps: 20 })(10)).toBe(0.05);
    expect(warmup({ to: 0, steps: 20 })(20)).toBe(0);
    expect(warmup({ to: constant(0), steps: 20 })(20)).toBe(0);
    expect(warmup({ to: join([constant(0), to], [30]), steps: 20 })(30)).toBe(0.1);
  });

  test("bad input is named in the error", () => {
    expect(() => warmup({ to: 1, steps: -1 })).toThrow(
      new RangeError("warmup: steps must be an integer >= 0, got -1"),
    );
    expect(() => warmup({ to: Number.POSITIVE_INFINITY, steps: 1 })).toThrow(
      new RangeError("warmup: to must be a finite number, got Infinity"),
    );
    expect(() => warmup({ to: () => Number.NaN, steps: 3 })).toThrow(
      new RangeError("warmup: to(3) must be a finite number, got NaN"),
    );
    // @ts-expect-error: not one of the two
    expect(() => warmup({ to: 1, steps: 3, firstStep: "two" })).toThrow(
      new RangeError('warmup: firstStep must be one of "zero", "one", got "two"'),
    );
    expect(() => warmup({ to: () => Number.NaN, steps: 3, inside: false })).toThrow(
      new RangeError("warmup: to(0) must be a finite number, got NaN"),
    );
    expect(() => warmup({ to: 1, steps: 3, inside: 0 as never })).toThrow(
      new TypeError("warmup: inside must be true or false, got 0"),
    );
    // @ts-expect-error: neither a number nor a schedule
    expect(() => warmup({ steps: 3 })).toThrow(/to must be a finite number, got undefined/);
    // @ts-expect-error: a misspelt option
    expect(() => warmup({ to: 1, steps: 3, into: cosineDecay })).toThrow(/got "into"/);
  });
});
