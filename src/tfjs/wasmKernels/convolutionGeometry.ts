import { backend_util } from "@tensorflow/tfjs-core";
import { rangeError } from "../../internal/checks.js";

/** What tfjs's convolution kernels get to know about strides, padding and rounding. */
export interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: "same" | "valid" | number | backend_util.ExplicitPadding;
  readonly dataFormat?: "NHWC" | "NCHW";
  readonly dilations?: number | [number, number] | null;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** One spatial axis: output `i` sees the inputs `i stride + j dilation - before`, `j < kernel`. */
export interface Axis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the first input. */
  readonly before: number;
  /** Zeros after the last input, as tfjs declares them; windows may reach further, or less far. */
  readonly after: number;
}

export interface Geometry {
  readonly examples: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly height: Axis;
  readonly width: Axis;
}

type Shape4D = [number, number, number, number];

/** Sizes of an NHWC convolution by tfjs's own rules. */
export function convolutionGeometry(
  kernelName: string,
  inputShape: number[],
  filterShape: number[],
  { strides, pad, dataFormat, dilations, dimRoundingMode }: ConvolutionAttributes,
  depthwise = false,
): Geometry {
  // tfjs's depthwise kernels have no data format.
  if ((dataFormat ?? "NHWC") !== "NHWC") {
    throw rangeError(
      kernelName,
      "dataFormat",
      '"NHWC" on the wasm backend',
      dataFormat,
      "Transpose the input to [examples, height, width, channels]",
    );
  }
  const info = backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return {
    examples: info.batchSize,
    inputChannels: info.inChannels,
    outputChannels: info.outChannels,
    height: {
      input: info.inHeight,
      output: info.outHeight,
      kernel: info.filterHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
      before: info.padInfo.top,
      after: info.padInfo.bottom,
    },
    width: {
      input: info.inWidth,
      output: info.outWidth,
      kernel: info.filterWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
      before: info.padInfo.left,
      after: info.padInfo.right,
    },
  };
}

/**
 * The geometry behind a gradient. Its output sizes are those of `dy`, since tfjs does not tell its
 * gradient kernels about the forward convolution's rounding.
 */
export function gradientGeometry(
  kernelName: string,
  inputShape: number[],
  filterShape: number[],
  dyShape: number[],
  attributes: ConvolutionAttributes,
): Geometry {
  const geometry = convolutionGeometry(kernelName, inputShape, filterShape, attributes);
  return {
    ...geometry,
    height: { ...geometry.height, output: dyShape[1]! },
    width: { ...geometry.width, output: dyShape[2]! },
  };
}

/** Padded inputs from the start of the first window to the end of the last one. */
export const coveredLength = ({ output, stride, kernel, dilation }: Axis): number =>
  (output - 1) * stride + (kernel - 1) * dilation + 1;

/** Explicit NHWC padding in the form that tfjs's kernels take. */
export const explicitPadding = (
  [top, bottom]: [number, number],
  [left, right]: [number, number],
): backend_util.ExplicitPadding => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];
