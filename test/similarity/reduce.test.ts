import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dense } from "../../src/internal/matrix.js";
import { Random } from "../../src/internal/random.js";
import { centre } from "../../src/similarity/centre.js";
import { reduce } from "../../src/similarity/reduce.js";
import {
  awkward,
  centredOf,
  gaussian,
  joined,
  type Matrix,
  map,
  matrix,
  orthonormal,
  plus,
  times,
  transposeOf,
} from "./data.js";

const centred = ({ data, shape }: Matrix) =>
  centre({ data: Float64Array.from(data), rows: shape[0], columns: shape[1] });
const plain = ({ data, rows, columns }: Dense): Matrix => ({ data, shape: [rows, columns] });

/** Largest entry of BᵀB − 1. */
function farFromOrthonormal(basis: Dense): number {
  const products = times(transposeOf(plain(basis)), plain(basis));
  return Math.max(
    0,
    ...products.data.map((value, at) => Math.abs(value - (at % (basis.columns + 1) === 0 ? 1 : 0))),
  );
}

/** Size of what the basis leaves of the matrix, relative to the matrix. */
function leftOut(x: Matrix, basis: Dense): number {
  const inside = times(plain(basis), times(transposeOf(plain(basis)), x));
  const rest = plus(
    x,
    map(inside, (value) => -value),
  );
  return Math.hypot(...rest.data) / Math.hypot(...x.data);
}

/** A tall, a square and a wide matrix with given singular values. */
function withSingularValues(random: Random, values: readonly number[]): Matrix[] {
  return [
    [40, 5],
    [7, 6],
    [6, 40],
  ].map(([rows, columns]) => {
    const left = centredOf(gaussian(random, rows!, values.length));
    // Gram–Schmidt of centred columns stays centred.
    const basis = orthonormalOf(left);
    const scaled = map(basis, (value, _, j) => value * values[j]!);
    return times(scaled, transposeOf(orthonormal(random, columns!, values.length)));
  });
}

function orthonormalOf(a: Matrix): Matrix {
  const [rows, columns] = a.shape;
  const q = map(a, (value) => value);
  for (let j = 0; j < columns; j++) {
    for (let k = 0; k < 2 * j; k++) {
      let dot = 0;
      for (let i = 0; i < rows; i++)
        dot += q.data[i * columns + j]! * q.data[i * columns + (k % j)]!;
      for (let i = 0; i < rows; i++) {
        q.data[i * columns + j]! -= dot * q.data[i * columns + (k % j)]!;
      }
    }
    let square = 0;
    for (let i = 0; i < rows; i++) square += q.data[i * columns + j]! ** 2;
    for (let i = 0; i < rows; i++) q.data[i * columns + j]! /= Math.sqrt(square);
  }
  return q;
}

describe("reduce", () => {
  test("a worked example", () => {
    const x = centred(
      matrix(
        4,
        2,
        (i, j) =>
          [
            [3, 0],
            [0, 1],
            [-3, 0],
            [0, -1],
          ][i]![j]!,
      ),
    );
    const { singularValues, rank, kept, variance, basis } = reduce(x, {});
    expect(singularValues).toBeAllclose(
      [3 * Math.SQRT2, Math.SQRT2].map((value) => value / 2 ** x.exponent),
      { atol: 1e-15 },
    );
    expect([rank, kept, variance]).toEqual([2, 2, 1]);
    const half = Math.SQRT1_2;
    expect(basis.data.map(Math.abs)).toBeAllclose([half, 0, 0, half, half, 0, 0, half], {
      atol: 1e-15,
    });
    expect(reduce(x, { variance: 0.9 })).toMatchObject({ rank: 2, kept: 1 });
    expect(reduce(x, { components: 1 })).toMatchObject({ rank: 2, kept: 1 });
  });

  test("the basis is orthonormal and holds the matrix, whatever the data", () => {
    fc.assert(
      fc.property(awkward, ({ x }) => {
        const a = centred(x);
        const { basis, rank, kept, singularValues } = reduce(a, {});
        expect([basis.columns, singularValues.length]).toEqual([kept, kept]);
        expect(kept).toBe(rank);
        expect(farFromOrthonormal(basis)).toBeLessThan(1e-9);
        if (rank > 0) expect(leftOut(plain(a), basis)).toBeLessThan(1e-9);
      }),
      { numRuns: 300 },
    );
  });

  test.each([1, 10, 1e2, 5e2, 9e2, 1.1e3, 1e4, 1e5, 1e6, 1e8, 1e11])(
    "condition %d: full rank, an orthonormal basis of the right directions",
    (condition) => {
      const random = new Random(1);
      const values = [1, 0.7, 0.2, 1 / condition].map((value) => Math.max(value, 1 / condition));
      for (const x of withSingularValues(random, values)) {
        const a = centred(x);
        const { basis, rank, singularValues } = reduce(a, {});
        expect(rank).toBe(4);
        // Through the Gram matrix the basis is right to about ε times the squared condition, which is kept below 1e6.
        expect(farFromOrthonormal(basis)).toBeLessThan(1e-10);
        expect(leftOut(plain(a), basis)).toBeLessThan(1e-10);
        const unit = 2 ** a.exponent;
        expect(singularValues.map((value) => value * unit)).toBeAllclose(
          values.toSorted((p, q) => q - p),
          { atol: 1e-10 / condition + 1e-15 },
        );
      }
    },
  );

  test("rank counts what exceeds max(rows, columns)·ε of the largest singular value", () => {
    const random = new Random(2);
    for (const [smallest, rank] of [
      [1e-12, 3],
      [1e-13, 3],
      [1e-16, 2],
      [1e-18, 2],
    ] as const) {
      for (const x of withSingularValues(random, [1, 0.5, smallest])) {
        expect(reduce(centred(x), {}).rank, `${smallest} ${x.shape}`).toBe(rank);
      }
    }
  });

  test("variance and components do not change the rank", () => {
    fc.assert(
      fc.property(awkward, fc.double({ min: 0.01, max: 1, noNaN: true }), ({ x }, variance) => {
        const all = reduce(centred(x), {});
        const part = reduce(centred(x), { variance });
        const few = reduce(centred(x), { components: 2 });
        expect([part.rank, few.rank]).toEqual([all.rank, all.rank]);
        expect(few.kept).toBe(Math.min(2, all.rank));
        if (all.rank > 0) expect(part.variance).toBeGreaterThanOrEqual(variance - 1e-11);
      }),
    );
  });

  test("keeps no direction more than needed for the variance", () => {
    const random = new Random(3);
    // Variances 64 : 16 : 4 : 1 of 85.
    for (const x of withSingularValues(random, [8, 4, 2, 1])) {
      const kept = (variance: number) => reduce(centred(x), { variance }).kept;
      expect([64, 65, 80, 81, 84].map((part) => kept(part / 85 - 1e-9))).toEqual([1, 2, 2, 3, 3]);
      expect([64, 80, 84].map((part) => kept(part / 85 + 1e-9))).toEqual([2, 3, 4]);
      expect(kept(1e-9)).toBe(1);
      expect(kept(1)).toBe(4);
    }
  });

  test("singular values below the noise of earlier steps are no rank", () => {
    const random = new Random(4);
    for (const x of withSingularValues(random, [1, 0.5, 1e-5])) {
      const a = centred(x);
      const noise = (size: number) => size / 2 ** a.exponent;
      expect(reduce(a, {}, { noise: noise(1e-6) }).rank).toBe(3);
      expect(reduce(a, {}, { noise: noise(1e-4) }).rank).toBe(2);
      expect(reduce(a, {}, { noise: noise(10) })).toMatchObject({ rank: 0, kept: 0, variance: 0 });
    }
  });

  test("the real form of a complex matrix keeps directions in pairs", () => {
    const random = new Random(5);
    for (const examples of [12, 3]) {
      const [re, im] = [gaussian(random, examples, 4), gaussian(random, examples, 4)].map(
        centredOf,
      ) as [Matrix, Matrix];
      const top = joined(
        re,
        map(im, (value) => -value),
      );
      const bottom = joined(im, re);
      const real = matrix(2 * examples, 8, (i, j) =>
        i < examples ? top.data[i * 8 + j]! : bottom.data[(i - examples) * 8 + j]!,
      );
      const whole = reduce(centred(real), {}, { paired: true });
      expect(whole.rank).toBe(2 * Math.min(4, examples - 1));
      for (let i = 0; i < whole.rank; i += 2) {
        expect(whole.singularValues[i + 1]).toBeCloseTo(whole.singularValues[i]!, 12);
      }
      expect(reduce(centred(real), { components: 1 }, { paired: true }).kept).toBe(2);
      for (const variance of [0.1, 0.3, 0.5, 0.7, 0.9]) {
        const { kept } = reduce(centred(real), { variance }, { paired: true });
        expect(kept % 2).toBe(0);
      }
    }
  });

  test("a matrix without variance has no directions", () => {
    const { basis, rank, kept, variance } = reduce(centred(matrix(5, 3, () => 0.1)), {});
    expect([basis.rows, basis.columns, rank, kept, variance]).toEqual([5, 0, 0, 0, 0]);
  });
});
