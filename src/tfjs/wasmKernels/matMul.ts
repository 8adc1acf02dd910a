import { broadcast_util, type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type Activation, product } from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import { isFloat } from "./dtypes.js";
import { tensorMemory } from "./tensorMemory.js";

const fused: Readonly<Record<string, Activation>> = {
  linear: "linear",
  relu: "relu",
  relu6: "relu6",
};

/**
 * `BatchMatMul` and `_FusedMatMul`, with every transposition and with batches that broadcast. The shipped kernel computes
 * other dtypes, and activations that we do not have.
 */
export const matMulKernel =
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b, bias, preluActivationWeights } = call.inputs as {
      a: TensorInfo;
      b: TensorInfo;
      bias?: TensorInfo;
      preluActivationWeights?: TensorInfo;
    };
    const {
      transposeA,
      transposeB,
      activation = "linear",
    } = call.attrs as {
      transposeA: boolean;
      transposeB: boolean;
      activation?: string;
    };
    const [m, k] = matrixShape(a, transposeA);
    const [depth, n] = matrixShape(b, transposeB);
    const ours =
      isFloat(a, b, bias) &&
      k === depth &&
      fused[activation] !== undefined &&
      preluActivationWeights === undefined &&
      (bias === undefined || util.sizeFromShape(bias.shape) === n);
    if (!ours) return shipped(call);

    const backend = call.backend as WasmBackend;
    const batchShapes = [a.shape.slice(0, -2), b.shape.slice(0, -2)] as const;
    const batchShape = broadcast_util.assertAndGetBroadcastShape(...batchShapes);
    const y = backend.makeOutput([...batchShape, m, n], "float32");
    const [left, right] = batchShapes.map((shape) => indices(shape, batchShape));
    const { engine, within } = tensorMemory(backend);
    within(bias ? [a, b, bias] : [a, b], [y], (address) => {
      product(
        engine,
        { m, k, n },
        { address: address(a), transposed: transposeA, batch: left! },
        { address: address(b), transposed: transposeB, batch: right! },
        { output: address(y), ...(bias && { bias: address(bias) }) },
        fused[activation],
      );
    });
    return y;
  };

function matrixShape({ shape }: TensorInfo, transposed: boolean): [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

/** For each index of the broadcast batch, in order, the index of the matrix that it takes. */
function indices(shape: readonly number[], broadcast: readonly number[]): number[] {
  const missing = broadcast.length - shape.length;
  return broadcast.reduce<number[]>(
    (before, size, axis) => {
      const own = shape[axis - missing] ?? 1;
      return before.flatMap((index) =>
        Array.from({ length: size }, (_, i) => index * own + (own === 1 ? 0 : i)),
      );
    },
    [0],
  );
}
