import { checkNumber, rangeError, typeError } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import { weightedSum } from "../internal/weightedSum.js";

/** Coefficients may be off 1 by as much as rounding in single precision would do. */
const SUM_TOLERANCE = 1e-6;

/**
 * The average of several networks' weights, or another combination whose coefficients sum to 1.
 *
 *     w = Σ_i c_i · w_i,   c_i = 1/n by default
 *
 * Sums are taken in double precision and rounded once. An average of networks with batch norm needs its statistics
 * computed anew: average the trainable weights, then `refreshBatchNorm` of `closerlook/tfjs`.
 *
 * @param list - Flat weights of at least one network, all as long.
 * @param coefficients - One for each, of sum 1; they may be negative.
 * @returns A new array.
 * @throws RangeError if lengths differ, a number is not finite, or the coefficients do not sum to 1; TypeError for
 * another kind of value.
 * @example
 * ```ts
 * import { averageWeights } from "closerlook/landscape";
 * const list = [Float32Array.of(1, 2), Float32Array.of(3, 6)];
 * Array.from(averageWeights(list)); // [2, 4]
 * Array.from(averageWeights(list, [1.5, -0.5])); // [0, 0]
 * ```
 * @see Izmailov et al. 2018, algorithm 1; {@link WeightAverage} for networks that come one after another.
 */
export function averageWeights(
  list: readonly Float32Array[],
  coefficients?: ArrayLike<number>,
): Float32Array {
  const where = "averageWeights";
  if (!Array.isArray(list)) throw typeError(where, "list", "an array of weights", list);
  if (list.length === 0) throw rangeError(where, "the number of networks", ">= 1", 0);
  for (const [i, weights] of list.entries()) {
    checkWeights(where, `list[${i}]`, weights, i === 0 ? undefined : list[0].length);
  }
  const factors = coefficients ?? new Float64Array(list.length).fill(1 / list.length);
  if (typeof factors !== "object" || factors === null || factors.length !== list.length) {
    const must = `${list.length} numbers, one for each network`;
    throw rangeError(where, "coefficients", must, factors);
  }
  let sum = 0;
  let size = 0;
  for (let i = 0; i < factors.length; i++) {
    sum += checkNumber(where, `coefficients[${i}]`, factors[i]);
    size += Math.abs(factors[i]!);
  }
  if (Math.abs(sum - 1) > SUM_TOLERANCE * Math.max(1, size)) {
    throw rangeError(where, "the sum of the coefficients", "1", sum);
  }
  return checkWeights(where, "the combination", weightedSum(factors, list));
}
