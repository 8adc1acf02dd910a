import fc from "fast-check";
import { expect } from "vitest";

// The same cases in every run, so that a change alone can turn a test red; other seeds look for what these miss.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 2019) });

type Nested = number | ArrayLike<number> | readonly Nested[];

const flatten = (value: Nested): number[] =>
  typeof value === "number" ? [value] : Array.from(value as ArrayLike<Nested>).flatMap(flatten);

interface Tolerance {
  /** Relative to the expected value. */
  rtol?: number;
  atol?: number;
}

expect.extend({
  /** Every number of two equally long (nested or typed) arrays within `atol + rtol·|expected|`. */
  toBeAllclose(received: Nested, expected: Nested, { rtol = 0, atol = 0 }: Tolerance) {
    const a = flatten(received);
    const b = flatten(expected);
    if (a.length !== b.length) {
      return { pass: false, message: () => `expected ${b.length} numbers, got ${a.length}` };
    }
    // `<=` is false for NaN on either side.
    const worst = a.findIndex(
      (x, i) => x !== b[i] && !(Math.abs(x - b[i]!) <= atol + rtol * Math.abs(b[i]!)),
    );
    return {
      pass: worst < 0,
      message: () =>
        worst < 0
          ? `expected arrays to differ by more than rtol ${rtol}, atol ${atol}`
          : `at [${worst}]: got ${a[worst]}, expected ${b[worst]} (difference ${Math.abs(a[worst]! - b[worst]!)}, allowed rtol ${rtol}, atol ${atol})`,
    };
  },
});

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: the signature of vitest's own interface
  interface Matchers<T = any> {
    toBeAllclose(expected: Nested, tolerance: Tolerance): T;
  }
}
