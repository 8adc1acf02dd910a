import { describe, expect, test } from "vitest";
import {
  constant,
  cosineDecay,
  cosineRestarts,
  describeSchedule,
  interpolatePoints,
  join,
  oneCycle,
  perEpoch,
  type Schedule,
  scale,
  stepDecay,
  warmup,
} from "../../src/schedules/index.js";

const lines = (schedule: Schedule, steps: number, stepsPerEpoch?: number) =>
  describeSchedule(schedule, { steps, ...(stepsPerEpoch && { stepsPerEpoch }) }).split("\n");

describe("describeSchedule", () => {
  test("shows the paper's warmup: its end, and each drop at its first step", () => {
    const drops = stepDecay({ initial: 2.5, boundaries: [60, 120, 150], factor: 0.1 });
    expect(lines(warmup({ to: perEpoch(drops, 10), steps: 200 }), 2000, 10)).toEqual([
      `▂▃▄▆▇${"█".repeat(13)}${"▂".repeat(18)}${"▁".repeat(24)}`,
      "step  epoch  value",
      "   0      0  0       first update",
      " 200     20  2.5     peak, held from here",
      " 600     60  0.25    jump down",
      "1200    120  0.025   jump down",
      "1500    150  0.0025  jump down",
      "1999  199.9  0.0025  last update",
    ]);
  });

  test("shows each restart", () => {
    const lr = cosineRestarts({ max: 1, period: 10, multiplier: 2 });
    expect(lines(lr, 60).slice(1)).toEqual([
      "step  value",
      "   0  1        first update",
      "  10  1        jump up",
      "  30  1        jump up",
      "  59  0.17528  last update", // (1 + cos(π · 29 / 40)) / 2
    ]);
  });

  test("shows peaks and lows of a line, and where it is level", () => {
    const line = interpolatePoints({
      points: [
        [0, 0.5],
        [4, 0.1],
        [8, 0.9],
        [12, 0.3],
        [16, 0.3],
        [20, 0.6],
        [24, 0.2],
      ],
    });
    expect(lines(line, 25).slice(1)).toEqual([
      "step  value",
      "   0  0.5    first update",
      "   4  0.1    low",
      "   8  0.9    peak",
      "  12  0.3    low, held from here",
      "  16  0.3    held until here",
      "  20  0.6    peak",
      "  24  0.2    last update",
    ]);
  });

  test("shows the peak of one cycle, and from where the end is held", () => {
    expect(lines(oneCycle({ peak: 1, steps: 10 }), 20).slice(1)).toEqual([
      "step  value",
      "   0  0.04      first update",
      "   3  1         peak",
      "  10  0.000004  held from here",
      "  19  0.000004  last update",
    ]);
  });

  test("a slope, however steep, is no jump, nor is a rounding error a change", () => {
    const what = (schedule: Schedule) => lines(schedule, 10).slice(2);
    expect(what((step) => 0.1 ** step)).toHaveLength(2);
    expect(what(constant(0.3))).toHaveLength(2);
    expect(what((step) => 0.1 + (step % 2) * 1e-17)).toHaveLength(2);
    expect(what(cosineDecay({ initial: 1, steps: 20 }))).toHaveLength(2);
  });

  test("scales from 0 to the largest value; a character is the largest value of its part", () => {
    expect(
      lines(
        interpolatePoints({
          points: [
            [0, 0],
            [7, 7],
          ],
        }),
        8,
      )[0],
    ).toBe("▁▂▃▄▅▆▇█");
    expect(lines(constant(3), 5)[0]).toBe("█████");
    expect(lines(constant(0), 5)[0]).toBe("▁▁▁▁▁");
    expect(lines(join([constant(-1), constant(0), constant(1)], [1, 2]), 3)[0]).toBe("▁▅█");
    const spike: Schedule = (step) => (step === 777 ? 1 : 0);
    expect(lines(spike, 1200)[0]).toBe(`${"▁".repeat(38)}█${"▁".repeat(21)}`);
  });

  test("leaves out the middle of a long list", () => {
    const stairs = perEpoch(scale(cosineDecay({ initial: 1, steps: 100 }), 2), 10);
    const all = lines(stairs, 1000);
    expect(all).toHaveLength(1 + 1 + 20 + 1);
    expect(all[12]).toBe("… 81 more");
    expect(all.at(-2)).toMatch(/^ 990 .* jump down$/);
  });

  test("of a single update has one row", () => {
    expect(lines(constant(1), 1)).toEqual([
      "█",
      "step  value",
      "   0  1      first update, last update",
    ]);
  });

  test("bad arguments are named in the error", () => {
    expect(() => describeSchedule(constant(1), { steps: 0 })).toThrow(
      new RangeError("describeSchedule: steps must be an integer >= 1 and <= 10000000, got 0"),
    );
    expect(() => describeSchedule(constant(1), { steps: 1, stepsPerEpoch: 0.5 })).toThrow(
      new RangeError("describeSchedule: stepsPerEpoch must be an integer >= 1, got 0.5"),
    );
    expect(() => describeSchedule(0.1 as never, { steps: 1 })).toThrow(
      new TypeError("describeSchedule: schedule must be a schedule, got 0.1"),
    );
    expect(() => describeSchedule((step) => 1 / (step - 3), { steps: 5 })).toThrow(
      new RangeError("describeSchedule: schedule(3) must be a finite number, got Infinity"),
    );
    expect(() => describeSchedule(constant(1), { steps: 1, epochs: 2 } as never)).toThrow(
      /describeSchedule: options must be made of steps, stepsPerEpoch, got "epochs"/,
    );
  });
});
