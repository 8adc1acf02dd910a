import * as Plot from "@observablehq/plot";
import { describe, expect, test } from "vitest";
import { type Figure, heatmap, lineChart, renderSvg } from "../../src/plot/index.js";
import { all, badAttributes, parse, texts } from "./svg.js";

const grid = heatmap(
  {
    rows: ["conv", "fc"],
    columns: ["conv", "fc"],
    values: [
      [0.9, 0.2],
      [NaN, 0.7],
    ],
  },
  { title: "(a) similarity", rowLabel: "first", columnLabel: "second", colorLabel: "SVCCA" },
);
const chart = lineChart(
  [
    { name: "LB", x: [0, 1], y: [1, 9] },
    { name: "SB", x: [0, 1], y: [2, 8] },
  ],
  { title: "(b) accuracy", xLabel: "epoch", yLabel: "accuracy (%)", yDomain: [0, 8] },
);
const figure: Figure = {
  title: "Warmup",
  subtitle: "VGG-11",
  caption: "Two panels.",
  panels: [grid, chart],
};

const size = (root: Element) => ["width", "height"].map((name) => Number(root.getAttribute(name)));
const place = (element: Element) =>
  /translate\(([-\d.]+),([-\d.]+)\)/.exec(element.getAttribute("transform")!)!.slice(1).map(Number);

describe("renderSvg", () => {
  test("is well-formed XML with the size of its view box and its namespace", () => {
    const svg = renderSvg(figure);
    const root = parse(svg);
    const [width, height] = size(root);
    expect(root.getAttribute("viewBox")).toBe(`0 0 ${width} ${height}`);
    expect(root.getAttribute("xmlns")).toBe("http://www.w3.org/2000/svg");
    expect(svg.match(/<svg/g)).toHaveLength(1);
    expect(badAttributes(root)).toEqual([]);
  });

  test("has every heading, label and caption", () => {
    const words = texts(parse(renderSvg(figure)));
    for (const word of [
      "Warmup",
      "VGG-11",
      "Two panels.",
      "(a) similarity",
      "(b) accuracy",
      "first",
      "second",
      "conv",
      "fc",
      "0.90",
      "0.20",
      "0.70",
      "SVCCA",
      "no value",
      "0.25",
      "epoch",
      "accuracy (%)",
      "LB",
      "SB",
    ]) {
      expect(words).toContain(word);
    }
  });

  test("names and describes itself to screen readers", () => {
    const root = parse(renderSvg(figure));
    expect(root.getAttribute("role")).toBe("img");
    expect(root.firstElementChild!.textContent).toBe("Warmup");
    expect(root.querySelector("desc")!.textContent).toBe("VGG-11 Two panels.");
    expect(parse(renderSvg({ panels: [grid, chart] })).firstElementChild!.textContent).toBe(
      "(a) similarity; (b) accuracy",
    );
  });

  test("is the same text each time, whatever was drawn between", () => {
    const first = renderSvg(figure);
    renderSvg({ panels: [chart, chart] });
    expect(renderSvg(figure)).toBe(first);
  });

  test("has no style sheet, no class and no outer file", () => {
    const svg = renderSvg(figure);
    expect(svg).not.toMatch(
      /<style|class=|var\(|<script|<foreignObject|https?:\/\/(?!www\.w3\.org)/,
    );
  });

  test("clip paths of two panels and of two figures have different names", () => {
    const ids = (root: Element) => all(root, "[id]").map((element) => element.id);
    const panels = [chart, chart];
    const root = parse(renderSvg({ panels }));
    const other = parse(renderSvg({ title: "other", panels }));
    expect(new Set([...ids(root), ...ids(other)]).size).toBe(4);
    const used = all(root, "[clip-path]").map((element) => element.getAttribute("clip-path"));
    expect(new Set(used)).toEqual(new Set(ids(root).map((id) => `url(#${id})`)));
  });

  test("does not rewrite words that look like an id", () => {
    const title = ' id="plot-clip-1" url(#plot-clip-1)';
    expect(parse(renderSvg({ title, panels: [chart] })).querySelector("title")!.textContent).toBe(
      title,
    );
  });

  test("signs with a meaning in XML and control characters cannot break it", () => {
    const root = parse(renderSvg({ title: "a < b & c > \"d\" 'e' \u0000\u001b", panels: [grid] }));
    expect(root.querySelector("title")!.textContent).toBe("a < b & c > \"d\" 'e' \ufffd\ufffd");
  });

  test("panels of a row stand side by side at one height; columns break the rows", () => {
    const panels = [grid, grid, grid, grid];
    const places = (columns: number) =>
      all(parse(renderSvg({ panels, columns, legend: false })), "svg > g").map(place);
    const row = places(4);
    expect(new Set(row.map(([, y]) => y)).size).toBe(1);
    expect(row.slice(1).every(([x], i) => x! - row[i]![0]! === grid.width + 24)).toBe(true);
    const square = places(2);
    expect(square[2]![0]).toBe(square[0]![0]);
    expect(square[2]![1]! - square[0]![1]!).toBeGreaterThan(grid.height);
  });

  test("by default rows are of even length and not wider than a page", () => {
    const wide = { ...chart, width: 330 };
    const [width] = size(parse(renderSvg({ panels: [wide, wide, wide, wide] })));
    expect(width).toBe(2 * 330 + 24 + 32);
  });

  test("long texts are broken into lines inside of the picture", () => {
    const caption = "A caption with many words. ".repeat(20).trim();
    const short = parse(renderSvg({ panels: [grid] }));
    const long = parse(renderSvg({ panels: [grid], caption }));
    expect(size(long)[0]).toBe(size(short)[0]);
    expect(size(long)[1]! - size(short)[1]!).toBeGreaterThan(100);
    expect(long.querySelector("desc")!.textContent).toBe(caption);
    expect(texts(long).filter((text) => text.includes("caption")).length).toBeGreaterThan(5);
  });

  test("equal colour scales share a legend, different ones have their own", () => {
    const ramps = (...panels: Figure["panels"]) =>
      all(parse(renderSvg({ panels })), '[shape-rendering="crispEdges"]').length;
    const other = { ...grid, color: { ...grid.color, domain: [0, 0.3], label: "difference" } };
    expect(ramps(grid, grid)).toBe(1);
    expect(ramps(grid, other)).toBe(2);
    expect(ramps(chart)).toBe(0);
    expect(texts(parse(renderSvg({ panels: [grid], legend: false })))).not.toContain("SVCCA");
  });

  test("the legend shows the colours of the scale, low to high", () => {
    const ramp = all(parse(renderSvg({ panels: [grid] })), '[shape-rendering="crispEdges"] rect');
    const scale = Plot.scale({ color: grid.color });
    expect(ramp[0]!.getAttribute("fill")).toBe(scale.apply(0.5 / 60));
    expect(ramp.at(-1)!.getAttribute("fill")).toBe(scale.apply(59.5 / 60));
  });

  test("the bands of a threshold scale stand side by side, with the numbers between them", () => {
    const range = ["#111111", "#777777", "#eeeeee"];
    const color = { type: "threshold", domain: [0.5, 1234.5], range, label: "loss", legend: true };
    const panel = {
      color,
      marks: [Plot.dot([0, 1, 2000], { x: Plot.identity, fill: Plot.identity })],
    };
    const root = parse(renderSvg({ panels: [panel, panel] as Figure["panels"] }));
    const bands = range.map((fill) => all(root, `rect[fill="${fill}"]`));
    expect(bands.map(({ length }) => length)).toEqual([1, 1, 1]);
    const ends = bands.map(([band]) => [
      Number(band!.getAttribute("x")),
      Number(band!.getAttribute("x")) + Number(band!.getAttribute("width")),
    ]);
    expect([ends[1]![0], ends[2]![0]]).toBeAllclose([ends[0]![1]!, ends[1]![1]!], { atol: 0.02 });
    const numbers = ["0.5", "1230"].map((number) =>
      all(root, "text").find((text) => text.textContent === number),
    );
    expect(numbers.map((text) => Number(text!.getAttribute("x")))).toEqual([
      ends[0]![1],
      ends[1]![1],
    ]);
    expect(texts(root)).toContain("loss");
  });

  test("draws any options of Plot, with swatches for names and its caption", () => {
    const panel: Plot.PlotOptions = {
      caption: "Below.",
      color: { legend: true },
      marks: [
        Plot.dot(
          [
            { x: 1, y: 2, kind: "train" },
            { x: 2, y: 1, kind: "test" },
          ],
          { x: "x", y: "y", fill: "kind" },
        ),
      ],
    };
    const root = parse(renderSvg({ panels: [panel] }));
    expect(texts(root)).toEqual(expect.arrayContaining(["train", "test", "Below."]));
    expect(all(root, "circle")).toHaveLength(2);
  });

  test("does not change what it is given", () => {
    const before = JSON.stringify(figure);
    renderSvg(figure);
    expect(JSON.stringify(figure)).toBe(before);
  });

  test.each<[string, unknown, new () => Error, string]>([
    [
      "no panels",
      { panels: [] },
      RangeError,
      "renderSvg: panels must be at least one panel, got []",
    ],
    [
      "a panel without its array",
      { panels: grid },
      TypeError,
      "renderSvg: panels must be an array of plot options",
    ],
    [
      "a panel that is no object",
      { panels: ["heatmap"] },
      TypeError,
      'renderSvg: panels[0] must be an object of plot options, got "heatmap"',
    ],
    [
      "a misspelt property",
      { panels: [grid], captoin: "" },
      TypeError,
      'renderSvg: options must be made of title, subtitle, caption, panels, columns, legend, got "captoin"',
    ],
    [
      "no columns",
      { panels: [grid], columns: 0 },
      RangeError,
      "renderSvg: columns must be an integer >= 1, got 0",
    ],
    [
      "a title that is no text",
      { panels: [{ title: 7 }] },
      TypeError,
      "renderSvg: panels[0].title must be a string, got 7",
    ],
    [
      "a legend that is no boolean",
      { panels: [grid], legend: "top" },
      TypeError,
      'renderSvg: legend must be true or false, got "top"',
    ],
  ])("%s is an error", (_name, bad, kind, message) => {
    expect(() => renderSvg(bad as Figure)).toThrow(kind);
    expect(() => renderSvg(bad as Figure)).toThrow(message);
  });
});
