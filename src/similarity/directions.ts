import type { Dense } from "../internal/matrix.js";
import { linearAlgebra } from "./linearAlgebra.js";

/** What is known of one side of a comparison: X are its centred activations divided by 2^exponent. */
export interface DirectionsSide {
  /** W, `[neurons, kept]`, for which U = XW has orthonormal columns. */
  readonly map: Dense;
  /** XᵀU, `[neurons, kept]`: the same as XᵀX·W, and as W·diag(s²) where W = V/s. */
  readonly coordinates: Dense;
  /** ‖xⱼ‖² of each column of X: the diagonal of XᵀX. */
  readonly squaredNorms: ArrayLike<number>;
  readonly exponent: number;
  /** P or Q of the singular value decomposition PρQᵀ of UxᵀUy: orthonormal columns, `[kept, correlations]`. */
  readonly rotation: Dense;
}

/** Which neurons the correlations of a comparison come from. */
export interface CanonicalDirections {
  /**
   * Canonical directions of `x`, `[neurons, correlations]`: the activations of an example less their means, times
   * column i, give the i-th canonical variate, which has unit variance (n − 1) and is uncorrelated with the others.
   * The largest coefficient of each column is positive; directions of `y` go with those of `x`, so that the variates of
   * both sides have the correlation ρᵢ ≥ 0. Equal correlations leave their directions open. A coefficient beyond the
   * largest double is ±Infinity.
   */
  readonly directionsX: { readonly data: Float64Array; readonly shape: readonly [number, number] };
  readonly directionsY: { readonly data: Float64Array; readonly shape: readonly [number, number] };
  /**
   * What each neuron of `x` contributes to `similarity`; they sum to it. Negative where a neuron serves to cancel what
   * others bring in.
   */
  readonly contributionsX: Float64Array;
  readonly contributionsY: Float64Array;
  /**
   * Fraction of the variance of each neuron of `x`, in [0, 1], that lies in the kept directions of `x` and is linearly
   * predicted, through them, by the kept directions of `y`; 0 for dead neurons.
   */
  readonly explainedX: Float64Array;
  readonly explainedY: Float64Array;
}

/**
 * Canonical directions, and what each neuron has to do with them.
 *
 *     hᵢ = √(n − 1)·Ux Pᵢ = (x − mean)·aᵢ,       aᵢ = √(n − 1)·2^(−exponent)·Wx Pᵢ
 *     contributionⱼ = (1/c) Σᵢ ρᵢ aⱼᵢ cov(xⱼ, hᵢ),       Σⱼ contributionⱼ = (1/c) Σᵢ ρᵢ = similarity
 *     explainedⱼ = Σᵢ corr(xⱼ, hᵢ)² ρᵢ²
 *
 * Contributions and explained fractions do not depend on the choice of directions among equal correlations, if all of
 * these are among the c. Their sum is exact since Σⱼ aⱼᵢ cov(xⱼ, hᵢ) is the variance of hᵢ, that is 1.
 *
 * @param correlations - ρ, in the order of the columns of both rotations.
 * @param examples - n.
 * @see Pratt 1987, for the decomposition in regression.
 */
export function canonicalDirections(
  x: DirectionsSide,
  y: DirectionsSide,
  correlations: Float64Array,
  examples: number,
): CanonicalDirections {
  const coefficientsX = coefficientsOf(x);
  const coefficientsY = coefficientsOf(y);
  const signs = signsOfLargest(coefficientsX);
  const sharesX = sharesOf(x, coefficientsX, correlations);
  const sharesY = sharesOf(y, coefficientsY, correlations);
  return {
    directionsX: inOwnUnits(coefficientsX, signs, examples, x.exponent),
    directionsY: inOwnUnits(coefficientsY, signs, examples, y.exponent),
    contributionsX: sharesX.contributions,
    contributionsY: sharesY.contributions,
    explainedX: sharesX.explained,
    explainedY: sharesY.explained,
  };
}

/** WP; without what rounding may have put into the rows of dead neurons. */
function coefficientsOf({ map, rotation, squaredNorms }: DirectionsSide): Dense {
  const coefficients = linearAlgebra.product(map, rotation);
  const { data, rows, columns } = coefficients;
  for (let j = 0; j < rows; j++) {
    if (squaredNorms[j] === 0) data.fill(0, j * columns, (j + 1) * columns);
  }
  return coefficients;
}

/** 1 or −1 for each column: the sign of its entry of largest magnitude. */
function signsOfLargest({ data, columns }: Dense): Float64Array {
  const largest = new Float64Array(columns);
  data.forEach((value, at) => {
    if (Math.abs(value) > Math.abs(largest[at % columns]!)) largest[at % columns] = value;
  });
  return largest.map((value) => (value < 0 ? -1 : 1));
}

function inOwnUnits(
  { data, rows, columns }: Dense,
  signs: Float64Array,
  examples: number,
  exponent: number,
) {
  // In two steps: the whole factor may be infinite, which would make NaN of a coefficient of 0.
  const half = 2 ** (-exponent / 2);
  const scale = Math.sqrt(examples - 1) * half;
  const directions = data.map((value, at) => signs[at % columns]! * value * scale * half);
  return { data: directions, shape: [rows, columns] as const };
}

/** Contributions and explained fractions of the neurons of one side. */
function sharesOf(
  { coordinates, rotation, squaredNorms }: DirectionsSide,
  coefficients: Dense,
  correlations: Float64Array,
) {
  // ⟨xⱼ, Upᵢ⟩: the covariances with the variates, in the units in which coefficients times them sum to 1.
  const products = linearAlgebra.product(coordinates, rotation).data;
  const count = correlations.length;
  const contributions = new Float64Array(squaredNorms.length);
  const explained = new Float64Array(squaredNorms.length);
  for (let j = 0; j < squaredNorms.length; j++) {
    if (squaredNorms[j] === 0) continue;
    let predicted = 0;
    for (let i = 0; i < count; i++) {
      const at = j * count + i;
      contributions[j]! += (correlations[i]! / count) * coefficients.data[at]! * products[at]!;
      predicted += (correlations[i]! * products[at]!) ** 2;
    }
    explained[j] = Math.min(1, predicted / squaredNorms[j]!);
  }
  return { contributions, explained };
}
