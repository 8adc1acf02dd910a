import { backend_util, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";
import { makeZeros, type WasmBackend } from "./compose.js";
import type { ConvolutionAttributes } from "./convolutionGeometry.js";

/**
 * Gradient of max pooling: that of each window goes to its first largest input, as on the cpu.
 *
 * The shipped kernel starts its search at the smallest positive number, so that a window without
 * positive inputs gets no gradient; and it takes the last of equal inputs.
 */
export const maxPoolGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } =
    attrs as unknown as ConvolutionAttributes & {
      filterSize: number | [number, number];
    };
  const info = backend_util.computePool2DInfo(
    input.shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const wasm = backend as WasmBackend;
  const [gradient, result] = makeZeros(wasm, input.shape);
  const xs = wasm.typedArrayFromHeap(input);
  const dys = wasm.typedArrayFromHeap(dy);
  const { inHeight, inWidth, inChannels } = info;
  // Not `info`'s: tfjs does not tell this kernel about the forward kernel's rounding.
  const [, outHeight, outWidth] = dy.shape as [number, number, number, number];
  let output = 0;
  for (let n = 0; n < info.batchSize; n++) {
    for (let y = 0; y < outHeight; y++) {
      const top = y * info.strideHeight - info.padInfo.top;
      const firstRow = Math.max(0, top);
      const endRow = Math.min(inHeight, top + info.filterHeight);
      for (let x = 0; x < outWidth; x++) {
        const left = x * info.strideWidth - info.padInfo.left;
        const firstColumn = Math.max(0, left);
        const endColumn = Math.min(inWidth, left + info.filterWidth);
        for (let channel = 0; channel < inChannels; channel++, output++) {
          let largest = Number.NEGATIVE_INFINITY;
          let at = -1;
          for (let row = firstRow; row < endRow; row++) {
            const pixels = (n * inHeight + row) * inWidth;
            for (let column = firstColumn; column < endColumn; column++) {
              const offset = (pixels + column) * inChannels + channel;
              if (xs[offset]! > largest) {
                largest = xs[offset]!;
                at = offset;
              }
            }
          }
          if (at >= 0) result[at] = result[at]! + dys[output]!;
        }
      }
    }
  }
  return gradient;
};
