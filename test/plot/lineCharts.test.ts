import { describe, expect, test } from "vitest";
import { type LineSeries, lineChart, lineCharts, renderSvg } from "../../src/plot/index.js";
import { all, badAttributes, parse, texts } from "./svg.js";

const t = [0, 0.5, 1];
const line = (name: string, top: number, more: Partial<LineSeries> = {}): LineSeries => ({
  name,
  x: t,
  y: [0.1, top, 0.1],
  ...more,
});
/** Six pairs of networks, each with its segment and four epochs of its curve. */
const profiles = Array.from({ length: 6 }, (_, k) => ({
  title: `G–${"ABCDEF"[k]}`,
  series: [0, 20, 40, 60, 80].map((epoch) =>
    epoch === 0
      ? line("line segment", 2 + k / 5, { dash: "6 3" })
      : line(`curve, epoch ${epoch}`, 1 / epoch),
  ),
}));

/** The grey of a colour in a print, 0 … 255. */
const grey = (color: string): number => {
  const [r, g, b] = color.startsWith("#")
    ? [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
    : color.match(/\d+/g)!.map(Number);
  return 0.299 * r! + 0.587 * g! + 0.114 * b!;
};

describe("lineCharts", () => {
  test("all panels have one size and the same axes, which hold all series", () => {
    const panels = lineCharts(profiles, { xLabel: "t", yLabel: "loss (nats)" });
    expect(panels.map(({ title }) => title)).toEqual(profiles.map(({ title }) => title));
    for (const panel of panels) {
      expect(panel.x.domain).toEqual([0, 1]);
      expect(panel.y.domain).toEqual([0, 3]);
      expect([panel.width, panel.height]).toEqual([340, 240]);
      expect([panel.marginLeft, panel.marginRight]).toEqual([
        panels[0]!.marginLeft,
        panels[0]!.marginRight,
      ]);
    }
    const [own] = lineCharts(profiles, { yDomain: [0, 0.5], width: 400 });
    expect(own).toMatchObject({ width: 400, y: { domain: [0, 0.5] } });
  });

  test("a logarithmic axis holds all series too", () => {
    const [low, high] = lineCharts(profiles, { yScale: "log" })[3]!.y.domain as number[];
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(0.0125);
    expect(high).toBeGreaterThan(3);
  });

  test("the figure has one legend, with each name once", () => {
    const root = parse(renderSvg({ panels: lineCharts(profiles, { palette: "ordered" }) }));
    const words = texts(root);
    for (const { name } of profiles[0]!.series) {
      expect(words.filter((text) => text === name)).toHaveLength(1);
    }
    expect(badAttributes(root)).toEqual([]);
  });

  test("a name looks alike in all panels, wherever it stands", () => {
    const panels = lineCharts([
      { series: [line("a", 1), line("b", 2)] },
      { series: [line("c", 3), line("b", 4)] },
    ]);
    const [first, second] = panels.map(({ key }) => key);
    expect(second![1]).toEqual(first![1]);
    expect(new Set([...first!, ...second!].map(({ color }) => color)).size).toBe(3);
    const strokes = all(parse(renderSvg({ panels })), '[aria-label="line"] path').map((path) =>
      path.getAttribute("stroke"),
    );
    expect(strokes[1]).toBe(strokes[3]);
  });

  test("bad panels are errors", () => {
    expect(() => lineCharts([])).toThrow("lineCharts: panels must be at least one panel, got []");
    expect(() => lineCharts(profiles[0] as never)).toThrow(TypeError);
    expect(() => lineCharts([{ series: [] }])).toThrow(RangeError);
    expect(() => lineCharts([{ series: [line("a", 1)], name: "x" } as never])).toThrow(
      'lineCharts: options must be made of series, title, subtitle, got "name"',
    );
    expect(() => lineCharts(profiles, { title: "x" } as never)).toThrow(TypeError);
    expect(() => lineCharts(profiles, { palette: "rainbow" as never })).toThrow(
      'lineCharts: palette must be one of "categorical", "ordered", got "rainbow"',
    );
  });
});

describe("the ordered palette", () => {
  const { key } = lineChart(profiles[0]!.series, { palette: "ordered", labels: "key" });

  test("goes from light to dark in steps that a grey print shows", () => {
    const greys = key.map(({ color }) => grey(color!));
    greys.slice(1).forEach((value, i) => {
      expect(greys[i]! - value).toBeGreaterThan(15);
    });
    // The lightest still stands out on white.
    expect(greys[0]).toBeLessThan(170);
  });

  test("has solid lines but for those that ask for a dash, and a marker for each", () => {
    expect(key.map(({ dash }) => dash)).toEqual(["6 3", "none", "none", "none", "none"]);
    expect(new Set(key.map(({ marker }) => marker)).size).toBe(5);
  });

  test("gives a single series its darkest colour", () => {
    const [one] = lineChart([line("a", 1)], { palette: "ordered", labels: "key" }).key;
    expect(one!.color).toBe(key.at(-1)!.color);
  });

  test("another name is an error", () => {
    expect(() => lineChart([line("a", 1)], { palette: "" as never })).toThrow(
      'lineChart: palette must be one of "categorical", "ordered", got ""',
    );
  });
});
