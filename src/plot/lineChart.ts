import * as Plot from "@observablehq/plot";
import {
  checkNumber,
  checkOneOf,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { checkText } from "./checks.js";
import { type BandPoint, isPresent, type Line, type LineSeries, readSeries } from "./lineSeries.js";
import { axisTextWidth, formatLogTick, logTicks, paddedDomain } from "./numberAxis.js";
import type { CompletePanel, KeyEntry } from "./panel.js";
import { checkReferences, type Reference, referenceMark, referencesHeight } from "./references.js";
import { markerSymbol, type Palette, paletteNames } from "./seriesStyle.js";
import { spread } from "./spread.js";
import { drawKeyEntry, inkColor, keyEntryWidth, keyFontSize, svgElement } from "./svg.js";
import { wrapText } from "./text.js";

export interface LineChartOptions {
  /** Heading of the panel. */
  title?: string;
  /** Second, smaller heading. */
  subtitle?: string;
  /** What x is, with its unit, e.g. `"epoch"`. */
  xLabel?: string;
  /** What y is, with its unit, e.g. `"validation accuracy (%)"`. */
  yLabel?: string;
  /** Width in pixels with axes and labels. @defaultValue `560` */
  width?: number;
  /** Height in pixels with axes and labels. @defaultValue `320` */
  height?: number;
  /** Ends of the x axis; what lies outside is cut off. @defaultValue the extent of the data */
  xDomain?: readonly [number, number];
  /** The same for y. @defaultValue the extent of the data and bands, rounded */
  yDomain?: readonly [number, number];
  /** @defaultValue `"linear"` */
  yScale?: "linear" | "log";
  /** `"step-after"` holds each value until the next x, as a schedule does. @defaultValue `"linear"` */
  curve?: "linear" | "step-after";
  /**
   * Where the names stand: `"ends"` beside the last points, `"key"` in the figure's legend, which
   * `renderSvg` draws once for all panels, `"none"` nowhere. @defaultValue `"ends"` up to 8 series
   */
  labels?: "ends" | "key" | "none";
  /**
   * `"categorical"` gives each series a colour of its own; `"ordered"` gives them colours from light to
   * dark and solid lines, for series that have an order, such as epochs. @defaultValue `"categorical"`
   */
  palette?: Palette;
  /** Legend text of the bands, e.g. `"min–max over 3 seeds"`. */
  bandLabel?: string;
  /** Vertical lines with text. */
  references?: readonly Reference[];
}

/** Names of all options, for checks. */
export const lineChartOptionNames: readonly string[] = [
  "title",
  "subtitle",
  "xLabel",
  "yLabel",
  "width",
  "height",
  "xDomain",
  "yDomain",
  "yScale",
  "curve",
  "labels",
  "palette",
  "bandLabel",
  "references",
];

const fontSize = 11;
const lineHeight = 15;
const gapToLabels = 10;

/**
 * Line chart of one or more series, e.g. validation accuracy by epoch.
 *
 * Each series has a colour that colour-blind readers can tell apart, and a dash pattern and a marker
 * by which it is known in a grey print. Where values are missing the line has a gap; a point
 * between two gaps is drawn as its marker alone. Nothing is drawn yet: the result is an options
 * object for `Plot.plot` in a browser or `renderSvg` anywhere, and may be changed first.
 *
 * @param series - At least one series with at least one point; `x` finite, in drawing order.
 * @returns Plot options with the marks *frame*, *area* (bands), *line* and *dot* (markers), and marks
 *   of our own for references and for the names at the ends.
 * @throws RangeError if there is nothing to draw, lengths differ, names repeat, a value is infinite,
 *   or is not positive on a logarithmic axis.
 * @throws TypeError if an argument is of another kind or an option is unknown.
 * @example
 * ```ts
 * import { lineChart } from "closerlook/plot";
 * const panel = lineChart(
 *   [
 *     { name: "warmup", x: [0, 1, 2], y: [10, 40, 46] },
 *     { name: "no warmup", x: [0, 1, 2], y: [10, 10, NaN] },
 *   ],
 *   { xLabel: "epoch", yLabel: "accuracy (%)", references: [{ x: 1, text: "end of warmup" }] },
 * );
 * panel.x.domain; // [0, 2]
 * panel.y.label; // "accuracy (%)"
 * ```
 * @see Gotmare et al. 2019, figures 1, 2 and 4. Colours: Okabe and Ito 2008, Color Universal Design.
 */
export function lineChart(
  series: readonly LineSeries[],
  options: LineChartOptions = {},
): LineChart {
  checkOptions("lineChart", options, lineChartOptionNames);
  const {
    title,
    subtitle,
    xLabel = "",
    yLabel = "",
    width = 560,
    height = 320,
    yScale = "linear",
    curve = "linear",
    labels = series?.length > 8 ? "key" : "ends",
    palette = "categorical",
    bandLabel,
    references = [],
  } = options;
  for (const [name, text] of Object.entries({ title, subtitle, xLabel, yLabel, bandLabel })) {
    checkText("lineChart", name, text);
  }
  checkNumber("lineChart", "width", width, { min: 1 });
  checkNumber("lineChart", "height", height, { min: 1 });
  checkOneOf("lineChart", "yScale", yScale, ["linear", "log"]);
  checkOneOf("lineChart", "curve", curve, ["linear", "step-after"]);
  checkOneOf("lineChart", "labels", labels, ["ends", "key", "none"]);
  checkOneOf("lineChart", "palette", palette, paletteNames);
  const log = yScale === "log";
  const lines = readSeries(series, log, palette);
  const xDomain = readDomain("xDomain", options.xDomain, false) ?? xExtent(lines);
  const yDomain = readDomain("yDomain", options.yDomain, log) ?? yExtent(lines, log);
  checkReferences(references, xDomain);

  const entries = lines.map(keyEntry);
  const xLines = xLabel === "" ? [] : wrapText(xLabel, width * 0.8, fontSize);
  const yLines = yLabel === "" ? [] : wrapText(yLabel, height * 0.9, fontSize);
  const ticksWidth = axisTextWidth(yDomain, log, height / 35, fontSize);
  const yOffset = 9 + ticksWidth + (yLines.length && yLines.length * fontSize + 8);
  const xOffset = 9 + fontSize + (xLines.length && xLines.length * fontSize + 9);
  const marginLeft = Math.ceil(yOffset + 3);
  const marginRight = Math.ceil(
    labels === "ends" ? gapToLabels + 4 + Math.max(...entries.map(keyEntryWidth)) : 20,
  );
  const frameWidth = width - marginLeft - marginRight;
  if (frameWidth < 40) {
    throw rangeError(
      "lineChart",
      "width",
      `at least ${width - frameWidth + 40} for these labels`,
      width,
    );
  }
  const marginTop = 10 + referencesHeight(references, xDomain, frameWidth);
  const marginBottom = Math.ceil(xOffset + 3);
  const frameHeight = height - marginTop - marginBottom;
  if (frameHeight < 40) {
    throw rangeError(
      "lineChart",
      "height",
      `at least ${height - frameHeight + 40} for these labels`,
      height,
    );
  }

  const cut = options.xDomain !== undefined || options.yDomain !== undefined;
  const clip = cut ? { clip: "frame" as const } : {};
  return {
    ...(title !== undefined && { title }),
    ...(subtitle !== undefined && { subtitle }),
    width,
    height,
    marginTop,
    marginRight,
    marginBottom,
    marginLeft,
    style: { fontSize: `${fontSize}px`, color: inkColor },
    x: {
      domain: xDomain,
      label: xLabel === "" ? null : xLines.join("\n"),
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: xOffset,
    },
    y: {
      type: yScale,
      domain: yDomain,
      grid: true,
      label: yLabel === "" ? null : yLines.join("\n"),
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: yOffset,
      ...(log
        ? { tickFormat: formatLogTick, ...logTicks(yDomain, frameHeight) }
        : { nice: options.yDomain === undefined }),
    },
    color: {
      type: "categorical",
      domain: lines.map(({ name }) => name),
      range: lines.map(({ color }) => color),
      legend: labels === "key",
    },
    marks: [
      Plot.frame({ stroke: "#ccc" }),
      referenceMark(references),
      lines.map(({ name, band }) => bandMark(name, band, curve, clip)),
      lines.map((line) => lineMark(line, curve, clip)),
      lines.map((line, i) => markerMark(line, i / lines.length, cut ? [xDomain, yDomain] : [])),
      labels === "ends" ? endLabels(lines, entries) : null,
    ],
    key: [
      ...(labels === "key" ? entries : []),
      ...(bandLabel === undefined ? [] : [bandEntry(bandLabel, lines)]),
    ],
  };
}

/** What `lineChart` returns. */
export type LineChart = CompletePanel;

function readDomain(
  name: string,
  domain: readonly [number, number] | undefined,
  log: boolean,
): [number, number] | undefined {
  if (domain === undefined) return undefined;
  if (!Array.isArray(domain) || domain.length !== 2) {
    throw typeError("lineChart", name, "an array [lowest, highest]", domain);
  }
  const low = checkNumber("lineChart", `${name}[0]`, domain[0], log ? { above: 0 } : {});
  const high = checkNumber("lineChart", `${name}[1]`, domain[1], { above: low });
  return [low, high];
}

/** The extents of several charts' series: x ends at the data, y is rounded. */
export function commonDomains(
  lines: readonly Line[],
  log: boolean,
): { xDomain: [number, number]; yDomain: [number, number] } {
  const domain = yExtent(lines, log);
  const rounded = Plot.scale({ y: { type: "linear", domain, nice: true } })!.domain;
  const [low, high] = Array.from(rounded as Iterable<number>);
  return { xDomain: xExtent(lines), yDomain: log ? domain : [low!, high!] };
}

/** The x axis ends at the data, so that lines reach the frame. */
function xExtent(lines: readonly Line[]): [number, number] {
  const [low, high] = extent(lines.flatMap(({ points }) => points.map(({ x }) => x)));
  return low < high ? [low, high] : paddedDomain(low, high, false);
}

function yExtent(lines: readonly Line[], log: boolean): [number, number] {
  const values = lines.flatMap(({ points, band }) => [
    ...points.map(({ y }) => y),
    ...band.flatMap(({ low, high }) => [low, high]),
  ]);
  return paddedDomain(...extent(values), log);
}

/** Least and greatest number, whatever the length of the list; NaN is passed over. */
function extent(values: readonly number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

const named = (name: string) => ({ value: () => name, scale: "color" as const });

function bandMark(
  name: string,
  band: readonly BandPoint[],
  curve: "linear" | "step-after",
  clip: Plot.MarkOptions,
): Plot.Markish {
  if (band.length === 0) return null;
  return Plot.areaY(band, {
    x: "x",
    y1: "low",
    y2: "high",
    fill: named(name),
    fillOpacity: 0.18,
    curve,
    ...clip,
  });
}

function lineMark(
  line: Line,
  curve: "linear" | "step-after",
  clip: Plot.MarkOptions,
): Plot.Markish {
  return Plot.line(line.points, {
    x: "x",
    y: "y",
    stroke: named(line.name),
    strokeWidth: 1.8,
    strokeDasharray: line.dash,
    curve,
    ...clip,
  });
}

/** Markers on all points of a short series, on eight of a long one, and on every lone point. */
function markerMark(
  { name, points, marker }: Line,
  phase: number,
  domains: readonly (readonly [number, number])[],
): Plot.Markish {
  const marked = new Set<number>();
  points.forEach((point, i) => {
    const before = points[i - 1];
    const after = points[i + 1];
    const alone = !(before && isPresent(before)) && !(after && isPresent(after));
    if (isPresent(point) && alone) marked.add(i);
  });
  if (marker !== "none") {
    const present = points.flatMap((point, i) => (isPresent(point) ? [i] : []));
    const count = present.length <= 16 ? present.length : 8;
    // Series of equal length have their markers at different places.
    const shift = count === present.length ? 0 : phase;
    for (let k = 0; k < count; k++) {
      marked.add(present[Math.floor(((k + shift) / count) * present.length)]!);
    }
  }
  const [xDomain, yDomain] = domains;
  const inside = (value: number, domain: readonly [number, number] | undefined) =>
    domain === undefined || (value >= domain[0] && value <= domain[1]);
  const shown = [...marked]
    .sort((a, b) => a - b)
    .map((i) => points[i]!)
    .filter(({ x, y }) => inside(x, xDomain) && inside(y, yDomain));
  return Plot.dot(shown, {
    x: "x",
    y: "y",
    r: 3.5,
    symbol: markerSymbol(marker === "none" ? "circle" : marker),
    fill: named(name),
    stroke: "white",
    strokeWidth: 0.8,
  });
}

function keyEntry({ name, color, dash, marker, points }: Line): KeyEntry {
  const text = points.some(isPresent) ? name : `${name} (no values)`;
  return { text, sample: "line", color, dash, marker };
}

/** The sample of a band has the colour of the band if there is only one. */
function bandEntry(text: string, lines: readonly Line[]): KeyEntry {
  const banded = lines.filter(({ band }) => band.length > 0);
  return { text, sample: "area", color: banded.length === 1 ? banded[0]!.color : "#777" };
}

/** Names with samples right of the frame, each as near to its line's end as the others allow. */
function endLabels(lines: readonly Line[], entries: readonly KeyEntry[]): Plot.RenderFunction {
  return (_index, scales, _values, dimensions, { document }) => {
    const { width, height, marginTop, marginRight, marginBottom } = dimensions;
    const top = marginTop;
    const bottom = height - marginBottom;
    const wanted = lines.map(({ points }) => {
      const last = points.findLast(isPresent);
      const y = last === undefined ? bottom : Number(scales.y!(last.y));
      return Math.max(top, Math.min(bottom, y));
    });
    const group = svgElement(document, "g", { "aria-label": "series", "font-size": keyFontSize });
    spread(wanted, lineHeight, top, bottom).forEach((y, i) => {
      group.append(drawKeyEntry(document, entries[i]!, width - marginRight + gapToLabels, y));
    });
    return group;
  };
}
