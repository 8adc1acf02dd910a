import { checkInteger, checkOneOf, checkOptions } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import { Random } from "../internal/random.js";
import { offsetsOf, type VariableLayout } from "./variableLayout.js";

export interface RandomDirectionOptions {
  /** The same seed gives the same direction. */
  seed: number;
  /**
   * What gets the length that it has in the weights: every filter, every variable, or nothing.
   * @defaultValue "filter"
   */
  normalize?: "filter" | "layer" | "none";
  /** Whether variables of rank one, biases and parameters of normalisation, stay as they are: 0. @defaultValue "biasAndNorm" */
  ignore?: "biasAndNorm" | "none";
}

/**
 * A random direction in weight space, scaled like the weights, for pictures of the loss around a network.
 *
 *     d_f ← d_f · ‖w_f‖ / ‖d_f‖,   d ~ N(0, I),   for every filter f
 *
 * Filters follow TensorFlow.js's layout: all weights with the same index on a kernel's last axis, which counts its
 * outputs, are one filter (the last two axes of a depthwise kernel); in a variable of rank one every weight is its
 * own. Two such directions d and e span the plane `planeThrough(w, w + d, w + e)`; they are orthogonal but for
 * chance, and the plane's axes exactly.
 *
 * @param weights - Flat weights of the network; they are only read.
 * @param layout - Its variables in the order of the weights: for `weightsOf(model).read({ trainable: true })` the
 * `variables` that are `trainable`.
 * @param options - See {@link RandomDirectionOptions}.
 * @returns The direction, a new array as long as the weights.
 * @throws RangeError if the layout does not fit the weights; TypeError for another kind of value.
 * @example
 * ```ts
 * import { randomDirection } from "closerlook/landscape";
 * const weights = Float32Array.of(3, 0, 4, 0, 9, 9);
 * const layout = [
 *   { name: "fc/kernel", shape: [2, 2] },
 *   { name: "fc/bias", shape: [2] },
 * ];
 * const direction = randomDirection(weights, layout, { seed: 1 });
 * Math.hypot(direction[0]!, direction[2]!).toFixed(5); // "5.00000"
 * Array.from(direction.subarray(4)); // [0, 0]
 * ```
 * @see Li et al. 2018, section 4.
 */
export function randomDirection(
  weights: Float32Array,
  layout: readonly VariableLayout[],
  options: RandomDirectionOptions,
): Float32Array {
  const where = "randomDirection";
  checkWeights(where, "weights", weights);
  const variables = offsetsOf(where, layout, weights.length);
  checkOptions(where, options, ["seed", "normalize", "ignore"]);
  const { seed, normalize = "filter", ignore = "biasAndNorm" } = options;
  checkInteger(where, "seed", seed);
  checkOneOf(where, "normalize", normalize, ["filter", "layer", "none"]);
  checkOneOf(where, "ignore", ignore, ["biasAndNorm", "none"]);

  const random = new Random(seed, "direction");
  const direction = new Float32Array(weights.length);
  for (const { name, shape, offset, size } of variables) {
    if (ignore === "biasAndNorm" && shape.length < 2) continue;
    const drawn = Float64Array.from({ length: size }, () => random.normal());
    const group = normalize === "filter" ? filters(name, shape) : 1;
    if (normalize !== "none") scaleLike(drawn, weights.subarray(offset, offset + size), group);
    direction.set(drawn, offset);
  }
  return direction;
}

/** The number of filters of a variable: its last axes, which vary fastest. */
const filters = (name: string, shape: readonly number[]): number =>
  shape.slice(/depthwise_kernel/.test(name) ? -2 : -1).reduce((a, b) => a * b, 1);

/** Gives each of `groups` interleaved vectors the length that it has in the weights. */
function scaleLike(drawn: Float64Array, weights: Float32Array, groups: number): void {
  const ofWeights = new Float64Array(groups);
  const ofDrawn = new Float64Array(groups);
  for (let i = 0; i < drawn.length; i++) {
    ofWeights[i % groups]! += weights[i]! ** 2;
    ofDrawn[i % groups]! += drawn[i]! ** 2;
  }
  const factors = ofDrawn.map((square, f) =>
    square === 0 ? 0 : Math.sqrt(ofWeights[f]! / square),
  );
  for (let i = 0; i < drawn.length; i++) drawn[i]! *= factors[i % groups]!;
}
