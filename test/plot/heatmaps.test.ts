import { describe, expect, test } from "vitest";
import { type HeatmapGrid, heatmaps, renderSvg } from "../../src/plot/index.js";
import { all, parse, texts } from "./svg.js";

const square = (size: number): HeatmapGrid => {
  const names = Array.from({ length: size }, (_, i) => `l${i}`);
  return { rows: names, columns: names, values: names.map(() => names.map(() => 0.5)) };
};

describe("heatmaps", () => {
  test("panels share colour scale and size of cell", () => {
    const panels = heatmaps([{ grid: square(2) }, { grid: square(20) }], { domain: [0, 0.3] });
    expect(panels.map(({ color }) => color.domain)).toEqual([
      [0, 0.3],
      [0, 0.3],
    ]);
    const root = parse(renderSvg({ panels }));
    const widths = all(root, '[aria-label="cell"] rect').map((rect) => rect.getAttribute("width"));
    expect(widths).toHaveLength(404);
    expect(new Set(widths).size).toBe(1);
  });

  test("axis labels of a panel go before common ones", () => {
    const panels = heatmaps(
      [
        { grid: square(1), rowLabel: "own" },
        { grid: square(1), title: "(b)" },
      ],
      { rowLabel: "common" },
    );
    expect(panels.map(({ y }) => y.label)).toEqual(["own", "common"]);
    expect(panels.map(({ title }) => title)).toEqual([undefined, "(b)"]);
  });

  test("a figure of them has one legend", () => {
    const grid = { rows: ["r"], columns: ["c", "d"], values: [[NaN, -1]] };
    const panels = heatmaps([{ grid }, { grid }], { colorLabel: "CKA" });
    const words = texts(parse(renderSvg({ panels })));
    for (const word of ["CKA", "no value", "values below 0 have the colour of 0"]) {
      expect(words.filter((text) => text === word)).toHaveLength(1);
    }
  });

  test("bad panels are errors", () => {
    expect(() => heatmaps([])).toThrow("heatmaps: panels must be at least one panel, got []");
    expect(() => heatmaps(square(1) as never)).toThrow(TypeError);
    expect(() => heatmaps([{ grid: square(1), name: "x" } as never])).toThrow(
      'heatmaps: options must be made of grid, title, subtitle, rowLabel, columnLabel, got "name"',
    );
    expect(() => heatmaps([{ grid: undefined as never }])).toThrow("heatmap: grid must be");
    expect(() => heatmaps([{ grid: square(1) }], { title: "x" } as never)).toThrow(
      "heatmaps: options must be made of",
    );
  });
});
