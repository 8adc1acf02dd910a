import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, linearDecay, perEpoch, type Schedule } from "../../src/schedules/index.js";

const epoch: Schedule = (step) => step;

describe("perEpoch", () => {
  test("the value changes once in an epoch", () => {
    expect([0, 1, 3, 4, 7, 8].map(perEpoch(epoch, 4))).toEqual([0, 0, 0, 1, 1, 2]);
  });

  test("interpolated, the value changes with every update", () => {
    const value = perEpoch(epoch, 4, { interpolate: true });
    expect([0, 1, 3, 4, 7, 8].map(value)).toEqual([0, 0.25, 0.75, 1, 1.75, 2]);
  });

  test("every update of an epoch has the schedule's value of that epoch", () => {
    const schedule = linearDecay({ initial: 1, steps: 5000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.nat({ max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (stepsPerEpoch, k, fraction) => {
          const value = perEpoch(schedule, stepsPerEpoch);
          const first = k * stepsPerEpoch;
          expect(value(first)).toBe(schedule(k));
          expect(value(first + stepsPerEpoch - 1)).toBe(schedule(k));
          expect(value(first + Math.floor(fraction * stepsPerEpoch))).toBe(schedule(k));
        },
      ),
    );
  });

  test("the last fractional step before an epoch is still in the epoch before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e5 }), fc.integer({ min: 1, max: 1e5 }), (n, k) => {
        const boundary = n * k;
        const last = boundary - 2 ** (Math.ceil(Math.log2(boundary)) - 53);
        expect(last).toBeLessThan(boundary);
        expect(perEpoch(epoch, n)(last)).toBe(k - 1);
        expect(perEpoch(epoch, n, { interpolate: true })(last)).toBeLessThan(k);
      }),
    );
  });

  test("one update per epoch changes nothing", () => {
    const schedule = linearDecay({ initial: 1, steps: 7 });
    for (let step = 0; step < 10; step++) {
      expect(perEpoch(schedule, 1)(step)).toBe(schedule(step));
      expect(perEpoch(schedule, 1, { interpolate: true })(step)).toBe(schedule(step));
    }
  });

  test("bad input is named in the error", () => {
    expect(() => perEpoch(constant(1), 0)).toThrow(
      new RangeError("perEpoch: stepsPerEpoch must be an integer >= 1, got 0"),
    );
    expect(() => perEpoch(constant(1), 2.5)).toThrow(RangeError);
    // @ts-expect-error: the two arguments swapped
    expect(() => perEpoch(10, constant(1))).toThrow(
      new TypeError("perEpoch: schedule must be a schedule, got 10"),
    );
    // @ts-expect-error: a boolean where the options belong
    expect(() => perEpoch(constant(1), 10, true)).toThrow(/options must be an object, got true/);
    // @ts-expect-error: not a boolean
    expect(() => perEpoch(constant(1), 10, { interpolate: "yes" })).toThrow(
      new TypeError('perEpoch: interpolate must be true or false, got "yes"'),
    );
  });
});
