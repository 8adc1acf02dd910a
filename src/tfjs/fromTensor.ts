import * as tf from "@tensorflow/tfjs-core";
import { typeError } from "../internal/checks.js";

/** A row-major array with its shape, as the similarity functions take it. */
export interface TensorValues {
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
}

/**
 * Copies a tensor into an array with its shape, the form that `svcca` and the other analysis functions take.
 *
 * float32 and bool become a `Float32Array`, int32 a `Float64Array`, which holds every value exactly. The tensor stays
 * the caller's, and may be disposed of at once. On a GPU this waits for the device.
 *
 * @param tensor - A tensor of numbers of any rank.
 * @returns `{ data, shape }`, row-major.
 * @throws TypeError if `tensor` is none, or holds strings or complex numbers.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { fromTensor } from "closerlook/tfjs";
 * fromTensor(tf.tensor2d([[1, 2, 3], [4, 5, 6]])).shape; // [2, 3]
 * ```
 */
export function fromTensor(tensor: tf.Tensor): TensorValues {
  if (!(tensor instanceof tf.Tensor)) throw typeError("fromTensor", "tensor", "a tensor", tensor);
  const { dtype, shape } = tensor;
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
    throw typeError("fromTensor", "tensor", "of dtype float32, int32 or bool", dtype);
  }
  // A copy, since the cpu backend hands out the array that it computes with.
  const values = tensor.dataSync();
  const data = dtype === "int32" ? Float64Array.from(values) : Float32Array.from(values);
  return { data, shape: shape.slice() };
}
