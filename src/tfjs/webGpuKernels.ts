import {
  getKernel,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from "@tensorflow/tfjs-core";

interface WebGpuBackend {
  disposeData(dataId: object): boolean;
  readonly device: { readonly limits: { readonly maxStorageBuffersPerShaderStage: number } };
}

/** Registers corrections of what tfjs 4.22 ships on the backend "webgpu". Further calls change nothing. */
export function correctWebGpuKernels(): void {
  const current = getKernel("AddN", "webgpu");
  if (corrected in current) return;
  unregisterKernel("AddN", "webgpu");
  registerKernel(
    Object.assign(
      { ...current, kernelFunc: sumInParts(current.kernelFunc) },
      { [corrected]: true },
    ),
  );
}

/** Marks a corrected kernel; one key for all copies of this module. */
const corrected = Symbol.for("closerlook.corrected");

/** The shipped kernel binds all terms at once, also where the GPU allows fewer buffers than that. */
function sumInParts(addN: KernelFunc): KernelFunc {
  return (params) => {
    const backend = params.backend as WebGpuBackend;
    // One buffer is the result's.
    const most = backend.device.limits.maxStorageBuffersPerShaderStage - 1;
    const terms = params.inputs as unknown as readonly TensorInfo[];
    const sum = (some: readonly TensorInfo[]) =>
      addN({ ...params, inputs: some as unknown as typeof params.inputs }) as TensorInfo;
    let result = sum(terms.slice(0, most));
    for (let from = most; from < terms.length; from += most - 1) {
      const before = result;
      result = sum([before, ...terms.slice(from, from + most - 1)]);
      backend.disposeData(before.dataId);
    }
    return result;
  };
}
