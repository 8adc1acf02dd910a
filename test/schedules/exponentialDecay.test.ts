import { describe, expect, test } from "vitest";
import { exponentialDecay, stepDecay } from "../../src/schedules/index.js";

describe("exponentialDecay", () => {
  test("is multiplied by the factor in every period, and in equal parts within it", () => {
    const value = exponentialDecay({ initial: 0.8, factor: 0.5, steps: 4 });
    expect([0, 1, 2, 4, 8, 40].map(value)).toBeAllclose(
      [0.8, 0.8 * 2 ** -0.25, 0.8 * Math.SQRT1_2, 0.4, 0.2, 0.8 / 1024],
      { rtol: 1e-15 },
    );
  });

  test("as a staircase it is a step decay with equal distances", () => {
    const stairs = exponentialDecay({ initial: 0.8, factor: 0.3, steps: 4, staircase: true });
    const steps = stepDecay({ initial: 0.8, factor: 0.3, boundaries: [4, 8, 12] });
    for (let step = 0; step < 16; step += 0.25) expect(stairs(step)).toBe(steps(step));
  });

  test("does not fall below its floor, nor below 0 after any time", () => {
    const value = exponentialDecay({ initial: 1, factor: 0.1, final: 0.005 });
    expect([2, 3, 4, 1e300].map(value)).toBeAllclose([0.01, 0.005, 0.005, 0.005], { rtol: 1e-15 });
    expect(exponentialDecay({ initial: 1, factor: 0.1 })(Number.MAX_VALUE)).toBe(0);
  });

  test("bad options are named in the error", () => {
    expect(() => exponentialDecay({ initial: 1, factor: 1.1 })).toThrow(
      new RangeError("exponentialDecay: factor must be a finite number > 0 and <= 1, got 1.1"),
    );
    expect(() => exponentialDecay({ initial: 1, factor: 0.5, steps: 0.5 })).toThrow(
      new RangeError("exponentialDecay: steps must be an integer >= 1, got 0.5"),
    );
    expect(() => exponentialDecay({ initial: 1, factor: 0.5, final: 2 })).toThrow(
      "exponentialDecay: final must be at most initial (1), got 2. A decay does not rise; warmup does",
    );
    expect(() => exponentialDecay({ initial: 1, factor: 0.5, staircase: 1 as never })).toThrow(
      new TypeError("exponentialDecay: staircase must be true or false, got 1"),
    );
  });
});
