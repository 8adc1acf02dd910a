import { rangeError } from "../internal/checks.js";
import type { Curve } from "./curve.js";
import { gramOfDifferences, normOfCombination } from "./differences.js";
import { finiteNumbers, increasingPositions } from "./positions.js";

/** What the values measured along a curve come to. */
export interface ProfileStatistics {
  readonly min: number;
  readonly max: number;
  /** Mean over the positions. */
  readonly mean: number;
  /** Mean over the length of the curve, in the unit of the values. */
  readonly integral: number;
  /** Length of the chords between the positions; that of the curve if there are enough of them. */
  readonly length: number;
}

/**
 * Statistics of values that were measured along a curve.
 *
 *     integral = Σ_i ½·(f_{i−1} + f_i)·dl_i / Σ_i dl_i,   length = Σ_i dl_i,   dl_i = ‖γ(t_i) − γ(t_{i−1})‖
 *
 * The integral gives every piece of the curve the weight of its length, where the plain mean gives every position
 * the same. For a chain of straight pieces the length is exact if every bend is among the positions.
 *
 * @param curve - The curve, or the distances dl_i themselves, one fewer than the positions.
 * @param t - At least two positions, strictly increasing within [0, 1].
 * @param values - A finite value at each position.
 * @returns See {@link ProfileStatistics}.
 * @throws RangeError for lists of different lengths, numbers that are not finite, positions off the curve or not
 * increasing, or a curve of length 0; TypeError for another kind of value.
 * @example
 * ```ts
 * import { PolyChainCurve, profileStatistics } from "closerlook/curves";
 * const curve = new PolyChainCurve({
 *   start: Float32Array.of(0, 0),
 *   end: Float32Array.of(3, 1),
 *   initial: [Float32Array.of(3, 0)],
 * });
 * const { mean, integral, length } = profileStatistics(curve, [0, 0.5, 1], [1, 2, 6]);
 * mean; // 3
 * integral; // 2.125
 * length; // 4
 * ```
 * @see Garipov et al. 2018, eq. (1).
 */
export function profileStatistics(
  curve: Curve | ArrayLike<number>,
  t: ArrayLike<number>,
  values: ArrayLike<number>,
): ProfileStatistics {
  const where = "profileStatistics";
  const positions = increasingPositions(where, "t", t, 2);
  const [first, last] = [positions[0]!, positions.at(-1)!];
  if (first < 0 || last > 1) throw rangeError(where, "t", "within [0, 1]", [first, last]);
  const f = finiteNumbers(where, "values", values, positions.length);
  const distances = isCurve(curve)
    ? chords(curve, positions)
    : finiteNumbers(where, "curve", curve, positions.length - 1, 0);

  let length = 0;
  let weighted = 0;
  for (const [i, distance] of distances.entries()) {
    length += distance;
    weighted += ((f[i]! + f[i + 1]!) / 2) * distance;
  }
  if (!(length > 0)) {
    throw rangeError(where, "the length of the curve", "> 0", length, "Its ends are the same");
  }
  return {
    min: f.reduce((a, b) => Math.min(a, b)),
    max: f.reduce((a, b) => Math.max(a, b)),
    mean: f.reduce((a, b) => a + b) / f.length,
    integral: weighted / length,
    length,
  };
}

const isCurve = (curve: Curve | ArrayLike<number>): curve is Curve =>
  typeof (curve as Partial<Curve> | null)?.coefficients === "function";

/**
 * ‖γ(t_i) − γ(t_{i−1})‖, which `profileStatistics` takes in the place of the curve. Since coefficients sum to 1, the difference of two points is a combination of the
 * differences of successive control points: w_{j+1} − w_j comes in as often as the coefficients after j grew.
 */
export function chords(curve: Curve, positions: readonly number[]): number[] {
  const gram = gramOfDifferences(curve.points);
  /** For each j the sum of the coefficients after j. */
  const after = positions.map((t) => {
    const sums = curve.coefficients(t).slice(1);
    for (let j = sums.length - 2; j >= 0; j--) sums[j]! += sums[j + 1]!;
    return sums;
  });
  return after.slice(1).map((sums, i) => {
    const grown = sums.map((sum, j) => sum - after[i]![j]!);
    return normOfCombination(gram, grown);
  });
}
