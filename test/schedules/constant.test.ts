import { describe, expect, test } from "vitest";
import { constant } from "../../src/schedules/index.js";

describe("constant", () => {
  test("has the same value at every step", () => {
    expect([0, 0.5, 1, 1e300].map(constant(-0.1))).toEqual([-0.1, -0.1, -0.1, -0.1]);
  });

  test("a value that is not a finite number is named in the error", () => {
    expect(() => constant(Number.NaN)).toThrow(
      new RangeError("constant: value must be a finite number, got NaN"),
    );
    // @ts-expect-error: not a number
    expect(() => constant("0.1")).toThrow(TypeError);
  });
});
