import * as Plot from "@observablehq/plot";
import { checkNumber, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { checkText } from "./checks.js";
import { type MapLine, type MapPoint, mapMark } from "./mapMark.js";
import type { CompletePanel } from "./panel.js";
import { seriesStyle } from "./seriesStyle.js";
import { inkColor } from "./svg.js";
import { textWidth, wrapText } from "./text.js";

/** A network in a picture of two dimensions. */
export interface EmbeddedPoint {
  readonly x: number;
  readonly y: number;
  /** Name beside the point; no two points share one. */
  readonly label: string;
  /** What it is, e.g. `"mode"` or `"bend"`: one colour and marker for each kind, in the legend. */
  readonly kind?: string;
}

export interface EmbeddingChartOptions {
  title?: string;
  subtitle?: string;
  /** Lines, each through the points with these labels in this order. @defaultValue none */
  lines?: readonly (readonly string[])[];
  /** @defaultValue none: the axes of an embedding have no meaning */
  xLabel?: string;
  yLabel?: string;
  /** Width in pixels. @defaultValue `480` */
  width?: number;
  /** Height in pixels. @defaultValue `400` */
  height?: number;
}

const optionNames = ["title", "subtitle", "lines", "xLabel", "yLabel", "width", "height"];
const fontSize = 11;

/**
 * Points of an embedding in two dimensions with their names and the lines that connect them, such as
 * modes and the bends of the curves between them.
 *
 * One unit is as long on y as on x. There are no ticks: neither axis of `tsne` has a unit. No name covers
 * a point or another name where there is room. Nothing is drawn yet: the result is an options object for
 * `Plot.plot` or `renderSvg`, and may be changed first.
 *
 * @param points - At least one point, with finite coordinates.
 * @returns Plot options with the mark *frame* and a mark of our own for lines, points and names.
 * @throws RangeError if there is no point, a label repeats, a coordinate is not finite or a line goes
 *   through a label that no point has.
 * @throws TypeError if an argument is of another kind or an option is unknown.
 * @example
 * ```ts
 * import { embeddingChart, renderSvg } from "closerlook/plot";
 * const panel = embeddingChart(
 *   [
 *     { x: 0, y: 0, label: "G", kind: "mode" },
 *     { x: 1, y: 1, label: "bend", kind: "bend" },
 *     { x: 2, y: 0, label: "A", kind: "mode" },
 *   ],
 *   { lines: [["G", "bend", "A"]] },
 * );
 * panel.key.length; // 2 — the kinds
 * renderSvg({ panels: [panel] }).includes("bend"); // true
 * ```
 * @see Gotmare et al. 2019, figure 10.
 */
export function embeddingChart(
  points: readonly EmbeddedPoint[],
  options: EmbeddingChartOptions = {},
): CompletePanel {
  checkOptions("embeddingChart", options, optionNames);
  const { title, subtitle, lines = [], xLabel, yLabel, width = 480, height = 400 } = options;
  for (const [name, text] of Object.entries({ title, subtitle, xLabel, yLabel })) {
    checkText("embeddingChart", name, text);
  }
  checkNumber("embeddingChart", "width", width, { min: 100, max: 10_000 });
  checkNumber("embeddingChart", "height", height, { min: 100, max: 10_000 });
  const byLabel = readPoints(points);
  const paths = readLines(lines, byLabel);

  const kinds = [...new Set(points.map(({ kind }) => kind))];
  const looks = kinds.map((_, i) => {
    const { color, marker } = seriesStyle(i);
    return { color, marker };
  });
  const drawn = points.map(({ x, y, label, kind }): MapPoint => {
    const { color, marker } = looks[kinds.indexOf(kind)]!;
    const look = { marker, radius: 5, fill: color, stroke: color };
    return { x, y, text: label, minor: false, ...look };
  });

  const xLines = xLabel ? wrapText(xLabel, width * 0.8, fontSize) : [];
  const yLines = yLabel ? wrapText(yLabel, height * 0.8, fontSize) : [];
  const xOffset = 8 + xLines.length * fontSize;
  const yOffset = 8 + yLines.length * fontSize;
  const marginLeft = yLabel ? yOffset + 4 : 8;
  const marginBottom = xLabel ? xOffset + 6 : 8;
  const margin = 8;
  const frame = { width: width - marginLeft - margin, height: height - margin - marginBottom };
  const domains = evenDomains(points, frame);
  const axis = { ticks: [], labelAnchor: "center", labelArrow: "none" } as const;
  return {
    ...(title !== undefined && { title }),
    ...(subtitle !== undefined && { subtitle }),
    width,
    height,
    marginTop: margin,
    marginRight: margin,
    marginBottom,
    marginLeft,
    style: { fontSize: `${fontSize}px`, color: inkColor },
    x: { ...axis, domain: domains.x, label: xLines.join("\n") || null, labelOffset: xOffset },
    y: { ...axis, domain: domains.y, label: yLines.join("\n") || null, labelOffset: yOffset },
    color: { type: "categorical", domain: kinds, range: looks.map(({ color }) => color) },
    marks: [Plot.frame({ stroke: "#ccc" }), mapMark(paths, drawn)],
    key: kinds.flatMap((kind, i) =>
      kind === undefined ? [] : [{ text: kind, sample: "marker" as const, ...looks[i]! }],
    ),
  };
}

function readPoints(points: readonly EmbeddedPoint[]): Map<string, EmbeddedPoint> {
  if (!Array.isArray(points)) {
    throw typeError("embeddingChart", "points", "an array of { x, y, label, kind }", points);
  }
  if (points.length === 0) {
    throw rangeError("embeddingChart", "points", "at least one point", points);
  }
  const byLabel = new Map<string, EmbeddedPoint>();
  points.forEach((point: EmbeddedPoint, i) => {
    const where = `points[${i}]`;
    if (typeof point !== "object" || point === null) {
      throw typeError("embeddingChart", where, "an object { x, y, label, kind }", point);
    }
    checkNumber("embeddingChart", `${where}.x`, point.x);
    checkNumber("embeddingChart", `${where}.y`, point.y);
    checkText("embeddingChart", `${where}.kind`, point.kind);
    const { label } = point;
    if (typeof label !== "string") {
      throw typeError("embeddingChart", `${where}.label`, "a string", label);
    }
    if (byLabel.has(label)) {
      const must = "different from the labels before it";
      throw rangeError("embeddingChart", `${where}.label`, must, label);
    }
    byLabel.set(label, point);
  });
  return byLabel;
}

function readLines(
  lines: readonly (readonly string[])[],
  byLabel: ReadonlyMap<string, EmbeddedPoint>,
): MapLine[] {
  if (!Array.isArray(lines)) {
    throw typeError("embeddingChart", "lines", "an array of arrays of labels", lines);
  }
  return lines.map((labels: readonly string[], i) => {
    if (!Array.isArray(labels) || labels.length < 2) {
      const must = "an array of at least two labels";
      throw typeError("embeddingChart", `lines[${i}]`, must, labels);
    }
    const points = labels.map((label, k): [number, number] => {
      const point = byLabel.get(label);
      if (point === undefined) {
        const place = `lines[${i}][${k}]`;
        throw rangeError("embeddingChart", place, "the label of a point", label);
      }
      return [point.x, point.y];
    });
    return { points, color: "#888", width: 1.2, dash: "none" };
  });
}

/** Ends of both axes: the points and room for their names, with one unit for x and y. */
function evenDomains(
  points: readonly EmbeddedPoint[],
  frame: { width: number; height: number },
): { x: [number, number]; y: [number, number] } {
  const widest = Math.max(...points.map(({ label }) => textWidth(label, 12)));
  const room = { x: Math.min(frame.width / 3, 14 + widest), y: 24 };
  const span = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
  const middle = (values: readonly number[]) => (Math.max(...values) + Math.min(...values)) / 2;
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  // One point alone, or several in one place, lie in the middle of a unit.
  const unit =
    Math.max(span(xs) / (frame.width - 2 * room.x), span(ys) / (frame.height - 2 * room.y)) ||
    1 / frame.width;
  const around = (center: number, pixels: number): [number, number] => [
    center - (pixels / 2) * unit,
    center + (pixels / 2) * unit,
  ];
  return { x: around(middle(xs), frame.width), y: around(middle(ys), frame.height) };
}
