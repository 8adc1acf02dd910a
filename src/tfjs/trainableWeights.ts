import { rangeError } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import type { ModelVariable } from "./model.js";
import { type OpenModel, sizeOf } from "./openModel.js";

/** The variables of which curves, planes and averages are made. */
export const trainableOf = ({ variables }: OpenModel): readonly ModelVariable[] =>
  variables.filter((variable) => variable.trainable);

/** Flat weights that hold as many finite numbers as the model has trainable weights. */
export function checkTrainableWeights(
  where: string,
  name: string,
  weights: unknown,
  model: OpenModel,
): Float32Array {
  const flat = checkWeights(where, name, weights);
  const length = sizeOf(trainableOf(model));
  if (flat.length === length) return flat;
  const hint =
    flat.length === model.length
      ? "These are all weights; read them with weightsOf(model).read({ trainable: true })"
      : "";
  const must = `${length}, as many trainable weights as the model has`;
  throw rangeError(where, `the number of weights of ${name}`, must, flat.length, hint);
}
