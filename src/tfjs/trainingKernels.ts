import {
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { withExactSize } from "./wasmKernels/convolutionForward.js";
import {
  convolutionFilterGradient,
  convolutionInputGradient,
  convolutionKernel,
} from "./wasmKernels/convolutions.js";
import {
  depthwiseFilterGradient,
  depthwiseInputGradient,
} from "./wasmKernels/depthwiseGradients.js";
import { matMulKernel } from "./wasmKernels/matMul.js";
import { maxPoolGradient } from "./wasmKernels/maxPoolGradient.js";
import { unsortedSegmentSum } from "./wasmKernels/segmentSum.js";

/** Kernels that the wasm backend lacks, or whose shipped version is wrong or slow. */
const replacements: Readonly<Record<string, KernelFunc>> = {
  Conv2DBackpropFilter: convolutionFilterGradient,
  Conv2DBackpropInput: convolutionInputGradient,
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
  MaxPoolGrad: maxPoolGradient,
  UnsortedSegmentSum: unsortedSegmentSum,
};

/** Kernels that are shipped and stay in use, behind a correction. */
const corrections: Readonly<Record<string, (shipped: KernelFunc) => KernelFunc>> = {
  BatchMatMul: matMulKernel,
  _FusedMatMul: matMulKernel,
  Conv2D: convolutionKernel("Conv2D"),
  FusedConv2D: convolutionKernel("FusedConv2D"),
  DepthwiseConv2dNative: withExactSize("DepthwiseConv2dNative", true),
  FusedDepthwiseConv2D: withExactSize("FusedDepthwiseConv2D", true),
};

/** Where a corrected kernel keeps the shipped one; one key for all copies of this module. */
const shippedKernel = Symbol.for("closerlook.shippedKernel");

interface CorrectedKernel extends KernelConfig {
  [shippedKernel]?: KernelConfig;
}

/**
 * Makes tfjs's wasm backend able to train convolutional networks.
 *
 * tfjs 4.22 ships the backend without the gradient of a convolution's filter, and with kernels
 * that are wrong or slow. This registers, on the backend "wasm":
 *
 * - `Conv2DBackpropFilter`, `DepthwiseConv2dNativeBackpropFilter`,
 *   `DepthwiseConv2dNativeBackpropInput` and `UnsortedSegmentSum` (the gradient of embeddings and of
 *   `gather`), which are missing;
 * - `MaxPoolGrad`, which as shipped loses the gradient of every window without a positive input;
 * - `Conv2D`, `FusedConv2D`, `DepthwiseConv2dNative` and `FusedDepthwiseConv2D`, which as shipped
 *   return garbage, or write outside of their output, where padding and stride make XNNPACK expect
 *   another output size than tfjs (such as a 2×2 filter with stride 4 and padding "same");
 * - `Conv2DBackpropInput`, and `BatchMatMul` of transposed operands, which as shipped are correct but
 *   up to 50 times slower than a convolution or a product.
 *
 * For finite values every kernel gives the cpu backend's result up to single-precision rounding, for
 * all strides, filter sizes and paddings of NHWC convolutions. tfjs has gradients of dilated
 * convolutions on no backend. Still missing are `Einsum`, `Complex` and the Fourier transforms; still
 * wrong, as shipped, are `MaxPool3D` on negative inputs, `Conv3DBackpropInputV2` with padding
 * "same", and `Dilation2D`.
 *
 * Import the backend first; it may start before or after this call. Further calls register the same
 * kernels anew. `useBackend` of `closerlook/node` calls this itself.
 *
 * @throws Error if `@tensorflow/tfjs-backend-wasm` has not been imported.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import "@tensorflow/tfjs-backend-wasm";
 * import { registerTrainingKernels } from "closerlook/tfjs";
 * registerTrainingKernels();
 * await tf.setBackend("wasm");
 * const image = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
 * const response = (filter: tf.Tensor) => tf.sum(tf.conv2d(image, filter as tf.Tensor4D, 1, "same"));
 * Array.from(tf.grad(response)(tf.zeros([3, 3, 1, 1])).dataSync()); // [9, 12, 9, 12, 16, 12, 9, 12, 9]
 * ```
 */
export function registerTrainingKernels(): void {
  if (getKernel("Conv2D", "wasm") === undefined) {
    throw new Error(
      "registerTrainingKernels: the wasm backend must be imported first, got no wasm kernels. " +
        'Add import "@tensorflow/tfjs-backend-wasm", or call useBackend("wasm") of closerlook/node',
    );
  }
  for (const [kernelName, kernelFunc] of Object.entries(replacements)) {
    register({ kernelName, backendName: "wasm", kernelFunc });
  }
  for (const [kernelName, correct] of Object.entries(corrections)) {
    const current: CorrectedKernel = getKernel(kernelName, "wasm");
    // Correcting the shipped kernel, not an earlier correction, keeps repeated calls from piling up.
    const shipped = current[shippedKernel] ?? current;
    const corrected: CorrectedKernel = {
      // With its setup, which binds the compiled function once the backend starts.
      ...shipped,
      kernelFunc: correct(shipped.kernelFunc),
      [shippedKernel]: shipped,
    };
    register(corrected);
  }
}

/** Registers without tfjs's warning about a kernel that exists. */
function register(kernel: KernelConfig): void {
  const { kernelName, backendName } = kernel;
  if (getKernel(kernelName, backendName) !== undefined) unregisterKernel(kernelName, backendName);
  registerKernel(kernel);
}
