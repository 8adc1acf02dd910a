import { rangeError } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";

/**
 * The running mean of the weights of networks that come one after another (stochastic weight averaging).
 *
 *     w̄ ← w̄ + (w − w̄) / n,   n = number of networks so far
 *
 * Kept in double precision: eight bytes for each weight, however many networks are added.
 *
 * @example
 * ```ts
 * import { WeightAverage } from "closerlook/landscape";
 * const mean = new WeightAverage();
 * mean.add(Float32Array.of(1, 2));
 * mean.add(Float32Array.of(3, 6));
 * mean.count; // 2
 * Array.from(mean.average); // [2, 4]
 * ```
 * @see Izmailov et al. 2018, algorithm 1; {@link averageWeights} on batch norm.
 */
export class WeightAverage {
  #mean: Float64Array | undefined;
  #count = 0;

  /** Number of networks so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes in one more network.
   *
   * @param weights - Flat weights, as many as the others had; read, not kept.
   * @throws RangeError if the length differs or a weight is not finite; TypeError if it is no `Float32Array`. The
   * average is then as before.
   */
  add(weights: Float32Array): void {
    checkWeights("WeightAverage.add", "weights", weights, this.#mean?.length);
    this.#mean ??= new Float64Array(weights.length);
    const mean = this.#mean;
    this.#count++;
    for (let i = 0; i < mean.length; i++) mean[i]! += (weights[i]! - mean[i]!) / this.#count;
  }

  /**
   * The mean of all networks so far, rounded once: a new array.
   *
   * @throws RangeError if there was none yet.
   */
  get average(): Float32Array {
    if (!this.#mean) throw rangeError("WeightAverage.average", "the number of networks", ">= 1", 0);
    return Float32Array.from(this.#mean);
  }
}
