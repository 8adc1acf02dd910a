import { checkNumber } from "../internal/checks.js";
import { weightedSum } from "../internal/weightedSum.js";
import { type CurveOptions, controlPoints } from "./controlPoints.js";
import type { Curve } from "./curve.js";
import { gramOfDifferences, normOfCombination } from "./differences.js";
import { integrate } from "./integrate.js";

/** Far more than anyone trains: every point of the curve is a sum over all of them. */
const MOST_BENDS = 100;

/** Of the length of the chain of points, which is at least that of the curve. */
const LENGTH_TOLERANCE = 1e-14;

/**
 * A Bézier curve in weight space: smooth, drawn towards its bends without passing them.
 *
 *     γ(t) = Σ_j c_j(t) · w_j,   c_j(t) = C(K, j) · t^j · (1 − t)^(K − j),   j = 0 … K,   K = bends + 1
 *
 * w_0 = start, w_K = end and w_j is bend j; 0^0 = 1. With one bend θ = w_1 this is
 * (1 − t)²·w_0 + 2t(1 − t)·θ + t²·w_2. The order K of the curve is one more than its number of bends.
 *
 * The bends begin on the straight line, which the curve then is, at constant speed, or where `initial` says. γ has
 * exactly the bits of the ends at t = 0 and t = 1; elsewhere sums are taken in double precision and rounded once.
 *
 * @example
 * ```ts
 * import { BezierCurve } from "closerlook/curves";
 * const curve = new BezierCurve({
 *   start: Float32Array.of(0, 0),
 *   end: Float32Array.of(4, 0),
 *   initial: [Float32Array.of(2, 6)],
 * });
 * Array.from(curve.at(0.5)); // [2, 3]
 * Array.from(curve.coefficients(0.25)); // [0.5625, 0.375, 0.0625]
 * curve.length.toFixed(6); // "7.536853"
 * ```
 * @see Garipov et al. 2018, section 3.2.
 */
export class BezierCurve implements Curve {
  /**
   * The ends and bends, w_0 first: copies, so that later changes of `start` and `end` change nothing. The
   * bends may be written to.
   */
  readonly points: readonly Float32Array[];

  /**
   * @param options - See {@link CurveOptions}.
   * @throws RangeError if the ends or initial bends differ in length, are empty or hold a number that is not
   * finite, or if `bends` is not an integer from 0 to 100 or not the number of initial bends; TypeError for
   * another kind of value.
   */
  constructor(options: CurveOptions) {
    this.points = controlPoints("BezierCurve", options, MOST_BENDS);
  }

  /**
   * Euclidean length of the curve, for the bends as they are now.
   *
   *     ∫ ‖γ'(t)‖ dt,   γ'(t) = K · Σ_j b_j(t) · (w_{j+1} − w_j),   b = the coefficients of order K − 1
   *
   * By adaptive quadrature in double precision, to about twelve digits.
   */
  get length(): number {
    const gram = gramOfDifferences(this.points);
    const order = gram.rows;
    let chain = 0;
    for (let j = 0; j < order; j++) chain += Math.sqrt(gram.data[j * order + j]!);
    const speed = (t: number) => order * normOfCombination(gram, bernstein(order - 1, t));
    return integrate(speed, LENGTH_TOLERANCE * chain);
  }

  /**
   * The weights γ(t).
   *
   * @param t - Position on the curve, in [0, 1].
   * @returns A new array, which the caller may change.
   * @throws RangeError if `t` is outside [0, 1]; TypeError if it is not a number.
   */
  at(t: number): Float32Array {
    checkNumber("BezierCurve.at", "t", t, { min: 0, max: 1 });
    return weightedSum(this.coefficients(t), this.points);
  }

  /**
   * The coefficients c_j(t), one for each point: none is negative, and they sum to 1.
   *
   * @param t - Position on the curve, in [0, 1].
   * @throws RangeError if `t` is outside [0, 1]; TypeError if it is not a number.
   */
  coefficients(t: number): Float64Array {
    checkNumber("BezierCurve.coefficients", "t", t, { min: 0, max: 1 });
    return bernstein(this.points.length - 1, t);
  }
}

/**
 * The Bernstein polynomials of an order at t, by de Casteljau's recurrence: sums of what is not negative, exact at
 * both ends, and without binomials, which overflow.
 */
function bernstein(order: number, t: number): Float64Array {
  const values = new Float64Array(order + 1);
  values[0] = 1;
  for (let k = 1; k <= order; k++) {
    for (let j = k; j > 0; j--) values[j] = (1 - t) * values[j]! + t * values[j - 1]!;
    values[0] = (1 - t) * values[0]!;
  }
  return values;
}
