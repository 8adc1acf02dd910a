import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dense } from "../../src/internal/matrix.js";
import { Random } from "../../src/internal/random.js";
import { plainLinearAlgebra, zeros } from "../../src/kernels/index.js";
import {
  gaussian,
  type Matrix,
  map,
  matrix,
  orthonormal,
  times,
  transposeOf,
} from "../similarity/data.js";
import { compileKernel } from "./compileKernel.js";
import { implementations } from "./implementations.js";

const dense = ({ data, shape }: Matrix): Dense => ({ data, rows: shape[0], columns: shape[1] });
const plain = ({ data, rows, columns }: Dense): Matrix => ({ data, shape: [rows, columns] });
const identity = (n: number) => matrix(n, n, (i, j) => (i === j ? 1 : 0)).data;

/** Matrices of one kind each, as they are met and as they are met by those who look for trouble. */
const KINDS: Record<string, (random: Random, rows: number, columns: number) => Matrix> = {
  gaussian,
  "low rank": (random, rows, columns) =>
    times(gaussian(random, rows, 2), gaussian(random, 2, columns)),
  duplicates: (random, rows, columns) =>
    matrix(
      rows,
      columns,
      (
        (a) => (i, j) =>
          a.data[i * columns + (j >> 1)]!
      )(gaussian(random, rows, columns)),
    ),
  "graded columns": (random, rows, columns) =>
    map(gaussian(random, rows, columns), (value, _, j) => value * 10 ** ((-16 * j) / columns)),
  "graded both ways": (random, rows, columns) =>
    map(gaussian(random, rows, columns), (value, i, j) => value * 10 ** -(i + j)),
  "two scales": (random, rows, columns) =>
    map(gaussian(random, rows, columns), (value, _, j) => (j % 2 === 0 ? value : value * 1e-7)),
  sparse: (random, rows, columns) =>
    map(gaussian(random, rows, columns), (value) => (Math.abs(value) > 1.5 ? value : 0)),
  identity: (_, rows, columns) => matrix(rows, columns, (i, j) => (i === j ? 1 : 0)),
  ones: (_, rows, columns) => matrix(rows, columns, () => 1),
  zeros: (_, rows, columns) => matrix(rows, columns, () => 0),
  "equal values": (random, rows, columns) =>
    rows >= columns
      ? orthonormal(random, rows, columns)
      : transposeOf(orthonormal(random, columns, rows)),
  bidiagonal: (_, rows, columns) =>
    matrix(rows, columns, (i, j) => (i === j || i + 1 === j ? 1 : 0)),
  "near overflow": (random, rows, columns) =>
    map(gaussian(random, rows, columns), (value) => 1e306 * Math.sin(value)),
  "near underflow": (random, rows, columns) =>
    map(gaussian(random, rows, columns), (value) => 1e-305 * value),
};

const matricesOf = (kinds: readonly string[]) =>
  fc
    .record({
      seed: fc.integer(),
      kind: fc.constantFrom(...kinds),
      rows: fc.integer({ min: 1, max: 40 }),
      columns: fc.integer({ min: 1, max: 40 }),
    })
    .map(({ seed, kind, rows, columns }) => KINDS[kind]!(new Random(seed), rows, columns));

const anyMatrix = matricesOf(Object.keys(KINDS));
const unitOf = ({ data }: Matrix) =>
  data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;

const descending = (values: Float64Array) => Array.from(values).sort((x, y) => y - x);

describe.each(implementations)("%s", (_, implementation) => {
  const { thinSvd, singularValues, singularValuesOfAll } = implementation;

  test("thinSvd reconstructs matrices of every kind and shape", () => {
    fc.assert(
      fc.property(anyMatrix, (a) => {
        const { left, values, right } = thinSvd(dense(a));
        const unit = unitOf(a);
        const count = Math.min(...a.shape);
        expect([left.columns, values.length, right.columns]).toEqual([count, count, count]);
        expect(Array.from(values)).toEqual(descending(values));
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        for (const side of [left, right]) {
          const products = times(transposeOf(plain(side)), plain(side));
          expect(products.data).toBeAllclose(identity(count), { atol: 1e-13 });
        }
        const scaled = map(plain(left), (value, _, j) => value * (values[j]! / unit));
        const back = times(scaled, transposeOf(plain(right)));
        expect(back.data).toBeAllclose(
          a.data.map((value) => value / unit),
          { atol: 1e-13 * (values[0]! / unit) },
        );
      }),
      { numRuns: 150 },
    );
  });

  test("singularValues are those of thinSvd, and of the transpose", () => {
    fc.assert(
      fc.property(anyMatrix, (a) => {
        const unit = unitOf(a);
        const values = singularValues(dense(a)).map((value) => value / unit);
        const expected = thinSvd(dense(a)).values.map((value) => value / unit);
        const atol = 1e-14 * (expected[0]! + Number.MIN_VALUE) * 3;
        expect(Array.from(values)).toEqual(descending(values));
        expect(values).toBeAllclose(expected, { atol });
        const other = singularValues(dense(transposeOf(a))).map((value) => value / unit);
        expect(other).toBeAllclose(expected, { atol });
      }),
      { numRuns: 150 },
    );
  });

  test("singularValuesOfAll gives each matrix its own", () => {
    const random = new Random(5);
    const list = [
      [3, 4],
      [40, 7],
      [0, 3],
      [25, 25],
    ].map(([rows, columns]) => dense(gaussian(random, rows!, columns!)));
    const all = singularValuesOfAll(list);
    expect(all.map(({ length }) => length)).toEqual([3, 7, 0, 25]);
    all.forEach((values, i) => {
      expect(values).toBeAllclose(singularValues(list[i]!), { atol: 1e-14 * 50 });
    });
  });

  test("columns of very different scale keep their digits", () => {
    const random = new Random(6);
    const scales = [1, 1e-5, 1e-20, 1e-60, 1e-130];
    const a = map(orthonormal(random, 30, 5), (value, _, j) => value * scales[(3 * j) % 5]!);
    const { left, values } = thinSvd(dense(a));
    expect(values).toBeAllclose(scales, { rtol: 1e-13 });
    const units = times(
      transposeOf(plain(left)),
      map(a, (value, _, j) => value / scales[(3 * j) % 5]!),
    );
    // Column j of A is the singular vector that belongs to its scale.
    const expected = matrix(5, 5, (i, j) => (i === (3 * j) % 5 ? 1 : 0)).data;
    expect(units.data.map(Math.abs)).toBeAllclose(expected, { atol: 1e-13 });
  });

  test("sizes beyond one panel: known values, close and far apart, and zeros", () => {
    const random = new Random(7);
    const n = 70;
    const [u, v] = [orthonormal(random, n), orthonormal(random, n)];
    const spectra = {
      even: (i: number) => 0.01 + (0.99 * (n - i)) / n,
      clusters: (i: number) => 2 ** -Math.floor(i / 10),
      decaying: (i: number) => 10 ** ((-14 * i) / n),
      "half zero": (i: number) => (i < n / 2 ? 1 + 1 / (i + 1) : 0),
      equal: () => 1,
    };
    for (const [name, value] of Object.entries(spectra)) {
      const wanted = Array.from({ length: n }, (_, i) => value(i));
      const a = times(
        map(u, (entry, _, j) => entry * wanted[j]!),
        transposeOf(v),
      );
      expect(singularValues(dense(a)), name).toBeAllclose(wanted, { atol: 2e-14 });
      const { left, values, right } = thinSvd(dense(a));
      expect(values, name).toBeAllclose(wanted, { atol: 2e-14 });
      for (const side of [left, right]) {
        const products = times(transposeOf(plain(side)), plain(side));
        expect(products.data, name).toBeAllclose(identity(n), { atol: 1e-13 });
      }
    }
  });

  test("a matrix of one row, one column, one number", () => {
    expect(singularValues(dense(matrix(1, 1, () => -3)))).toBeAllclose([3], { rtol: 1e-15 });
    expect(singularValues(dense(matrix(1, 2, (_, j) => 3 + j)))).toBeAllclose([5], { rtol: 1e-15 });
    expect(thinSvd(dense(matrix(2, 1, (i) => 3 + i))).values).toBeAllclose([5], { rtol: 1e-15 });
    const { left, values, right } = thinSvd(dense(matrix(1, 1, () => -3)));
    expect([left.data[0]! * right.data[0]!, values[0]]).toEqual([-1, 3]);
    expect(thinSvd(zeros(1, 1)).values).toHaveLength(1);
  });
});

test("the kernels agree with the plain implementation on hundreds of columns", () => {
  const a = gaussian(new Random(8), 300, 180);
  const expected = plainLinearAlgebra.singularValues(dense(a));
  for (const [, { singularValues, thinSvd }] of implementations) {
    expect(singularValues(dense(a))).toBeAllclose(expected, { atol: 1e-12 });
    expect(thinSvd(dense(a)).values).toBeAllclose(expected, { atol: 1e-12 });
  }
});

describe("singular values of complex matrices", async () => {
  const { kernels, arena } = await compileKernel("complexSingularValues.ts");
  const [[, rotations]] = implementations as [(typeof implementations)[0]];

  function complexValues(re: Matrix, im: Matrix): Float64Array {
    const [m, n] = re.shape;
    return arena.within(() => {
      const [from, fromIm] = [arena.put(re.data), arena.put(im.data)];
      const values = arena.doubles(Math.min(m, n));
      const scratch = arena.bytes(kernels.singularValuesComplexScratchBytes!(m, n));
      expect(kernels.singularValuesComplex!(from, fromIm, m, n, values, scratch)).toBe(0);
      return arena.take(values, Math.min(m, n));
    });
  }

  test("worked examples", () => {
    // A phase, and the eigenvalues 3 and 1 of [2 i; −i 2].
    expect(
      complexValues(
        matrix(1, 1, () => 3),
        matrix(1, 1, () => -4),
      ),
    ).toBeAllclose([5], {});
    const re = matrix(2, 2, (i, j) => (i === j ? 2 : 0));
    const im = matrix(2, 2, (i, j) => j - i);
    expect(complexValues(re, im)).toBeAllclose([3, 1], { atol: 1e-15 });
  });

  test("occur twice each in the real form [A −B; B A]", () => {
    fc.assert(
      fc.property(anyMatrix, fc.integer(), fc.boolean(), (re, seed, real) => {
        const [m, n] = re.shape;
        const unit = unitOf(re);
        const random = new Random(seed);
        const im = map(re, (value) => (real ? 0 : value * Math.cos(random.normal())));
        const whole = matrix(2 * m, 2 * n, (i, j) => {
          const plane = i < m === j < n ? re : im;
          const value = plane.data[(i % m) * n + (j % n)]! / unit;
          return i < m && j >= n ? -value : value;
        });
        // By rotations: nothing in common with the way to the values alone.
        const twice = rotations.thinSvd(dense(whole)).values;
        const values = complexValues(re, im).map((value) => value / unit);
        const atol = 1e-13 * (twice[0]! + Number.MIN_VALUE);
        expect(values).toBeAllclose(
          twice.filter((_, i) => i % 2 === 0),
          { atol },
        );
        expect(Array.from(values)).toEqual(descending(values));
      }),
      { numRuns: 150 },
    );
  });
});
