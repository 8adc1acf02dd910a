import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { rangeError } from "../../internal/checks.js";
import { compose, type WasmBackend } from "./compose.js";
import {
  type Axis,
  type ConvolutionAttributes,
  convolutionGeometry,
  coveredLength,
  explicitPadding,
} from "./convolutionGeometry.js";

/**
 * The shipped kernel, made to compute the output size that tfjs announces.
 *
 * XNNPACK derives the output size from the padding. Where it arrives at another size than tfjs
 * (windows shorter than the stride with "same", numeric padding with unequal axes, rounding up), the
 * shipped kernel does not write its output, or writes past the end of it.
 */
export const withExactSize =
  (kernelName: string, depthwise: boolean) =>
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { x, filter } = call.inputs as { x: TensorInfo; filter: TensorInfo };
    const attributes = call.attrs as unknown as ConvolutionAttributes;
    const { height, width } = convolutionGeometry(
      kernelName,
      x.shape,
      filter.shape,
      attributes,
      depthwise,
    );
    const same = attributes.pad === "same";
    if (isExact(height, same) && isExact(width, same)) return shipped(call);

    const rows = fitAxis(kernelName, height);
    const columns = fitAxis(kernelName, width);
    const pad = explicitPadding([height.before, rows.after], [width.before, columns.after]);
    return compose(call.backend as WasmBackend, (run) => {
      const inputs = { ...call.inputs } as Record<string, TensorInfo>;
      if (rows.kept < height.input || columns.kept < width.input) {
        const size = [x.shape[0], rows.kept, columns.kept, x.shape[3]];
        inputs.x = run("Slice", { x }, { begin: [0, 0, 0, 0], size });
      }
      return run(shipped, inputs, { ...attributes, pad, dimRoundingMode: "floor" });
    });
  };

/** Whether XNNPACK comes to tfjs's output size by itself. */
const isExact = (axis: Axis, same: boolean): boolean =>
  same
    ? // It takes the difference for an unsigned number.
      coveredLength(axis) >= axis.input
    : outputLength(axis, axis.input + axis.before + axis.after) === axis.output;

const outputLength = ({ kernel, stride, dilation }: Axis, padded: number): number =>
  Math.floor((padded - (kernel - 1) * dilation - 1) / stride) + 1;

/** Zeros to append to, and inputs to keep of, one axis for exactly `axis.output` windows. */
function fitAxis(kernelName: string, axis: Axis): { after: number; kept: number } {
  const end = coveredLength(axis) - axis.before;
  if (end < 1) {
    throw rangeError(
      kernelName,
      "pad",
      `less than ${coveredLength(axis)}, the length that all windows cover`,
      axis.before,
      "For a number as padding tfjs takes the output's width from the height of stride and filter",
    );
  }
  const tooLong = outputLength(axis, axis.before + axis.input) > axis.output;
  return { after: Math.max(0, end - axis.input), kept: tooLong ? end : axis.input };
}
