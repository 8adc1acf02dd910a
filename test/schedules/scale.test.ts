import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, cosineRestarts, scale } from "../../src/schedules/index.js";

describe("scale", () => {
  test("multiplies every value", () => {
    const schedule = cosineRestarts({ max: 0.05, min: 1e-6, period: 10, multiplier: 2 });
    fc.assert(
      fc.property(
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        fc.nat({ max: 1000 }),
        (factor, step) => {
          expect(scale(schedule, factor)(step)).toBe(factor * schedule(step));
        },
      ),
    );
  });

  test("a product that overflows is an error", () => {
    expect(() => scale(constant(1e300), 1e300)(2)).toThrow(
      new RangeError("scale: the value at step 2 must be a finite number, got Infinity"),
    );
  });

  test("bad input is named in the error", () => {
    expect(() => scale(constant(1), Number.NaN)).toThrow(
      new RangeError("scale: factor must be a finite number, got NaN"),
    );
    // @ts-expect-error: a number is not a schedule
    expect(() => scale(2, 2)).toThrow(new TypeError("scale: schedule must be a schedule, got 2"));
  });
});
