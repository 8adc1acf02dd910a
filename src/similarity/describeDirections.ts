import { checkBoolean, rangeError } from "../internal/checks.js";
import type { Dense } from "../internal/matrix.js";
import { type CanonicalResult, overlap, type Prepared } from "./canonical.js";
import {
  type CanonicalDirections,
  canonicalDirections,
  type DirectionsSide,
} from "./directions.js";
import { linearAlgebra, materialised, scaleColumns, takeColumns, zeros } from "./linearAlgebra.js";
import type { Reduced } from "./reduce.js";

export interface DirectionsOptions {
  /**
   * Also give the canonical directions, and what each neuron has to do with the correlations; without `regularization`.
   * @defaultValue false
   */
  readonly directions?: boolean;
}

export const DIRECTIONS_OPTIONS = ["directions"];

export function checkDirections(
  where: string,
  { directions = false }: DirectionsOptions,
  regularization = 0,
): boolean {
  checkBoolean(where, "directions", directions);
  if (directions && regularization > 0) {
    const hint = "Variates of a regularized comparison have no unit variance";
    throw rangeError(where, "regularization", "0 with directions", regularization, hint);
  }
  return directions;
}

/** The directions of a comparison that is made already. */
export function describeDirections(
  x: Prepared,
  y: Prepared,
  { correlations }: CanonicalResult,
): CanonicalDirections {
  const count = correlations.length;
  const { left, right } =
    count === 0
      ? { left: zeros(x.reduced.kept, 0), right: zeros(y.reduced.kept, 0) }
      : linearAlgebra.thinSvd(overlap(x.reduced, y.reduced, 0));
  return canonicalDirections(
    sideOf(x, takeColumns(left, count)),
    sideOf(y, takeColumns(right, count)),
    correlations,
    x.centred.rows,
  );
}

function sideOf({ centred, reduced }: Prepared, rotation: Dense): DirectionsSide {
  return {
    map: mapOf(reduced),
    coordinates: reduced.coordinates,
    squaredNorms: squaredNorms(centred),
    exponent: centred.exponent,
    rotation,
  };
}

/** W for which XW is the basis. */
function mapOf({ map, right, coordinates, singularValues }: Reduced): Dense {
  if (map) return map;
  // With X = U·S·Vᵀ it is V·S⁻¹, and XᵀU = V·S. Where S is small against its largest value, only V has the digits.
  const copy = { ...(right ?? coordinates), data: (right ?? coordinates).data.slice() };
  scaleColumns(copy, (i) => singularValues[i]! ** (right ? -1 : -2));
  return copy;
}

function squaredNorms(x: Prepared["centred"]): Float64Array {
  const { data, columns } = materialised(x);
  const norms = new Float64Array(columns);
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < columns; j++, at++) norms[j]! += data[at]! ** 2;
  }
  return norms;
}
