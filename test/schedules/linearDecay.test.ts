import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linearDecay } from "../../src/schedules/index.js";

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

describe("linearDecay", () => {
  test("falls in a straight line", () => {
    const value = linearDecay({ initial: 1, final: 0.5, steps: 4 });
    expect([0, 1, 2, 2.5, 3, 4, 5, 1e9].map(value)).toEqual([
      1, 0.875, 0.75, 0.6875, 0.625, 0.5, 0.5, 0.5,
    ]);
  });

  test("falls to 0 by default", () => {
    expect(linearDecay({ initial: 0.05, steps: 200 })(100)).toBe(0.025);
    expect(linearDecay({ initial: 0.05, steps: 200 })(200)).toBe(0);
  });

  test("starts and ends exactly, and holds the end", () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(), (options, beyond) => {
        const value = linearDecay(options);
        expect(value(0)).toBe(options.initial);
        expect(value(options.steps + beyond)).toBe(options.final);
      }),
    );
  });

  test("never rises and never leaves its bounds", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const value = linearDecay(options);
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
        const value = linearDecay(options);
        const sum = value(steps * fraction) + value(steps * (1 - fraction));
        expect(sum).toBeAllclose(initial + final, { atol: 1e-13 });
      }),
    );
  });

  test("bad input is named in the error", () => {
    expect(() => linearDecay({ initial: 0.1, final: 0.2, steps: 5 })).toThrow(
      new RangeError(
        "linearDecay: final must be at most initial (0.1), got 0.2. A decay does not rise; warmup does",
      ),
    );
    expect(() => linearDecay({ initial: 0.1, steps: 0 })).toThrow(
      new RangeError("linearDecay: steps must be an integer >= 1, got 0"),
    );
    expect(() => linearDecay({ initial: Number.NaN, steps: 5 })).toThrow(/initial must be/);
    // @ts-expect-error: another library's name
    expect(() => linearDecay({ initial: 0.1, decay_steps: 5 })).toThrow(/got "decay_steps"/);
  });
});
