import { expect, test } from "vitest";
import { linearDecay, shift } from "../../src/schedules/index.js";

const schedule = linearDecay({ initial: 8, steps: 8 });

test("a later schedule holds its first value until it begins", () => {
  expect([0, 2, 3, 4.5, 100].map(shift(schedule, 3))).toEqual([8, 8, 8, 6.5, 0]);
});

test("an earlier schedule begins in its middle", () => {
  expect([0, 2, 4.5, 5].map(shift(schedule, -3))).toEqual([5, 3, 0.5, 0]);
});

test("bad arguments are named in the error", () => {
  expect(() => shift(schedule, 0.5)).toThrow(
    new RangeError("shift: steps must be an integer, got 0.5"),
  );
  expect(() => shift(1 as never, 1)).toThrow(
    new TypeError("shift: schedule must be a schedule, got 1"),
  );
});
