import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { warmup } from "../../src/schedules/index.js";
import { anyContinuousDecay, anyInterpolation, anySchedule } from "./anySchedule.js";

const anyStep = fc.oneof(
  fc.integer({ min: 0, max: 500 }),
  fc.double({ min: 0, max: 500, noNaN: true }),
  fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }),
);

describe("schedules of every kind", () => {
  test("are finite and not negative at any step, and pure", () => {
    fc.assert(
      fc.property(anySchedule, anyStep, (schedule, step) => {
        const value = schedule(step);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(Number.POSITIVE_INFINITY);
        schedule(0);
        expect(schedule(step)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  test("decays never rise, so that a fractional step lies between its neighbours", () => {
    const step = fc.double({ min: 0, max: 400, noNaN: true });
    fc.assert(
      fc.property(anyContinuousDecay, step, (schedule, step) => {
        // Up to rounding, which a power of a cosine does not keep in order.
        const slack = 1e-12 * schedule(0);
        expect(schedule(step)).toBeLessThanOrEqual(schedule(Math.floor(step)) + slack);
        expect(schedule(step)).toBeGreaterThanOrEqual(schedule(Math.floor(step) + 1) - slack);
      }),
      { numRuns: 500 },
    );
  });

  test("ramps and lines through points have fractional steps between their neighbours", () => {
    const anyRamp = fc
      .record({ to: fc.double({ min: 0, max: 10, noNaN: true }), steps: fc.nat({ max: 100 }) })
      .map(warmup);
    fc.assert(
      fc.property(
        fc.oneof(anyInterpolation, anyRamp),
        fc.double({ min: 0, max: 400, noNaN: true }),
        (schedule, step) => {
          const [a, b] = [schedule(Math.floor(step)), schedule(Math.floor(step) + 1)];
          const slack = 1e-12 * Math.max(a, b);
          expect(schedule(step)).toBeLessThanOrEqual(Math.max(a, b) + slack);
          expect(schedule(step)).toBeGreaterThanOrEqual(Math.min(a, b) - slack);
        },
      ),
    );
  });

  test("decays and lines through points have no jump at any step", () => {
    fc.assert(
      fc.property(fc.oneof(anyContinuousDecay, anyInterpolation), (schedule) => {
        for (let step = 1; step <= 301; step++) {
          // A square root is steep where nothing is left: √1e-9 is 3e-5.
          expect(Math.abs(schedule(step) - schedule(step - 1e-9))).toBeLessThan(1e-3);
        }
      }),
    );
  });
});
