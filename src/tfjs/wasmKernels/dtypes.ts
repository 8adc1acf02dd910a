import type { TensorInfo } from "@tensorflow/tfjs-core";

/** Whether all given tensors are float32, which is what the training kernels compute with. */
export const isFloat = (...tensors: readonly (TensorInfo | undefined)[]): boolean =>
  tensors.every((tensor) => tensor === undefined || tensor.dtype === "float32");
