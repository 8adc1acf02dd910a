import { rangeError, typeError } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import { sumOver } from "../internal/sumOver.js";

/**
 * Euclidean distances between every two of a list of networks.
 *
 *     d_ij = ‖w_i − w_j‖
 *
 * The sums are taken in double precision over the weights as they lie: nothing as long as a network is
 * stored, whatever their number.
 *
 * @param points - Flat weights of at least two networks, all of one length.
 * @returns `distances[i][j]`, symmetric with zeros on the diagonal.
 * @throws RangeError if there are fewer than two points, their lengths differ or a weight is not finite;
 *   TypeError if `points` is no array of `Float32Array`s.
 * @example
 * ```ts
 * import { pairwiseDistances } from "closerlook/landscape";
 * pairwiseDistances([Float32Array.of(0, 0), Float32Array.of(3, 4)]); // [[0, 5], [5, 0]]
 * ```
 */
export function pairwiseDistances(points: readonly Float32Array[]): number[][] {
  const where = "pairwiseDistances";
  if (!Array.isArray(points)) {
    throw typeError(where, "points", "an array of Float32Arrays", points);
  }
  if (points.length < 2) throw rangeError(where, "points.length", ">= 2", points.length);
  const count = checkWeights(where, "points[0]", points[0]).length;
  points.forEach((point, i) => {
    checkWeights(where, `points[${i}]`, point, count);
  });
  const distances = points.map(() => points.map(() => 0));
  points.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const b = points[j]!;
      const distance = Math.sqrt(sumOver(count, (k) => (a[k]! - b[k]!) ** 2));
      distances[i]![j] = distance;
      distances[j]![i] = distance;
    }
  });
  return distances;
}
