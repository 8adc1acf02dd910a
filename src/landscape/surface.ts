import {
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSignal,
  rangeError,
  typeError,
} from "../internal/checks.js";
import type { StopSignal } from "../internal/stopSignal.js";
import type { Plane, PlaneCoordinates } from "./plane.js";
import {
  checkSameGrid,
  checkSurface,
  checkTicks,
  type GrowingSurface,
  isDone,
  type SurfaceData,
} from "./surfaceData.js";

/** A cell of a grid, and its place on the plane. */
export interface SurfacePlace extends PlaneCoordinates {
  readonly row: number;
  readonly column: number;
}

export interface SurfaceOptions {
  /** Coordinates of the columns, strictly increasing, as {@link planeGrid} gives them. */
  x: ArrayLike<number>;
  /** Coordinates of the rows, strictly increasing. */
  y: ArrayLike<number>;
  /**
   * Which share of the cells to measure, so that several jobs can work on one surface: of all cells, counted row by
   * row, those whose number leaves the remainder `index` when divided by `of`. @defaultValue { index: 0, of: 1 }
   */
  part?: { readonly index: number; readonly of: number };
  /** What was measured before, on the same grid; it is copied, and its cells are not measured again. */
  resume?: SurfaceData;
  /**
   * Called after each cell, and waited for: the place to save the surface as it is now, which the next cell changes.
   * `done` and `total` count the cells of this part.
   */
  onCell?: (surface: SurfaceData, done: number, total: number) => void | Promise<void>;
  /** An `AbortSignal`. Stops before the next cell; the promise is rejected with the signal's reason. */
  signal?: StopSignal;
}

/**
 * A loss surface: whatever can be measured of weights, at every cell of a grid on a plane.
 *
 * Cells are measured one after another, row by row, each from new weights `plane.at(x, y)`. They can be stopped and
 * taken up again after every one (`onCell`, `resume`), or shared between jobs (`part`, {@link mergeSurfaces}); the
 * numbers are the same.
 *
 * @param plane - From {@link planeThrough} or {@link trajectoryPlane}.
 * @param metric - Gives the measures of the weights at a place by name, or a promise of them: the same names, finite
 * numbers, at every place. Where a loss overflows, let it give the cap of the picture.
 * @param options - See {@link SurfaceOptions}.
 * @returns See {@link SurfaceData}; cells of other parts are null, unless `resume` had them.
 * @throws RangeError (the promise is rejected) if a measure is not a finite number, the names change, or `resume` is
 * of another grid; TypeError for another kind of value; what `metric` throws.
 * @example
 * ```ts
 * import { planeThrough, surface } from "closerlook/landscape";
 * const point = (...weights: number[]) => Float32Array.of(...weights);
 * const plane = planeThrough(point(1, 0, 0), point(1, 2, 0), point(1, 0, 2));
 * const loss = ([a, b, c]: Float32Array) => ({ loss: a! + b! ** 2 + c! ** 2 });
 * const { values } = await surface(plane, loss, { x: [-1, 0, 1], y: [0, 2] });
 * values.loss; // [[2, 1, 2], [6, 5, 6]]
 * ```
 */
export async function surface(
  plane: Plane,
  metric: (
    weights: Float32Array,
    place: SurfacePlace,
  ) => Record<string, number> | Promise<Record<string, number>>,
  options: SurfaceOptions,
): Promise<SurfaceData> {
  const where = "surface";
  if (typeof plane?.at !== "function") {
    throw typeError(where, "plane", "made by planeThrough", plane);
  }
  checkFunction(where, "metric", metric, "a function from weights to { name: number }");
  checkOptions(where, options, ["x", "y", "part", "resume", "onCell", "signal"]);
  const { part = { index: 0, of: 1 }, resume, onCell, signal } = options;
  const x = checkTicks(where, "x", options.x);
  const y = checkTicks(where, "y", options.y);
  checkOptions(where, part, ["index", "of"]);
  const of = checkInteger(where, "part.of", part.of, { min: 1 });
  const index = checkInteger(where, "part.index", part.index, { min: 0, max: of - 1 });
  if (onCell !== undefined) checkFunction(where, "onCell", onCell, "a function");
  checkSignal(where, signal);
  const result: GrowingSurface =
    resume === undefined ? { x, y, values: {} } : checkSurface(where, "resume", resume);
  checkSameGrid(where, "resume", result, { x, y });

  const places: SurfacePlace[] = y
    .flatMap((ofRow, row) => x.map((ofColumn, column) => ({ row, column, x: ofColumn, y: ofRow })))
    .filter((_, cell) => cell % of === index);
  const open = places.filter(({ row, column }) => !isDone(result, row, column));
  let done = places.length - open.length;
  for (const place of open) {
    signal?.throwIfAborted();
    const measures = await metric(plane.at(place.x, place.y), place);
    write(where, result, place, measures);
    done++;
    await onCell?.(result, done, places.length);
  }
  return result;
}

/** All measures of a cell, checked before the first is written. */
function write(
  where: string,
  { x, y, values }: GrowingSurface,
  place: SurfacePlace,
  measures: Record<string, number>,
): void {
  const { row, column } = place;
  const at = `at (${place.x}, ${place.y})`;
  if (typeof measures !== "object" || measures === null || Object.keys(measures).length === 0) {
    throw typeError(where, `what metric gives ${at}`, "an object of numbers", measures);
  }
  for (const [name, value] of Object.entries(measures)) {
    checkNumber(where, `${name} ${at}`, value);
  }
  const names = Object.keys(values);
  if (names.length === 0) {
    for (const name of Object.keys(measures)) {
      values[name] = y.map(() => x.map(() => null));
    }
  } else if (names.toSorted().join() !== Object.keys(measures).toSorted().join()) {
    const must = `${names.join(", ")}, as before`;
    throw rangeError(where, `the names that metric gives ${at}`, must, Object.keys(measures));
  }
  for (const [name, value] of Object.entries(measures)) values[name]![row]![column] = value;
}
