import { describe, expect, test } from "vitest";
import { type EmbeddedPoint, embeddingChart, renderSvg } from "../../src/plot/index.js";
import { coveredLabels, labelBoxes } from "./labels.js";
import { all, badAttributes, parse, texts } from "./svg.js";

/** A mode in the middle, six around it and the bends between. */
const around = (radius: number, k: number) => ({
  x: 3 + radius * Math.cos((Math.PI * k) / 3),
  y: -2 + radius * Math.sin((Math.PI * k) / 3),
});
const others = Array.from("ABCDEF");
const points: EmbeddedPoint[] = [
  { x: 3, y: -2, label: "G", kind: "mode" },
  ...others.map((label, k) => ({ ...around(4, k), label, kind: "mode" })),
  ...others.map((label, k) => ({ ...around(2.5, k), label: `bend G–${label}`, kind: "bend" })),
];
const lines = others.map((label) => ["G", `bend G–${label}`, label]);
const draw = (...args: Parameters<typeof embeddingChart>) =>
  parse(renderSvg({ panels: [embeddingChart(...args)] }));

describe("embeddingChart", () => {
  test("every point has its name, and no name covers another or a point", () => {
    const root = draw(points, { lines });
    const names = labelBoxes(root).map(({ text }) => text);
    expect(names.sort()).toEqual(points.map(({ label }) => label).sort());
    expect(coveredLabels(root)).toEqual([]);
    expect(badAttributes(root)).toEqual([]);
  });

  test("all names are inside of the frame", () => {
    const { width, height } = embeddingChart(points, { lines });
    for (const { box } of labelBoxes(draw(points, { lines }))) {
      expect(Math.min(box.left, box.top)).toBeGreaterThan(8);
      expect(box.right).toBeLessThan(width - 8);
      expect(box.bottom).toBeLessThan(height - 8);
    }
  });

  test("a name that has no room beside its point has a line to it, and no other has", () => {
    const crowd = Array.from({ length: 12 }, (_, i) => ({
      x: 0.1 * (i % 4),
      y: 0.1 * Math.floor(i / 4),
      label: `network ${i}`,
    }));
    const far = { x: 4, y: 4, label: "far" };
    const leaders = (points: EmbeddedPoint[]) =>
      all(draw(points), '[aria-label="leaders"] path').length / 2;
    expect(leaders([...crowd, far])).toBeGreaterThan(3);
    expect(leaders([crowd[0]!, far])).toBe(0);
  });

  test("each kind has a colour, a marker and a place in the legend", () => {
    const { key } = embeddingChart(points);
    expect(key.map(({ text, sample }) => [text, sample])).toEqual([
      ["mode", "marker"],
      ["bend", "marker"],
    ]);
    expect(key[0]!.color).not.toBe(key[1]!.color);
    expect(key[0]!.marker).not.toBe(key[1]!.marker);
    expect(texts(draw(points))).toEqual(expect.arrayContaining(["mode", "bend"]));
    expect(embeddingChart([{ x: 0, y: 0, label: "a" }]).key).toEqual([]);
  });

  test("a line goes through the points that it names", () => {
    const root = draw(points, { lines: [["A", "G", "B"]] });
    const path = all(root, '[aria-label="paths"] path')[1]!.getAttribute("d")!;
    expect(path.match(/[ML]/g)).toEqual(["M", "L", "L"]);
    const numbers = path.match(/-?[\d.]+/g)!.map(Number);
    // A is right of G at the same height, B above; one unit is as long on y as on x.
    const right = numbers[0]! - numbers[2]!;
    expect(numbers[1]).toBeCloseTo(numbers[3]!, 2);
    expect(numbers[4]! - numbers[2]!).toBeCloseTo(right * Math.cos(Math.PI / 3), 1);
    expect(numbers[3]! - numbers[5]!).toBeCloseTo(right * Math.sin(Math.PI / 3), 1);
  });

  test("axes have no numbers, since they mean nothing, but may have labels", () => {
    const numbers = texts(draw(points)).filter((text) => /^[−\d.]+$/.test(text));
    expect(numbers).toEqual([]);
    const words = texts(draw(points, { xLabel: "first axis", yLabel: "second axis" }));
    expect(words).toEqual(expect.arrayContaining(["first axis", "second axis"]));
  });

  test("one point, or several in one place, are drawn in the middle", () => {
    for (const count of [1, 3]) {
      const same = Array.from({ length: count }, (_, i) => ({ x: 7, y: 7, label: `p${i}` }));
      const root = draw(same);
      expect(badAttributes(root)).toEqual([]);
      expect(labelBoxes(root)).toHaveLength(count);
    }
  });

  test.each<[string, () => unknown, new () => Error, string]>([
    ["no array", () => embeddingChart({} as never), TypeError, "points must be an array"],
    ["no point", () => embeddingChart([]), RangeError, "points must be at least one point"],
    [
      "a point at infinity",
      () => embeddingChart([{ x: Infinity, y: 0, label: "a" }]),
      RangeError,
      "embeddingChart: points[0].x must be a finite number, got Infinity",
    ],
    [
      "a name used twice",
      () => embeddingChart([points[0]!, points[0]!]),
      RangeError,
      'points[1].label must be different from the labels before it, got "G"',
    ],
    [
      "a line to nowhere",
      () => embeddingChart(points, { lines: [["G", "H"]] }),
      RangeError,
      'lines[0][1] must be the label of a point, got "H"',
    ],
    [
      "a line of one point",
      () => embeddingChart(points, { lines: [["G"]] }),
      TypeError,
      "lines[0] must be an array of at least two labels",
    ],
    [
      "an unknown option",
      () => embeddingChart(points, { size: 3 } as never),
      TypeError,
      "embeddingChart: options must be made of title",
    ],
  ])("%s is an error", (_name, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
