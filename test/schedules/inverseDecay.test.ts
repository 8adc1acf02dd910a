import { describe, expect, test } from "vitest";
import { inverseSquareRoot, inverseTime, warmup } from "../../src/schedules/index.js";

describe("inverseSquareRoot", () => {
  test("is halved after three times its steps, and again after fifteen", () => {
    const value = inverseSquareRoot({ initial: 0.8, steps: 100 });
    expect([0, 300, 1500].map(value)).toEqual([0.8, 0.4, 0.2]);
  });

  test("after a warmup it is the schedule of the Transformer", () => {
    // Vaswani et al. 2017, eq. (3), with 512 channels and 4000 steps of warmup.
    const paper = (t: number) => 512 ** -0.5 * Math.min(t ** -0.5, t * 4000 ** -1.5);
    const to = inverseSquareRoot({ initial: paper(4000), steps: 4000 });
    const lr = warmup({ to, steps: 4000, inside: false });
    for (const t of [1, 10, 3999, 4000, 4001, 100_000]) {
      expect(lr(t)).toBeAllclose(paper(t), { rtol: 1e-13 });
    }
  });
});

describe("inverseTime", () => {
  test("is halved after its steps, and is a third after twice as many", () => {
    const value = inverseTime({ initial: 0.9, steps: 2.5 });
    expect([0, 2.5, 5].map(value)).toBeAllclose([0.9, 0.45, 0.3], { rtol: 1e-15 });
  });
});

test.each([
  ["inverseSquareRoot", inverseSquareRoot],
  ["inverseTime", inverseTime],
] as const)("bad options of %s are named in the error", (name, make) => {
  expect(() => make({ initial: 1, steps: 0 })).toThrow(
    new RangeError(`${name}: steps must be a finite number > 0, got 0`),
  );
  expect(() => make({ initial: "1" as never, steps: 1 })).toThrow(TypeError);
  expect(() => make({ initial: 1, steps: 1, final: 0 } as never)).toThrow(TypeError);
});
