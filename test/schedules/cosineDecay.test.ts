import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosineDecay } from "../../src/schedules/index.js";

// + 0: no negative zero, whose sign is not kept
const anyValue = fc.double({ min: -10, max: 10, noNaN: true }).map((value) => value + 0);

const anyOptions = fc
  .record({
    bounds: fc.tuple(anyValue, anyValue),
    steps: fc.integer({ min: 1, max: 200 }),
  })
  .map(({ bounds, steps }) => ({
    initial: Math.max(...bounds),
    final: Math.min(...bounds),
    steps,
  }));

describe("cosineDecay", () => {
  test("follows half a wave of the cosine", () => {
    const value = cosineDecay({ initial: 1, steps: 6 });
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(value)).toBeAllclose(
      [1, (2 + Math.sqrt(3)) / 4, 0.75, 0.5, 0.25, (2 - Math.sqrt(3)) / 4, 0, 0],
      { rtol: 1e-15 },
    );
  });

  test("with an exponent it follows that power of the half-wave", () => {
    const [plain, cubed] = [1, 3].map((exponent) =>
      cosineDecay({ initial: 1, steps: 6, exponent }),
    );
    for (let step = 0; step < 8; step++) {
      expect(cubed!(step)).toBeAllclose(plain!(step) ** 3, { rtol: 1e-15 });
    }
    expect(() => cosineDecay({ initial: 1, steps: 6, exponent: 0 })).toThrow(
      new RangeError("cosineDecay: exponent must be a finite number > 0, got 0"),
    );
  });

  test("starts and ends exactly, and holds the end", () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(), (options, beyond) => {
        const value = cosineDecay(options);
        expect(value(0)).toBe(options.initial);
        expect(value(options.steps + beyond)).toBe(options.final);
      }),
    );
  });

  test("never rises and never leaves its bounds", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const value = cosineDecay(options);
        for (let step = 1; step <= options.steps; step++) {
          expect(value(step)).toBeLessThanOrEqual(value(step - 1));
          expect(value(step)).toBeGreaterThanOrEqual(options.final);
        }
      }),
    );
  });

  test("is symmetric about the middle", () => {
    fc.assert(
      fc.property(anyOptions, fc.double({ min: 0, max: 1, noNaN: true }), (options, fraction) => {
        const { initial, final, steps } = options;
        const value = cosineDecay(options);
        const sum = value(steps * fraction) + value(steps * (1 - fraction));
        expect(sum).toBeAllclose(initial + final, { atol: 1e-13 });
      }),
    );
  });

  test("bad input is named in the error", () => {
    expect(() => cosineDecay({ initial: 0.1, final: 0.2, steps: 5 })).toThrow(
      new RangeError(
        "cosineDecay: final must be at most initial (0.1), got 0.2. A decay does not rise; warmup does",
      ),
    );
    expect(() => cosineDecay({ initial: 0.1, steps: 0 })).toThrow(
      new RangeError("cosineDecay: steps must be an integer >= 1, got 0"),
    );
    expect(() => cosineDecay({ initial: Number.NaN, steps: 5 })).toThrow(/initial must be/);
    // @ts-expect-error: another library's name
    expect(() => cosineDecay({ initial: 0.1, decay_steps: 5 })).toThrow(/got "decay_steps"/);
  });
});
