import { type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { addToColumns } from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import { isFloat } from "./dtypes.js";
import { tensorMemory } from "./tensorMemory.js";

/**
 * `Add` of a vector to every pixel or row, which is how tf.layers adds the bias of a convolution in training. The shipped kernel
 * adds everything else.
 */
export const addKernel =
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const [columns = 0] = b.shape;
    const isBias = a.shape.length > 1 && b.shape.length === 1 && columns === a.shape.at(-1);
    if (!isBias || !isFloat(a, b)) return shipped(call);
    const backend = call.backend as WasmBackend;
    const sum = backend.makeOutput(a.shape, "float32");
    const { engine, within } = tensorMemory(backend);
    within([a, b], [sum], (address) => {
      const matrix = { rows: util.sizeFromShape(a.shape.slice(0, -1)), columns };
      const bias = engine.floats(address(b), columns).slice();
      addToColumns(engine, matrix, { input: address(a), output: address(sum) }, bias);
    });
    return sum;
  };
