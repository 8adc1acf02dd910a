import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { makeZeros, type WasmBackend } from "./compose.js";
import {
  type Axis,
  type ConvolutionAttributes,
  convolutionGeometry,
  type Geometry,
} from "./convolutionGeometry.js";

/** Gradient of a depthwise convolution with respect to its filter. */
export const depthwiseFilterGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { filterShape, ...attributes } = attrs as unknown as ConvolutionAttributes & {
    filterShape: number[];
  };
  const wasm = backend as WasmBackend;
  const name = "DepthwiseConv2dNativeBackpropFilter";
  const geometry = convolutionGeometry(name, x.shape, filterShape, attributes, true);
  const [gradient, result] = makeZeros(wasm, filterShape);
  const xs = wasm.typedArrayFromHeap(x);
  const dys = wasm.typedArrayFromHeap(dy);
  const { inputChannels, outputChannels } = geometry;
  const multiplier = outputChannels / inputChannels;
  // Each entry sums over all pixels of all examples: too many terms for single precision.
  const sums = new Float64Array(result.length);
  forEachTap(geometry, (xOffset, filterOffset, dyOffset) => {
    for (let o = 0; o < outputChannels; o++) {
      const c = multiplier === 1 ? o : Math.floor(o / multiplier);
      const at = filterOffset + o;
      sums[at] = sums[at]! + xs[xOffset + c]! * dys[dyOffset + o]!;
    }
  });
  result.set(sums);
  return gradient;
};

/** Gradient of a depthwise convolution with respect to its input. */
export const depthwiseInputGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const { inputShape, ...attributes } = attrs as unknown as ConvolutionAttributes & {
    inputShape: number[];
  };
  const wasm = backend as WasmBackend;
  const name = "DepthwiseConv2dNativeBackpropInput";
  const geometry = convolutionGeometry(name, inputShape, filter.shape, attributes, true);
  const [gradient, result] = makeZeros(wasm, inputShape);
  const weights = wasm.typedArrayFromHeap(filter);
  const dys = wasm.typedArrayFromHeap(dy);
  const { inputChannels, outputChannels } = geometry;
  const multiplier = outputChannels / inputChannels;
  forEachTap(geometry, (xOffset, filterOffset, dyOffset) => {
    for (let o = 0; o < outputChannels; o++) {
      const at = xOffset + (multiplier === 1 ? o : Math.floor(o / multiplier));
      result[at] = result[at]! + weights[filterOffset + o]! * dys[dyOffset + o]!;
    }
  });
  return gradient;
};

/** Visits all pairs of an input and an output pixel that a filter tap connects, by their offsets. */
function forEachTap(
  { examples, inputChannels, outputChannels, height, width }: Geometry,
  visit: (xOffset: number, filterOffset: number, dyOffset: number) => void,
): void {
  const rows = taps(height);
  const columns = taps(width);
  for (let n = 0; n < examples; n++) {
    for (const row of rows) {
      const xRow = (n * height.input + row.input) * width.input;
      const dyRow = (n * height.output + row.output) * width.output;
      for (const column of columns) {
        visit(
          (xRow + column.input) * inputChannels,
          (row.tap * width.kernel + column.tap) * outputChannels,
          (dyRow + column.output) * outputChannels,
        );
      }
    }
  }
}

/** Which input each tap of each window of one axis falls on; none for taps on padding. */
function taps({ input, output, kernel, stride, dilation, before }: Axis) {
  return Array.from({ length: output * kernel }, (_, i) => {
    const tap = i % kernel;
    const at = Math.floor(i / kernel);
    return { tap, output: at, input: at * stride + tap * dilation - before };
  }).filter((each) => each.input >= 0 && each.input < input);
}
