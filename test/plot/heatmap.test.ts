import * as Plot from "@observablehq/plot";
import { describe, expect, test } from "vitest";
import { type HeatmapGrid, heatmap, renderSvg } from "../../src/plot/index.js";
import { textWidth } from "../../src/plot/text.js";
import { all, badAttributes, parse, texts } from "./svg.js";

const grid: HeatmapGrid = {
  rows: ["conv1", "conv2", "fc1"],
  columns: ["a", "b"],
  values: [
    [0.95, 0.1],
    [0.4, 0.625],
    [0, 1],
  ],
};

const draw = (...args: Parameters<typeof heatmap>) =>
  parse(renderSvg({ panels: [heatmap(...args)] }));

describe("heatmap", () => {
  test("the colour scale is viridis from 0 to 1 with a legend", () => {
    const { color } = heatmap(grid, { colorLabel: "SVCCA" });
    expect(color).toMatchObject({
      scheme: "viridis",
      domain: [0, 1],
      label: "SVCCA",
      legend: true,
      clamp: true,
    });
  });

  test("its marks are a cell for each value and a text in each cell", () => {
    const root = draw(grid);
    expect(all(root, '[aria-label="cell"] rect')).toHaveLength(6);
    expect(all(root, '[aria-label="text"] text').map((text) => text.textContent)).toEqual([
      "0.95",
      "0.10",
      "0.40",
      "0.63",
      "0.00",
      "1.00",
    ]);
  });

  test("cells are square, the first row is on top and the first column at the left", () => {
    const rects = all(draw(grid, { cellSize: 30 }), '[aria-label="cell"] rect').map((rect) =>
      ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name))),
    );
    expect(rects.every(([, , width, height]) => width === 29 && height === 29)).toBe(true);
    expect(rects[1]![0]! - rects[0]![0]!).toBe(30);
    expect(rects[2]![1]! - rects[0]![1]!).toBe(30);
  });

  test("lighter is higher over the whole scale, so that a grey print reads alike", () => {
    const { color } = heatmap(grid);
    const scale = Plot.scale({ color });
    const lightness = Array.from({ length: 101 }, (_, i) => luminance(scale.apply(i / 100)));
    for (let i = 1; i < lightness.length; i++) {
      expect(lightness[i]).toBeGreaterThan(lightness[i - 1]!);
    }
  });

  test("every value has at least the contrast 4.5 to its cell", () => {
    const values = [Array.from({ length: 41 }, (_, i) => i / 40)];
    const columns = values[0]!.map(String);
    for (const scheme of ["viridis", "cividis", "greys", "rdbu"] as const) {
      const root = draw({ rows: ["r"], columns, values }, { scheme, cellSize: 30 });
      const cells = all(root, '[aria-label="cell"] rect');
      const words = all(root, '[aria-label="text"] text');
      expect(words).toHaveLength(41);
      words.forEach((word, i) => {
        const ground = luminance(cells[i]!.getAttribute("fill")!);
        const ink = { black: 0, white: 1 }[word.getAttribute("fill")!]!;
        const contrast = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
        expect(contrast).toBeGreaterThan(4.5);
      });
    }
  });

  test("the contrast follows a scheme that is changed after the call", () => {
    const panel = heatmap({ rows: ["r"], columns: ["c"], values: [[0]] });
    const fill = (scheme: Plot.ColorScheme) =>
      all(
        parse(renderSvg({ panels: [{ ...panel, color: { ...panel.color, scheme } }] })),
        '[aria-label="text"] text',
      )[0]!.getAttribute("fill");
    expect(fill("viridis")).toBe("white");
    expect(fill("greys")).toBe("black");
  });

  test("names of layers and axis labels are drawn, and tooltips have the pair and its value", () => {
    const root = draw(grid, {
      rowLabel: "iteration 0",
      columnLabel: "iteration 200",
      title: "(a)",
    });
    expect(texts(root)).toEqual(
      expect.arrayContaining([
        "conv1",
        "conv2",
        "fc1",
        "a",
        "b",
        "iteration 0",
        "iteration 200",
        "(a)",
      ]),
    );
    expect(all(root, "rect > title")[3]!.textContent).toBe("conv2 × b: 0.63");
  });

  test.each([NaN, null, undefined])(
    "a value that is %s gives a crossed cell and a legend note",
    (gap) => {
      const panel = heatmap({ rows: ["r"], columns: ["c", "d"], values: [[gap, 0.5]] });
      expect(panel.key).toEqual([{ text: "no value", sample: "cross" }]);
      const root = parse(renderSvg({ panels: [panel] }));
      expect(all(root, '[aria-label="dot"] path')).toHaveLength(1);
      expect(all(root, '[aria-label="cell"] title')[1]!.textContent).toBe("r × c: no value");
      expect(texts(root)).toContain("no value");
      expect(badAttributes(root)).toEqual([]);
    },
  );

  test("a grid without any value is drawn all the same", () => {
    const root = draw({ rows: ["r"], columns: ["c"], values: [[NaN]] });
    expect(all(root, '[aria-label="dot"] path')).toHaveLength(1);
    expect(badAttributes(root)).toEqual([]);
  });

  test("values outside of the domain keep their number, take the colour of its end and are noted", () => {
    const panel = heatmap({
      rows: ["r"],
      columns: ["a", "b", "c", "d"],
      values: [[-0.03, 0, 1, 1.2]],
    });
    expect(panel.key.map(({ text }) => text)).toEqual([
      "values below 0 have the colour of 0",
      "values above 1 have the colour of 1",
    ]);
    const root = parse(renderSvg({ panels: [panel] }));
    const fills = all(root, '[aria-label="cell"] rect').map((rect) => rect.getAttribute("fill"));
    expect(fills[0]).toBe(fills[1]);
    expect(fills[3]).toBe(fills[2]);
    expect(texts(root)).toEqual(expect.arrayContaining(["−0.03", "1.20"]));
  });

  test("a value that rounds to zero has no minus sign", () => {
    expect(texts(draw({ rows: ["r"], columns: ["c"], values: [[-0.001]] }))).toContain("0.00");
  });

  test("values are left out where they do not fit or are not wanted", () => {
    const values = (options: Parameters<typeof heatmap>[1]) =>
      all(draw(grid, options), '[aria-label="text"] text').length;
    expect(values({ cellSize: 30 })).toBe(6);
    expect(values({ cellSize: 14 })).toBe(0);
    expect(values({ cellSize: 30, showValues: false })).toBe(0);
    expect(values({ cellSize: 14, format: (value) => `${Math.round(value)}` })).toBe(6);
  });

  test("names that are wider than a cell are turned, short ones are level", () => {
    const turned = (columns: string[], cellSize: number) => {
      const values = [columns.map(() => 0.5)];
      return heatmap({ rows: ["r"], columns, values }, { cellSize }).x.tickRotate;
    };
    expect(turned(["a", "b"], 30)).toBe(0);
    expect(turned(["block1_conv1", "b"], 30)).toBe(-45);
    expect(turned(["block1_conv1", "b"], 12)).toBe(-90);
  });

  test("names are thinned out where they would overlap", () => {
    const names = Array.from({ length: 10 }, (_, i) => `l${i}`);
    const values = names.map(() => names.map(() => 0.5));
    const { x, y } = heatmap({ rows: names, columns: names, values }, { cellSize: 5 });
    expect(x.ticks).toEqual([0, 3, 6, 9]);
    expect(y.ticks).toEqual([0, 3, 6, 9]);
  });

  test("long names lose what all have in common before they lose their middle", () => {
    const rows = [1, 2].map((i) => `resnet18/layer${i}.0/conv1_batchnorm_relu`);
    const shown = texts(draw({ rows, columns: ["c"], values: [[1], [1]] }));
    expect(shown).toEqual(expect.arrayContaining(["…layer1…", "…layer2…"]));
    const rows2 = ["a".repeat(60), "b".repeat(60)];
    const clipped = texts(draw({ rows: rows2, columns: ["c"], values: [[1], [1]] }));
    expect(clipped.some((text) => /^a+…a+$/.test(text))).toBe(true);
  });

  test.each([
    ["slanted", 30],
    ["upright", 13],
  ])("%s names stay inside of the picture and clear of the axis labels", (_name, cellSize) => {
    const columns = Array.from({ length: 8 }, (_, i) => `${i}${"x".repeat(15)}`);
    const grid = { rows: ["r"], columns, values: [columns.map(() => 0.5)] };
    const panel = heatmap(grid, { cellSize, columnLabel: "second" });
    const root = parse(renderSvg({ panels: [panel], legend: false }));
    const labels = all(root, '[aria-label="x-axis tick label"] text');
    expect(labels).toHaveLength(8);
    const down = (-panel.x.tickRotate! * Math.PI) / 180;
    const axisLabelTop = panel.height - panel.marginBottom! + panel.x.labelOffset! - 11;
    for (const label of labels) {
      const [x, y] = /translate\(([-\d.]+),([-\d.]+)/
        .exec(label.getAttribute("transform")!)!
        .slice(1);
      const width = textWidth(label.textContent!, 11);
      expect(Number(x) + cellSize / 2 - width * Math.cos(down)).toBeGreaterThan(0);
      expect(Number(y) + 9 + width * Math.sin(down)).toBeLessThan(axisLabelTop);
    }
    expect(axisLabelTop + 11).toBeLessThanOrEqual(panel.height);
  });

  test("beside a single cell the two axis labels do not cross", () => {
    const grid = { rows: ["fc"], columns: ["fc"], values: [[0.7]] };
    const panel = heatmap(grid, {
      rowLabel: "layers at initialization",
      columnLabel: "layers later",
    });
    const length = textWidth("layers at initialization", 11);
    const frameTop = panel.marginTop!;
    const frameBottom = panel.height - panel.marginBottom!;
    const middle = (frameTop + frameBottom) / 2;
    expect(middle - length / 2).toBeGreaterThanOrEqual(0);
    expect(frameBottom + panel.x.labelOffset! - 11).toBeGreaterThan(middle + length / 2);
  });

  test("layers of the same name stay apart", () => {
    const root = draw({ rows: ["relu", "relu"], columns: ["c"], values: [[0.1], [0.9]] });
    expect(all(root, '[aria-label="cell"] rect')).toHaveLength(2);
  });

  test("typed arrays are values too", () => {
    const values = [Float64Array.of(0.25, 0.5)];
    expect(texts(draw({ rows: ["r"], columns: ["c", "d"], values }))).toContain("0.25");
  });

  test("the options may be drawn more than once", () => {
    const panel = heatmap(grid);
    expect(renderSvg({ panels: [panel] })).toBe(renderSvg({ panels: [panel] }));
    expect(all(parse(renderSvg({ panels: [panel, panel] })), '[aria-label="cell"]')).toHaveLength(
      2,
    );
  });

  const bad = (change: object) => () => heatmap({ ...grid, ...change } as HeatmapGrid);
  test.each<[string, () => unknown, new () => Error, string]>([
    [
      "a row too few",
      bad({ values: [[1, 1]] }),
      RangeError,
      "heatmap: grid.values must be as many rows as there are row labels (3), got 1",
    ],
    [
      "a ragged row",
      bad({ values: [[1, 1], [1], [1, 1]] }),
      RangeError,
      "heatmap: grid.values[1] must be as long as there are column labels (2), got 1",
    ],
    [
      "an infinite value",
      bad({
        values: [
          [1, 1],
          [1, Infinity],
          [1, 1],
        ],
      }),
      RangeError,
      "heatmap: grid.values[1][1] must be finite, or NaN for a missing value, got Infinity",
    ],
    [
      "a text as value",
      bad({
        values: [
          [1, 1],
          [1, "1"],
          [1, 1],
        ],
      }),
      TypeError,
      'heatmap: grid.values[1][1] must be a number, NaN, null or undefined, got "1"',
    ],
    [
      "no rows",
      bad({ rows: [], values: [] }),
      RangeError,
      "heatmap: grid.rows must be at least one label, got []",
    ],
    [
      "labels that are numbers",
      bad({ columns: [1, 2] }),
      TypeError,
      "heatmap: grid.columns must be an array of strings, got [1, 2]",
    ],
    [
      "no values",
      bad({ values: undefined }),
      TypeError,
      "heatmap: grid.values must be an array of rows of numbers, got undefined",
    ],
    [
      "no grid",
      () => heatmap(undefined as never),
      TypeError,
      "heatmap: grid must be an object { rows, columns, values }, got undefined",
    ],
    [
      "an empty domain",
      () => heatmap(grid, { domain: [1, 1] }),
      RangeError,
      "heatmap: domain[1] must be a finite number > 1, got 1",
    ],
    [
      "an unknown option",
      () => heatmap(grid, { colour: "red" } as never),
      TypeError,
      "heatmap: options must be made of title, ",
    ],
    [
      "an unknown scheme",
      () => heatmap(grid, { scheme: "jet" as never }),
      RangeError,
      'heatmap: scheme must be a continuous colour scheme of Plot, such as "viridis", "cividis" or "greys", got "jet"',
    ],
    [
      "a title that is no text",
      () => heatmap(grid, { title: 5 as never }),
      TypeError,
      "heatmap: title must be a string, got 5",
    ],
    [
      "values shown or not by another kind of value",
      () => heatmap(grid, { showValues: "auto" as never }),
      TypeError,
      'heatmap: showValues must be true or false, got "auto"',
    ],
    [
      "half a pixel",
      () => heatmap(grid, { cellSize: 0.5 }),
      RangeError,
      "heatmap: cellSize must be an integer >= 1 and <= 1000, got 0.5",
    ],
  ])("%s is an error", (_name, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});

/** Relative luminance (WCAG 2.2) of `#rrggbb` or `rgb(…)`. */
function luminance(color: string): number {
  const bytes = color.startsWith("#")
    ? color.match(/[0-9a-f]{2}/gi)!.map((text) => Number.parseInt(text, 16))
    : color.match(/\d+/g)!.map(Number);
  const [red, green, blue] = bytes.map((byte) =>
    byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
