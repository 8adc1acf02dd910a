import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import {
  type DepthwiseShape,
  depthwiseFilterGradient as filterGradient,
  depthwiseInputGradient as inputGradient,
} from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import {
  type ConvolutionAttributes,
  convolutionGeometry,
  type Geometry,
} from "./convolutionGeometry.js";
import { shapeOf } from "./convolutions.js";
import { tensorMemory } from "./tensorMemory.js";

const depthwiseShape = (geometry: Geometry): DepthwiseShape => ({
  ...shapeOf(geometry),
  dilationHeight: geometry.height.dilation,
  dilationWidth: geometry.width.dilation,
});

/** Gradient of a depthwise convolution with respect to its filter. */
export const depthwiseFilterGradient: KernelFunc = (call) => {
  const { x, dy } = call.inputs as { x: TensorInfo; dy: TensorInfo };
  const { filterShape, ...attributes } = call.attrs as unknown as ConvolutionAttributes & {
    filterShape: number[];
  };
  const name = "DepthwiseConv2dNativeBackpropFilter";
  const geometry = convolutionGeometry(name, x.shape, filterShape, attributes, true);
  const backend = call.backend as WasmBackend;
  const gradient = backend.makeOutput(filterShape, "float32");
  const { engine, within } = tensorMemory(backend);
  within([x, dy], [gradient], (address) =>
    filterGradient(engine, depthwiseShape(geometry), {
      input: address(x),
      dy: address(dy),
      gradient: address(gradient),
    }),
  );
  return gradient;
};

/** Gradient of a depthwise convolution with respect to its input. */
export const depthwiseInputGradient: KernelFunc = (call) => {
  const { dy, filter } = call.inputs as { dy: TensorInfo; filter: TensorInfo };
  const { inputShape, ...attributes } = call.attrs as unknown as ConvolutionAttributes & {
    inputShape: number[];
  };
  const name = "DepthwiseConv2dNativeBackpropInput";
  const geometry = convolutionGeometry(name, inputShape, filter.shape, attributes, true);
  const backend = call.backend as WasmBackend;
  const gradient = backend.makeOutput(inputShape, "float32");
  const { engine, within } = tensorMemory(backend);
  within([dy, filter], [gradient], (address) =>
    inputGradient(engine, depthwiseShape(geometry), {
      dy: address(dy),
      filter: address(filter),
      gradient: address(gradient),
    }),
  );
  return gradient;
};
