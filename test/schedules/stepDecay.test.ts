import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stepDecay } from "../../src/schedules/index.js";

const paper = { initial: 0.05, boundaries: [60, 120, 160], factor: 1 / 5 };

describe("stepDecay", () => {
  test("the new value is in force at the boundary", () => {
    const value = stepDecay({ initial: 8, boundaries: [2, 5], factor: 0.5 });
    expect([0, 1, 1.999, 2, 4, 5, 6, 1e300].map(value)).toEqual([8, 8, 8, 4, 4, 2, 2, 2]);
  });

  test("follows the paper's schedule", () => {
    expect([59, 60, 119, 120, 159, 160, 199].map(stepDecay(paper))).toBeAllclose(
      [0.05, 0.01, 0.01, 0.002, 0.002, 0.0004, 0.0004],
      { rtol: 1e-15 },
    );
  });

  test("no boundaries mean no drop", () => {
    expect(stepDecay({ initial: 3, boundaries: [], factor: 0.1 })(1e6)).toBe(3);
  });

  test("each boundary multiplies by the factor, and nothing else changes the value", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 6 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (unsorted, factor) => {
          const boundaries = unsorted.sort((a, b) => a - b);
          const value = stepDecay({ initial: 1, boundaries, factor });
          expect(value(0)).toBe(1);
          for (let step = 1; step <= 301; step++) {
            const drop = boundaries.includes(step) ? factor : 1;
            expect(value(step)).toBeAllclose(value(step - 1) * drop, { rtol: 1e-14 });
          }
        },
      ),
    );
  });

  test("later changes of the caller's array change nothing", () => {
    const boundaries = [10];
    const value = stepDecay({ initial: 1, boundaries, factor: 0.5 });
    boundaries[0] = 1;
    expect(value(5)).toBe(1);
  });

  test("bad input is named in the error", () => {
    const make = (change: object) => () => stepDecay({ ...paper, ...change });
    expect(make({ boundaries: [60, 60] })).toThrow(
      new RangeError("stepDecay: boundaries must be strictly increasing, got [60, 60]"),
    );
    expect(make({ boundaries: [120, 60] })).toThrow(RangeError);
    expect(make({ boundaries: [0.1 * 3 * 10] })).toThrow(
      new RangeError("stepDecay: boundaries[0] must be an integer >= 1, got 3.0000000000000004"),
    );
    expect(make({ boundaries: [0] })).toThrow(RangeError);
    expect(make({ boundaries: 60 })).toThrow(TypeError);
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    expect(make({ boundaries: [, 60] })).toThrow(TypeError);
    expect(make({ factor: 5 })).toThrow(
      new RangeError("stepDecay: factor must be a finite number > 0 and <= 1, got 5"),
    );
    expect(make({ initial: "0.05" })).toThrow(TypeError);
    expect(make({ milestones: [] })).toThrow(/got "milestones"/);
  });
});
