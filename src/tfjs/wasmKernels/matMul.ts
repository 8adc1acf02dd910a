import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { compose, type WasmBackend } from "./compose.js";

/**
 * The shipped kernel on operands that are transposed first: it has a fast path for untransposed ones
 * only, and both gradients of a product have one transposed operand.
 */
export const withTransposedFirst =
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    if (!transposeA && !transposeB) return shipped(call);
    return compose(call.backend as WasmBackend, (run) => {
      const transpose = (x: TensorInfo) => {
        const axes = x.shape.map((_, axis) => axis);
        const [rows, columns] = axes.splice(-2);
        return run("Transpose", { x }, { perm: [...axes, columns, rows] });
      };
      return run(
        shipped,
        { a: transposeA ? transpose(a) : a, b: transposeB ? transpose(b) : b },
        { ...call.attrs, transposeA: false, transposeB: false },
      );
    });
  };
