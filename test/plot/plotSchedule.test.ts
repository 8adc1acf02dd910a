import { describe, expect, test } from "vitest";
import { plotSchedule, renderSvg } from "../../src/plot/index.js";
import {
  constant,
  cosineRestarts,
  linearDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "../../src/schedules/index.js";
import { all, badAttributes, parse, texts } from "./svg.js";

const draw = (...args: Parameters<typeof plotSchedule>) =>
  parse(renderSvg({ panels: [plotSchedule(...args)] }));

const paths = (root: Element) => all(root, '[aria-label="line"] path');

describe("plotSchedule", () => {
  test("draws one schedule over updates, without a name", () => {
    const root = draw(linearDecay({ initial: 0.1, steps: 100 }), { steps: 100 });
    expect(texts(root)).toEqual(expect.arrayContaining(["update", "learning rate"]));
    expect(texts(root)).not.toContain("schedule");
    expect(paths(root)).toHaveLength(1);
    expect(badAttributes(root)).toEqual([]);
  });

  test("draws several over epochs, with their names", () => {
    const schedules = { warm: warmup({ to: 1, steps: 50 }), flat: constant(0.5) };
    const panel = plotSchedule(schedules, { steps: 101, stepsPerEpoch: 10, title: "Rates" });
    expect(panel.x).toMatchObject({ domain: [0, 10], label: "epoch" });
    const words = texts(parse(renderSvg({ panels: [panel] })));
    expect(words).toEqual(expect.arrayContaining(["warm", "flat", "Rates"]));
  });

  test("holds each value until the next update", () => {
    const root = draw(stepDecay({ initial: 1, boundaries: [2], factor: 0.5 }), { steps: 4 });
    // Across, and down only at step 2.
    const points = paths(root)[0]!
      .getAttribute("d")!
      .slice(1)
      .split("L")
      .map((point) => point.split(",").map(Number));
    const drops = points.filter(([, y], i) => i > 0 && y !== points[i - 1]![1]);
    expect(drops).toHaveLength(1);
    const [left, right] = [points[0]![0]!, points.at(-1)![0]!];
    expect(drops[0]![0]).toBeAllclose(left + ((right - left) * 2) / 3, { atol: 0.01 });
  });

  test("misses no peak and no drop of a long schedule, in few points", () => {
    const spikes: Schedule = (step) => (step === 12_345 ? 9 : step === 67_890 ? 1 : 5);
    const panel = plotSchedule(spikes, { steps: 100_000 });
    expect(panel.y.domain).toEqual([1, 9]);
    const root = parse(renderSvg({ panels: [panel] }));
    expect(paths(root)[0]!.getAttribute("d")!.split("L").length).toBeLessThan(3100);
  });

  test("has a gap where a logarithm has no value", () => {
    const lr = warmup({ to: cosineRestarts({ max: 1, min: 0.1, period: 10 }), steps: 3 });
    const panel = plotSchedule(lr, { steps: 20, yScale: "log" });
    const [low] = Array.from(panel.y.domain!) as number[];
    expect(low).toBeGreaterThan(0.05);
    expect(low).toBeLessThanOrEqual(lr(9));
    expect(badAttributes(parse(renderSvg({ panels: [panel] })))).toEqual([]);
    expect(() => plotSchedule(constant(-1), { steps: 3, yScale: "log" })).toThrow(RangeError);
  });

  test("bad arguments are named in the error", () => {
    const flat = constant(1);
    expect(() => plotSchedule({}, { steps: 3 })).toThrow(
      new RangeError("plotSchedule: schedules must be one or more schedules, got {  }"),
    );
    expect(() => plotSchedule([flat] as never, { steps: 3 })).toThrow(
      /plotSchedule: schedules must be a schedule, or { name: schedule, … }, got/,
    );
    expect(() => plotSchedule({ a: 1 } as never, { steps: 3 })).toThrow(
      new TypeError("plotSchedule: schedule must be a schedule, got 1"),
    );
    expect(() => plotSchedule(flat, { steps: 0 })).toThrow(
      new RangeError("plotSchedule: steps must be an integer >= 1 and <= 10000000, got 0"),
    );
    expect(() => plotSchedule(flat, { steps: 5, stepsPerEpoch: 0 })).toThrow(RangeError);
    expect(() => plotSchedule(flat, { steps: 5, yScale: "root" as never })).toThrow(RangeError);
    expect(() => plotSchedule(flat, { steps: 5, xDomain: [0, 1] } as never)).toThrow(
      /plotSchedule: options must be made of .*, got "xDomain"/,
    );
  });
});
