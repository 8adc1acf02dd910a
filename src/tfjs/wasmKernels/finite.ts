import * as tf from "@tensorflow/tfjs-core";
import { areFinite } from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import { isFloat } from "./dtypes.js";
import { tensorMemory } from "./tensorMemory.js";

/** Whether all numbers of all float32 tensors are finite, in one pass; undefined on other backends than wasm. */
export function allFinite(tensors: readonly tf.Tensor[]): boolean | undefined {
  if (tf.getBackend() !== "wasm" || !isFloat(...tensors)) return undefined;
  const { engine, within } = tensorMemory(tf.backend() as unknown as WasmBackend);
  let finite = true;
  within(tensors, [], (address) => {
    const arrays = tensors.map((tensor) => ({ address: address(tensor), length: tensor.size }));
    finite = areFinite(engine, arrays);
  });
  return finite;
}
