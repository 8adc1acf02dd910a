import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dense } from "../../src/internal/matrix.js";
import { Random } from "../../src/internal/random.js";
import {
  linearAlgebra,
  scaleColumns,
  takeColumns,
  transposed,
  zeros,
} from "../../src/similarity/linearAlgebra.js";
import { gaussian, type Matrix, map, matrix, orthonormal, times, transposeOf } from "./data.js";

const { gram, crossProduct, product, symmetricEigen, singularValues, thinSvd } = linearAlgebra;

const dense = ({ data, shape }: Matrix): Dense => ({ data, rows: shape[0], columns: shape[1] });
const plain = ({ data, rows, columns }: Dense): Matrix => ({ data, shape: [rows, columns] });
const identity = (n: number) => matrix(n, n, (i, j) => (i === j ? 1 : 0));

/** AᵀA is 1. */
function expectOrthonormal(a: Dense): void {
  const products = times(transposeOf(plain(a)), plain(a));
  expect(products.data).toBeAllclose(identity(a.columns).data, { atol: 1e-13 });
}

const size = fc.integer({ min: 1, max: 12 });
const shapes = fc.record({ seed: fc.integer(), rows: size, columns: size, rank: size });

/** Matrices of any shape and rank, some with columns of very different scale. */
const anyMatrix = fc
  .tuple(shapes, fc.constantFrom(1, 1e-3, 1e-30, 1e-200))
  .map(([{ seed, rows, columns, rank }, scale]) => {
    const random = new Random(seed);
    const a = times(gaussian(random, rows, rank), gaussian(random, rank, columns));
    return map(a, (value, _, j) => (j % 3 === 0 ? value * scale : value));
  });

describe("products", () => {
  test("a worked example", () => {
    const a = dense(
      matrix(
        2,
        2,
        (i, j) =>
          [
            [1, 2],
            [3, 4],
          ][i]![j]!,
      ),
    );
    const b = dense(matrix(2, 1, (i) => [5, 6][i]!));
    expect(Array.from(gram(a).data)).toEqual([10, 14, 14, 20]);
    expect(Array.from(crossProduct(a, b).data)).toEqual([23, 34]);
    expect(Array.from(product(a, b).data)).toEqual([17, 39]);
  });

  test("equal the sums, for numbers of rows that four divides and others", () => {
    fc.assert(
      fc.property(shapes, size, ({ seed, rows, columns }, others) => {
        const random = new Random(seed);
        const [a, b] = [gaussian(random, rows, columns), gaussian(random, rows, others)];
        const [g, c] = [gram(dense(a)), crossProduct(dense(a), dense(b))];
        expect(g.data).toBeAllclose(times(transposeOf(a), a).data, { atol: 1e-13 });
        expect(c.data).toBeAllclose(times(transposeOf(a), b).data, { atol: 1e-13 });
        expect(product(dense(transposeOf(a)), dense(b)).data).toBeAllclose(c.data, { atol: 1e-13 });
        expect([c.rows, c.columns]).toEqual([columns, others]);
        expect(transposed(g).data).toEqual(g.data);
      }),
    );
  });
});

describe("symmetricEigen", () => {
  test("a worked example", () => {
    const { values, vectors } = symmetricEigen(dense(matrix(2, 2, (i, j) => (i === j ? 2 : 1))));
    expect(values).toBeAllclose([3, 1], { atol: 1e-15 });
    const half = Math.SQRT1_2;
    expect(vectors.data.map(Math.abs)).toBeAllclose([half, half, half, half], { atol: 1e-15 });
  });

  test("reconstructs any symmetric matrix, with eigenvalues descending", () => {
    fc.assert(
      fc.property(anyMatrix, (a) => {
        const symmetric = dense(times(transposeOf(a), a));
        const { values, vectors } = symmetricEigen(symmetric);
        expectOrthonormal(vectors);
        expect(Array.from(values)).toEqual(Array.from(values).sort((x, y) => y - x));
        const scaled = zeros(vectors.rows, vectors.columns);
        scaled.data.set(vectors.data);
        scaleColumns(scaled, (j) => values[j]!);
        const back = times(plain(scaled), transposeOf(plain(vectors)));
        const largest = Math.max(...symmetric.data.map(Math.abs));
        expect(back.data).toBeAllclose(symmetric.data, { atol: 1e-13 * largest });
      }),
      { numRuns: 200 },
    );
  });
});

describe("thinSvd", () => {
  test("a worked example, tall and wide", () => {
    const a = matrix(
      4,
      2,
      (i, j) =>
        [
          [3, 0],
          [0, 1],
          [-3, 0],
          [0, -1],
        ][i]![j]!,
    );
    for (const side of [a, transposeOf(a)]) {
      const { values } = thinSvd(dense(side));
      expect(values).toBeAllclose([3 * Math.SQRT2, Math.SQRT2], { atol: 1e-15 });
    }
  });

  test("reconstructs any matrix: square, tall, wide, of low rank, of columns of any scale", () => {
    fc.assert(
      fc.property(anyMatrix, (a) => {
        const { left, values, right } = thinSvd(dense(a));
        const count = Math.min(...a.shape);
        expect([left.columns, values.length, right.columns]).toEqual([count, count, count]);
        expectOrthonormal(left);
        expectOrthonormal(right);
        expect(Array.from(values)).toEqual(Array.from(values).sort((x, y) => y - x));
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        const scaled = map(plain(left), (value, _, j) => value * values[j]!);
        const back = times(scaled, transposeOf(plain(right)));
        expect(back.data).toBeAllclose(a.data, { atol: 1e-14 * (values[0]! + 1e-300) * 10 });
        expect(singularValues(dense(a))).toBeAllclose(values, { atol: 1e-13 * values[0]! });
      }),
      { numRuns: 300 },
    );
  });

  test("a zero matrix has orthonormal sides and no variance", () => {
    for (const [rows, columns] of [
      [3, 3],
      [7, 2],
      [2, 7],
    ] as const) {
      const { left, values, right } = thinSvd(zeros(rows, columns));
      expect(Array.from(values)).toEqual(Array(Math.min(rows, columns)).fill(0));
      expectOrthonormal(left);
      expectOrthonormal(right);
    }
  });

  test("columns below the square root of the smallest double keep the sides orthonormal", () => {
    const random = new Random(1);
    for (const scale of [1e-150, 1e-155, 1e-160, 1e-162, 1e-300, 5e-324]) {
      const a = map(gaussian(random, 20, 4), (value, _, j) => (j < 2 ? value * scale : value));
      const { left, values, right } = thinSvd(dense(a));
      expectOrthonormal(left);
      const scaled = map(plain(left), (value, _, j) => value * values[j]!);
      const back = times(scaled, transposeOf(plain(right)));
      expect(back.data, `${scale}`).toBeAllclose(a.data, { atol: 1e-14 });
    }
  });

  test("the singular values of a graded matrix keep their digits", () => {
    const random = new Random(2);
    const wanted = [1, 1e-3, 1e-6, 1e-9];
    const a = times(
      map(orthonormal(random, 30, 4), (value, _, j) => value * wanted[j]!),
      orthonormal(random, 4),
    );
    expect(thinSvd(dense(a)).values).toBeAllclose(wanted, { atol: 1e-15 });
  });
});

describe("singularValues", () => {
  test("of a matrix without entries are none", () => {
    expect(singularValues(zeros(0, 3))).toHaveLength(0);
    expect(singularValues(zeros(3, 0))).toHaveLength(0);
  });
});

test("takeColumns takes every step-th column from the first on", () => {
  const a = dense(matrix(2, 6, (i, j) => 10 * i + j));
  expect(Array.from(takeColumns(a, 2).data)).toEqual([0, 1, 10, 11]);
  expect(Array.from(takeColumns(a, 3, 1, 2).data)).toEqual([1, 3, 5, 11, 13, 15]);
});
