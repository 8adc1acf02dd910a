import {
  type GradConfig,
  getGradient,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerGradient,
  registerKernel,
  unregisterGradient,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { addKernel } from "./wasmKernels/addBias.js";
import {
  batchNormGradient,
  batchNormKernel,
  batchNormTraining,
  batchNormTrainingGradient,
  fuseBatchNormalizationLayers,
  gradientOfBatchNorm,
  gradientOfBatchNormTraining,
} from "./wasmKernels/batchNormalization.js";
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
import type { GradientOf } from "./wasmKernels/gradients.js";
import { matMulKernel } from "./wasmKernels/matMul.js";
import { adamKernel, momentumKernel } from "./wasmKernels/optimizerUpdate.js";
import { poolGradientKernel, poolKernel } from "./wasmKernels/pooling.js";
import { reductionKernel } from "./wasmKernels/reductions.js";
import { gradientOfRelu, gradientOfRelu6, reluGradient, reluKernel } from "./wasmKernels/relu.js";
import { unsortedSegmentSum } from "./wasmKernels/segmentSum.js";
import { castKernel, identityKernel } from "./wasmKernels/share.js";

/** Kernels that the wasm backend lacks, or whose shipped version is wrong or slow. */
const replacements: Readonly<Record<string, KernelFunc>> = {
  Conv2DBackpropFilter: convolutionFilterGradient,
  Conv2DBackpropInput: convolutionInputGradient,
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
  AvgPoolGrad: poolGradientKernel("average"),
  MaxPoolGrad: poolGradientKernel("max"),
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
  AvgPool: poolKernel("average"),
  MaxPool: poolKernel("max"),
  Add: addKernel,
  Relu: reluKernel(Number.POSITIVE_INFINITY),
  Relu6: reluKernel(6),
  Sum: reductionKernel("sum"),
  Mean: reductionKernel("mean"),
  FusedBatchNorm: batchNormKernel,
  Identity: identityKernel,
  Cast: castKernel,
};

/** Kernels of our own, which tfjs has no name for. */
const additions: readonly KernelConfig[] = [
  reluGradient,
  batchNormGradient,
  batchNormTraining,
  batchNormTrainingGradient,
  momentumKernel,
  adamKernel,
];

/** Gradients that tfjs composes of many operations; on other backends they stay what they were. */
const gradients: Readonly<Record<string, GradientOf>> = {
  Relu: gradientOfRelu,
  Relu6: gradientOfRelu6,
  FusedBatchNorm: gradientOfBatchNorm,
};

/** Where a corrected kernel keeps the shipped one; one key for all copies of this module. */
const shippedKernel = Symbol.for("closerlook.shippedKernel");

interface CorrectedKernel extends KernelConfig {
  [shippedKernel]?: KernelConfig;
}

interface CorrectedGradient extends GradConfig {
  [shippedKernel]?: GradConfig;
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
 *   up to 50 times slower than a convolution or a product;
 * - `AvgPoolGrad`, which as shipped, and on the cpu backend, divides by the size of the window also where the window
 *   reaches over the border and the mean is one of fewer numbers;
 * - `Add` of a bias, `Relu`, `Relu6`, `Sum` and `Mean` over neighbouring axes, `MaxPool`, `AvgPool`, `FusedBatchNorm` and the gradients of
 *   activations and batch norm, which are correct but slow; sums are added in double precision;
 * - `Identity` and `Cast` to the type that is there, which as shipped copy the data;
 * - kernels of our own for the batch normalisation of tf.layers in training mode: the method `call` of its class is replaced
 *   by one that uses them on this backend, in `fit` and `trainOnBatch` too.
 *
 * Convolutions with a 3 × 3 filter, stride 1 and enough channels are computed by Winograd's minimal algorithm, from 16/36 of the
 * products: where a number is infinite, or overflows on the way, it may give NaN where the cpu backend gives an infinity, and
 * a NaN spreads over all nine taps of the filter's gradient. What is finite stays finite.
 *
 * NaN stays NaN in ReLU; max pooling passes over it, as on the cpu backend. A gradient that ReLU stops is 0, even an
 * infinite one. Gradients of gradients run through tfjs's own operations.
 *
 * Other than that every kernel gives the cpu backend's result for finite values up to single-precision rounding, for
 * all strides, filter sizes and paddings of NHWC convolutions. tfjs has gradients of dilated
 * convolutions on no backend. Still missing are `Einsum`, `Complex` and the Fourier transforms; still
 * wrong, as shipped, are `MaxPool3D` on negative inputs, `Conv3DBackpropInputV2` with padding
 * "same", and `Dilation2D`.
 *
 * Import the backend first, and tf.layers if you use it; the backend may start before or after this call. Further calls
 * register the same kernels anew. `useBackend` of `closerlook/node` calls this itself, and adds threads.
 *
 * In a browser the kernels compute on one thread, on tfjs's own heap. In a page that is isolated from other origins tfjs
 * hides its heap, to use it with threads of its own, and tensors are copied for our kernels;
 * `tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false)` before the backend starts spares the copies.
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
  for (const kernel of additions) register(kernel);
  for (const [kernelName, correct] of Object.entries(gradients)) {
    const current: CorrectedGradient | undefined = getGradient(kernelName);
    const shipped = current?.[shippedKernel] ?? current;
    // Not there before tfjs-layers is imported, which brings the gradients; without it there is nothing to correct.
    if (shipped) registerGradientAnew({ ...correct(shipped), [shippedKernel]: shipped });
  }
  registerGradientAnew(gradientOfBatchNormTraining);
  fuseBatchNormalizationLayers();
}

/** Registers without tfjs's warning about a kernel that exists. */
function register(kernel: KernelConfig): void {
  const { kernelName, backendName } = kernel;
  if (getKernel(kernelName, backendName) !== undefined) unregisterKernel(kernelName, backendName);
  registerKernel(kernel);
}

function registerGradientAnew(gradient: CorrectedGradient): void {
  if (getGradient(gradient.kernelName) !== undefined) unregisterGradient(gradient.kernelName);
  registerGradient(gradient);
}
