import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../src/internal/random.js";
import {
  type ConvolutionShape,
  compileTrainingKernels,
  convolution,
  filterGradient,
  inputGradient,
} from "../../../src/kernels/training/index.js";
import { relativeError } from "../../tfjs/directConvolution.js";
import { testEngine } from "./engine.js";

/** By the definition, in double precision. */
function reference(shape: ConvolutionShape, x: Float32Array, w: Float32Array, dy: Float32Array) {
  const { images, height, width, channels, outputHeight, outputWidth, outputChannels } = shape;
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  for (let n = 0; n < images; n++) {
    for (let r = 0; r < outputHeight; r++) {
      for (let c = 0; c < outputWidth; c++) {
        const output = ((n * outputHeight + r) * outputWidth + c) * outputChannels;
        for (let i = 0; i < shape.filterHeight; i++) {
          const row = r * shape.strideHeight + i - shape.top;
          if (row < 0 || row >= height) continue;
          for (let j = 0; j < shape.filterWidth; j++) {
            const column = c * shape.strideWidth + j - shape.left;
            if (column < 0 || column >= width) continue;
            for (let a = 0; a < channels; a++) {
              const at = ((n * height + row) * width + column) * channels + a;
              const weights = ((i * shape.filterWidth + j) * channels + a) * outputChannels;
              for (let o = 0; o < outputChannels; o++) {
                y[output + o]! += x[at]! * w[weights + o]!;
                dx[at]! += dy[output + o]! * w[weights + o]!;
                dw[weights + o]! += dy[output + o]! * x[at]!;
              }
            }
          }
        }
      }
    }
  }
  return { y, dx, dw };
}

const sizes = ({ images, height, width, channels, ...shape }: ConvolutionShape) => ({
  x: images * height * width * channels,
  w: shape.filterHeight * shape.filterWidth * channels * shape.outputChannels,
  y: images * shape.outputHeight * shape.outputWidth * shape.outputChannels,
});

function compute(shape: ConvolutionShape, seed: number) {
  const random = new Random(seed);
  const values = (count: number) =>
    Float32Array.from({ length: count }, () => random.uniform() - 0.5);
  const count = sizes(shape);
  const [x, w, dy] = [values(count.x), values(count.w), values(count.y)];
  const { engine, put, space, take } = testEngine();
  const [input, filter, dOutput] = [put(x), put(w), put(dy)];
  const [output, dInput, dFilter] = [space(count.y), space(count.x), space(count.w)];
  convolution(engine, shape, { input, filter, output });
  inputGradient(engine, shape, { dy: dOutput, filter, gradient: dInput });
  filterGradient(engine, shape, { input, dy: dOutput, gradient: dFilter });
  return {
    ours: {
      y: take(output, count.y),
      dx: take(dInput, count.x),
      dw: take(dFilter, count.w),
    },
    expected: reference(shape, x, w, dy),
  };
}

function check(shape: ConvolutionShape, seed = 1): void {
  const { ours, expected } = compute(shape, seed);
  for (const name of ["y", "dx", "dw"] as const) {
    expect(relativeError(ours[name], expected[name]), name).toBeLessThan(3e-6);
  }
}

const square = (
  [images, size, channels, outputChannels]: readonly [number, number, number, number],
  kernel: number,
  stride = 1,
): ConvolutionShape => {
  const before = (kernel - 1) >> 1;
  const output = Math.ceil(size / stride);
  return {
    images,
    channels,
    outputChannels,
    height: size,
    width: size,
    top: before,
    left: before,
    filterHeight: kernel,
    filterWidth: kernel,
    strideHeight: stride,
    strideWidth: stride,
    outputHeight: output,
    outputWidth: output,
  };
};

describe("convolution and its gradients are those of the definition", () => {
  const layers: readonly (readonly [string, ConvolutionShape])[] = [
    ["first layer", square([3, 32, 3, 16], 3)],
    ["many images in one item", square([70, 4, 8, 24], 3)],
    ["images of one pixel", square([64, 1, 40, 20], 3)],
    ["rows of one image in several items", square([1, 96, 48, 8], 3)],
    ["many output channels and few pixels", square([1, 3, 16, 300], 3)],
    ["a filter larger than the sums that are kept apart", square([20, 2, 344, 344], 3)],
    ["strides", square([9, 17, 12, 20], 3, 2)],
    ["a stride longer than the filter", square([4, 11, 5, 9], 2, 3)],
    ["a long filter", square([2, 30, 3, 8], 11)],
  ];

  test.each(layers)("%s", (_, shape) => check(shape));

  test("whatever the shape", () => {
    const side = fc.record({
      size: fc.integer({ min: 1, max: 24 }),
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 4 }),
      before: fc.integer({ min: -2, max: 6 }),
      output: fc.integer({ min: 1, max: 20 }),
    });
    const channels = fc.integer({ min: 1, max: 21 });
    const anyShape = fc
      .record({
        images: fc.integer({ min: 1, max: 9 }),
        channels,
        outputs: channels,
        side,
        across: side,
      })
      .map(
        ({ images, outputs, side, across, channels }): ConvolutionShape => ({
          images,
          channels,
          outputChannels: outputs,
          height: side.size,
          width: across.size,
          top: side.before,
          left: across.before,
          filterHeight: side.kernel,
          filterWidth: across.kernel,
          strideHeight: side.stride,
          strideWidth: across.stride,
          outputHeight: side.output,
          outputWidth: across.output,
        }),
      );
    fc.assert(
      fc.property(anyShape, fc.integer({ min: 0, max: 1e6 }), (shape, seed) => {
        fc.pre(sizes(shape).y * sizes(shape).w < 2e7 * shape.outputChannels);
        check(shape, seed);
      }),
      { numRuns: 150 },
    );
  });

  test("whatever the shape of a 3 × 3 filter with stride 1 and many channels", () => {
    const side = fc.record({
      size: fc.integer({ min: 1, max: 11 }),
      before: fc.integer({ min: -2, max: 4 }),
      output: fc.integer({ min: 1, max: 12 }),
    });
    const anyShape = fc
      .record({
        images: fc.integer({ min: 1, max: 12 }),
        quads: fc.integer({ min: 2, max: 12 }),
        outputs: fc.integer({ min: 8, max: 45 }),
        side,
        across: side,
      })
      .map(
        ({ images, quads, outputs, side, across }): ConvolutionShape => ({
          ...square([images, 1, 4 * quads, outputs], 3),
          height: side.size,
          width: across.size,
          top: side.before,
          left: across.before,
          outputHeight: side.output,
          outputWidth: across.output,
        }),
      );
    fc.assert(fc.property(anyShape, fc.integer({ min: 0, max: 1e6 }), check), { numRuns: 60 });
  });

  test("no image gives no output and a gradient of zeros", () => {
    const shape = square([0, 5, 3, 8], 3);
    const { engine, put, space, take } = testEngine();
    const [nothing, filter, gradient] = [space(0), put(new Float32Array(216)), space(216)];
    convolution(engine, shape, { input: nothing, filter, output: nothing });
    inputGradient(engine, shape, { dy: nothing, filter, gradient: nothing });
    filterGradient(engine, shape, { input: nothing, dy: nothing, gradient });
    expect(take(gradient, 216)).toEqual(new Float32Array(216));
  });
});

test("bias and activation", () => {
  const shape = square([2, 3, 2, 11], 1);
  const { engine, put, space, take } = testEngine();
  const random = new Random(5);
  const values = (count: number) =>
    Float32Array.from({ length: count }, () => random.uniform() * 20 - 10);
  const [x, w, b] = [values(36), values(22), values(11)];
  const { y } = reference(shape, x, w, new Float32Array(198));
  const places = { input: put(x), filter: put(w), bias: put(b), output: space(198) };
  for (const [activation, apply] of [
    ["linear", (value: number) => value],
    ["relu", (value: number) => Math.max(0, value)],
    ["relu6", (value: number) => Math.min(6, Math.max(0, value))],
  ] as const) {
    convolution(engine, shape, places, activation);
    const expected = y.map((value, i) => apply(value + b[i % 11]!));
    expect(take(places.output, 198)).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-4 });
  }
});

test("NaN reaches all that sees it, and no activation hides it", () => {
  const shape = square([1, 4, 1, 1], 1);
  const { engine, put, space, take } = testEngine();
  const x = new Float32Array(16).fill(1);
  x[5] = Number.NaN;
  const places = { input: put(x), filter: put(Float32Array.of(2)), output: space(16) };
  convolution(engine, shape, places, "relu");
  expect(Array.from(take(places.output, 16))).toEqual(Array.from(x, (value) => 2 * value));
});

test("NaN reaches exactly the windows that see it, whatever the algorithm", () => {
  const shape = square([2, 7, 8, 8], 3);
  const { engine, put, space, take } = testEngine();
  const pixels = 2 * 7 * 7;
  const x = new Float32Array(pixels * 8).fill(1);
  const [row, column] = [3, 4];
  x[(row * 7 + column) * 8 + 5] = Number.NaN;
  const places = { input: put(x), filter: put(new Float32Array(576).fill(1)) };
  const output = space(pixels * 8);
  convolution(engine, shape, { ...places, output });
  const seen = (pixel: number) =>
    pixel < 49 && Math.abs(Math.floor(pixel / 7) - row) <= 1 && Math.abs((pixel % 7) - column) <= 1;
  const isNaNs = Array.from(take(output, pixels * 8), Number.isNaN);
  expect(isNaNs).toEqual(isNaNs.map((_, i) => seen(i >> 3)));
});

test("sums of small whole numbers are exact, whatever the algorithm", () => {
  const shape = square([5, 6, 32, 40], 3);
  const random = new Random(3);
  const whole = (count: number) =>
    Float32Array.from({ length: count }, () => Math.round(random.uniform() * 8) - 4);
  const count = sizes(shape);
  const [x, w, dy] = [whole(count.x), whole(count.w), whole(count.y)];
  const { engine, put, space, take } = testEngine();
  const [input, filter, dOutput] = [put(x), put(w), put(dy)];
  const [output, dInput, dFilter] = [space(count.y), space(count.x), space(count.w)];
  convolution(engine, shape, { input, filter, output });
  inputGradient(engine, shape, { dy: dOutput, filter, gradient: dInput });
  filterGradient(engine, shape, { input, dy: dOutput, gradient: dFilter });
  const expected = reference(shape, x, w, dy);
  expect(Array.from(take(output, count.y))).toEqual(Array.from(expected.y));
  expect(Array.from(take(dInput, count.x))).toEqual(Array.from(expected.dx));
  expect(Array.from(take(dFilter, count.w))).toEqual(Array.from(expected.dw));
});

test("the kernels bring no data of their own into a heap that is tfjs's", () => {
  const { bytes } = compileTrainingKernels()!;
  const sections = new Set<number>();
  for (let at = 8; at < bytes.length; ) {
    sections.add(bytes[at++]!);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  // 5: a memory, 11: data.
  expect(sections.has(5)).toBe(false);
  expect(sections.has(11)).toBe(false);
});
