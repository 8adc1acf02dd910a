import {
  checkInteger,
  checkNumber,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { checkTable } from "./surfaceData.js";

/** A cell of a surface. */
export interface SurfaceCell {
  readonly row: number;
  readonly column: number;
}

export interface SameBasinOptions {
  /** How far a path may rise above the higher of the two cells, in the unit of the values, a number >= 0. */
  tolerance: number;
}

export interface BasinResult {
  /** Whether a path exists that rises no further than the tolerance. */
  readonly same: boolean;
  /** The highest value on the lowest path. */
  readonly highest: number;
  /** The shortest of the lowest paths, both cells included. */
  readonly path: readonly SurfaceCell[];
}

/**
 * Whether two cells of a surface lie in one basin: joined by a path that does not climb out of it.
 *
 *     highest = min over paths of max over their cells,   same ⇔ highest ≤ max(value(from), value(to)) + tolerance
 *
 * Paths step from a cell to any of its eight neighbours. A barrier that is narrower than a cell is not seen, and one
 * on the plane may be passed elsewhere in weight space: `same: false` is a statement about the plane.
 *
 * @param values - One measure of a finished surface, `[row][column]`.
 * @param from - A cell.
 * @param to - Another.
 * @param options - See {@link SameBasinOptions}.
 * @returns See {@link BasinResult}.
 * @throws RangeError if a cell is outside, a value is missing or not finite, or rows differ in length; TypeError for
 * another kind of value.
 * @example
 * ```ts
 * import { sameBasin } from "closerlook/landscape";
 * const values = [
 *   [1, 9, 1],
 *   [2, 9, 2],
 *   [3, 4, 3],
 * ];
 * const { same, highest, path } = sameBasin(
 *   values,
 *   { row: 0, column: 0 },
 *   { row: 0, column: 2 },
 *   { tolerance: 0.5 },
 * );
 * same; // false
 * highest; // 4
 * path.length; // 5
 * ```
 */
export function sameBasin(
  values: readonly (readonly (number | null)[])[],
  from: SurfaceCell,
  to: SurfaceCell,
  options: SameBasinOptions,
): BasinResult {
  const where = "sameBasin";
  checkOptions(where, options, ["tolerance"]);
  const tolerance = checkNumber(where, "tolerance", options.tolerance, { min: 0 });
  const table = checkTable(where, "values", values);
  const columns = table[0]?.length ?? 0;
  const heights = table.flatMap((line, row) =>
    line.map((value, column) => {
      if (value !== null) return value;
      throw rangeError(where, `values[${row}][${column}]`, "measured", null);
    }),
  );
  const indexOf = (name: string, cell: SurfaceCell): number => {
    if (typeof cell !== "object" || cell === null) {
      throw typeError(where, name, "an object with row and column", cell);
    }
    checkInteger(where, `${name}.row`, cell.row, { min: 0, max: table.length - 1 });
    checkInteger(where, `${name}.column`, cell.column, { min: 0, max: columns - 1 });
    return cell.row * columns + cell.column;
  };
  const start = indexOf("from", from);
  const end = indexOf("to", to);

  // The lowest level at which a flood from the start reaches the end: by bisection, as higher floods reach further.
  const higherEnd = Math.max(heights[start]!, heights[end]!);
  const levels = Float64Array.from(new Set(heights))
    .filter((level) => level >= higherEnd)
    .sort();
  let low = 0;
  let high = levels.length - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (flood(heights, columns, start, end, levels[middle]!)) high = middle;
    else low = middle + 1;
  }
  const highest = levels[low]!;
  const path = flood(heights, columns, start, end, highest)!;
  return {
    same: highest <= higherEnd + tolerance,
    highest,
    path: path.map((cell) => ({ row: Math.floor(cell / columns), column: cell % columns })),
  };
}

/** The shortest path over cells that are not higher than a level, or undefined. */
function flood(
  heights: readonly number[],
  columns: number,
  start: number,
  end: number,
  level: number,
): number[] | undefined {
  const rows = heights.length / columns;
  /** By which neighbour a cell was reached; −1: not yet. */
  const reachedBy = new Int32Array(heights.length).fill(-1);
  reachedBy[start] = start;
  const queue = [start];
  for (const cell of queue) {
    if (cell === end) break;
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
      for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
        const next = r * columns + c;
        if (reachedBy[next] !== -1 || heights[next]! > level) continue;
        reachedBy[next] = cell;
        queue.push(next);
      }
    }
  }
  if (reachedBy[end] === -1) return undefined;
  const path = [end];
  while (path[0] !== start) path.unshift(reachedBy[path[0]!]!);
  return path;
}
