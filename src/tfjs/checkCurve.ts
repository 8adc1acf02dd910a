import type { Curve } from "../curves/curve.js";
import { rangeError, typeError } from "../internal/checks.js";
import type { OpenModel } from "./openModel.js";
import { checkTrainableWeights } from "./trainableWeights.js";

/** A curve whose points are trainable weights of the model. */
export function checkCurve(where: string, curve: Curve, model: OpenModel): void {
  const must = "a curve, e.g. new PolyChainCurve({ start, end })";
  if (typeof curve?.at !== "function" || typeof curve.coefficients !== "function") {
    throw typeError(where, "curve", must, curve);
  }
  if (!Array.isArray(curve.points))
    throw typeError(where, "curve.points", "an array", curve.points);
  if (curve.points.length < 2) {
    throw rangeError(where, "curve.points", "two ends at least", curve.points.length);
  }
  for (const [j, point] of curve.points.entries()) {
    checkTrainableWeights(where, `curve.points[${j}]`, point, model);
  }
}
