import {
  backend_util,
  getKernel,
  type KernelFunc,
  registerKernel,
  setBackend,
  type TensorInfo,
  unregisterKernel,
} from "@tensorflow/tfjs-core";

/*
 * How tfjs's wasm backend can be made to train with nothing but the kernels that it ships: what is missing or slow,
 * composed of others. The part of it that the networks of this bench need, to measure our kernels against.
 */

interface WasmBackend {
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
  disposeData(dataId: object): boolean;
}

interface ConvolutionAttributes {
  readonly strides: [number, number];
  readonly pad: "same";
  readonly inputShape: [number, number, number, number];
  readonly filterShape: [number, number, number, number];
}

type Run = (
  kernel: string | KernelFunc,
  inputs: Record<string, TensorInfo>,
  attributes: object,
) => TensorInfo;

/** Makes plain tfjs with these kernels the current backend. */
export async function useComposedKernels(): Promise<void> {
  await import("@tensorflow/tfjs-backend-wasm");
  const kernels: Record<string, KernelFunc> = {
    Conv2DBackpropFilter: filterGradient,
    Conv2DBackpropInput: inputGradient,
    MaxPoolGrad: maxPoolGradient,
    BatchMatMul: withTransposedFirst(getKernel("BatchMatMul", "wasm").kernelFunc),
  };
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    const shipped = getKernel(kernelName, "wasm");
    if (shipped) unregisterKernel(kernelName, "wasm");
    // With the shipped setup, which binds the compiled function once the backend starts.
    registerKernel({ ...shipped, kernelName, backendName: "wasm", kernelFunc });
  }
  if (!(await setBackend("wasm"))) throw new Error("tfjs could not initialise its backend wasm");
}

/** Runs other kernels and frees all of their results but the last. */
function composed(backend: object, body: (run: Run) => TensorInfo): TensorInfo {
  const made: TensorInfo[] = [];
  const result = body((kernel, inputs, attributes) => {
    const compute = typeof kernel === "string" ? getKernel(kernel, "wasm").kernelFunc : kernel;
    made.push(compute({ inputs, backend, attrs: { ...attributes } }) as TensorInfo);
    return made.at(-1)!;
  });
  for (const { dataId } of made) {
    if (dataId !== result.dataId) (backend as WasmBackend).disposeData(dataId);
  }
  return result;
}

const reshaped = (tensor: TensorInfo, shape: number[]): TensorInfo => ({ ...tensor, shape });

const explicit = (rows: [number, number], columns: [number, number]) => [
  [0, 0],
  rows,
  columns,
  [0, 0],
];

/** A convolution of the input, channels and examples swapped, with `dy` as a filter dilated by the stride. */
const filterGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { strides, pad, filterShape } = attrs as unknown as ConvolutionAttributes;
  const inputShape = x.shape as [number, number, number, number];
  const { padInfo } = backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad);
  return composed(backend, (run) => {
    const gradient = run(
      "Conv2D",
      {
        x: run("Transpose", { x }, { perm: [3, 1, 2, 0] }),
        filter: run("Transpose", { x: dy }, { perm: [1, 2, 0, 3] }),
      },
      {
        strides: [1, 1],
        dilations: strides,
        pad: explicit([padInfo.top, padInfo.bottom], [padInfo.left, padInfo.right]),
        dataFormat: "NHWC",
      },
    );
    return run("Transpose", { x: gradient }, { perm: [1, 2, 0, 3] });
  });
};

/**
 * A convolution of `dy` with the filter turned round. With a stride s, each of the s² positions of an input pixel has its
 * own share of the filter; all are computed at once, as channels, then interleaved.
 */
const inputGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const { strides, pad, inputShape } = attrs as unknown as ConvolutionAttributes;
  const [examples, height, width, channels] = inputShape;
  const [stride] = strides;
  const size = filter.shape[0]!;
  const filters = filter.shape[3]!;
  const filterShape = filter.shape as [number, number, number, number];
  const { padInfo } = backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad);
  const taps = Math.ceil(size / stride);
  const rows = phases(height, dy.shape[1]!, padInfo.top, stride, taps);
  const columns = phases(width, dy.shape[2]!, padInfo.left, stride, taps);

  return composed(backend, (run) => {
    const missing = taps * stride - size;
    const paddings = [
      [0, missing],
      [0, missing],
      [0, 0],
      [0, 0],
    ];
    const padded =
      missing > 0 ? run("PadV2", { x: filter }, { paddings, constantValue: 0 }) : filter;
    const byPhase = run(
      "Transpose",
      { x: reshaped(padded, [taps, stride, taps, stride, channels, filters]) },
      { perm: [0, 2, 5, 1, 3, 4] },
    );
    const turned = run(
      "Reverse",
      { x: reshaped(byPhase, [taps, taps, filters, stride * stride * channels]) },
      { dims: [0, 1] },
    );
    const convolved = run(
      "Conv2D",
      { x: dy, filter: turned },
      {
        strides: [1, 1],
        dilations: [1, 1],
        pad: explicit(rows.zeros, columns.zeros),
        dataFormat: "NHWC",
      },
    );
    const interleaved = run(
      "Transpose",
      {
        x: reshaped(convolved, [examples * rows.length, columns.length, stride, stride * channels]),
      },
      { perm: [0, 2, 1, 3] },
    );
    // Whole rows of pixels are contiguous, which the Slice kernel copies at once.
    const whole = [examples, rows.length * stride, columns.length * stride * channels];
    const wanted = [examples, height, width * channels];
    const cut = whole.every((length, i) => length === wanted[i])
      ? interleaved
      : run(
          "Slice",
          { x: reshaped(interleaved, whole) },
          { begin: [0, rows.skipped, columns.skipped * channels], size: wanted },
        );
    return reshaped(cut, inputShape);
  });
};

/** One axis: zeros around `dy`, groups of `stride` input positions, and positions before the first wanted one. */
function phases(input: number, output: number, before: number, stride: number, taps: number) {
  const first = Math.min(Math.floor(before / stride), taps - 1);
  const last = Math.max(Math.floor((before + input - 1) / stride), output - 1);
  return {
    zeros: [taps - 1 - first, last - output + 1] as [number, number],
    length: last - first + 1,
    skipped: before - first * stride,
  };
}

/** The shipped product is fast for untransposed operands only. */
const withTransposedFirst =
  (shipped: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    if (!transposeA && !transposeB) return shipped(call);
    return composed(call.backend, (run) => {
      const transposed = (x: TensorInfo) => {
        const axes = x.shape.map((_, axis) => axis);
        const [row, column] = axes.splice(-2);
        return run("Transpose", { x }, { perm: [...axes, column, row] });
      };
      return run(
        shipped,
        { a: transposeA ? transposed(a) : a, b: transposeB ? transposed(b) : b },
        { transposeA: false, transposeB: false },
      );
    });
  };

/** The gradient of each window goes to its first largest input; the shipped kernel loses some. */
const maxPoolGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad } = attrs as unknown as {
    filterSize: [number, number];
    strides: [number, number];
    pad: "same" | "valid";
  };
  const shape = input.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad);
  const wasm = backend as WasmBackend;
  const gradient = wasm.makeOutput(input.shape, "float32");
  const result = wasm.typedArrayFromHeap(gradient).fill(0);
  const xs = wasm.typedArrayFromHeap(input);
  const dys = wasm.typedArrayFromHeap(dy);
  const { inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  let output = 0;
  for (let n = 0; n < info.batchSize; n++) {
    for (let y = 0; y < outHeight; y++) {
      const top = y * info.strideHeight - info.padInfo.top;
      for (let x = 0; x < outWidth; x++) {
        const left = x * info.strideWidth - info.padInfo.left;
        for (let channel = 0; channel < inChannels; channel++, output++) {
          let largest = Number.NEGATIVE_INFINITY;
          let at = -1;
          for (
            let row = Math.max(0, top);
            row < Math.min(inHeight, top + info.filterHeight);
            row++
          ) {
            const pixels = (n * inHeight + row) * inWidth;
            const end = Math.min(inWidth, left + info.filterWidth);
            for (let column = Math.max(0, left); column < end; column++) {
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
