/**
 * A curve in weight space from one network to another.
 *
 *     γ(t) = Σ_j c_j(t) · w_j,   Σ_j c_j(t) = 1,   t in [0, 1]
 *
 * The points w_j are flat weights; w_0 and the last are the two networks. By the chain rule the gradient of
 * a loss at γ(t) with respect to point j is c_j(t) times its gradient with respect to the weights, so
 * that `at` and `coefficients` are all that training a curve needs.
 */
export interface Curve {
  /**
   * The curve's own copies of its points, w_0 first. The ones between the ends may be written to, which is
   * how a curve is trained, saved and restored.
   */
  readonly points: readonly Float32Array[];
  /** Euclidean length of the curve through its present points. */
  readonly length: number;
  /** The weights γ(t), a new array. */
  at(t: number): Float32Array;
  /** The coefficients c_j(t), one for each point. */
  coefficients(t: number): Float64Array;
}
