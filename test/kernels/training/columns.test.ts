import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../src/internal/random.js";
import {
  batchNormalizationGradient,
  columnMoments,
  columnSums,
  normalize,
  normalizeGradient,
} from "../../../src/kernels/training/index.js";
import { relativeError } from "../../tfjs/directConvolution.js";
import { testEngine } from "./engine.js";

function values(count: number, seed: number, centre = 0): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => centre + random.normal());
}

const column = (x: ArrayLike<number>, columns: number, c: number): number[] =>
  Array.from({ length: x.length / columns }, (_, row) => x[row * columns + c]!);

const sum = (x: readonly number[]): number => x.reduce((total, value) => total + value, 0);

const largest = (x: Float32Array): number =>
  x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Forward and backward in double precision, by the formulas; scale and offset must be given. */
function reference(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  scale: ArrayLike<number>,
  offset: ArrayLike<number>,
  epsilon: number,
) {
  const columns = scale.length;
  const n = x.length / columns;
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const results = Array.from({ length: columns }, (_, c) => {
    const xs = column(x, columns, c);
    const mean = sum(xs) / n;
    const variance = sum(xs.map((value) => (value - mean) ** 2)) / n;
    const deviation = Math.sqrt(variance + epsilon);
    const normal = xs.map((value) => (value - mean) / deviation);
    const dys = column(dy, columns, c);
    const dScale = sum(dys.map((g, i) => g * normal[i]!));
    const dOffset = sum(dys);
    for (let i = 0; i < n; i++) {
      y[i * columns + c] = normal[i]! * scale[c]! + offset[c]!;
      dx[i * columns + c] =
        (scale[c]! / deviation) * (dys[i]! - dOffset / n - (normal[i]! * dScale) / n);
    }
    return { mean, variance, dScale, dOffset };
  });
  const all = (key: keyof (typeof results)[0]) => results.map((result) => result[key]);
  return {
    ...{ y, dx, mean: all("mean"), variance: all("variance") },
    ...{ dScale: all("dScale"), dOffset: all("dOffset") },
  };
}

const rows = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 900 }));
const columns = fc.oneof(
  fc.integer({ min: 1, max: 70 }),
  fc.constantFrom(1, 2, 3, 4, 8, 16, 32, 64, 100, 513),
);

describe("column sums", () => {
  test("of any shapes are the exact ones, rounded once or nearly so", () => {
    fc.assert(
      fc.property(
        fc.record({ batches: fc.integer({ min: 1, max: 4 }), rows, columns, seed: fc.nat() }),
        ({ seed, ...shape }) => {
          const x = values(shape.batches * shape.rows * shape.columns, seed, 0.5);
          const { engine, put } = testEngine();
          const sums = columnSums(engine, shape, put(x));
          const size = shape.rows * shape.columns;
          const expected = Array.from({ length: shape.batches }, (_, batch) =>
            Array.from({ length: shape.columns }, (_, c) =>
              sum(column(x.subarray(batch * size, (batch + 1) * size), shape.columns, c)),
            ),
          ).flat();
          const magnitude = largest(x) * shape.rows;
          expect(sums).toBeAllclose(expected, { atol: 1e-6 * magnitude });
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of many rows, cut into many parts, are exact too", () => {
    for (const [batches, rows, columns] of [
      [1, 102_400, 3],
      [2, 20_011, 17],
    ] as const) {
      const x = values(batches * rows * columns, 1);
      const { engine, put } = testEngine();
      const sums = columnSums(engine, { batches, rows, columns }, put(x));
      const expected = Array.from({ length: batches }, (_, batch) => {
        const part = x.subarray(batch * rows * columns, (batch + 1) * rows * columns);
        return Array.from({ length: columns }, (_, c) => sum(column(part, columns, c)));
      });
      expect(sums).toBeAllclose(expected.flat(), { atol: 1e-7 * rows });
    }
  });

  test("lose nothing to length: a million numbers whose plain sum in single precision is off", () => {
    const x = new Float32Array(1_000_000).fill(0.1);
    const { engine, put } = testEngine();
    const [ours] = columnSums(engine, { batches: 1, rows: x.length, columns: 1 }, put(x));
    expect(ours).toBeAllclose(x.length * Math.fround(0.1), { rtol: 1e-6 });
    const plain = x.reduce((total, value) => Math.fround(total + value), 0);
    expect(Math.abs(plain / (x.length * Math.fround(0.1)) - 1)).toBeGreaterThan(1e-3);
  });

  test("of nothing are zero", () => {
    const { engine, space } = testEngine();
    const shape = { batches: 2, rows: 0, columns: 3 };
    expect(Array.from(columnSums(engine, shape, space(1)))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe("batch normalisation", () => {
  test("of any shape, forward and backward, is that of the formulas", () => {
    fc.assert(
      fc.property(fc.record({ rows, columns, seed: fc.nat() }), ({ rows, columns, seed }) => {
        // One row has no variance: all is zero then, and relative errors mean nothing.
        fc.pre(rows > 1);
        const matrix = { rows, columns };
        const count = rows * columns;
        const [x, dy] = [values(count, seed, 2), values(count, seed + 1)];
        const [scale, offset] = [values(columns, seed + 2), values(columns, seed + 3)];
        const epsilon = 1e-2;
        const { engine, put, space, take } = testEngine();
        const [input, output, gradient] = [put(x), space(count), space(count)];
        const moments = columnMoments(engine, matrix, input);
        const normalization = { ...moments, scale, epsilon };
        normalize(engine, matrix, { input, output }, normalization, offset);
        const none = { dMean: new Float32Array(columns), dVariance: new Float32Array(columns) };
        const places = { dy: put(dy), input, gradient };
        const by = batchNormalizationGradient(engine, matrix, places, normalization, none);

        const expected = reference(x, dy, scale, offset, epsilon);
        expect(relativeError(moments.mean, expected.mean)).toBeLessThan(1e-6);
        expect(relativeError(moments.variance, expected.variance)).toBeLessThan(1e-6);
        expect(relativeError(take(output, count), expected.y)).toBeLessThan(3e-6);
        // Of few rows the gradient is a small difference of large numbers, with the size of the terms' rounding.
        const terms = largest(dy) / Math.sqrt(epsilon);
        expect(take(gradient, count)).toBeAllclose(expected.dx, {
          atol: 3e-6 * terms * largest(scale),
        });
        const size = largest(dy) * rows;
        expect(by.scale).toBeAllclose(expected.dScale, { atol: 3e-6 * size * 3 });
        expect(by.offset).toBeAllclose(expected.dOffset, { atol: 1e-6 * size });
      }),
      { numRuns: 60 },
    );
  });

  test("keeps the variance of numbers far from zero, as two passes do", () => {
    const matrix = { rows: 5000, columns: 3 };
    const x = values(matrix.rows * matrix.columns, 1, 1000);
    const { engine, put } = testEngine();
    const { mean, variance } = columnMoments(engine, matrix, put(x));
    const ones = [1, 1, 1];
    const expected = reference(x, new Float32Array(x.length), ones, ones, 0);
    expect(mean).toBeAllclose(expected.mean, { rtol: 1e-7 });
    expect(variance).toBeAllclose(expected.variance, { rtol: 1e-6 });
  });

  test("gradients are the finite differences of a loss of output, mean and variance", () => {
    const [rows, columns, epsilon] = [7, 3, 1e-2];
    const count = rows * columns;
    const [x, dy] = [values(count, 1), values(count, 2)];
    const [scale, offset] = [values(columns, 3), values(columns, 4)];
    const [dMean, dVariance] = [values(columns, 5), values(columns, 6)];
    const none = new Float64Array(count);
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      sum(Array.from(a, (value, i) => value * b[i]!));
    const loss = (at: { x?: number[]; scale?: number[]; offset?: number[] }) => {
      const result = reference(at.x ?? x, none, at.scale ?? scale, at.offset ?? offset, epsilon);
      return dot(result.y, dy) + dot(result.mean, dMean) + dot(result.variance, dVariance);
    };
    const differences = (name: "x" | "scale" | "offset", start: Float32Array) =>
      Array.from(start, (_, i) => {
        const moved = (step: number) =>
          loss({ [name]: Array.from(start, (value, k) => value + (k === i ? step : 0)) });
        return (moved(1e-5) - moved(-1e-5)) / 2e-5;
      });

    const { engine, put, space, take } = testEngine();
    const [input, gradient] = [put(x), space(count)];
    const moments = columnMoments(engine, { rows, columns }, input);
    const by = batchNormalizationGradient(
      engine,
      { rows, columns },
      { dy: put(dy), input, gradient },
      { ...moments, scale, epsilon },
      { dMean, dVariance },
    );
    const close = { rtol: 1e-5, atol: 1e-5 };
    expect(take(gradient, count)).toBeAllclose(differences("x", x), close);
    expect(by.scale).toBeAllclose(differences("scale", scale), close);
    expect(by.offset).toBeAllclose(differences("offset", offset), close);
  });

  test("with given mean and variance, gradients are the finite differences too", () => {
    const [rows, columns, epsilon] = [9, 5, 1e-2];
    const count = rows * columns;
    const start = {
      x: values(count, 1),
      scale: values(columns, 2),
      offset: values(columns, 3),
      mean: values(columns, 4),
      variance: values(columns, 5).map(Math.abs),
    };
    const dy = values(count, 6);
    type Name = keyof typeof start;
    const loss = (at: Record<Name, ArrayLike<number>>) =>
      sum(
        Array.from(dy, (g, i) => {
          const c = i % columns;
          const normal = (at.x[i]! - at.mean[c]!) / Math.sqrt(at.variance[c]! + epsilon);
          return g * (normal * at.scale[c]! + at.offset[c]!);
        }),
      );
    const differences = (name: Name) =>
      Array.from(start[name], (_, i) => {
        const moved = (step: number) => {
          const values = Float64Array.from(start[name]);
          values[i]! += step;
          return loss({ ...start, [name]: values });
        };
        return (moved(1e-5) - moved(-1e-5)) / 2e-5;
      });
    const { engine, put, space, take } = testEngine();
    const [input, gradient] = [put(start.x), space(count)];
    const { mean, variance, scale } = start;
    const by = normalizeGradient(
      engine,
      { rows, columns },
      { dy: put(dy), input, gradient },
      { mean, variance, scale, epsilon },
    );
    expect(relativeError(take(gradient, count), differences("x"))).toBeLessThan(1e-5);
    for (const name of ["mean", "variance", "scale", "offset"] as const) {
      expect(relativeError(by[name], differences(name)), name).toBeLessThan(1e-5);
    }
  });
});
