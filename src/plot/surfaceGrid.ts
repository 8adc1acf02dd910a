import { checkNumber, rangeError, typeError } from "../internal/checks.js";

/** A surface over two axes, such as the result of `surface` for one metric. */
export interface SurfaceGrid {
  /** Places of the columns, ascending. */
  readonly x: ArrayLike<number>;
  /** Places of the rows, ascending: the first row is the lowest. */
  readonly y: ArrayLike<number>;
  /**
   * `values[row][column]`; `null` and `undefined` were not measured, `NaN` and `Infinity` are
   * measurements without a finite value.
   */
  readonly values: ArrayLike<ArrayLike<number | null | undefined>>;
}

/** A surface with its values sorted out. */
export interface CheckedGrid {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Row by row; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[];
}

/** Checks a grid; a copy of it. */
export function readGrid(where: string, grid: SurfaceGrid, nonNegative: boolean): CheckedGrid {
  const x = readAxis(`${where}.x`, grid.x);
  const y = readAxis(`${where}.y`, grid.y);
  const rows = readArray(`${where}.values`, grid.values, "an array of rows of numbers");
  if (rows.length !== y.length) {
    throw rangeError("contours", `${where}.values`, `as long as y (${y.length})`, rows.length);
  }
  const values = rows.flatMap((line, row) => {
    const place = `${where}.values[${row}]`;
    const numbers = readArray(place, line, "an array of numbers");
    if (numbers.length !== x.length) {
      throw rangeError("contours", place, `as long as x (${x.length})`, numbers.length);
    }
    return numbers.map((value, column) => {
      if (value === null || value === undefined) return undefined;
      const cell = `${place}[${column}]`;
      if (typeof value !== "number") {
        throw typeError("contours", cell, "a number, null or undefined", value);
      }
      if (value === -Infinity || (nonNegative && value < 0)) {
        throw rangeError("contours", cell, nonNegative ? ">= 0" : "> -Infinity", value);
      }
      return value;
    });
  });
  return { x, y, values };
}

function readAxis(argument: string, ticks: ArrayLike<number>): number[] {
  const places = readArray(argument, ticks, "an array of numbers");
  if (places.length < 2) {
    throw rangeError("contours", argument, "at least two numbers", places.length);
  }
  places.forEach((place, i) => {
    checkNumber("contours", `${argument}[${i}]`, place, i > 0 ? { above: places[i - 1]! } : {});
  });
  return places;
}

function readArray<T>(argument: string, array: ArrayLike<T>, must: string): T[] {
  if (typeof array !== "object" || array === null || typeof array.length !== "number") {
    throw typeError("contours", argument, must, array);
  }
  return Array.from(array);
}

/** Numbers in all places: what was not measured gets the value of the nearest place, NaN if there is none. */
export function filled({ x, values }: CheckedGrid): number[] {
  const known = values.flatMap((value, i) => (value === undefined ? [] : [i]));
  const width = x.length;
  return values.map((value, i) => {
    if (value !== undefined) return value;
    let nearest = -1;
    let least = Infinity;
    for (const k of known) {
      const across = (k % width) - (i % width);
      const up = Math.floor(k / width) - Math.floor(i / width);
      if (across ** 2 + up ** 2 < least) {
        least = across ** 2 + up ** 2;
        nearest = k;
      }
    }
    return values[nearest] ?? Number.NaN;
  });
}

/** A finer, even grid over the same rectangle, bilinear between the places of the coarse one. */
export function refine(
  x: readonly number[],
  y: readonly number[],
  values: readonly number[],
  columns: number,
  rows: number,
): Float64Array {
  const across = weights(x, columns);
  const up = weights(y, rows);
  const result = new Float64Array(columns * rows);
  up.forEach(({ index: row, share: v }, i) => {
    across.forEach(({ index: column, share: u }, j) => {
      const at = (r: number, c: number) => values[(row + r) * x.length + column + c]!;
      result[i * columns + j] =
        (1 - v) * ((1 - u) * at(0, 0) + u * at(0, 1)) + v * ((1 - u) * at(1, 0) + u * at(1, 1));
    });
  });
  return result;
}

/** For each of `count` even places along the ticks: the tick before it and the way to the next. */
function weights(ticks: readonly number[], count: number): { index: number; share: number }[] {
  const first = ticks[0]!;
  const last = ticks.at(-1)!;
  let index = 0;
  return Array.from({ length: count }, (_, i) => {
    const place = first + ((last - first) * i) / (count - 1);
    while (index < ticks.length - 2 && place > ticks[index + 1]!) index++;
    const share = (place - ticks[index]!) / (ticks[index + 1]! - ticks[index]!);
    return { index, share: Math.min(1, Math.max(0, share)) };
  });
}

/** The rectangle around a place that is nearer to it than to other places. */
export function cellOf({ x, y }: CheckedGrid, i: number) {
  const [x1, x2] = around(x, i % x.length);
  const [y1, y2] = around(y, Math.floor(i / x.length));
  return { x: x[i % x.length]!, y: y[Math.floor(i / x.length)]!, x1, x2, y1, y2 };
}

const around = (ticks: readonly number[], i: number): [number, number] => [
  i === 0 ? ticks[0]! : (ticks[i - 1]! + ticks[i]!) / 2,
  i === ticks.length - 1 ? ticks[i]! : (ticks[i]! + ticks[i + 1]!) / 2,
];
