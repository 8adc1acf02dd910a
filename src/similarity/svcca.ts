import { checkInteger, checkNumber, checkOptions } from "../internal/checks.js";
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
import type { Truncation } from "./reduce.js";
import { checkResampling, RESAMPLING_OPTIONS, type ResamplingOptions } from "./resampling.js";
import { canonicalMeasure, withUncertainty } from "./uncertainty.js";

export interface SvccaOptions {
  /**
   * Fraction of the variance (of the squared singular values) that each side keeps, in (0, 1]; 1 is plain CCA.
   * @defaultValue 0.99
   */
  readonly variance?: number;
  /** Keep exactly this many directions of each side (at most its rank) instead of a fraction of the variance. */
  readonly components?: number;
}

/**
 * Singular vector canonical correlation analysis: CCA of the directions that hold 99 % of each side's variance.
 *
 *     kx = smallest k with Σ_{i≤k} sᵢ² ≥ variance · Σ sᵢ²,     ρ = singular values of Ux[:, :kx]ᵀ Uy[:, :ky]
 *     similarity = (1/c) Σ ρᵢ,   c = min(kx, ky)
 *
 * s, U: singular values and left singular vectors of the centred activations. All c correlations enter the mean.
 * Invariant to orthogonal maps, shifts and isotropic scaling of the neurons, not to a general linear map, since that
 * changes which directions hold the variance. Compare the number with `chance`: independent data do not give 0.
 * Data without any variance keep 0 directions and have similarity 0.
 *
 * @param x - Activations `[examples, neurons]`.
 * @param y - Activations of the same examples, in the same order; the number of neurons may differ.
 * @throws RangeError if the numbers of examples differ, there are fewer than 2, a value is not finite, or the input
 * is 4-D (use {@link convSvcca}); TypeError if an argument is not a matrix.
 * @example
 * ```ts
 * import { svcca } from "closerlook/similarity";
 *
 * const x = [[1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [-2, 1]];
 * const y = x.map(([a, b]) => [b, -a]); // the same, turned by 90°
 * svcca(x, y).similarity; // 1
 * svcca(x, y).keptX; // 2
 * ```
 * @see Raghu et al. 2017; Gotmare et al. 2019, section 2.2 ("preserving 99% of the variance").
 */
export function svcca(
  x: MatrixLike,
  y: MatrixLike,
  options: SvccaOptions & ResamplingOptions & DirectionsOptions = {},
): CanonicalResult & Partial<CanonicalDirections> {
  const others = [...DIRECTIONS_OPTIONS, ...RESAMPLING_OPTIONS];
  const truncation = svccaTruncation("svcca", options, 0.99, others);
  const directions = checkDirections("svcca", options);
  const resampling = checkResampling("svcca", options);
  const [a, b] = toActivationsPair("svcca", x, y);
  const [sideX, sideY] = preparePair(a, b, truncation);
  const result = canonicalResult(sideX, sideY);
  const examples = { count: a.rows };
  const measure = canonicalMeasure(sideX, sideY, examples);
  return {
    ...withUncertainty("svcca", result, examples, resampling, measure),
    ...(directions && describeDirections(sideX, sideY, result)),
  };
}

/** Checks the options of the SVCCA family. */
export function svccaTruncation(
  where: string,
  options: SvccaOptions,
  defaultVariance = 0.99,
  others: readonly string[] = [],
): Truncation {
  checkOptions(where, options, ["variance", "components", ...others]);
  const { variance = defaultVariance, components } = options;
  if (components !== undefined) {
    if (options.variance !== undefined) {
      throw new TypeError(`${where}: options must have variance or components, got both`);
    }
    return { components: checkInteger(where, "components", components, { min: 1 }) };
  }
  return {
    variance: checkNumber(where, "variance", variance, { above: 0, max: 1 }),
  };
}
