import { checkNumber } from "../internal/checks.js";
import { sumOver } from "../internal/sumOver.js";
import { weightedSum } from "../internal/weightedSum.js";
import { type CurveOptions, controlPoints } from "./controlPoints.js";
import type { Curve } from "./curve.js";

/** Far more than anyone trains: a slip of the keyboard is to be an error, not a full memory. */
const MOST_BENDS = 10_000;

/**
 * A polygonal chain in weight space: straight pieces from the start over the bends to the end.
 *
 *     γ(t) = Σ_j c_j(t) · w_j,   c_j(t) = max(0, 1 − |K·t − j|),   j = 0 … K,   K = bends + 1
 *
 * w_0 = start, w_K = end, and w_j is bend j, passed at t = j / K. With one bend θ = w_1, the paper's curve,
 * this is γ(t) = 2(tθ + (½ − t)w_0) up to t = ½ and 2((t − ½)w_2 + (1 − t)θ) after; the second weight is
 * misprinted in the paper, where γ would not be continuous.
 *
 * The bends begin on the straight line, bend j at start + (j / K)(end − start), or where `initial` says. γ has exactly the bits of
 * the ends at t = 0 and t = 1 and of bend j at t = j / K; elsewhere sums are taken in double precision and
 * rounded once.
 *
 * @example
 * ```ts
 * import { PolyChainCurve } from "closerlook/curves";
 * const curve = new PolyChainCurve({ start: Float32Array.of(0, 0), end: Float32Array.of(6, 0) });
 * Array.from(curve.at(0.5)); // [3, 0]
 * curve.points[1]?.set([3, 4]);
 * Array.from(curve.at(0.25)); // [1.5, 2]
 * Array.from(curve.coefficients(0.25)); // [0.5, 0.5, 0]
 * curve.length; // 10
 * ```
 * @see Gotmare et al. 2019, section 2.1; Garipov et al. 2018, section 3.2.
 */
export class PolyChainCurve implements Curve {
  /**
   * The ends and bends, w_0 first: copies, so that later changes of `start` and `end` change nothing. The
   * bends may be written to.
   */
  readonly points: readonly Float32Array[];

  /**
   * @param options - See {@link CurveOptions}.
   * @throws RangeError if the ends or initial bends differ in length, are empty or hold a number that is not
   * finite, or if `bends` is not an integer from 0 to 10,000 or not the number of initial bends; TypeError for
   * another kind of value.
   */
  constructor(options: CurveOptions) {
    this.points = controlPoints("PolyChainCurve", options, MOST_BENDS);
  }

  /** Euclidean length: the sum of the pieces' lengths, for the bends as they are now. */
  get length(): number {
    let length = 0;
    for (let j = 1; j < this.points.length; j++) {
      const [from, to] = [this.points[j - 1]!, this.points[j]!];
      length += Math.sqrt(sumOver(from.length, (i) => (to[i]! - from[i]!) ** 2));
    }
    return length;
  }

  /**
   * The weights γ(t).
   *
   * @param t - Position on the curve, in [0, 1].
   * @returns A new array, which the caller may change.
   * @throws RangeError if `t` is outside [0, 1]; TypeError if it is not a number.
   */
  at(t: number): Float32Array {
    checkNumber("PolyChainCurve.at", "t", t, { min: 0, max: 1 });
    return weightedSum(this.coefficients(t), this.points);
  }

  /**
   * The coefficients c_j(t), one for each point: at most two are not 0, and they sum to 1.
   *
   * @param t - Position on the curve, in [0, 1].
   * @throws RangeError if `t` is outside [0, 1]; TypeError if it is not a number.
   */
  coefficients(t: number): Float64Array {
    checkNumber("PolyChainCurve.coefficients", "t", t, { min: 0, max: 1 });
    const pieces = this.points.length - 1;
    // K·(j / K) is not always j in floating point: at 49 pieces bend 1 would be missed.
    const nearest = Math.round(pieces * t);
    const position = t === nearest / pieces ? nearest : pieces * t;
    return Float64Array.from(this.points, (_, j) => Math.max(0, 1 - Math.abs(position - j)));
  }
}
