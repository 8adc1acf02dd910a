import { type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { compose, makeZeros, type WasmBackend, withShape } from "./compose.js";
import {
  type Axis,
  type ConvolutionAttributes,
  coveredLength,
  explicitPadding,
  gradientGeometry,
} from "./convolutionGeometry.js";

/**
 * Gradient of a convolution with respect to its filter, as one convolution.
 *
 *     dW[j, k, c, o] = sum over n, y, x of padded[n, y s + j, x s + k, c] dy[n, y, x, o],  s = stride
 *
 * reads as a convolution of the input, its channels taken for examples and its examples for
 * channels, with `dy` as the filter, dilated by the stride.
 */
export const filterGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { filterShape, ...attributes } = attrs as unknown as ConvolutionAttributes & {
    filterShape: number[];
  };
  const wasm = backend as WasmBackend;
  const { examples, inputChannels, height, width } = gradientGeometry(
    "Conv2DBackpropFilter",
    x.shape,
    filterShape,
    dy.shape,
    attributes,
  );
  const [rowsAfter, columnsAfter] = [height, width].map(zerosAfter) as [number, number];
  // The last windows need not reach the last rows; with excessive padding they reach none.
  const rows = height.input + Math.min(0, rowsAfter);
  const columns = width.input + Math.min(0, columnsAfter);
  if (isEmpty(x) || isEmpty(dy) || rows < 1 || columns < 1) return makeZeros(wasm, filterShape)[0];

  return compose(wasm, (run) => {
    let swapped = run("Transpose", { x }, { perm: [3, 1, 2, 0] });
    if (rows < height.input || columns < width.input) {
      const size = [inputChannels, rows, columns, examples];
      swapped = run("Slice", { x: swapped }, { begin: [0, 0, 0, 0], size });
    }
    const gradient = run(
      "Conv2D",
      { x: swapped, filter: run("Transpose", { x: dy }, { perm: [1, 2, 0, 3] }) },
      {
        strides: [1, 1],
        dilations: [height.stride, width.stride],
        pad: explicitPadding(
          [height.before, Math.max(0, rowsAfter)],
          [width.before, Math.max(0, columnsAfter)],
        ),
        dataFormat: "NHWC",
      },
    );
    return run("Transpose", { x: gradient }, { perm: [1, 2, 0, 3] });
  });
};

/**
 * Gradient of a convolution with respect to its input, as one convolution for any stride.
 *
 *     dx[y] = sum over i of dy[i] W[y + before - i stride]
 *
 * Write `y + before = q stride + phase` and `W_phase[m] = W[m stride + phase]`: each phase is a
 * convolution of `dy` with its own share of the filter. All phases are computed at once, as output
 * channels, then interleaved.
 */
export const inputGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const { inputShape, ...attributes } = attrs as unknown as ConvolutionAttributes & {
    inputShape: number[];
  };
  const wasm = backend as WasmBackend;
  const { examples, inputChannels, outputChannels, height, width } = gradientGeometry(
    "Conv2DBackpropInput",
    inputShape,
    filter.shape,
    dy.shape,
    attributes,
  );
  if (isEmpty(dy) || util.sizeFromShape(inputShape) === 0) return makeZeros(wasm, inputShape)[0];
  const rows = phasesOf(height);
  const columns = phasesOf(width);
  const phases = height.stride * width.stride;

  return compose(wasm, (run) => {
    let padded = filter;
    if (rows.missing > 0 || columns.missing > 0) {
      const paddings = [
        [0, rows.missing],
        [0, columns.missing],
        [0, 0],
        [0, 0],
      ];
      padded = run("PadV2", { x: filter }, { paddings, constantValue: 0 });
    }
    const [m, k] = [rows.taps, columns.taps];
    const split = [m, height.stride, k, width.stride, inputChannels, outputChannels];
    const byPhase = run("Transpose", { x: withShape(padded, split) }, { perm: [0, 2, 5, 1, 3, 4] });
    const flipped = run(
      "Reverse",
      { x: withShape(byPhase, [m, k, outputChannels, phases * inputChannels]) },
      { dims: [0, 1] },
    );
    const convolved = run(
      "Conv2D",
      { x: dy, filter: flipped },
      {
        strides: [1, 1],
        dilations: [1, 1],
        pad: explicitPadding(rows.zeros, columns.zeros),
        dataFormat: "NHWC",
      },
    );
    const interleaved = run(
      "Transpose",
      {
        x: withShape(convolved, [
          examples * rows.length,
          columns.length,
          height.stride,
          width.stride * inputChannels,
        ]),
      },
      { perm: [0, 2, 1, 3] },
    );
    // Whole rows of pixels are contiguous, which the Slice kernel copies at once.
    const whole = [
      examples,
      rows.length * height.stride,
      columns.length * width.stride * inputChannels,
    ];
    const size = [examples, height.input, width.input * inputChannels];
    const gradient = util.arraysEqual(whole, size)
      ? interleaved
      : run(
          "Slice",
          { x: withShape(interleaved, whole) },
          { begin: [0, rows.skipped, columns.skipped * inputChannels], size },
        );
    return withShape(gradient, inputShape);
  });
};

/** Zeros after the last input for the last window; negative if it ends before the last input. */
const zerosAfter = (axis: Axis): number => coveredLength(axis) - axis.before - axis.input;

/** How to compute one axis of the input gradient from a convolution of `dy`. */
function phasesOf({ input, output, kernel, stride, before }: Axis) {
  const taps = Math.ceil(kernel / stride);
  // Wanted are the positions `before … before + input - 1` of the padded input, in whole groups of
  // `stride`; more where padding exceeds the kernel, since `dy` may not be cropped at either end.
  const first = Math.min(Math.floor(before / stride), taps - 1);
  const last = Math.max(Math.floor((before + input - 1) / stride), output - 1);
  return {
    taps,
    /** Zeros that fill the filter up to a multiple of the stride. */
    missing: taps * stride - kernel,
    /** Zeros before and after `dy`. */
    zeros: [taps - 1 - first, last - output + 1] as [number, number],
    length: last - first + 1,
    /** Positions before the first wanted one. */
    skipped: before - first * stride,
  };
}

const isEmpty = ({ shape }: TensorInfo): boolean => util.sizeFromShape(shape) === 0;
