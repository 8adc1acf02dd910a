import { describe, expect, test } from "vitest";
import { type LineSeries, lineChart, renderSvg } from "../../src/plot/index.js";
import { all, badAttributes, parse, texts } from "./svg.js";

const series: LineSeries[] = [
  { name: "SB", x: [0, 1, 2], y: [10, 50, 84] },
  { name: "LB", x: [0, 1, 2], y: [10, 10, 12] },
];
const draw = (...args: Parameters<typeof lineChart>) =>
  parse(renderSvg({ panels: [lineChart(...args)] }));
const one = (change: Partial<Record<keyof LineSeries, unknown>>) => () =>
  lineChart([{ name: "a", x: [0, 1], y: [1, 2], ...change } as LineSeries]);
const lines = (root: Element) => all(root, '[aria-label="line"]');
const markers = (root: Element) => all(root, '[aria-label="dot"] path');

describe("lineChart", () => {
  test("axes have their labels; x ends at the data, y includes the bands", () => {
    const band = { low: [5, 40, 80], high: [20, 60, 90] };
    const panel = lineChart([{ ...series[0]!, band }], { xLabel: "epoch", yLabel: "accuracy (%)" });
    expect(panel.x).toMatchObject({ domain: [0, 2], label: "epoch" });
    expect(panel.y).toMatchObject({ domain: [5, 90], label: "accuracy (%)", type: "linear" });
    expect(texts(parse(renderSvg({ panels: [panel] })))).toEqual(
      expect.arrayContaining(["epoch", "accuracy (%)", "SB"]),
    );
  });

  test("the first 35 series differ in colour or dash, and their neighbours in dash and marker", () => {
    const many = Array.from({ length: 35 }, (_, i) => ({ name: `${i}`, x: [0, 1], y: [i, i] }));
    const { key } = lineChart(many);
    expect(key).toHaveLength(35);
    expect(new Set(key.map(({ color, dash }) => `${color} ${dash}`)).size).toBe(35);
    key.slice(1).forEach((entry, i) => {
      expect(entry.dash).not.toBe(key[i]!.dash);
      expect(entry.marker).not.toBe(key[i]!.marker);
    });
  });

  test("a line is drawn in the colour, the dash and the marker that its series asks for", () => {
    const root = draw([
      { name: "a", x: [0, 1], y: [0, 1], color: "#123456", dash: "1 2", marker: "none" },
    ]);
    expect(lines(root)[0]!.querySelector("path")!.getAttribute("stroke")).toBe("#123456");
    expect(lines(root)[0]!.getAttribute("stroke-dasharray")).toBe("1 2");
    expect(markers(root)).toHaveLength(0);
  });

  test("a series whose name is a colour keeps the colour of its place", () => {
    const root = draw([{ name: "red", x: [0, 1], y: [0, 1] }]);
    expect(lines(root)[0]!.querySelector("path")!.getAttribute("stroke")).toBe("#0072B2");
  });

  test.each([NaN, null, undefined])("%s breaks the line", (gap) => {
    const root = draw([{ name: "a", x: [0, 1, 2, 3, 4], y: [1, 2, gap, 3, 4] }]);
    expect(lines(root)[0]!.querySelector("path")!.getAttribute("d")!.match(/M/g)).toHaveLength(2);
    expect(markers(root)).toHaveLength(4);
    expect(badAttributes(root)).toEqual([]);
  });

  test("a point between gaps is seen, even without markers", () => {
    const root = draw([{ name: "a", x: [0, 1, 2, 3], y: [1, 1, NaN, 3], marker: "none" }]);
    expect(markers(root)).toHaveLength(1);
  });

  test("a series of one point is drawn, with an axis around it", () => {
    const panel = lineChart([{ name: "a", x: [3], y: [0.5] }]);
    expect(panel.x.domain).toBeAllclose([2.7, 3.3], { rtol: 1e-12 });
    expect(panel.y.domain).toBeAllclose([0.45, 0.55], { rtol: 1e-12 });
    const root = parse(renderSvg({ panels: [panel] }));
    expect(markers(root)).toHaveLength(1);
    expect(badAttributes(root)).toEqual([]);
    expect(lineChart([{ name: "a", x: [0], y: [0] }]).y.domain).toEqual([-1, 1]);
  });

  test("a series without any value says so in its label", () => {
    const words = texts(draw([...series, { name: "diverged", x: [0, 1], y: [NaN, NaN] }]));
    expect(words).toContain("diverged (no values)");
  });

  test("a long series has eight markers, at other places than the next one", () => {
    const x = Array.from({ length: 300 }, (_, i) => i);
    const root = draw([
      { name: "a", x, y: x },
      { name: "b", x, y: x },
    ]);
    const groups = all(root, '[aria-label="dot"]').map((group) =>
      all(group, "path").map((path) => path.getAttribute("transform")),
    );
    expect(groups.map(({ length }) => length)).toEqual([8, 8]);
    expect(groups[0]!.filter((place) => groups[1]!.includes(place))).toEqual([]);
  });

  test("names at the ends stand in the order of the ends and do not overlap", () => {
    const close = Array.from({ length: 6 }, (_, i) => ({
      name: `s${i}`,
      x: [0, 1],
      y: [0, 1 + 0.001 * ((i * 5) % 6)],
    }));
    const labels = all(draw(close), '[aria-label="series"] text');
    const byHeight = labels
      .map((label) => ({ name: label.textContent, y: Number(label.getAttribute("y")) }))
      .sort((a, b) => a.y - b.y);
    // i·5 mod 6 = 0 5 4 3 2 1: from the top s1, s2, …, s5, s0.
    expect(byHeight.map(({ name }) => name)).toEqual(["s1", "s2", "s3", "s4", "s5", "s0"]);
    byHeight.slice(1).forEach(({ y }, i) => {
      expect(y - byHeight[i]!.y).toBeGreaterThanOrEqual(14.9);
    });
  });

  test("names may go to the legend of the figure, or nowhere", () => {
    const key = draw(series, { labels: "key" });
    expect(all(key, '[aria-label="series"]')).toHaveLength(0);
    expect(texts(key)).toEqual(expect.arrayContaining(["SB", "LB"]));
    expect(texts(draw(series, { labels: "none" }))).not.toContain("SB");
  });

  test("a band is one area in the colour of its line, and the legend says what it is", () => {
    const band = { low: [5, NaN, 80], high: [20, 60, 90] };
    const root = draw([{ ...series[0]!, band }], { bandLabel: "min–max over 3 seeds" });
    const areas = all(root, '[aria-label="area"] path');
    expect(areas).toHaveLength(1);
    expect(areas[0]!.getAttribute("fill")).toBe("#0072B2");
    expect(texts(root)).toContain("min–max over 3 seeds");
    expect(badAttributes(root)).toEqual([]);
  });

  test("references have a line at their x, and texts that do not overlap", () => {
    const references = [
      { x: 0.1, text: "end of warmup" },
      { x: 0.2, text: "learning rate ÷ 10" },
      { x: 2, text: "end of training" },
    ];
    const root = draw(series, { references });
    const group = all(root, '[aria-label="references"]')[0]!;
    const frame = all(root, '[aria-label="frame"]')[0]!;
    const left = Number(frame.getAttribute("x"));
    const width = Number(frame.getAttribute("width"));
    const at = all(group, "path").map((path) =>
      Number(/M([\d.]+)/.exec(path.getAttribute("d")!)![1]),
    );
    expect(at).toBeAllclose([left + width * 0.05, left + width * 0.1, left + width], { atol: 1 });
    const words = all(group, "text");
    expect(words.map((word) => word.textContent)).toEqual(references.map(({ text }) => text));
    const [first, second, last] = words.map((word) => Number(word.getAttribute("y")));
    expect(second! - first!).toBe(15);
    expect(last).toBe(second);
  });

  test("a logarithmic axis has plain numbers and powers of ten", () => {
    const root = draw([{ name: "lr", x: [0, 1, 2], y: [1e-5, 1e-2, 2.5] }], { yScale: "log" });
    expect(texts(root)).toEqual(expect.arrayContaining(["10⁻⁴", "0.001", "0.01", "0.1", "1"]));
    expect(texts(root)).not.toContain("0.002");
  });

  test("what lies outside of a given domain is cut off", () => {
    const root = draw(series, { yDomain: [20, 60] });
    expect(lines(root)[0]!.closest("[clip-path]")).not.toBeNull();
    expect(markers(root)).toHaveLength(1);
    expect(all(draw(series), "[clip-path]")).toHaveLength(0);
  });

  test("a step curve holds its values", () => {
    const d = (curve: "linear" | "step-after") =>
      lines(draw([{ name: "lr", x: [0, 1], y: [1, 2] }], { curve }))[0]!
        .querySelector("path")!
        .getAttribute("d")!;
    expect(d("linear").match(/L/g)).toHaveLength(1);
    expect(d("step-after").match(/L/g)!.length).toBeGreaterThan(1);
  });

  test("wide tick labels have room", () => {
    const small = lineChart(series).marginLeft!;
    const wide = lineChart([{ name: "a", x: [0, 1], y: [0, 1e-6] }]).marginLeft!;
    expect(wide).toBeGreaterThan(small + 20);
  });

  test.each<[string, () => unknown, new () => Error, string]>([
    [
      "no series",
      () => lineChart([]),
      RangeError,
      "lineChart: series must be at least one series, got []",
    ],
    [
      "one series without its array",
      () => lineChart(series[0] as never),
      TypeError,
      "lineChart: series must be an array of { name, x, y }",
    ],
    [
      "a series without points",
      one({ x: [], y: [] }),
      RangeError,
      "lineChart: series[0].x must be at least one number, got []",
    ],
    [
      "unequal lengths",
      one({ y: [1, 2, 3] }),
      RangeError,
      "lineChart: series[0].y must be as long as x (2), got 3",
    ],
    [
      "a band of unequal length",
      one({ band: { low: [1], high: [1, 2] } }),
      RangeError,
      "lineChart: series[0].band.low must be as long as x (2), got 1",
    ],
    [
      "a band upside down",
      one({ band: { low: [1, 3], high: [2, 2] } }),
      RangeError,
      "lineChart: series[0].band.low[1] must be at most band.high[1] = 2, got 3",
    ],
    [
      "an x that is missing",
      one({ x: [0, NaN] }),
      RangeError,
      "lineChart: series[0].x[1] must be a finite number, got NaN",
    ],
    [
      "an infinite y",
      one({ y: [1, Infinity] }),
      RangeError,
      "lineChart: series[0].y[1] must be a finite number, got Infinity",
    ],
    [
      "no value at all",
      one({ y: [NaN, null] }),
      RangeError,
      "lineChart: series must be such that some y is a number, got",
    ],
    [
      "a marker of another name",
      one({ marker: "heart" }),
      RangeError,
      'lineChart: series[0].marker must be one of "circle"',
    ],
    [
      "a name used twice",
      () => lineChart([series[0]!, series[0]!]),
      RangeError,
      'lineChart: series[1].name must be different from the names before it, got "SB"',
    ],
    [
      "a zero on a logarithmic axis",
      () => lineChart([{ name: "lr", x: [0], y: [0] }], { yScale: "log" }),
      RangeError,
      "lineChart: series[0].y[0] must be > 0, got 0. A logarithmic axis has no zero",
    ],
    [
      "a reference off the axis",
      () => lineChart(series, { references: [{ x: 3, text: "" }] }),
      RangeError,
      "lineChart: references[0].x must be a finite number >= 0 and <= 2, got 3",
    ],
    [
      "too little width",
      () => lineChart(series, { width: 60 }),
      RangeError,
      "lineChart: width must be at least",
    ],
    [
      "too little height",
      () => lineChart(series, { height: 60 }),
      RangeError,
      "lineChart: height must be at least",
    ],
    [
      "an unknown option",
      () => lineChart(series, { xlabel: "epoch" } as never),
      TypeError,
      "lineChart: options must be made of title",
    ],
    [
      "a domain upside down",
      () => lineChart(series, { yDomain: [1, 0] }),
      RangeError,
      "lineChart: yDomain[1] must be a finite number > 1, got 0",
    ],
  ])("%s is an error", (_name, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
