import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../../../src/internal/random.js";
import { type PoolingShape, pool, poolGradient } from "../../../src/kernels/training/index.js";
import { relativeError } from "../../tfjs/directConvolution.js";
import { testEngine } from "./engine.js";

/** Output and gradients by the definition, in double precision. */
function reference(shape: PoolingShape, x: Float32Array, dy: Float32Array) {
  const { images, height, width, channels, outputHeight, outputWidth } = shape;
  const results = {
    max: { y: new Float64Array(dy.length), dx: new Float64Array(x.length) },
    average: { y: new Float64Array(dy.length), dx: new Float64Array(x.length) },
  };
  let output = 0;
  for (let n = 0; n < images; n++) {
    for (let r = 0; r < outputHeight; r++) {
      for (let c = 0; c < outputWidth; c++) {
        for (let channel = 0; channel < channels; channel++, output++) {
          const seen: number[] = [];
          for (let i = 0; i < shape.windowHeight; i++) {
            for (let j = 0; j < shape.windowWidth; j++) {
              const row = r * shape.strideHeight + i - shape.top;
              const column = c * shape.strideWidth + j - shape.left;
              if (row < 0 || row >= height || column < 0 || column >= width) continue;
              seen.push(((n * height + row) * width + column) * channels + channel);
            }
          }
          const numbers = seen.map((at) => x[at]!);
          const largest = Math.max(...numbers);
          const first = seen[numbers.indexOf(largest)];
          results.max.y[output] = largest;
          if (first !== undefined) results.max.dx[first]! += dy[output]!;
          results.average.y[output] = numbers.reduce((a, b) => a + b, 0) / numbers.length;
          for (const at of seen) results.average.dx[at]! += dy[output]! / numbers.length;
        }
      }
    }
  }
  return results;
}

const axis = fc
  .record({
    size: fc.integer({ min: 1, max: 12 }),
    window: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 4 }),
    before: fc.integer({ min: 0, max: 4 }),
    after: fc.integer({ min: 0, max: 4 }),
  })
  .filter(({ size, window, before, after }) => before + size + after >= window)
  .map((axis) => ({
    ...axis,
    before: Math.min(axis.before, axis.window - 1),
    output: Math.floor(
      (Math.min(axis.before, axis.window - 1) + axis.size + axis.after - axis.window) /
        axis.stride +
        1,
    ),
  }))
  // Every window sees something.
  .filter(
    ({ output, stride, before, size }) => output > 0 && (output - 1) * stride - before < size,
  );

const shapes = fc
  .record({
    images: fc.integer({ min: 1, max: 3 }),
    channels: fc.integer({ min: 1, max: 11 }),
    rows: axis,
    columns: axis,
  })
  .map(
    ({ images, channels, rows, columns }): PoolingShape => ({
      images,
      channels,
      height: rows.size,
      width: columns.size,
      top: rows.before,
      left: columns.before,
      windowHeight: rows.window,
      windowWidth: columns.window,
      strideHeight: rows.stride,
      strideWidth: columns.stride,
      outputHeight: rows.output,
      outputWidth: columns.output,
    }),
  );

const square = (size: number, channels: number): PoolingShape => ({
  ...{ images: 2, height: size, width: size, channels, top: 0, left: 0 },
  ...{ windowHeight: 2, windowWidth: 2, strideHeight: 2, strideWidth: 2 },
  ...{ outputHeight: Math.floor(size / 2), outputWidth: Math.floor(size / 2) },
});

const check = (shape: PoolingShape, seed: number) => {
  const random = new Random(seed);
  const { images, height, width, channels, outputHeight, outputWidth } = shape;
  const count = images * height * width * channels;
  const outputs = images * outputHeight * outputWidth * channels;
  // Few different numbers, so that the largest is often there twice.
  const x = Float32Array.from({ length: count }, () => random.integer(7) - 5);
  const dy = Float32Array.from({ length: outputs }, () => random.normal());
  const expected = reference(shape, x, dy);
  for (const kind of ["max", "average"] as const) {
    const { engine, put, space, take } = testEngine();
    const [input, output, gradient] = [put(x), space(outputs), space(count)];
    pool(engine, kind, shape, { input, output });
    poolGradient(engine, kind, shape, { dy: put(dy), input, gradient });
    expect(relativeError(take(output, outputs), expected[kind].y)).toBeLessThan(1e-6);
    expect(relativeError(take(gradient, count), expected[kind].dx)).toBeLessThan(2e-6);
  }
};

test("pooling of any windows and its gradients are those of the definition", () => {
  fc.assert(
    fc.property(shapes, fc.nat(), (shape, seed) => check(shape, seed)),
    { numRuns: 300 },
  );
});

test("images of many items, of odd and even sizes", () => {
  for (const shape of [
    square(40, 32),
    square(41, 19),
    { ...square(40, 32), windowHeight: 3, outputHeight: 19 },
  ]) {
    check(shape, 1);
  }
});

test("windows that tile the image, with few channels and with many", () => {
  for (const channels of [1, 3, 4, 6, 16, 21]) check(square(6, channels), channels);
  // As many windows, but moved.
  check({ ...square(6, 8), top: 1 }, 1);
  check({ ...square(6, 8), left: 1 }, 1);
});

test("what is not a number is passed over by the largest and its gradient, as on the cpu backend", () => {
  const { engine, put, space, take } = testEngine();
  const shape = { ...square(2, 1), images: 1 };
  const [output, gradient, dy] = [space(1), space(4), put(Float32Array.of(5))];
  let input = put(Float32Array.of(1, Number.NaN, 3, 2));
  pool(engine, "max", shape, { input, output });
  expect(take(output, 1)[0]).toBe(3);
  poolGradient(engine, "max", shape, { dy, input, gradient });
  expect(Array.from(take(gradient, 4))).toEqual([0, 0, 5, 0]);
  pool(engine, "average", shape, { input, output });
  expect(take(output, 1)[0]).toBeNaN();

  input = put(new Float32Array(4).fill(Number.NaN));
  pool(engine, "max", shape, { input, output });
  expect(take(output, 1)[0]).toBe(Number.NEGATIVE_INFINITY);
  poolGradient(engine, "max", shape, { dy, input, gradient });
  expect(Array.from(take(gradient, 4))).toEqual([0, 0, 0, 0]);
});
