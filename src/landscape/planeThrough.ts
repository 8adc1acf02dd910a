import { rangeError } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import { sumOver } from "../internal/sumOver.js";
import { type Component, Plane } from "./plane.js";

/** Three points closer to a line than this share of their distance make a plane out of noise. */
const LEAST_RATIO = 1e-6;

/** A bound of the rounding of a vector in single precision, relative to its length, with some room. */
const SINGLE_PRECISION = 2 ** -22;

/**
 * The plane in weight space through three networks.
 *
 *     u = (b − a) / ‖b − a‖,   v̂ = (c − a) − ⟨c − a, u⟩·u,   v = v̂ / ‖v̂‖
 *     w = a + x·u + y·v
 *
 * Coordinates are distances in weight space, so that the picture of a plane shows true angles and lengths.
 * Inner products are taken in double precision and the orthogonalisation is done twice. The paper's planes go
 * through two iterates a and b and the bend c of the curve between them.
 *
 * @param a - Flat weights of the origin.
 * @param b - Flat weights on the first axis, as many.
 * @param c - Flat weights off the line through a and b, as many.
 * @returns The {@link Plane}, with the coordinates of the three points and the weights `at(x, y)`.
 * @throws RangeError if the lengths differ, a weight is not finite, b is a, or c lies on the line through
 * a and b up to single precision; TypeError if a point is not a `Float32Array`.
 * @example
 * ```ts
 * import { planeThrough } from "closerlook/landscape";
 * const point = (...weights: number[]) => Float32Array.of(...weights);
 * const plane = planeThrough(point(1, 0, 0), point(1, 2, 0), point(1, 1, 3));
 * plane.coordinates; // [{ x: 0, y: 0 }, { x: 2, y: 0 }, { x: 1, y: 3 }]
 * Array.from(plane.at(-1, 2)); // [1, -1, 2]
 * ```
 * @see Gotmare et al. 2019, section 3 (Fig. 3); Garipov et al. 2018, appendix A.
 */
export function planeThrough(a: Float32Array, b: Float32Array, c: Float32Array): Plane {
  const where = "planeThrough";
  const count = checkWeights(where, "a", a).length;
  checkWeights(where, "b", b, count);
  checkWeights(where, "c", c, count);
  const points = [a.slice(), b.slice(), c.slice()] as const;
  const toB: Component = (i) => points[1][i]! - points[0][i]!;
  const toC: Component = (i) => points[2][i]! - points[0][i]!;
  const norm = (vector: Component) => Math.sqrt(sumOver(count, (i) => vector(i) * vector(i)));

  const distanceB = norm(toB);
  if (distanceB === 0) throw rangeError(where, "b", "different from a", "the same weights");
  const distanceC = norm(toC);
  if (distanceC === 0) throw rangeError(where, "c", "different from a", "the same weights");

  const u: Component = (i) => toB(i) / distanceB;
  const along = sumOver(count, (i) => toC(i) * u(i));
  const once: Component = (i) => toC(i) - along * u(i);
  const rest = sumOver(count, (i) => once(i) * u(i));
  const twice: Component = (i) => once(i) - rest * u(i);
  const height = norm(twice);

  // Points on a line lose it when they are rounded to single precision.
  const size = Math.max(...points.map((point) => norm((i) => point[i]!)));
  const least = Math.max(LEAST_RATIO, (SINGLE_PRECISION * size) / distanceC);
  if (height < least * distanceC) {
    throw rangeError(
      where,
      "the distance of c from the line through a and b, over its distance from a,",
      `>= ${least.toPrecision(2)}`,
      Number((height / distanceC).toPrecision(2)),
      "Three points on a line span no plane; the bend of an untrained curve is on the line",
    );
  }

  const coordinates = [
    { x: 0, y: 0 },
    { x: distanceB, y: 0 },
    { x: along + rest, y: height },
  ] as const;
  return new Plane(points, coordinates, { u, v: (i) => twice(i) / height });
}
