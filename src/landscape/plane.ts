import { checkNumber, rangeError } from "../internal/checks.js";

/** A place on a plane, in the distance of weight space, from the origin along the two axes. */
export interface PlaneCoordinates {
  readonly x: number;
  readonly y: number;
}

/** A component of a vector of weight space, by index: nothing as long as a network is stored. */
export type Component = (i: number) => number;

/**
 * A plane in weight space through three points a, b and c, with orthonormal axes; made by
 * {@link planeThrough}.
 *
 *     w = a + x·u + y·v,   u ∥ b − a,   v ⊥ u towards c
 */
export class Plane {
  /** The plane's own copies of a, b and c. */
  readonly points: readonly [a: Float32Array, b: Float32Array, c: Float32Array];
  /** Coordinates of a = (0, 0), b = (‖b − a‖, 0) and c = (⟨c − a, u⟩, distance of c from the line ab). */
  readonly coordinates: readonly [a: PlaneCoordinates, b: PlaneCoordinates, c: PlaneCoordinates];
  /** @internal The unit vectors u and v. */
  readonly axes: { readonly u: Component; readonly v: Component };

  /** @internal Use {@link planeThrough}. */
  constructor(points: Plane["points"], coordinates: Plane["coordinates"], axes: Plane["axes"]) {
    this.points = points;
    this.coordinates = coordinates;
    this.axes = axes;
  }

  /**
   * The weights at a place on the plane; at the coordinates of a, b and c exactly their values.
   *
   * Computed as the affine combination λ_a·a + λ_b·b + λ_c·c that lies there, in double precision, and
   * rounded once.
   *
   * @param x - Coordinate along u, any finite number.
   * @param y - Coordinate along v, any finite number.
   * @returns A new array, which the caller may change.
   * @throws RangeError if a coordinate is not finite, or so far out that a weight is not.
   */
  at(x: number, y: number): Float32Array {
    checkNumber("Plane.at", "x", x);
    checkNumber("Plane.at", "y", y);
    const [a, b, c] = this.points;
    const [ofA, ofB, ofC] = affineCoefficients(this, x, y);
    const weights = new Float32Array(a.length);
    for (let i = 0; i < weights.length; i++) {
      weights[i] = ofA * a[i]! + ofB * b[i]! + ofC * c[i]!;
      if (!Number.isFinite(weights[i])) {
        throw rangeError("Plane.at", "x and y", "near enough for finite weights", [x, y]);
      }
    }
    return weights;
  }
}

/** The coefficients of a, b and c, with sum 1, whose combination lies at (x, y). */
export function affineCoefficients(
  { coordinates: [, b, c] }: Plane,
  x: number,
  y: number,
): readonly [a: number, b: number, c: number] {
  const ofC = y / c.y;
  const ofB = (x - ofC * c.x) / b.x;
  return [1 - ofB - ofC, ofB, ofC];
}
