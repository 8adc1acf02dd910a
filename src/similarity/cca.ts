import { checkNumber, checkOptions } from "../internal/checks.js";
import type { MatrixLike } from "../internal/matrix.js";
import { type CanonicalResult, canonicalResult, preparePair } from "./canonical.js";
import {
  checkDirections,
  DIRECTIONS_OPTIONS,
  type DirectionsOptions,
  describeDirections,
} from "./describeDirections.js";
import type { CanonicalDirections } from "./directions.js";
import { toActivationsPair } from "./matrix.js";
import { checkResampling, RESAMPLING_OPTIONS, type ResamplingOptions } from "./resampling.js";
import { canonicalMeasure, withUncertainty } from "./uncertainty.js";

export interface CcaOptions {
  /**
   * Ridge added to each covariance matrix, relative to its largest eigenvalue; ≥ 0.
   * @defaultValue 0
   */
  readonly regularization?: number;
}

/**
 * Canonical correlation analysis: how well the neurons of `x` and of `y` can be matched by linear maps.
 *
 *     ρ = singular values of Uxᵀ Uy,     similarity = (1/c) Σ ρᵢ,   c = min(rankX, rankY)
 *
 * Ux and Uy are orthonormal bases of the centred activations (left singular vectors up to the rank). With
 * `regularization` r each basis vector is weighted by s/√(s² + r·s₁²), s its singular value.
 *
 * Invariant to any invertible affine map of the neurons. Rank-aware: a singular value counts when it exceeds
 * max(examples, neurons)·ε·s₁, so that dead or duplicated neurons add no spurious correlations. With
 * rankX + rankY > examples − 1 some correlations are 1 for any data: `degenerate` says so; use {@link svcca} or more
 * examples. Data without any variance have rank 0 and similarity 0.
 *
 * @param x - Activations `[examples, neurons]`.
 * @param y - Activations of the same examples, in the same order; the number of neurons may differ.
 * @throws RangeError if the numbers of examples differ, there are fewer than 2, or a value is not finite;
 * TypeError if an argument is not a matrix.
 * @example
 * ```ts
 * import { cca } from "closerlook/similarity";
 *
 * const x = [[1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [-2, 1]];
 * const y = x.map(([a, b]) => [a + 2 * b, 3 * b - a]);
 * cca(x, y).similarity; // 1 — an invertible linear map changes nothing
 * ```
 * @see Hotelling 1936; Gotmare et al. 2019, section 2.2.
 */
export function cca(
  x: MatrixLike,
  y: MatrixLike,
  options: CcaOptions & ResamplingOptions & DirectionsOptions = {},
): CanonicalResult & Partial<CanonicalDirections> {
  checkCcaOptions("cca", options, [...DIRECTIONS_OPTIONS, ...RESAMPLING_OPTIONS]);
  const resampling = checkResampling("cca", options);
  const [a, b] = toActivationsPair("cca", x, y);
  const [sideX, sideY] = preparePair(a, b);
  const { regularization } = options;
  const directions = checkDirections("cca", options, regularization);
  const result = canonicalResult(sideX, sideY, regularization);
  const examples = { count: a.rows };
  const measure = canonicalMeasure(sideX, sideY, examples, regularization);
  return {
    ...withUncertainty("cca", result, examples, resampling, measure),
    ...(directions && describeDirections(sideX, sideY, result)),
  };
}

export function checkCcaOptions(
  where: string,
  options: CcaOptions,
  others: readonly string[] = [],
): void {
  checkOptions(where, options, ["regularization", ...others]);
  if (options.regularization !== undefined) {
    checkNumber(where, "regularization", options.regularization, { min: 0 });
  }
}
