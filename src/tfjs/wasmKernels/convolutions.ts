import { type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import {
  type Activation,
  type ConvolutionShape,
  convolution,
  filterGradient,
  inputGradient,
} from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import { withExactSize } from "./convolutionForward.js";
import {
  type ConvolutionAttributes,
  convolutionGeometry,
  type Geometry,
  gradientGeometry,
} from "./convolutionGeometry.js";
import { isFloat } from "./dtypes.js";
import { tensorMemory } from "./tensorMemory.js";

/** What the training kernels need to know of a convolution. */
export const shapeOf = ({
  examples,
  inputChannels,
  outputChannels,
  height,
  width,
}: Geometry): ConvolutionShape => ({
  images: examples,
  height: height.input,
  width: width.input,
  channels: inputChannels,
  top: height.before,
  left: width.before,
  filterHeight: height.kernel,
  filterWidth: width.kernel,
  strideHeight: height.stride,
  strideWidth: width.stride,
  outputHeight: height.output,
  outputWidth: width.output,
  outputChannels,
});

const fused: Readonly<Record<string, Activation>> = {
  linear: "linear",
  relu: "relu",
  relu6: "relu6",
};

/** `Conv2D` and `FusedConv2D`. The shipped kernel computes dilated ones, and activations that we do not have. */
export const convolutionKernel =
  (kernelName: "Conv2D" | "FusedConv2D") =>
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { x, filter, bias, preluActivationWeights } = call.inputs as {
      x: TensorInfo;
      filter: TensorInfo;
      bias?: TensorInfo;
      preluActivationWeights?: TensorInfo;
    };
    const attributes = call.attrs as unknown as ConvolutionAttributes & { activation?: string };
    const geometry = convolutionGeometry(kernelName, x.shape, filter.shape, attributes);
    const { height, width, outputChannels } = geometry;
    const activation = fused[attributes.activation ?? "linear"];
    const ours =
      isFloat(x, filter, bias) &&
      height.dilation === 1 &&
      width.dilation === 1 &&
      geometry.inputChannels === filter.shape[2] &&
      activation !== undefined &&
      preluActivationWeights === undefined &&
      (bias === undefined || util.sizeFromShape(bias.shape) === outputChannels);
    if (!ours) return withExactSize(kernelName, false)(shipped)(call);

    const backend = call.backend as WasmBackend;
    const shape = [geometry.examples, height.output, width.output, outputChannels];
    const y = backend.makeOutput(shape, "float32");
    const { engine, within } = tensorMemory(backend);
    within(bias ? [x, filter, bias] : [x, filter], [y], (address) => {
      const places = {
        input: address(x),
        filter: address(filter),
        output: address(y),
        ...(bias && { bias: address(bias) }),
      };
      convolution(engine, shapeOf(geometry), places, activation);
    });
    return y;
  };

/** `Conv2DBackpropInput`; tfjs has no gradients of dilated convolutions. */
export const convolutionInputGradient: KernelFunc = (call) => {
  const { dy, filter } = call.inputs as { dy: TensorInfo; filter: TensorInfo };
  const { inputShape, ...attributes } = call.attrs as unknown as ConvolutionAttributes & {
    inputShape: number[];
  };
  const name = "Conv2DBackpropInput";
  const geometry = gradientGeometry(name, inputShape, filter.shape, dy.shape, attributes);
  const backend = call.backend as WasmBackend;
  const dx = backend.makeOutput(inputShape, "float32");
  const { engine, within } = tensorMemory(backend);
  within([dy, filter], [dx], (address) =>
    inputGradient(engine, shapeOf(geometry), {
      dy: address(dy),
      filter: address(filter),
      gradient: address(dx),
    }),
  );
  return dx;
};

/** `Conv2DBackpropFilter`, which tfjs's wasm backend does not have. */
export const convolutionFilterGradient: KernelFunc = (call) => {
  const { x, dy } = call.inputs as { x: TensorInfo; dy: TensorInfo };
  const { filterShape, ...attributes } = call.attrs as unknown as ConvolutionAttributes & {
    filterShape: number[];
  };
  const name = "Conv2DBackpropFilter";
  const geometry = gradientGeometry(name, x.shape, filterShape, dy.shape, attributes);
  const backend = call.backend as WasmBackend;
  const gradient = backend.makeOutput(filterShape, "float32");
  const { engine, within } = tensorMemory(backend);
  within([x, dy], [gradient], (address) =>
    filterGradient(engine, shapeOf(geometry), {
      input: address(x),
      dy: address(dy),
      gradient: address(gradient),
    }),
  );
  return gradient;
};
