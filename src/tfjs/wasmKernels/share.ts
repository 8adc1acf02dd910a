import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { WasmBackend } from "./compose.js";

/** The same data once more, as `Reshape` does it: tensors never change, and the data live until the last of them is disposed. */
const share = (backend: WasmBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo => {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
};

/** `Identity`, which as shipped copies the data; tfjs runs it for everything that it saves for a gradient. */
export const identityKernel =
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    return x.dtype === "string" ? shipped(call) : share(call.backend as WasmBackend, x);
  };

/** `Cast`, which as shipped copies the data even if they have the wanted type already. */
export const castKernel =
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    const { dtype } = call.attrs as { dtype: string };
    const nothingToDo = x.dtype === dtype && dtype !== "string";
    return nothingToDo ? share(call.backend as WasmBackend, x) : shipped(call);
  };
