import { rangeError } from "../internal/checks.js";
import { checkSameGrid, checkSurface, type SurfaceData } from "./surfaceData.js";

/**
 * One surface out of the parts that several jobs measured.
 *
 * @param parts - At least one, all of the same grid, finished or not. Cells that several have must agree.
 * @returns A new surface; cells that no part has are null.
 * @throws RangeError if the grids, the names of the measures or the numbers of a common cell differ; TypeError for
 * another kind of value.
 * @example
 * ```ts
 * import { mergeSurfaces } from "closerlook/landscape";
 * const grid = { x: [0, 1], y: [0] };
 * mergeSurfaces(
 *   { ...grid, values: { loss: [[0.5, null]] } },
 *   { ...grid, values: { loss: [[null, 0.25]] } },
 * ).values; // { loss: [[0.5, 0.25]] }
 * ```
 */
export function mergeSurfaces(...parts: readonly SurfaceData[]): SurfaceData {
  const where = "mergeSurfaces";
  if (parts.length === 0) throw rangeError(where, "the number of parts", ">= 1", 0);
  const copies = parts.map((part, k) => checkSurface(where, `parts[${k}]`, part));
  // A job that was stopped before its first cell knows no names yet.
  const started = copies.filter(({ values }) => Object.keys(values).length > 0);
  const result = started[0] ?? copies[0]!;
  const names = Object.keys(result.values);
  for (const [k, part] of copies.entries()) {
    checkSameGrid(where, `parts[${k}]`, part, result);
    const own = Object.keys(part.values);
    if (own.length > 0 && own.toSorted().join() !== names.toSorted().join()) {
      throw rangeError(where, `the names of parts[${k}]`, names.join(", "), own);
    }
    for (const [name, table] of Object.entries(part.values)) {
      for (const [row, line] of table.entries()) {
        for (const [column, value] of line.entries()) {
          const before = result.values[name]![row]![column]!;
          if (value !== null && before !== null && value !== before) {
            const cell = `parts[${k}].values.${name}[${row}][${column}]`;
            throw rangeError(where, cell, `${before}, as in another part`, value);
          }
          result.values[name]![row]![column] = before ?? value;
        }
      }
    }
  }
  return result;
}
