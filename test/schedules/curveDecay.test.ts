import { describe, expect, test } from "vitest";
import { curveDecay, perEpoch } from "../../src/schedules/index.js";

describe("curveDecay", () => {
  test("is constant, a line and constant again, without a jump", () => {
    const value = curveDecay({ initial: 2, steps: 100 });
    for (const step of [0, 1, 49.5, 50]) expect(value(step)).toBe(2);
    expect([60, 70, 80, 85].map(value)).toBeAllclose([1.505, 1.01, 0.515, 0.2675], { rtol: 1e-14 });
    for (const step of [90, 95, 100, 1e9]) expect(value(step)).toBe(0.02);
    expect(value(50 + 1e-9)).toBeCloseTo(2, 9);
    expect(value(90 - 1e-9)).toBeCloseTo(0.02, 9);
  });

  test("has the rates of the code behind Garipov et al. in epochs that count from 1", () => {
    // Ten epochs of it: α = 0.1, 0.2, …, 1.
    const value = curveDecay({ initial: 1, steps: 10 });
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(value)).toBeAllclose(
      [1, 1, 1, 1, 1, 0.7525, 0.505, 0.2575, 0.01, 0.01],
      { rtol: 1e-12 },
    );
  });

  test("goes by epochs with perEpoch", () => {
    const value = perEpoch(curveDecay({ initial: 1, steps: 10 }), 4);
    expect(value(4 * 7 + 3)).toBeCloseTo(0.505, 12);
  });

  test("says what is wrong", () => {
    expect(() => curveDecay({ initial: 1, steps: 0 })).toThrow("curveDecay: steps must be");
    expect(() => curveDecay({ initial: Number.NaN, steps: 1 })).toThrow("curveDecay: initial must");
    expect(() => curveDecay({ initial: 1, steps: 1, final: 0 } as never)).toThrow("made of");
    expect(() => curveDecay({ initial: 1, steps: 1 })(-1)).toThrow("curveDecay: step must be");
  });
});
