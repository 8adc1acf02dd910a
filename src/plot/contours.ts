import * as Plot from "@observablehq/plot";
import {
  checkNumber,
  checkOneOf,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { checkText } from "./checks.js";
import {
  type ContourScale,
  checkLevels,
  leastLoss,
  levelTexts,
  spacedLevels,
} from "./contourLevels.js";
import { hatchMark } from "./hatchMark.js";
import { type MapLine, type MapPoint, mapMark } from "./mapMark.js";
import { axisTextWidth } from "./numberAxis.js";
import type { CompletePanel, KeyEntry } from "./panel.js";
import type { Figure } from "./renderSvg.js";
import { checkScheme, sampleScheme } from "./scheme.js";
import { seriesStyle } from "./seriesStyle.js";
import {
  type CheckedGrid,
  cellOf,
  filled,
  readGrid,
  refine,
  type SurfaceGrid,
} from "./surfaceGrid.js";
import { crossColor, inkColor, missingColor } from "./svg.js";
import { wrapText } from "./text.js";

/** One surface with what lies on it. */
export interface ContourPanel extends SurfaceGrid {
  /** Heading, e.g. `"(a) training loss"`. */
  readonly title?: string;
  readonly subtitle?: string;
  /** Named places, such as the networks that the plane goes through. */
  readonly points?: readonly { readonly x: number; readonly y: number; readonly label: string }[];
  readonly paths?: readonly ContourPath[];
}

/** A line over a surface. */
export interface ContourPath {
  /** Name in the legend; paths of one name look alike in all panels. */
  readonly label: string;
  /** At least one place. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /**
   * `"curve"` is a thick line, `"iterates"` numbered dots that a thin line joins. Numbers that would
   * cover something are left out.
   */
  readonly kind: "curve" | "iterates";
  /** Texts of the dots of iterates. @defaultValue `"1"`, `"2"`, … */
  readonly names?: readonly string[];
}

export interface ContoursOptions extends Omit<Figure, "panels" | "legend"> {
  /** Surfaces that share levels and colours. */
  readonly panels: readonly ContourPanel[];
  /**
   * Spacing of the levels from the least value of all panels, `min`, to the cap, `max`: `"log"` even in
   * ln L, `"linear"` even in L, `"logExcess"` even in ln(L − min) from `firstExcess` on.
   * @defaultValue `"log"`
   */
  scale?: ContourScale;
  /**
   * Number of bands, 2 to 100, or the levels themselves, ascending, of which the last is the cap.
   * @defaultValue `10`
   */
  levels?: number | readonly number[];
  /** Greater values have the colour of the cap, and the legend says so. @defaultValue the greatest value */
  cap?: number;
  /** First level above the least value for `"logExcess"`. @defaultValue `exp(−5)` */
  firstExcess?: number;
  /** What the colours measure, with its unit. @defaultValue `"loss (nats)"` */
  colorLabel?: string;
  /** @defaultValue `"x, distance in weight space"` */
  xLabel?: string;
  /** @defaultValue `"y, distance in weight space"` */
  yLabel?: string;
  /** A sequential colour scheme of Plot, dark to light. @defaultValue `"viridis"` */
  scheme?: Plot.ColorScheme;
  /** Longer side of the frame in pixels. @defaultValue `380` */
  size?: number;
}

const optionNames = [
  "panels",
  "title",
  "subtitle",
  "caption",
  "columns",
  "scale",
  "levels",
  "cap",
  "firstExcess",
  "colorLabel",
  "xLabel",
  "yLabel",
  "scheme",
  "size",
];
const panelNames = ["title", "subtitle", "x", "y", "values", "points", "paths"];

const fontSize = 11;
/** Pixels between the places at which a surface is drawn. */
const resolution = 5;
const leastSide = 100;

/**
 * Filled contours of surfaces over a plane in weight space, with named points, curves and iterates.
 *
 * All panels share levels and colours; darker is lower, in a grey print too. One unit is as long on y as
 * on x, so that distances and angles are true. Levels between `min`, the least value of all
 * panels, and `max`, the cap, for k = 1 … N − 1 of N bands:
 *
 *     log        ℓ_k = min · (max / min)^(k / N),   losses below 1e-12 taken as 1e-12
 *     linear     ℓ_k = min + (max − min) · k / N
 *     logExcess  ℓ_k = min + exp(a + (k − 1) · (ln(max − min) − a) / (N − 1)),   exp(a) = firstExcess
 *
 * Between the places of the grid ln L (`"log"`) or L is interpolated bilinearly. What is not finite has
 * the colour of the cap and is hatched; what was not measured is grey with a cross. The legend tells
 * what occurs. Points and paths are drawn whole: the axes reach to them.
 *
 * Nothing is drawn yet: the result is a figure for `renderSvg`, whose panels are options of Observable
 * Plot and may be changed first.
 *
 * @param options - Panels with their surfaces, the scale, texts and layout.
 * @returns A figure whose panels have the marks *contour* and *frame*, *rect* and *dot* (not measured), and
 *   marks of our own for hatching, paths, points and labels.
 * @throws RangeError if there is no panel or no finite value, sizes differ, axes do not ascend, a value is
 *   negative on a logarithmic scale, or the cap is not above the least value.
 * @throws TypeError if an argument is of another kind or an option is unknown.
 * @example
 * ```ts
 * import { contours, renderSvg } from "closerlook/plot";
 * const ticks = [-1, 0, 1, 2];
 * const values = ticks.map((y) => ticks.map((x) => 0.1 + x ** 2 * (x - 1) ** 2 + y ** 2));
 * const points = [{ x: 0, y: 0, label: "w_70" }, { x: 1, y: 0, label: "w_150" }];
 * const figure = contours({
 *   panels: [{ title: "Training loss", x: ticks, y: ticks, values, points }],
 *   levels: [0.1, 1, 10],
 *   caption: "The plane through two networks.",
 * });
 * figure.panels[0].color.domain; // [1]
 * renderSvg(figure).startsWith("<svg"); // true
 * ```
 * @see Gotmare et al. 2019, figures 3, 12 and 13; Garipov et al. 2018, figure 1 (`"logExcess"`, a = −5, N = 7).
 */
export function contours(options: ContoursOptions): ContourFigure {
  checkOptions("contours", options, optionNames);
  const {
    panels,
    scale = "log",
    cap,
    firstExcess = Math.exp(-5),
    colorLabel = "loss (nats)",
    xLabel = "x, distance in weight space",
    yLabel = "y, distance in weight space",
    scheme = "viridis",
    size = 380,
    ...texts
  } = options;
  checkOneOf("contours", "scale", scale, ["log", "linear", "logExcess"]);
  const levelsWanted = checkLevels(options.levels ?? 10, scale === "log");
  checkNumber("contours", "firstExcess", firstExcess, { above: 0 });
  for (const [name, text] of Object.entries({ colorLabel, xLabel, yLabel })) {
    checkText("contours", name, text);
  }
  checkScheme("contours", scheme);
  checkNumber("contours", "size", size, { min: 100, max: 4000 });
  const surfaces = readPanels(panels, scale === "log");
  const { levels: _levels, ...layout } = texts;

  const measured = surfaces.flatMap(({ grid }) =>
    grid.values.filter((value) => value !== undefined),
  );
  const finite = measured.filter(Number.isFinite);
  if (finite.length === 0) {
    throw rangeError("contours", "panels", "such that some value is a finite number", "none");
  }
  const lift =
    scale === "log" ? (value: number) => Math.max(leastLoss, value) : (value: number) => value;
  const lowest = lift(extreme(finite, Math.min));
  if (cap !== undefined) {
    checkNumber("contours", "cap", cap, { above: lowest });
    if (typeof levelsWanted !== "number") {
      throw rangeError(
        "contours",
        "cap",
        "left out where levels are given: the last is the cap",
        cap,
      );
    }
  }
  const highest = Math.min(lift(extreme(finite, Math.max)), cap ?? Infinity);
  const levels =
    typeof levelsWanted === "number"
      ? spacedLevels(scale, lowest, cap ?? highest, levelsWanted, firstExcess)
      : levelsWanted;
  const colors = sampleScheme(scheme, levels.length - 1);
  const top = levels.at(-1)!;

  const key: KeyEntry[] = notes(finite, levels);
  const infinite = measured.some((value) => !Number.isFinite(value));
  if (infinite) key.push({ text: "not finite (diverged)", sample: "hatch", color: colors.at(-1)! });
  const styles = pathStyles(surfaces);
  for (const [label, style] of styles) {
    key.push({ text: label, sample: "line", ...style.line, marker: style.marker });
  }

  return {
    ...layout,
    panels: surfaces.map(({ panel, grid }) => {
      const place = layOut(panel, grid, xLabel, yLabel, size);
      const missing = grid.values.flatMap((value, i) =>
        value === undefined ? [cellOf(grid, i)] : [],
      );
      const diverged = grid.values.flatMap((value, i) =>
        value === undefined || Number.isFinite(value) ? [] : [cellOf(grid, i)],
      );
      return {
        ...(panel.title !== undefined && { title: panel.title }),
        ...(panel.subtitle !== undefined && { subtitle: panel.subtitle }),
        ...place.options,
        style: { fontSize: `${fontSize}px`, color: inkColor },
        color: {
          type: "threshold",
          domain: levels.slice(1, -1),
          range: colors,
          label: colorLabel,
          legend: true,
          tickFormat: levelFormat(levels.slice(1, -1), typeof levelsWanted === "number" ? 3 : 6),
        },
        marks: [
          place.reachesOut ? Plot.frame({ fill: missingColor, stroke: "none" }) : null,
          contourMark(grid, levels, scale, lift, top, place.frame),
          hatchMark(diverged),
          missing.length > 0 ? missingMarks(missing) : null,
          Plot.frame({ stroke: "#777" }),
          mapMark(...annotations(panel, styles)),
        ],
        key:
          missing.length > 0 || place.reachesOut
            ? [{ text: "not measured", sample: "cross" as const }, ...key]
            : key,
      };
    }),
  };
}

/** What `contours` returns: a figure whose panels have all their parts. */
export interface ContourFigure extends Figure {
  readonly panels: readonly CompletePanel[];
}

interface Surface {
  readonly panel: ContourPanel;
  readonly grid: CheckedGrid;
}

function readPanels(panels: readonly ContourPanel[], nonNegative: boolean): Surface[] {
  if (!Array.isArray(panels)) {
    throw typeError("contours", "panels", "an array of { x, y, values, … }", panels);
  }
  if (panels.length === 0) throw rangeError("contours", "panels", "at least one panel", panels);
  return panels.map((panel: ContourPanel, i) => {
    const where = `panels[${i}]`;
    checkOptions("contours", panel, panelNames);
    checkText("contours", `${where}.title`, panel.title);
    checkText("contours", `${where}.subtitle`, panel.subtitle);
    const grid = readGrid(where, panel, nonNegative);
    readList(`${where}.points`, panel.points).forEach((point, k) => {
      const name = `${where}.points[${k}]`;
      checkNumber("contours", `${name}.x`, point?.x);
      checkNumber("contours", `${name}.y`, point.y);
      if (typeof point.label !== "string") {
        throw typeError("contours", `${name}.label`, "a string", point.label);
      }
    });
    readList(`${where}.paths`, panel.paths).forEach((path, k) => {
      checkPath(`${where}.paths[${k}]`, path);
    });
    return { panel, grid };
  });
}

function checkPath(name: string, path: ContourPath): void {
  if (typeof path !== "object" || path === null) {
    throw typeError("contours", name, "an object { label, points, kind }", path);
  }
  if (typeof path.label !== "string") {
    throw typeError("contours", `${name}.label`, "a string", path.label);
  }
  checkOneOf("contours", `${name}.kind`, path.kind, ["curve", "iterates"]);
  const points = readList(`${name}.points`, path.points);
  if (points.length === 0) throw rangeError("contours", `${name}.points`, "at least one", points);
  points.forEach((point, i) => {
    checkNumber("contours", `${name}.points[${i}][0]`, point?.[0]);
    checkNumber("contours", `${name}.points[${i}][1]`, point[1]);
  });
  if (path.names === undefined) return;
  const names = readList(`${name}.names`, path.names);
  if (names.length !== points.length) {
    const must = `as long as points (${points.length})`;
    throw rangeError("contours", `${name}.names`, must, names.length);
  }
  names.forEach((text, i) => {
    if (typeof text !== "string")
      throw typeError("contours", `${name}.names[${i}]`, "a string", text);
  });
}

function readList<T>(argument: string, list: readonly T[] | undefined): readonly T[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw typeError("contours", argument, "an array", list);
  return list;
}

const extreme = (values: readonly number[], choose: (a: number, b: number) => number): number =>
  values.reduce((best, value) => choose(best, value));

/** What the colours alone do not tell. */
function notes(values: readonly number[], levels: readonly number[]): KeyEntry[] {
  const [lowest, highest] = [levels[0]!, levels.at(-1)!];
  const [low, high] = levelTexts([lowest, highest], 6) as [string, string];
  const found: KeyEntry[] = [];
  if (values.some((value) => value < lowest)) {
    found.push({ text: `values below ${low} have the colour of ${low}`, sample: "none" });
  }
  if (values.some((value) => value > highest)) {
    found.push({ text: `values above ${high} have the colour of ${high}`, sample: "none" });
  }
  return found;
}

interface PathStyle {
  readonly line: { readonly color: string; readonly dash: string; readonly width: number };
  readonly marker: MapPoint["marker"] | "none";
}

/** Looks of paths by their names: black, told apart by dashes and markers. */
function pathStyles(surfaces: readonly Surface[]): Map<string, PathStyle> {
  const styles = new Map<string, PathStyle>();
  const counts = { curve: 0, iterates: 0 };
  for (const { label, kind } of surfaces.flatMap(({ panel }) => panel.paths ?? [])) {
    if (styles.has(label)) continue;
    const { dash, marker } = seriesStyle(counts[kind]++);
    styles.set(
      label,
      kind === "curve"
        ? { line: { color: "black", dash, width: 2.5 }, marker: "none" }
        : {
            line: { color: "black", dash: "none", width: 1 },
            marker: marker as MapPoint["marker"],
          },
    );
  }
  return styles;
}

function annotations(
  { points = [], paths = [] }: ContourPanel,
  styles: ReadonlyMap<string, PathStyle>,
): [MapLine[], MapPoint[]] {
  const lines = paths.map(({ label, points: places }) => ({
    points: places,
    ...styles.get(label)!.line,
  }));
  const iterates = paths
    .filter(({ kind }) => kind === "iterates")
    .flatMap(({ label, points: places, names }) => {
      const marker = styles.get(label)!.marker as MapPoint["marker"];
      const all = places.map(
        ([x, y], i): MapPoint => ({
          x,
          y,
          text: names?.[i] ?? `${i + 1}`,
          minor: true,
          marker,
          radius: 2.6,
          fill: "black",
          stroke: "black",
        }),
      );
      // The ends get their numbers first: that is where a reader begins.
      return [...all.slice(-1), ...all.slice(0, -1)];
    });
  const named = points.map(
    ({ x, y, label }): MapPoint => ({
      x,
      y,
      text: label,
      minor: false,
      marker: "circle",
      radius: 4.5,
      fill: "white",
      stroke: "black",
    }),
  );
  return [lines, [...named, ...iterates]];
}

/** Bands from each level to the next. */
function contourMark(
  grid: CheckedGrid,
  levels: readonly number[],
  scale: ContourScale,
  lift: (value: number) => number,
  top: number,
  frame: { width: number; height: number },
): Plot.Markish {
  const toHeight = scale === "log" ? Math.log : (value: number) => value;
  const heights = filled(grid).map((value) =>
    toHeight(Number.isFinite(value) ? Math.min(top, lift(value)) : top),
  );
  const columns = Math.max(2, Math.round(frame.width / resolution));
  const rows = Math.max(2, Math.round(frame.height / resolution));
  const { x, y } = grid;
  const [x1, x2] = [x[0]!, x.at(-1)!];
  const [y1, y2] = [y[0]!, y.at(-1)!];
  // Plot takes values as those of the middles of pixels: half a pixel lies outside on each side.
  const halfX = (x2 - x1) / (columns - 1) / 2;
  const halfY = (y2 - y1) / (rows - 1) / 2;
  // The lowest band is everything that the others do not cover.
  const thresholds = [extreme(heights, Math.min) - 1, ...levels.slice(1, -1).map(toHeight)];
  return Plot.contour(refine(x, y, heights, columns, rows), {
    width: columns,
    height: rows,
    x1: x1 - halfX,
    x2: x2 + halfX,
    y1: y1 - halfY,
    y2: y2 + halfY,
    interpolate: null,
    value: Plot.identity,
    thresholds,
    fill: {
      value: (band: { value: number }) => levels[thresholds.indexOf(band.value)]!,
      scale: "color",
    },
    stroke: "white",
    strokeOpacity: 0.35,
    strokeWidth: 0.7,
    clip: "frame",
  } as Plot.ContourOptions);
}

type Cell = ReturnType<typeof cellOf>;

/** Grey with a cross, as in a heat map. */
const missingMarks = (cells: readonly Cell[]): Plot.Markish => [
  Plot.rect(cells, {
    x1: "x1",
    x2: "x2",
    y1: "y1",
    y2: "y2",
    fill: missingColor,
    shapeRendering: "crispEdges",
  }),
  Plot.dot(cells, {
    x: (cell: Cell) => (cell.x1 + cell.x2) / 2,
    y: (cell: Cell) => (cell.y1 + cell.y2) / 2,
    symbol: "times",
    r: 3,
    stroke: crossColor,
    strokeWidth: 1.2,
  }),
];

/** Size, margins and axes; a unit has as many pixels on x as on y. */
function layOut(
  { points = [], paths = [] }: ContourPanel,
  { x, y }: CheckedGrid,
  xLabel: string,
  yLabel: string,
  size: number,
) {
  const places = [
    ...points.map((point): readonly [number, number] => [point.x, point.y]),
    ...paths.flatMap((path) => path.points),
  ];
  const domain = (ticks: readonly number[], axis: 0 | 1): [number, number] => {
    const [low, high] = [ticks[0]!, ticks.at(-1)!];
    const all = places.map((place) => place[axis]);
    const [least, greatest] = [Math.min(low, ...all), Math.max(high, ...all)];
    // Room for the dot of a place outside.
    const room = (greatest - least) * 0.04;
    return [least < low ? least - room : low, greatest > high ? greatest + room : high];
  };
  const xDomain = domain(x, 0);
  const yDomain = domain(y, 1);
  const xSpan = xDomain[1] - xDomain[0];
  const ySpan = yDomain[1] - yDomain[0];
  const unit = Math.max(size / Math.max(xSpan, ySpan), leastSide / Math.min(xSpan, ySpan));
  const frame = { width: Math.round(xSpan * unit), height: Math.round(ySpan * unit) };
  if (Math.max(frame.width, frame.height) > 10 * size) {
    throw rangeError(
      "contours",
      "the longer side of the plane over the shorter one",
      `<= ${Math.floor((10 * size) / leastSide)}`,
      Math.max(xSpan, ySpan) / Math.min(xSpan, ySpan),
      "Both axes have one unit",
    );
  }
  const ticks = { x: Math.max(2, frame.width / 60), y: Math.max(2, frame.height / 45) };
  const xLines = xLabel === "" ? [] : wrapText(xLabel, frame.width, fontSize);
  const yLines = yLabel === "" ? [] : wrapText(yLabel, frame.height, fontSize);
  const yOffset =
    9 +
    axisTextWidth(yDomain, false, ticks.y, fontSize) +
    (yLines.length && yLines.length * fontSize + 8);
  const xOffset = 9 + fontSize + (xLines.length && xLines.length * fontSize + 9);
  // A tick at the right end has half of its number outside.
  const marginRight = Math.ceil(
    Math.max(8, axisTextWidth(xDomain, false, ticks.x, fontSize) / 2 + 2),
  );
  const marginLeft = Math.ceil(yOffset + 3);
  const marginBottom = Math.ceil(xOffset + 3);
  const marginTop = 8;
  const axis = { labelAnchor: "center", labelArrow: "none" } as const;
  return {
    frame,
    reachesOut:
      xDomain[0] < x[0]! || xDomain[1] > x.at(-1)! || yDomain[0] < y[0]! || yDomain[1] > y.at(-1)!,
    options: {
      width: frame.width + marginLeft + marginRight,
      height: frame.height + marginTop + marginBottom,
      marginTop,
      marginRight,
      marginBottom,
      marginLeft,
      x: {
        ...axis,
        domain: xDomain,
        ticks: ticks.x,
        label: xLabel === "" ? null : xLines.join("\n"),
        labelOffset: xOffset,
      },
      y: {
        ...axis,
        domain: yDomain,
        ticks: ticks.y,
        label: yLabel === "" ? null : yLines.join("\n"),
        labelOffset: yOffset,
      },
    },
  };
}

/** Text of a level in a legend. */
function levelFormat(levels: readonly number[], digits: number): (level: number) => string {
  const texts = levelTexts(levels, digits);
  return (level) => texts[levels.indexOf(level)] ?? `${level}`;
}
