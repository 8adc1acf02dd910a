import type { Dense, MatrixLike } from "../internal/matrix.js";
import {
  type CanonicalResult,
  clip,
  overlap,
  type Prepared,
  preparePair,
  ridgeWeights,
  sides,
} from "./canonical.js";
import { type CcaOptions, checkCcaOptions } from "./cca.js";
import { linearAlgebra, scaleRows } from "./linearAlgebra.js";
import { toActivationsPair } from "./matrix.js";
import { checkResampling, RESAMPLING_OPTIONS, type ResamplingOptions } from "./resampling.js";
import { projectionMeasure, withUncertainty } from "./uncertainty.js";

export interface PwccaResult extends CanonicalResult {
  /** Weight of each correlation: how much of `x` its direction accounts for; sums to 1. */
  readonly weights: Float64Array;
}

/**
 * Projection-weighted CCA: canonical correlations weighted by how much of the **first** argument each direction
 * accounts for.
 *
 *     similarity = Σ wᵢ ρᵢ,     wᵢ ∝ Σⱼ |⟨hᵢ, xⱼ⟩|,   Σ wᵢ = 1
 *
 * hᵢ: canonical variates of `x` (orthonormal), xⱼ: its centred neurons, i ≤ c = min(rankX, rankY).
 * **Not symmetric**: `pwcca(x, y)` and `pwcca(y, x)` differ. Correlations that are equal up to rounding (as the ones of
 * `degenerate` data, or of layers that share directions exactly) leave their directions open, and with them the weights
 * among these and the sum, by some 0.01 at the worst. Invariant to invertible affine maps of `y` and to
 * shifts and isotropic scaling of `x`. `chance` is that of the plain mean: for independent data the weights do not
 * favour any correlation.
 *
 * @param x - Activations `[examples, neurons]`; the side that gives the weights.
 * @param y - Activations of the same examples, in the same order.
 * @throws As {@link cca}.
 * @example
 * ```ts
 * import { pwcca } from "closerlook/similarity";
 *
 * const x = [[3, 0], [0, 1], [-3, 0], [0, -1]];
 * const y = [[1], [0], [-1], [0]]; // knows the first neuron only
 * pwcca(x, y).similarity; // 1
 * pwcca(x, y).weights.length; // 1
 * ```
 * @see Morcos, Raghu, Bengio 2018, section 3.
 */
export function pwcca(
  x: MatrixLike,
  y: MatrixLike,
  options: CcaOptions & ResamplingOptions = {},
): PwccaResult {
  checkCcaOptions("pwcca", options, RESAMPLING_OPTIONS);
  const resampling = checkResampling("pwcca", options);
  const [a, b] = toActivationsPair("pwcca", x, y);
  const [sideX, sideY] = preparePair(a, b);
  const result = comparePwcca(sideX, sideY, options);
  const examples = { count: a.rows };
  const measure = projectionMeasure(sideX, sideY, examples, options.regularization);
  return withUncertainty("pwcca", result, examples, resampling, measure);
}

/** The comparison itself, on prepared sides. */
export function comparePwcca(
  x: Prepared,
  y: Prepared,
  { regularization = 0 }: CcaOptions,
): PwccaResult {
  const product = overlap(x.reduced, y.reduced, regularization);
  return projectionWeighted(product, sides(x, y), (left) => {
    if (regularization > 0) scaleRows(left, ridgeWeights(x.reduced, regularization));
    return linearAlgebra.product(x.reduced.coordinates, left);
  });
}

/**
 * The result from Uxᵀ Uy.
 *
 * @param projectionsOn - ⟨hᵢ, xⱼ⟩ = (Pᵀ Uxᵀ X)ᵢⱼ for P, the left singular vectors of Uxᵀ Uy, as `[neurons, correlations]`.
 */
export function projectionWeighted(
  product: Dense,
  described: ReturnType<typeof sides>,
  projectionsOn: (left: Dense) => Dense,
): PwccaResult {
  if (described.keptX === 0 || described.keptY === 0) {
    const none = new Float64Array(0);
    return { similarity: 0, correlations: none, weights: none, ...described };
  }
  const { left, values } = linearAlgebra.thinSvd(product);
  const correlations = values.map(clip);
  const weights = new Float64Array(correlations.length);
  projectionsOn(left).data.forEach((value, at) => {
    weights[at % weights.length]! += Math.abs(value);
  });
  const total = weights.reduce((sum, value) => sum + value, 0);
  let similarity = 0;
  for (let i = 0; i < weights.length; i++) {
    weights[i]! /= total;
    similarity += weights[i]! * correlations[i]!;
  }
  return { similarity: clip(similarity), correlations, weights, ...described };
}
