import { checkNumber, rangeError, typeError } from "../internal/checks.js";

/**
 * What was measured on a grid, as plain JSON: it can be saved after every cell, and taken up again.
 */
export interface SurfaceData {
  /** Coordinates of the columns, strictly increasing. */
  readonly x: readonly number[];
  /** Coordinates of the rows, strictly increasing. */
  readonly y: readonly number[];
  /** By the name of a measure its values `[row][column]`; null: not yet measured. */
  readonly values: Readonly<Record<string, readonly (readonly (number | null)[])[]>>;
}

/** The same while it is being filled. */
export interface GrowingSurface {
  readonly x: number[];
  readonly y: number[];
  readonly values: Record<string, (number | null)[][]>;
}

/** A copy of ticks: finite and strictly increasing. */
export function checkTicks(where: string, name: string, ticks: unknown): number[] {
  if (!Array.isArray(ticks) && !(ArrayBuffer.isView(ticks) && "length" in ticks)) {
    throw typeError(where, name, "an array of numbers", ticks);
  }
  const numbers = Array.from(ticks as ArrayLike<number>);
  if (numbers.length === 0) throw rangeError(where, `the number of ticks of ${name}`, ">= 1", 0);
  for (const [i, tick] of numbers.entries()) {
    checkNumber(where, `${name}[${i}]`, tick);
    if (i > 0 && tick <= numbers[i - 1]!) {
      throw rangeError(where, name, "strictly increasing", numbers.slice(i - 1, i + 1));
    }
  }
  return numbers;
}

/** A copy of what was saved, which may come from any file. */
export function checkSurface(where: string, name: string, surface: unknown): GrowingSurface {
  if (typeof surface !== "object" || surface === null) {
    throw typeError(where, name, "an object with x, y and values", surface);
  }
  const { x, y, values } = surface as SurfaceData;
  const columns = checkTicks(where, `${name}.x`, x);
  const rows = checkTicks(where, `${name}.y`, y);
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw typeError(where, `${name}.values`, "an object of arrays", values);
  }
  const copies = Object.entries(values).map(([key, table]) => {
    const of = `${name}.values.${key}`;
    return [key, checkTable(where, of, table, rows.length, columns.length)] as const;
  });
  return { x: columns, y: rows, values: Object.fromEntries(copies) };
}

/** A copy of a table `[row][column]` of finite numbers and nulls. */
export function checkTable(
  where: string,
  name: string,
  table: unknown,
  rows?: number,
  columns?: number,
): (number | null)[][] {
  if (!Array.isArray(table)) throw typeError(where, name, "an array of rows", table);
  if (rows !== undefined && table.length !== rows) {
    throw rangeError(where, `the number of rows of ${name}`, `${rows}`, table.length);
  }
  const width = columns ?? (table[0] as unknown[] | undefined)?.length;
  return table.map((row: unknown, r) => {
    if (!Array.isArray(row)) throw typeError(where, `${name}[${r}]`, "an array of numbers", row);
    if (row.length !== width) {
      throw rangeError(where, `the length of ${name}[${r}]`, `${width}`, row.length);
    }
    return Array.from(row, (value: unknown, c) =>
      value === null ? null : checkNumber(where, `${name}[${r}][${c}]`, value),
    );
  });
}

/** The two are of one grid. */
export function checkSameGrid(
  where: string,
  name: string,
  surface: SurfaceData,
  { x, y }: Pick<SurfaceData, "x" | "y">,
): void {
  for (const [axis, ticks] of [["x", x] as const, ["y", y] as const]) {
    const own = surface[axis];
    if (own.length !== ticks.length || own.some((tick, i) => tick !== ticks[i])) {
      throw rangeError(where, `${name}.${axis}`, `that of the same grid, ${show(ticks)}`, own);
    }
  }
}

const show = (ticks: readonly number[]): string =>
  `${ticks.length} ticks from ${ticks[0]} to ${ticks.at(-1)}`;

/** Whether a cell was measured: all measures of a cell come together. */
export const isDone = ({ values }: SurfaceData, row: number, column: number): boolean => {
  const tables = Object.values(values);
  return tables.length > 0 && tables.every((table) => table[row]![column] !== null);
};
