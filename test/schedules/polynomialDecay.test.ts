import { describe, expect, test } from "vitest";
import { linearDecay, polynomialDecay } from "../../src/schedules/index.js";

describe("polynomialDecay", () => {
  test("is the power of what is left, between exact ends", () => {
    const value = polynomialDecay({ initial: 0.9, final: 0.1, steps: 4, power: 3 });
    expect([0, 1, 2, 3].map(value)).toBeAllclose(
      [0.9, 0.1 + 0.8 * 0.75 ** 3, 0.2, 0.1 + 0.8 / 64],
      { rtol: 1e-15 },
    );
    expect(value(0)).toBe(0.9);
    for (const step of [4, 4.5, 5, 1e300]) expect(value(step)).toBe(0.1);
  });

  test("of power 1 is a straight line", () => {
    const options = { initial: 0.9, final: 0.1, steps: 7 };
    const [power, line] = [polynomialDecay(options), linearDecay(options)];
    for (let step = 0; step < 9; step += 0.25) {
      expect(power(step)).toBeAllclose(line(step), { rtol: 1e-14 });
    }
  });

  test("bad options are named in the error", () => {
    expect(() => polynomialDecay({ initial: 1, steps: 5, power: 0 })).toThrow(
      new RangeError("polynomialDecay: power must be a finite number > 0, got 0"),
    );
    expect(() => polynomialDecay({ initial: 1, final: 2, steps: 5 })).toThrow(RangeError);
    expect(() => polynomialDecay({ initial: 1, steps: 5, exponent: 2 } as never)).toThrow(
      /polynomialDecay: options must be made of initial, final, steps, power, got "exponent"/,
    );
  });
});
