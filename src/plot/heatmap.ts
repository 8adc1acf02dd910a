import * as Plot from "@observablehq/plot";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { checkText } from "./checks.js";
import { contrastingText } from "./contrast.js";
import type { CompletePanel, KeyEntry } from "./panel.js";
import { checkScheme } from "./scheme.js";
import { crossColor, inkColor, missingColor } from "./svg.js";
import { clipText, textWidth, wrapText } from "./text.js";

/** A labelled matrix, such as the result of `similarityGrid`. */
export interface HeatmapGrid {
  /** Labels of the rows from top to bottom. */
  readonly rows: readonly string[];
  /** Labels of the columns from left to right. */
  readonly columns: readonly string[];
  /** `values[row][column]`; `NaN`, `null` and `undefined` are missing cells. */
  readonly values: ArrayLike<ArrayLike<number | null | undefined>>;
}

export interface HeatmapOptions {
  /** Heading of the panel, e.g. `"(a) epochs 150 and 155"`. */
  title?: string;
  /** Second, smaller heading. */
  subtitle?: string;
  /** What the rows are, e.g. `"layers at initialization"`. */
  rowLabel?: string;
  /** What the columns are. */
  columnLabel?: string;
  /** What the colours measure. @defaultValue `"similarity"` */
  colorLabel?: string;
  /**
   * Values of the darkest and the lightest colour. Values outside keep their number in the cell and
   * take the colour of the nearer end; the legend says so. @defaultValue `[0, 1]`
   */
  domain?: readonly [number, number];
  /**
   * A sequential colour scheme of Plot. The default is safe for colour-blind readers, and its
   * lightness grows steadily, so that it can be read in a grey print. @defaultValue `"viridis"`
   */
  scheme?: Plot.ColorScheme;
  /** Write the values into the cells if all fit at 8 pixels or more. @defaultValue `true` */
  showValues?: boolean;
  /** Text of a value. @defaultValue two decimals */
  format?: (value: number) => string;
  /** Side of a cell in whole pixels. @defaultValue 14 to 38, fewer for a large grid */
  cellSize?: number;
  /**
   * Width in pixels that layer names may have. Longer ones lose what all have in common, then their
   * middle; a cell's tooltip has them whole. @defaultValue `120`
   */
  maxLabelWidth?: number;
}

/** Names of all options, for checks. */
export const heatmapOptionNames: readonly string[] = [
  "title",
  "subtitle",
  "rowLabel",
  "columnLabel",
  "colorLabel",
  "domain",
  "scheme",
  "showValues",
  "format",
  "cellSize",
  "maxLabelWidth",
];

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly value: number;
}

const fontSize = 11;
const minValueFontSize = 8;

/**
 * Heat map of a layer × layer similarity grid, drawn as in the paper: rows are layers of the first
 * model, columns layers of the second, the first layers meet at the top left, lighter is higher.
 *
 * Nothing is drawn yet: the result is an options object for `Plot.plot` in a browser or `renderSvg`
 * anywhere, and may be changed first. Cells are square; a missing value is a crossed cell, which the
 * legend explains. Layer names are turned when they are wider than a cell and left out at regular
 * steps when they are higher.
 *
 * @param grid - Row labels, column labels and `values[row][column]`.
 * @returns Plot options with the marks *cell* and *text*, and `key` entries for the legend.
 * @throws RangeError if labels and values differ in number, a value is infinite, the domain empty or
 *   the scheme unknown.
 * @throws TypeError if an argument is of another kind or an option is unknown.
 * @example
 * ```ts
 * import { heatmap } from "closerlook/plot";
 * const layers = ["conv1", "fc1"];
 * const grid = { rows: layers, columns: layers, values: [[0.9, 0.3], [0.3, NaN]] };
 * const panel = heatmap(grid, { rowLabel: "iteration 0", columnLabel: "iteration 200" });
 * panel.color.domain; // [0, 1]
 * panel.key.length; // 1 — the missing cell
 * ```
 * @see Gotmare et al. 2019, figures 5, 6 and 14.
 */
export function heatmap(grid: HeatmapGrid, options: HeatmapOptions = {}): Heatmap {
  checkOptions("heatmap", options, heatmapOptionNames);
  const cells = readCells(grid);
  const { rows, columns } = grid;
  const {
    title,
    subtitle,
    rowLabel = "",
    columnLabel = "",
    colorLabel = "similarity",
    domain = [0, 1],
    scheme = "viridis",
    showValues = true,
    format = twoDecimals,
    cellSize = defaultCellSize(Math.max(rows.length, columns.length)),
    maxLabelWidth = 120,
  } = options;
  for (const [name, text] of Object.entries({
    title,
    subtitle,
    rowLabel,
    columnLabel,
    colorLabel,
  })) {
    checkText("heatmap", name, text);
  }
  const [low, high] = checkDomain(domain);
  checkScheme("heatmap", scheme);
  checkBoolean("heatmap", "showValues", showValues);
  checkFunction("heatmap", "format", format, "a function of a number that returns its text");
  checkInteger("heatmap", "cellSize", cellSize, { min: 1, max: 1000 });
  checkNumber("heatmap", "maxLabelWidth", maxLabelWidth, { above: 0 });

  const present = cells.filter(({ value }) => !Number.isNaN(value));
  const missing = cells.filter(({ value }) => Number.isNaN(value));
  const tooltip = ({ row, column, value }: Cell) =>
    `${rows[row]} × ${columns[column]}: ${Number.isNaN(value) ? "no value" : format(value)}`;
  // A white line between cells, unless they are so small that it would outshine them.
  const edges = cellSize < 12 ? { shapeRendering: "crispEdges" } : { inset: 0.5 };
  const position = { x: "column", y: "row", ...edges };
  const marks: Plot.Markish[] = [
    Plot.cell(present, {
      ...position,
      fill: { value: "value", scale: "color" },
      title: tooltip,
    }),
  ];
  if (missing.length > 0) {
    const radius = cellSize * 0.22;
    marks.push(
      Plot.cell(missing, { ...position, fill: missingColor, title: tooltip }),
      Plot.dot(missing, {
        x: "column",
        y: "row",
        symbol: "times",
        r: radius,
        stroke: crossColor,
        strokeWidth: 1.5,
      }),
    );
  }
  const valueFontSize = showValues && fittingFontSize(present, format, cellSize);
  if (valueFontSize) marks.push(valueTexts(present, format, valueFontSize));

  const layout = layOut(rows, columns, rowLabel, columnLabel, cellSize, maxLabelWidth);
  return {
    ...(title !== undefined && { title }),
    ...(subtitle !== undefined && { subtitle }),
    ...layout.size,
    style: { fontSize: `${fontSize}px`, color: inkColor },
    x: { ...bandAxis(columns.length), ...layout.columnAxis },
    y: { ...bandAxis(rows.length), ...layout.rowAxis },
    color: {
      type: "linear",
      scheme,
      domain: [low, high],
      clamp: true,
      label: colorLabel,
      legend: true,
    },
    marks,
    key: legendNotes(present, missing.length > 0, [low, high]),
  };
}

/** What `heatmap` returns. */
export type Heatmap = CompletePanel;

/** Side of a cell that keeps a grid of `count` layers near the width of half a page. */
export function defaultCellSize(count: number): number {
  return Math.max(14, Math.min(38, Math.floor(420 / count)));
}

/** The grid as a list of cells, with NaN for every kind of missing value. */
function readCells(grid: HeatmapGrid): Cell[] {
  if (typeof grid !== "object" || grid === null) {
    throw typeError("heatmap", "grid", "an object { rows, columns, values }", grid);
  }
  const { rows, columns, values } = grid;
  checkLabels("rows", rows);
  checkLabels("columns", columns);
  if (typeof values !== "object" || values === null || typeof values.length !== "number") {
    throw typeError("heatmap", "grid.values", "an array of rows of numbers", values);
  }
  if (values.length !== rows.length) {
    throw rangeError(
      "heatmap",
      "grid.values",
      `as many rows as there are row labels (${rows.length})`,
      values.length,
    );
  }
  const cells: Cell[] = [];
  for (let row = 0; row < rows.length; row++) {
    const line = values[row]!;
    if (typeof line !== "object" || line === null || typeof line.length !== "number") {
      throw typeError("heatmap", `grid.values[${row}]`, "an array of numbers", line);
    }
    if (line.length !== columns.length) {
      throw rangeError(
        "heatmap",
        `grid.values[${row}]`,
        `as long as there are column labels (${columns.length})`,
        line.length,
      );
    }
    for (let column = 0; column < columns.length; column++) {
      const value = line[column] ?? Number.NaN;
      const place = `grid.values[${row}][${column}]`;
      if (typeof value !== "number") {
        throw typeError("heatmap", place, "a number, NaN, null or undefined", value);
      }
      if (value === Infinity || value === -Infinity) {
        throw rangeError("heatmap", place, "finite, or NaN for a missing value", value);
      }
      cells.push({ row, column, value });
    }
  }
  return cells;
}

function checkLabels(name: string, labels: unknown): void {
  if (!Array.isArray(labels) || labels.some((label) => typeof label !== "string")) {
    throw typeError("heatmap", `grid.${name}`, "an array of strings", labels);
  }
  if (labels.length === 0)
    throw rangeError("heatmap", `grid.${name}`, "at least one label", labels);
}

function checkDomain(domain: readonly [number, number]): readonly [number, number] {
  if (!Array.isArray(domain) || domain.length !== 2) {
    throw typeError("heatmap", "domain", "an array [lowest, highest]", domain);
  }
  const low = checkNumber("heatmap", "domain[0]", domain[0]);
  checkNumber("heatmap", "domain[1]", domain[1], { above: low });
  return domain;
}

/** Two decimals with a true minus sign; what rounds to zero has no sign. */
function twoDecimals(value: number): string {
  const text = value.toFixed(2);
  return text === "-0.00" ? "0.00" : text.replace("-", "−");
}

/** The largest font size at which every value fits into its cell; 0 if none is legible. */
function fittingFontSize(
  cells: readonly Cell[],
  format: (value: number) => string,
  cellSize: number,
): number {
  const widest = cells.reduce(
    (width, { value }) => Math.max(width, textWidth(format(value), 1)),
    0,
  );
  const size = Math.min(fontSize, Math.floor(cellSize * 0.6), Math.floor((cellSize - 3) / widest));
  return size >= minValueFontSize ? size : 0;
}

/** The values as text, black or white by the colour that the cell has when the plot is drawn. */
function valueTexts(
  cells: readonly Cell[],
  format: (value: number) => string,
  size: number,
): Plot.Markish {
  const textOptions: Plot.TextOptions = {
    x: "column",
    y: "row",
    text: ({ value }: Cell) => format(value),
    fontSize: size,
    fontVariant: "normal",
    pointerEvents: "none",
  };
  return Plot.text(
    cells,
    Plot.initializer(textOptions, (data, facets, _channels, scales) => ({
      data,
      facets,
      channels: {
        fill: { value: cells.map(({ value }) => contrastingText(scales.color!(value))) },
      },
    })),
  );
}

/** A band for each layer; indices rather than names, since two layers may share a name. */
function bandAxis(count: number): Plot.ScaleOptions {
  return {
    type: "band",
    domain: Array.from({ length: count }, (_, i) => i),
    padding: 0,
    tickSize: 0,
    labelAnchor: "center",
    labelArrow: "none",
  };
}

/** Margins and axes such that no name overlaps another or leaves the picture. */
function layOut(
  rows: readonly string[],
  columns: readonly string[],
  rowLabel: string,
  columnLabel: string,
  cellSize: number,
  maxLabelWidth: number,
) {
  const frameWidth = columns.length * cellSize;
  const frameHeight = rows.length * cellSize;
  // Names of every `step`-th layer have room for one line of text each.
  const step = Math.ceil((fontSize + 1) / cellSize);
  const rowNames = shortNames(rows, maxLabelWidth);
  const columnNames = shortNames(columns, maxLabelWidth);
  const rowWidth = widest(rowNames);
  const columnWidth = widest(columnNames);

  const level = columnWidth <= cellSize * step - 4;
  // Slanted lines are nearer to each other than the columns are.
  const rotation = level ? 0 : cellSize * step * Math.SQRT1_2 >= fontSize ? -45 : -90;
  const columnNamesHeight = level
    ? fontSize
    : rotation === -90
      ? columnWidth
      : (columnWidth + fontSize) * Math.SQRT1_2 + 3;
  const slantOverhang = rotation === -45 ? columnWidth * Math.SQRT1_2 + 4 - cellSize / 2 : 0;

  const rowLines = wrapText(rowLabel, Math.max(frameHeight, 160), fontSize);
  const columnLines = wrapText(columnLabel, Math.max(frameWidth, 160), fontSize);
  const rowOverhang = (widest(rowLines) - frameHeight) / 2;
  const columnOverhang = (widest(columnLines) - frameWidth) / 2;
  let rowOffset = 9 + rowWidth;
  let columnOffset = 9 + columnNamesHeight;
  // Beside a small grid the row label reaches down to slanted names and the column label.
  if (rowOverhang > 0) {
    rowOffset = Math.max(rowOffset, slantOverhang);
    columnOffset = Math.max(columnOffset, rowOverhang);
  }
  if (rowLabel !== "") rowOffset += rowLines.length * fontSize + 6;
  if (columnLabel !== "") columnOffset += columnLines.length * fontSize + 8;

  const marginLeft = Math.ceil(Math.max(rowOffset + 3, slantOverhang, columnOverhang));
  const marginRight = Math.ceil(Math.max(6, columnOverhang));
  const marginTop = Math.ceil(Math.max(6, rowOverhang));
  const marginBottom = Math.ceil(Math.max(columnOffset + 3, rowOverhang));
  const ticks = (count: number) =>
    Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
  return {
    size: {
      width: frameWidth + marginLeft + marginRight,
      height: frameHeight + marginTop + marginBottom,
      marginTop,
      marginRight,
      marginBottom,
      marginLeft,
    },
    rowAxis: {
      ticks: ticks(rows.length),
      tickFormat: (row: number) => rowNames[row],
      label: rowLabel ? rowLines.join("\n") : null,
      labelOffset: rowOffset,
    },
    columnAxis: {
      ticks: ticks(columns.length),
      tickFormat: (column: number) => columnNames[column],
      tickRotate: rotation,
      label: columnLabel ? columnLines.join("\n") : null,
      labelOffset: columnOffset,
    },
  };
}

/** Names no wider than `width`: first what all have in common goes, then the middle. */
function shortNames(names: readonly string[], width: number): string[] {
  if (widest(names) <= width) return [...names];
  const [first = "", ...others] = names;
  const common = (same: (length: number) => boolean): number => {
    let length = 0;
    while (others.length > 0 && length < first.length && same(length + 1)) length++;
    return length;
  };
  // Whole words only: a part of a word that differs is hard to read.
  const prefix = first
    .slice(
      0,
      common((length) => others.every((name) => name.startsWith(first.slice(0, length)))),
    )
    .replace(/[\p{L}\p{N}]+$/u, "");
  const suffix = first
    .slice(
      first.length -
        common((length) => others.every((name) => name.endsWith(first.slice(-length)))),
    )
    .replace(/^[\p{L}\p{N}]+/u, "");
  return names.map((name) => {
    const rest = name.slice(prefix.length, Math.max(prefix.length, name.length - suffix.length));
    const short = `${prefix && "…"}${rest}${suffix && "…"}`;
    return clipText(
      textWidth(short, fontSize) < textWidth(name, fontSize) ? short : name,
      width,
      fontSize,
    );
  });
}

const widest = (texts: readonly string[]): number =>
  texts.reduce((width, text) => Math.max(width, textWidth(text, fontSize)), 0);

/** What the colours alone do not tell. */
function legendNotes(
  cells: readonly Cell[],
  anyMissing: boolean,
  [low, high]: readonly [number, number],
): KeyEntry[] {
  const notes: KeyEntry[] = [];
  if (anyMissing) notes.push({ text: "no value", sample: "cross" });
  if (cells.some(({ value }) => value < low)) {
    notes.push({ text: `values below ${low} have the colour of ${low}`, sample: "none" });
  }
  if (cells.some(({ value }) => value > high)) {
    notes.push({ text: `values above ${high} have the colour of ${high}`, sample: "none" });
  }
  return notes;
}
