import { type DataType, getKernel, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";

/** The part of tfjs's wasm backend that kernels use. */
export interface WasmBackend {
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  /** A view, not a copy: it is stale as soon as the heap grows, so allocate the output first. */
  typedArrayFromHeap(tensor: TensorInfo): Float32Array | Int32Array | Uint8Array;
  disposeData(dataId: object): boolean;
  /** One more tensor has the data. */
  incRef(dataId: object): void;
}

/** Runs one kernel that has one result: a registered one by its name, or a given function. */
type RunKernel = (
  kernel: string | KernelFunc,
  inputs: Readonly<Record<string, TensorInfo>>,
  attributes: object,
) => TensorInfo;

/** Computes a result with other wasm kernels and frees everything that they made on the way. */
export function compose(backend: WasmBackend, body: (run: RunKernel) => TensorInfo): TensorInfo {
  const made: TensorInfo[] = [];
  const run: RunKernel = (kernel, inputs, attributes) => {
    // Looked up at each call, so that a faster kernel registered later is used here too.
    const compute = typeof kernel === "string" ? getKernel(kernel, "wasm").kernelFunc : kernel;
    const result = compute({ inputs, backend, attrs: { ...attributes } }) as TensorInfo;
    made.push(result);
    return result;
  };
  try {
    const result = body(run);
    // One reference only: a kernel that has nothing to do returns its input's data once more.
    made.splice(
      made.findIndex(({ dataId }) => dataId === result.dataId),
      1,
    );
    return result;
  } finally {
    for (const { dataId } of made) backend.disposeData(dataId);
  }
}

/** A new float32 tensor of zeros and the view through which to fill it. */
export function makeZeros(backend: WasmBackend, shape: number[]): [TensorInfo, Float32Array] {
  const tensor = backend.makeOutput(shape, "float32");
  const values = backend.typedArrayFromHeap(tensor) as Float32Array;
  return [tensor, values.fill(0)];
}
