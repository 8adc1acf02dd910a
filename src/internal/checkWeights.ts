import { rangeError, typeError } from "./checks.js";

/** Flat weights: a `Float32Array` of finite numbers, of a given length if there is one. */
export function checkWeights(
  where: string,
  name: string,
  weights: unknown,
  length?: number,
): Float32Array {
  if (!(weights instanceof Float32Array)) {
    throw typeError(where, name, "a Float32Array of weights", weights);
  }
  if (weights.length === 0 || (length !== undefined && weights.length !== length)) {
    const must = length === undefined ? ">= 1" : `${length}, as the other weights have`;
    throw rangeError(where, `the number of weights of ${name}`, must, weights.length);
  }
  // A loop: findIndex with a function takes ten times as long on millions of weights.
  for (let i = 0; i < weights.length; i++) {
    if (!Number.isFinite(weights[i])) {
      throw rangeError(where, `${name}[${i}]`, "a finite number", weights[i]);
    }
  }
  return weights;
}
