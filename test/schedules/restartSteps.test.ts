import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosineRestarts, restartSteps } from "../../src/schedules/index.js";
import golden from "../golden/schedules.json" with { type: "json" };

describe("restartSteps", () => {
  test("lists the paper's restarts, the last step included", () => {
    const expected = golden.reference.restart_steps_T0_10_Tm2;
    expect(restartSteps({ period: 10, multiplier: 2 }, 310)).toEqual(expected);
    expect(restartSteps({ period: 10, multiplier: 2 }, 309.5)).toEqual(expected.slice(0, 4));
    expect(restartSteps({ period: 10, multiplier: 2 }, 9)).toEqual([]);
  });

  test("takes the options of cosineRestarts as they are", () => {
    const options = { max: 0.05, min: 1e-6, period: 5, decay: 0.5, endpoint: true };
    expect(restartSteps(options, 16)).toEqual([5, 10, 15]);
  });

  test("the end of the last cycle is not a restart", () => {
    expect(restartSteps({ period: 10, multiplier: 2, cycles: 3 }, 1000)).toEqual([10, 30]);
    expect(restartSteps({ period: 10, cycles: 1 }, 1000)).toEqual([]);
  });

  test("lists exactly the steps at which cosineRestarts rises", () => {
    fc.assert(
      fc.property(
        fc.record({
          period: fc.integer({ min: 2, max: 40 }),
          multiplier: fc.oneof(
            fc.integer({ min: 1, max: 5 }),
            fc.constantFrom(1.05, 1.1, 1.25, 1.5, 2.2),
            fc.double({ min: 1, max: 5, noNaN: true }),
          ),
          cycles: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(Number.POSITIVE_INFINITY)),
        }),
        (options) => {
          const value = cosineRestarts({ ...options, max: 1 });
          const steps = Array.from({ length: 500 }, (_, i) => i + 1);
          expect(restartSteps(options, 500)).toEqual(
            steps.filter((step) => value(step) > value(step - 1)),
          );
        },
      ),
    );
  });

  test("with a fraction as multiplier, cycles begin at or before the step", () => {
    // Starts at 10, 25, 47.5, 81.25, 131.875
    expect(restartSteps({ period: 10, multiplier: 1.5 }, 140)).toEqual([10, 25, 48, 82, 132]);
    // 100 · (1 + 1.1 + 1.21) = 331 on the dot, though 100 · 1.1 is rounded up.
    expect(restartSteps({ period: 100, multiplier: 1.1 }, 331)).toEqual([100, 210, 331]);
  });

  test("a list beyond all reason is refused rather than built", () => {
    expect(() => restartSteps({ period: 1 }, 1e15)).toThrow(
      new RangeError(
        "restartSteps: until must be at most 1000000 for this period, got 1000000000000000",
      ),
    );
    expect(restartSteps({ period: 1 }, 1_000_000)).toHaveLength(1_000_000);
    expect(restartSteps({ period: 1, multiplier: 2 }, 1e15)).toHaveLength(49);
  });

  test("bad input is named in the error", () => {
    expect(() => restartSteps({ period: 10 }, -1)).toThrow(/until must be a finite number >= 0/);
    expect(() => restartSteps({ period: 10 }, Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(() => restartSteps({ period: 1.5 }, 10)).toThrow(
      /restartSteps: period must be an integer/,
    );
  });
});
