import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { centre } from "../../src/similarity/centre.js";
import { awkward, type Matrix, map, matrix } from "./data.js";

const centred = ({ data, shape }: Matrix) =>
  centre({ data: Float64Array.from(data), rows: shape[0], columns: shape[1] });

describe("centre", () => {
  test("a worked example", () => {
    // Means 3 and 7: differences ±2 and 0. The largest, 2, is scaled to 1.
    const { data, exponent, dead } = centred(
      matrix(
        2,
        2,
        (i, j) =>
          [
            [1, 7],
            [5, 7],
          ][i]![j]!,
      ),
    );
    expect(Array.from(data)).toEqual([-1, 0, 1, 0]);
    expect([exponent, dead]).toEqual([1, [1]]);
  });

  test("means vanish, the largest number lies in [1, 2), and dead columns are exactly 0", () => {
    fc.assert(
      fc.property(awkward, ({ x }) => {
        const { data, rows, columns, dead } = centred(x);
        expect(data.every(Number.isFinite)).toBe(true);
        const sizes = data.map(Math.abs);
        if (dead.length < columns) {
          const largest = Math.max(...sizes);
          expect(largest).toBeGreaterThanOrEqual(1);
          expect(largest).toBeLessThan(2);
        }
        for (let j = 0; j < columns; j++) {
          const column = data.filter((_, at) => at % columns === j);
          const spread = Math.max(...column.map(Math.abs));
          const sum = column.reduce((total, value) => total + value, 0);
          expect(Math.abs(sum)).toBeLessThanOrEqual(1e-15 * rows * rows * spread + 1e-300);
          if (dead.includes(j)) expect(spread).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("an offset in which the mean is no double leaves no trace", () => {
    // Differences −1, 0, 2 about a mean of 1/3, wherever they lie.
    for (const offset of [0, 1e8, 1e12, 2 ** 52, -(2 ** 52)]) {
      const { data } = centred(matrix(3, 1, (i) => [-1, 0, 2][i]! + offset));
      expect(data, `${offset}`).toBeAllclose([-4 / 3, -1 / 3, 5 / 3], { atol: 4e-16 });
    }
  });

  test("a power of two changes the exponent only, to both ends of the doubles", () => {
    const x = matrix(
      3,
      2,
      (i, j) =>
        [
          [3, 1],
          [-2, 1],
          [7, 4],
        ][i]![j]!,
    );
    const expected = centred(x);
    for (const power of [-1074, -1073, -1022, -901, -500, 1, 500, 999, 1000, 1020]) {
      const { data, exponent } = centred(map(x, (value) => value * 2 ** power));
      expect(data, `${power}`).toEqual(expected.data);
      expect(exponent).toBe(expected.exponent + power);
    }
  });

  test("opposite numbers near the largest double do not overflow", () => {
    const { data, exponent } = centred(
      matrix(4, 1, (i) => (i === 0 ? Number.MAX_VALUE : -Number.MAX_VALUE)),
    );
    expect(data).toBeAllclose([1.5, -0.5, -0.5, -0.5], { rtol: 1e-15 });
    expect(exponent).toBe(1024);
  });

  test("numbers that differ in the last bit are not dead", () => {
    const { dead } = centred(matrix(3, 2, (i, j) => (j === 0 && i === 2 ? 1 + Number.EPSILON : 1)));
    expect(dead).toEqual([1]);
  });
});
