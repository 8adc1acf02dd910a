import { onColor } from "./paint.js";
import { clipped, fixed, padded, printable, widthOf } from "./text.js";

export interface GridCells {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** NaN for a missing value. */
  readonly values: readonly (readonly number[])[];
  /** Cells that unrelated data could give as well. */
  readonly nearChance?: (row: number, column: number) => boolean;
}

export interface GridTableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colorDepth: number;
  /** Values of the darkest and the lightest colour. */
  readonly domain: readonly [low: number, high: number];
}

/** The mark of a cell, or its place, makes the distance two. */
const gap = " ";
const longestHeading = 8;
const longestRowName = 28;

/**
 * A grid as text. What is wider than the terminal continues below, with the names of the rows again; columns with long
 * names have numbers, which stand at the names of the rows or are explained at the end.
 */
export function gridLines(grid: GridCells, { width, colorDepth, domain }: GridTableOptions) {
  const names = namesOf(grid);
  const cells = grid.values.map((row, i) => row.map((value, j) => cellText(grid, value, i, j)));
  const labelWidth = Math.max(...names.labels.map(widthOf));
  const cellWidth = Math.max(...[names.headings, ...cells].flat().map(widthOf));
  const [low, high] = domain;
  const painted = (text: string, value: number): string => {
    const cell = gap + padded(text, cellWidth, "right");
    return Number.isNaN(value) ? cell : onColor(cell, (value - low) / (high - low), colorDepth);
  };

  const fitting = Math.max(1, Math.floor((width - labelWidth) / (gap.length + cellWidth)));
  const lines: string[] = [];
  for (let start = 0; start < grid.columns.length; start += fitting) {
    const part = <T>(row: readonly T[]): readonly T[] => row.slice(start, start + fitting);
    const headings = part(names.headings).map((name) => gap + padded(name, cellWidth, "right"));
    if (start > 0) lines.push("");
    lines.push((" ".repeat(labelWidth) + headings.join("")).trimEnd());
    grid.values.forEach((row, i) => {
      const texts = part(cells[i]!);
      const shown = part(row).map((value, j) => painted(texts[j]!, value));
      lines.push((padded(names.labels[i]!, labelWidth, "left") + shown.join("")).trimEnd());
    });
  }
  return [...lines, ...names.key];
}

/** Names of rows and columns, short enough for a table, and the lines that explain numbers among them. */
function namesOf({ rows, columns }: GridCells) {
  const rowNames = rows.map(printable);
  const columnNames = columns.map(printable);
  const labels = rowNames.map((name) => clipped(name, longestRowName));
  // A space stands above the marks.
  if (columnNames.every((name) => widthOf(name) <= longestHeading)) {
    return { labels, headings: columnNames.map((name) => `${name} `), key: [] };
  }
  const digits = String(columns.length).length;
  const headings = columnNames.map((_, j) => `${j + 1} `);
  const numbered = (names: readonly string[]) =>
    names.map((name, i) => `${padded(String(i + 1), digits, "right")} ${name}`);
  const same = rows.length === columns.length && rows.every((name, i) => name === columns[i]);
  return same
    ? { labels: numbered(labels), headings, key: [] }
    : {
        labels,
        headings,
        key: ["", "columns", ...numbered(columnNames).map((line) => `  ${line}`)],
      };
}

function cellText({ nearChance }: GridCells, value: number, row: number, column: number): string {
  const text = Number.isNaN(value) ? "–" : fixed(value, 2);
  return text + (nearChance?.(row, column) ? "~" : " ");
}
