import { type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { columnSums } from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import { isFloat } from "./dtypes.js";
import { tensorMemory } from "./tensorMemory.js";

/**
 * `Sum` and `Mean` over axes that stand together: all, those before the last, or those in the middle (the pixels of an image).
 * The shipped kernels transpose the tensor before they sum; they remain for other dtypes, for axes that stand apart, and
 * for several short sums over the last axes. Sums are exact to the last place or nearly so: they are added in double precision.
 */
export const reductionKernel =
  (kind: "sum" | "mean") =>
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    const { axis, keepDims } = call.attrs as { axis?: number | number[]; keepDims?: boolean };
    const axes = util.parseAxisParam(axis!, x.shape);
    const sizes = reducedSizes(x.shape, axes);
    if (!isFloat(x) || !sizes || (sizes.batches > 1 && sizes.columns === 1)) return shipped(call);

    const backend = call.backend as WasmBackend;
    const shape = x.shape.flatMap((size, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [size]));
    const result = backend.makeOutput(shape, "float32");
    const { engine, within } = tensorMemory(backend);
    within([x], [result], (address) => {
      const sums = columnSums(engine, sizes, address(x));
      // As on the cpu, the mean of nothing is zero.
      const count = kind === "mean" ? Math.max(1, sizes.rows) : 1;
      const results = engine.floats(address(result), sums.length);
      sums.forEach((sum, i) => {
        results[i] = sum / count;
      });
    });
    return result;
  };

/** The tensor as [batches, rows, columns] whose rows are summed; undefined where it cannot be seen so. */
function reducedSizes(shape: readonly number[], axes: readonly number[]) {
  // An axis of one number may count as summed or not.
  const summed = shape.map((size, i) => size === 1 || axes.includes(i));
  const wanted = axes.filter((i) => shape[i] !== 1);
  const first = Math.min(...wanted, shape.length);
  const end = Math.max(...wanted, first - 1) + 1;
  if (!summed.slice(first, end).every(Boolean)) return undefined;
  return {
    batches: util.sizeFromShape(shape.slice(0, first)),
    rows: util.sizeFromShape(shape.slice(first, end)),
    columns: util.sizeFromShape(shape.slice(end)),
  };
}
