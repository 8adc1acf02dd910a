import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  constant,
  cosineDecay,
  join,
  linearDecay,
  type Schedule,
  warmup,
} from "../../src/schedules/index.js";

describe("join", () => {
  test("each schedule counts from its own start, and is in force at its boundary", () => {
    const clock: Schedule = (step) => step;
    const value = join([clock, clock, constant(-1)], [3, 7]);
    expect([0, 2, 2.5, 3, 4, 6, 7, 8, 1e9].map(value)).toEqual([0, 2, 2.5, 0, 1, 3, -1, -1, -1]);
  });

  test("a single schedule needs no boundary", () => {
    expect(join([constant(2)], [])(5)).toBe(2);
  });

  test("a warmup joined to a decay from the same value is continuous", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 100 }),
        (peak, up, down) => {
          const lr = join(
            [warmup({ to: peak, steps: up }), cosineDecay({ initial: peak, steps: down })],
            [up],
          );
          expect(lr(up)).toBe(peak);
          expect(lr(up - 1e-9)).toBeAllclose(peak, { rtol: 1e-8 });
          expect(lr(up + down)).toBe(0);
        },
      ),
    );
  });

  test("is the same however the schedules are grouped", () => {
    const parts = [constant(1), linearDecay({ initial: 5, steps: 9 }), constant(2)] as const;
    const flat = join(parts, [4, 10]);
    const grouped = join([parts[0], join([parts[1], parts[2]], [6])], [4]);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 30, noNaN: true }), (step) => {
        expect(grouped(step)).toBeAllclose(flat(step), { rtol: 1e-14 });
      }),
    );
  });

  test("later changes of the caller's arrays change nothing", () => {
    const schedules = [constant(1), constant(2)];
    const boundaries = [10];
    const value = join(schedules, boundaries);
    schedules[0] = constant(3);
    boundaries[0] = 1;
    expect(value(5)).toBe(1);
  });

  test("bad input is named in the error", () => {
    expect(() => join([constant(1), constant(2)], [])).toThrow(
      new RangeError(
        "join: the number of boundaries must be one fewer than the 2 schedules, got 0",
      ),
    );
    expect(() => join([], [])).toThrow(
      new RangeError("join: schedules must be one or more schedules, got []"),
    );
    expect(() => join([constant(1), constant(2)], [0])).toThrow(/boundaries\[0\]/);
    expect(() => join([constant(1), constant(2), constant(3)], [5, 4])).toThrow(
      /strictly increasing/,
    );
    // @ts-expect-error: a number is not a schedule
    expect(() => join([constant(1), 2], [5])).toThrow(
      new TypeError("join: schedules[1] must be a schedule, got 2"),
    );
    // @ts-expect-error: not an array
    expect(() => join(constant(1), [])).toThrow(TypeError);
  });
});
