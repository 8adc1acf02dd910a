import { checkWeights } from "../internal/checkWeights.js";
import type { Curve } from "./curve.js";
import { PolyChainCurve } from "./polyChainCurve.js";

/**
 * The straight line between two networks: a curve without bends.
 *
 *     γ(t) = (1 − t) · start + t · end
 *
 * @param start - Weights at t = 0.
 * @param end - Weights at t = 1, as many.
 * @returns A {@link Curve}; see {@link PolyChainCurve} for its precision.
 * @throws RangeError if the two differ in length, are empty or hold a number that is not finite;
 * TypeError if they are not `Float32Array`s.
 * @example
 * ```ts
 * import { lineSegment } from "closerlook/curves";
 * const line = lineSegment(Float32Array.of(0, 1), Float32Array.of(4, 1));
 * Array.from(line.at(0.25)); // [1, 1]
 * line.length; // 4
 * ```
 */
export function lineSegment(start: Float32Array, end: Float32Array): Curve {
  checkWeights("lineSegment", "start", start);
  checkWeights("lineSegment", "end", end, start.length);
  return new PolyChainCurve({ start, end, bends: 0 });
}
