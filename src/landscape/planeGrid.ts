import {
  checkInteger,
  checkNumber,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import type { Plane, PlaneCoordinates } from "./plane.js";

export interface PlaneGridOptions {
  /** Room on each side, as a share of the width and height of the points' box, a number >= 0. @defaultValue 0.2 */
  margin?: number;
  /** Number of ticks along each axis, an integer >= 2. @defaultValue 21 */
  cells?: number;
}

/** The ticks of a grid, equally spaced and increasing. */
export interface PlaneGrid {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * A grid over all that is to be drawn on a plane: the smallest box around the points, with room on each side.
 *
 * @param points - Places on the plane, such as its own three points and the projections of iterates; a plane stands
 * for its three points.
 * @param options - See {@link PlaneGridOptions}.
 * @returns The ticks along both axes, the first and last at the borders of the box with its margin.
 * @throws RangeError if there are no points, a coordinate is not finite, or the points are all on one horizontal or
 * vertical line; TypeError for another kind of value.
 * @example
 * ```ts
 * import { planeGrid, planeThrough, project } from "closerlook/landscape";
 * const point = (...weights: number[]) => Float32Array.of(...weights);
 * const plane = planeThrough(point(0, 0, 0), point(4, 0, 0), point(2, 1, 0));
 * const iterate = project(plane, point(8, 1, 3));
 * const grid = planeGrid([...plane.coordinates, iterate], { margin: 0.25, cells: 4 });
 * Array.from(grid.x); // [-2, 2, 6, 10]
 * Array.from(grid.y); // [-0.25, 0.25, 0.75, 1.25]
 * ```
 */
export function planeGrid(
  points: Plane | readonly PlaneCoordinates[],
  options: PlaneGridOptions = {},
): PlaneGrid {
  const where = "planeGrid";
  checkOptions(where, options, ["margin", "cells"]);
  const { margin = 0.2, cells = 21 } = options;
  checkNumber(where, "margin", margin, { min: 0 });
  checkInteger(where, "cells", cells, { min: 2, max: 1e4 });
  const places = Array.isArray(points) ? points : (points as Plane | null)?.coordinates;
  if (!Array.isArray(places)) {
    throw typeError(where, "points", "a plane or an array of { x, y }", points);
  }
  if (places.length === 0) throw rangeError(where, "the number of points", ">= 1", 0);
  const ticks = (axis: "x" | "y"): Float64Array => {
    const values = places.map((place: PlaneCoordinates, i: number) =>
      checkNumber(where, `points[${i}].${axis}`, place?.[axis]),
    );
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    const size = high - low;
    const side = axis === "x" ? "width" : "height";
    if (size === 0) throw rangeError(where, `the ${side} of the points' box`, "> 0", size);
    const from = low - margin * size;
    const to = high + margin * size;
    checkNumber(where, `the ${side} of the grid`, to - from);
    return Float64Array.from({ length: cells }, (_, i) => {
      const share = i / (cells - 1);
      return (1 - share) * from + share * to;
    });
  };
  return { x: ticks("x"), y: ticks("y") };
}
