import { describe, expect, test } from "vitest";
import {
  type ContourPanel,
  type ContoursOptions,
  contours,
  renderSvg,
} from "../../src/plot/index.js";
import { coveredLabels, labelBoxes } from "./labels.js";
import { all, badAttributes, parse, texts } from "./svg.js";

const ticks = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

/** A surface of a function over [0, 4] × [0, 2]. */
const surface = (loss: (x: number, y: number) => number, columns = 9, rows = 5): ContourPanel => {
  const x = ticks(0, 4, columns);
  const y = ticks(0, 2, rows);
  return { x, y, values: y.map((b) => x.map((a) => loss(a, b))) };
};
const slope = surface((x) => Math.exp(x));
const draw = (options: ContoursOptions) => parse(renderSvg(contours(options)));
const levels = (options: Omit<ContoursOptions, "panels">, panel = slope) =>
  contours({ panels: [panel], ...options }).panels[0]!.color.domain as number[];

/** Horizontal and vertical extent of each band in pixels. */
const bands = (root: Element) =>
  all(root, '[aria-label="contour"] path').map((path) => {
    const numbers = (path.getAttribute("d") ?? "").match(/-?[\d.]+/g)?.map(Number) ?? [];
    const of = (parity: number) => numbers.filter((_, i) => i % 2 === parity);
    const extent = (values: number[]) => [Math.min(...values), Math.max(...values)] as const;
    return { x: extent(of(0)), y: extent(of(1)) };
  });

/** The frame of the plot in pixels. */
const frameOf = ({ width, height, ...margins }: ReturnType<typeof contours>["panels"][number]) => ({
  left: margins.marginLeft!,
  top: margins.marginTop!,
  width: width - margins.marginLeft! - margins.marginRight!,
  height: height - margins.marginTop! - margins.marginBottom!,
});

/** WCAG's relative luminance of `rgb(…)` or `#rrggbb`, without its linear toe. */
const luminance = (color: string): number => {
  const [r, g, b] = color.startsWith("#")
    ? [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
    : color.match(/\d+/g)!.map(Number);
  return 0.2126 * r! ** 2.2 + 0.7152 * g! ** 2.2 + 0.0722 * b! ** 2.2;
};

describe("the levels of contours", () => {
  test("of log are even in the logarithm", () => {
    // min · (max / min)^(k / N) with min = 1, max = e⁴, N = 4
    expect(levels({ levels: 4 })).toBeAllclose([Math.E, Math.E ** 2, Math.E ** 3], { rtol: 1e-12 });
  });

  test("of linear are even in the value", () => {
    expect(levels({ levels: 4, scale: "linear", cap: 5 })).toBeAllclose([2, 3, 4], { rtol: 1e-12 });
  });

  test("of logExcess are Garipov's: min + exp(a + k (ln(max − min) − a) / N)", () => {
    const [a, n, min, max] = [-5, 7, 1, 5];
    const expected = Array.from(
      { length: n + 1 },
      (_, k) => min + Math.exp(a + (k * (Math.log(max - min) - a)) / n),
    );
    expect(expected.at(-1)).toBeCloseTo(max, 12);
    const found = levels({ levels: n + 1, scale: "logExcess", cap: max });
    expect(found).toBeAllclose(expected.slice(0, -1), { rtol: 1e-12 });
    const [first] = levels({ scale: "logExcess", firstExcess: 0.25 });
    expect(first).toBeCloseTo(1.25, 12);
  });

  test("may be given, and are written as they are", () => {
    expect(levels({ levels: [1, 2.125, 7, 60] })).toEqual([2.125, 7]);
    expect(texts(draw({ panels: [slope], levels: [1, 2.125, 7, 60] }))).toEqual(
      expect.arrayContaining(["2.125", "7"]),
    );
  });

  test("take losses below 1e-12 as 1e-12, and the legend says so", () => {
    const panel = surface((x) => x);
    // From 1e-12 to 4 in 2 bands: the geometric mean.
    expect(levels({ levels: 2 }, panel)).toBeAllclose([2e-6], { rtol: 1e-12 });
    expect(texts(draw({ panels: [panel] }))).toContain(
      "values below 1e−12 have the colour of 1e−12",
    );
  });

  test("of a flat surface lie around its value", () => {
    for (const scale of ["log", "linear", "logExcess"] as const) {
      const found = levels(
        { scale },
        surface(() => 3),
      );
      expect(found[0]).toBeLessThan(3);
      expect(found.at(-1)).toBeGreaterThan(3);
      expect(found).toEqual([...found].sort((a, b) => a - b));
    }
  });

  test("have texts that differ from each other", () => {
    const root = draw({ panels: [surface((x) => 1 + x / 1e4)], levels: 8 });
    const numbers = texts(root).filter((text) => /^1\.00/.test(text));
    expect(numbers).toHaveLength(7);
    expect(new Set(numbers).size).toBe(7);
  });
});

describe("contours", () => {
  test("a band begins where the surface reaches its level", () => {
    const options = { panels: [slope], levels: [1, Math.E, Math.E ** 2.5, 60] };
    const { left, width } = frameOf(contours(options).panels[0]!);
    const [, second, third] = bands(draw(options));
    // L = exp(x) is interpolated in ln L = x: exact.
    expect(second!.x[0]).toBeCloseTo(left + width / 4, 2);
    expect(third!.x[0]).toBeCloseTo(left + (width * 2.5) / 4, 2);
  });

  test("the first row is the lowest, and rows of uneven distance lie where they say", () => {
    const y = [0, 0.5, 2];
    const values = y.map((place) => [1 + place, 1 + place]);
    const options: ContoursOptions = {
      panels: [{ x: [0, 4], y, values }],
      scale: "linear",
      levels: [1, 2.2, 3],
    };
    const { top, height } = frameOf(contours(options).panels[0]!);
    // The level is reached at y = 1.2 of [0, 2], counted from the bottom.
    expect(bands(draw(options))[1]!.y[1]).toBeCloseTo(top + height * 0.4, 2);
  });

  test("one unit is as long on y as on x", () => {
    for (const panel of [
      slope,
      { ...slope, y: ticks(0, 30, 5) },
      { ...slope, y: ticks(0, 0.6, 5) },
    ]) {
      const { width, height } = frameOf(contours({ panels: [panel] }).panels[0]!);
      const [low, high] = [panel.y[0]!, panel.y[panel.y.length - 1]!];
      // The frame has whole pixels.
      expect(Math.abs(width / 4 - height / (high - low))).toBeLessThan(width / 4 / 80);
    }
  });

  test("a very thin plane is stretched across, and the legend says how much", () => {
    const thin = contours({ panels: [{ ...slope, y: ticks(0, 0.01, 5) }], size: 200 }).panels[0]!;
    expect(frameOf(thin)).toMatchObject({ width: 400, height: 100 });
    // A unit is 100 pixels long on x, and 10,000 on y.
    expect(texts(parse(renderSvg({ panels: [thin] })))).toContain("y stretched × 100");
    const upright = { ...slope, x: ticks(0, 0.1, slope.x.length) };
    const [panel] = contours({ panels: [upright], size: 200 }).panels;
    expect(frameOf(panel!)).toMatchObject({ width: 100, height: 400 });
    expect(texts(draw({ panels: [slope] })).join()).not.toContain("stretched");
  });

  test("panels share levels and colours, from dark to light, and one legend", () => {
    const { panels } = contours({
      panels: [slope, { ...surface((x, y) => 0.1 + x * y, 5, 3), title: "(b)" }],
      colorLabel: "training loss (nats)",
    });
    expect(panels[0]!.color.domain).toEqual(panels[1]!.color.domain);
    expect(panels[0]!.color.range).toEqual(panels[1]!.color.range);
    const colors = panels[0]!.color.range as string[];
    expect(colors).toHaveLength(10);
    const lightness = colors.map(luminance);
    expect(lightness).toEqual([...lightness].sort((a, b) => a - b));
    const root = parse(renderSvg({ panels }));
    expect(texts(root).filter((text) => text === "training loss (nats)")).toHaveLength(1);
    // The colours of the surface are those of the legend.
    const fills = all(root, '[aria-label="contour"] path').map((path) => path.getAttribute("fill"));
    expect(new Set(fills)).toEqual(new Set(colors));
    expect(badAttributes(root)).toEqual([]);
  });

  test("axes say what they are, and may say something else", () => {
    expect(texts(draw({ panels: [slope] }))).toEqual(
      expect.arrayContaining(["x, distance in weight space", "loss (nats)"]),
    );
    const { x, y } = contours({ panels: [slope], xLabel: "along u", yLabel: "" }).panels[0]!;
    expect([x.label, y.label]).toEqual(["along u", null]);
  });

  test("texts of the figure are passed on", () => {
    const figure = contours({ panels: [slope], title: "Plane", caption: "VGG-16", columns: 1 });
    expect(figure).toMatchObject({ title: "Plane", caption: "VGG-16", columns: 1 });
  });

  test("what was not measured is grey with a cross, and takes no part in the levels", () => {
    const values = slope.values as number[][];
    const partly = {
      ...slope,
      values: values.map((row, i) => row.map((value, j) => (i > 2 && j > 6 ? null : value))),
    };
    const root = draw({ panels: [partly] });
    expect(all(root, '[aria-label="rect"] rect')).toHaveLength(4);
    expect(all(root, '[aria-label="dot"] path')).toHaveLength(4);
    expect(texts(root)).toContain("not measured");
    expect(levels({}, partly)).toEqual(levels({}));
    expect(badAttributes(root)).toEqual([]);
    expect(texts(draw({ panels: [slope] }))).not.toContain("not measured");
    const nothing = { ...slope, values: values.map((row) => row.map(() => null)) };
    expect(badAttributes(draw({ panels: [slope, nothing] }))).toEqual([]);
  });

  test("what is not finite has the colour of the cap and is hatched", () => {
    const values = (slope.values as number[][]).map((row) => [NaN, Infinity, ...row.slice(2)]);
    const root = draw({
      panels: [
        { ...slope, values },
        { ...slope, values },
      ],
      cap: 20,
      levels: 4,
    });
    const hatched = all(root, '[aria-label="hatching"] > rect');
    expect(hatched).toHaveLength(20);
    const { left, width } = frameOf(contours({ panels: [slope] }).panels[0]!);
    expect(Number(hatched[0]!.getAttribute("x"))).toBeCloseTo(left, 2);
    expect(Number(hatched[0]!.getAttribute("width"))).toBeCloseTo(width / 16, 1);
    // The band of the cap begins at the left, where the values are not finite.
    expect(bands(root)[3]!.x[0]).toBeLessThan(left);
    expect(texts(root)).toContain("not finite (diverged)");
    expect(badAttributes(root)).toEqual([]);
    const ids = all(root, "pattern").map(({ id }) => id);
    expect(ids).toContain(/#(.*)\)/.exec(hatched[0]!.getAttribute("fill")!)![1]);
    expect(texts(draw({ panels: [slope] }))).not.toContain("not finite (diverged)");
  });

  test("values above the cap have its colour, and the legend says so", () => {
    const words = texts(draw({ panels: [slope, slope], cap: 5.25 }));
    const note = "values above 5.25 have the colour of 5.25";
    expect(words.filter((text) => text === note)).toHaveLength(1);
    expect(texts(draw({ panels: [slope] })).join()).not.toContain("have the colour of");
  });

  test("curves and iterates have white rims, and iterates their numbers", () => {
    const curve = {
      label: "curve",
      kind: "curve",
      points: [
        [0, 0],
        [2, 1.8],
        [4, 0],
      ],
    } as const;
    const iterates = {
      label: "iterates",
      kind: "iterates",
      points: [
        [0, 1],
        [2, 0.5],
        [4, 1],
      ],
    } as const;
    const root = draw({
      panels: [
        { ...slope, paths: [curve, iterates] },
        { ...slope, paths: [{ ...iterates, names: ["70", "110", "150"] }] },
      ],
    });
    const paths = all(root, '[aria-label="paths"] path');
    expect(paths).toHaveLength(6);
    for (let i = 0; i < paths.length; i += 2) {
      const [rim, line] = paths.slice(i, i + 2);
      expect(rim!.getAttribute("stroke")).toBe("white");
      expect(line!.getAttribute("d")).toBe(rim!.getAttribute("d"));
      const width = (path: Element) => Number(path.getAttribute("stroke-width"));
      expect(width(rim!)).toBeGreaterThan(width(line!) + 2);
    }
    expect(all(root, '[aria-label="points"] path')).toHaveLength(12);
    const labels = labelBoxes(root).map(({ text }) => text);
    expect(labels.sort()).toEqual(["1", "110", "150", "2", "3", "70"]);
    // Once in the legend of both panels.
    expect(texts(root).filter((text) => text === "iterates")).toHaveLength(1);
  });

  test("several curves differ by their dashes, and look alike in all panels", () => {
    const path = (label: string) => ({
      label,
      kind: "curve" as const,
      points: [
        [0, 0],
        [4, 2],
      ] as const,
    });
    const { panels } = contours({
      panels: [
        { ...slope, paths: [path("curve"), path("segment")] },
        { ...slope, paths: [path("segment")] },
      ],
    });
    expect(panels[0]!.key.map(({ text, dash }) => [text, dash])).toEqual([
      ["curve", "none"],
      ["segment", "7 3"],
    ]);
    const dashes = all(parse(renderSvg({ panels })), '[aria-label="paths"] [stroke-dasharray]').map(
      (line) => line.getAttribute("stroke-dasharray"),
    );
    expect(dashes).toEqual(["none", "7 3", "7 3"]);
  });

  test("no label covers another or a point, and every named point has its label", () => {
    const points = [
      { x: 0.1, y: 1, label: "w_70" },
      { x: 0.2, y: 1.05, label: "bend" },
      { x: 3.9, y: 1, label: "w_150" },
    ];
    const places = ticks(0, 4, 60).map((x) => [x, 1 + 0.2 * Math.sin(5 * x)] as const);
    const paths = [{ label: "iterates", kind: "iterates", points: places } as const];
    const root = draw({ panels: [{ ...slope, points, paths }] });
    expect(coveredLabels(root)).toEqual([]);
    const labels = labelBoxes(root).map(({ text }) => text);
    expect(labels).toEqual(expect.arrayContaining(["w_70", "bend", "w_150", "60"]));
    // Sixty numbers have no room.
    expect(labels.length).toBeGreaterThan(20);
    expect(labels.length).toBeLessThan(63);
  });

  test("axes reach to points outside of the grid, where nothing was measured", () => {
    const root = draw({ panels: [{ ...slope, points: [{ x: 6, y: 1, label: "outside" }] }] });
    const { x } = contours({
      panels: [{ ...slope, points: [{ x: 6, y: 1, label: "outside" }] }],
    }).panels[0]!;
    expect((x.domain as number[])[0]).toBe(0);
    expect((x.domain as number[])[1]).toBeGreaterThan(6);
    expect(texts(root)).toEqual(expect.arrayContaining(["outside", "not measured"]));
  });

  test("the same options give the same text, and stay as they are", () => {
    const options: ContoursOptions = { panels: [structuredClone(slope)], levels: [1, 5, 60] };
    const before = structuredClone(options);
    expect(renderSvg(contours(options))).toBe(renderSvg(contours(options)));
    expect(options).toEqual(before);
  });

  const bad = (change: object) => () => contours({ panels: [{ ...slope, ...change }] });
  const wrong = (change: object) => () => contours({ panels: [slope], ...change });
  test.each<[string, () => unknown, new () => Error, string]>([
    ["no options", () => contours([] as never), TypeError, "contours: options must be an object"],
    ["no panel", wrong({ panels: [] }), RangeError, "contours: panels must be at least one panel"],
    ["a panel alone", wrong({ panels: slope }), TypeError, "contours: panels must be an array"],
    [
      "an unknown option",
      wrong({ level: 3 }),
      TypeError,
      "contours: options must be made of panels",
    ],
    ["an unknown part", bad({ z: [] }), TypeError, "contours: options must be made of title"],
    ["one column", bad({ x: [1] }), RangeError, "panels[0].x must be at least two numbers, got 1"],
    [
      "a descending axis",
      bad({ x: [1, 0] }),
      RangeError,
      "panels[0].x[1] must be a finite number > 1",
    ],
    [
      "missing rows",
      bad({ values: [[1]] }),
      RangeError,
      "panels[0].values must be as long as y (5), got 1",
    ],
    [
      "a short row",
      bad({ y: [0, 1], values: [[1], [2]] }),
      RangeError,
      "panels[0].values[0] must be as long as x (9), got 1",
    ],
    [
      "a text for a value",
      bad({
        x: [0, 1],
        y: [0, 1],
        values: [
          [1, "2"],
          [1, 2],
        ],
      }),
      TypeError,
      'panels[0].values[0][1] must be a number, null or undefined, got "2"',
    ],
    [
      "a negative loss",
      bad({
        x: [0, 1],
        y: [0, 1],
        values: [
          [1, -2],
          [1, 2],
        ],
      }),
      RangeError,
      "panels[0].values[0][1] must be >= 0, got -2",
    ],
    [
      "no finite value",
      bad({
        x: [0, 1],
        y: [0, 1],
        values: [
          [NaN, null],
          [NaN, Infinity],
        ],
      }),
      RangeError,
      "contours: panels must be such that some value is a finite number, got",
    ],
    ["another scale", wrong({ scale: "sqrt" }), RangeError, 'scale must be one of "log", "linear"'],
    [
      "one band",
      wrong({ levels: 1 }),
      RangeError,
      "levels must be an integer >= 2 and <= 100, got 1",
    ],
    [
      "too few levels",
      wrong({ levels: [1, 2] }),
      RangeError,
      "levels must be at least three levels",
    ],
    [
      "levels in disorder",
      wrong({ levels: [1, 3, 2] }),
      RangeError,
      "levels[2] must be a finite number > 3",
    ],
    [
      "a level of 0",
      wrong({ levels: [0, 1, 2] }),
      RangeError,
      "levels[0] must be a finite number > 0",
    ],
    ["a cap below all", wrong({ cap: 1 }), RangeError, "cap must be a finite number > 1, got 1"],
    ["cap and levels", wrong({ cap: 9, levels: [1, 2, 3] }), RangeError, "cap must be left out"],
    [
      "a scheme of no one",
      wrong({ scheme: "jet" }),
      RangeError,
      "contours: scheme must be a continuous",
    ],
    [
      "a point without a label",
      bad({ points: [{ x: 0, y: 0 }] }),
      TypeError,
      "panels[0].points[0].label must be a string",
    ],
    [
      "a path of another kind",
      bad({ paths: [{ label: "a", kind: "line", points: [[0, 0]] }] }),
      RangeError,
      'panels[0].paths[0].kind must be one of "curve", "iterates"',
    ],
    [
      "a path without points",
      bad({ paths: [{ label: "a", kind: "curve", points: [] }] }),
      RangeError,
      "panels[0].paths[0].points must be at least one",
    ],
    [
      "a path to nowhere",
      bad({ paths: [{ label: "a", kind: "curve", points: [[0, NaN]] }] }),
      RangeError,
      "panels[0].paths[0].points[0][1] must be a finite number, got NaN",
    ],
    [
      "too few names",
      bad({ paths: [{ label: "a", kind: "iterates", points: [[0, 1]], names: [] }] }),
      RangeError,
      "panels[0].paths[0].names must be as long as points (1), got 0",
    ],
  ])("%s is an error", (_name, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
