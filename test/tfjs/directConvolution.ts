import { backend_util } from "@tensorflow/tfjs-core";

export interface Convolution {
  readonly examples: number;
  /** Height and width. */
  readonly size: [number, number];
  /** In and out. */
  readonly channels: [number, number];
  readonly kernel: [number, number];
  readonly strides: [number, number];
  readonly pad: "same" | "valid" | number | backend_util.ExplicitPadding;
  readonly rounding?: "floor" | "round" | "ceil" | undefined;
}

const geometry = ({ examples, size, channels, kernel, strides, pad, rounding }: Convolution) =>
  backend_util.computeConv2DInfo(
    [examples, ...size, channels[0]],
    [...kernel, ...channels],
    strides,
    1,
    pad,
    rounding,
  );

export const outputShape = (convolution: Convolution): [number, number, number, number] =>
  geometry(convolution).outShape as [number, number, number, number];

/** A convolution and its gradients by their definition, in double precision. */
export function directConvolution(
  convolution: Convolution,
  x: Float32Array,
  filter: Float32Array,
  dOutput: Float32Array,
) {
  const { outHeight, outWidth, padInfo } = geometry(convolution);
  const { examples, size, channels, kernel, strides } = convolution;
  const [inputs, outputs] = channels;
  const y = new Float64Array(dOutput.length);
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  for (let n = 0; n < examples; n++) {
    for (let r = 0; r < outHeight; r++) {
      for (let c = 0; c < outWidth; c++) {
        for (let i = 0; i < kernel[0]; i++) {
          const row = r * strides[0] + i - padInfo.top;
          if (row < 0 || row >= size[0]) continue;
          for (let j = 0; j < kernel[1]; j++) {
            const column = c * strides[1] + j - padInfo.left;
            if (column < 0 || column >= size[1]) continue;
            for (let a = 0; a < inputs; a++) {
              for (let o = 0; o < outputs; o++) {
                const xAt = ((n * size[0] + row) * size[1] + column) * inputs + a;
                const filterAt = ((i * kernel[1] + j) * inputs + a) * outputs + o;
                const yAt = ((n * outHeight + r) * outWidth + c) * outputs + o;
                y[yAt] = y[yAt]! + x[xAt]! * filter[filterAt]!;
                dx[xAt] = dx[xAt]! + dOutput[yAt]! * filter[filterAt]!;
                dFilter[filterAt] = dFilter[filterAt]! + dOutput[yAt]! * x[xAt]!;
              }
            }
          }
        }
      }
    }
  }
  const covered = (axis: 0 | 1, output: number) => (output - 1) * strides[axis] + kernel[axis];
  return {
    y,
    dx,
    dFilter,
    /** Whether numeric padding is so large that no window sees the input. */
    windowsBeyondInput:
      covered(0, outHeight) <= padInfo.top || covered(1, outWidth) <= padInfo.left,
  };
}

/** Largest difference over largest expected magnitude; infinite for NaN and for unequal lengths. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return worst === 0 ? 0 : worst / scale;
}
