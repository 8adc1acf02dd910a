import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dense } from "../../src/internal/matrix.js";
import { Random } from "../../src/internal/random.js";
import { materialised, type Operand } from "../../src/kernels/index.js";
import { implementations } from "./implementations.js";

/** Entry (i, j) of AᵀB, and the sum of the sizes of its terms, which rounding is measured by. */
function entryOf(a: Dense, b: Dense, i: number, j: number): [value: number, size: number] {
  let value = 0;
  let size = 0;
  for (let k = 0; k < a.rows; k++) {
    const term = a.data[k * a.columns + i]! * b.data[k * b.columns + j]!;
    value += term;
    size += Math.abs(term);
  }
  return [value, size];
}

function expectProduct(c: Dense, a: Dense, b: Dense): void {
  expect([c.rows, c.columns]).toEqual([a.columns, b.columns]);
  for (let i = 0; i < c.rows; i++) {
    for (let j = 0; j < c.columns; j++) {
      const [value, size] = entryOf(a, b, i, j);
      const error = Math.abs(c.data[i * c.columns + j]! - value);
      if (!(error <= 1e-13 * size)) expect.fail(`(${i}, ${j}) is off by ${error} of ${size}`);
    }
  }
}

const turned = ({ data, rows, columns }: Dense): Dense => ({
  data: Float64Array.from(data, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!),
  rows: columns,
  columns: rows,
});

function operand(
  random: Random,
  rows: number,
  columns: number,
  precision: "single" | "double",
  shifted: boolean,
): Operand {
  const doubles = Float64Array.from({ length: rows * columns }, () => random.normal() + 3);
  const data = precision === "single" ? Float32Array.from(doubles) : doubles;
  if (!shifted) return { data, rows, columns };
  const means = Float64Array.from({ length: columns }, () => 3 + random.normal());
  const rests = means.map((mean) => mean * 1e-17);
  return { data, rows, columns, shift: { means, rests, scale: 0.25 } };
}

const precisions = fc.constantFrom<["single", "double"][number]>("single", "double");
const size = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 20 }) },
  // Beyond a panel, a group of lanes, a tile and a block of the sum.
  fc.constantFrom(63, 64, 65, 127, 128, 131, 255, 256, 257),
);
const anyOperands = fc.record({
  seed: fc.integer(),
  rows: fc.oneof(size, fc.constantFrom(511, 513)),
  columns: size,
  others: size,
  precision: precisions,
  otherPrecision: precisions,
  shifted: fc.boolean(),
  otherShifted: fc.boolean(),
});

describe.each(implementations)("%s", (_, algebra) => {
  test("products of any sizes and precisions, shifted or not, are the sums", () => {
    fc.assert(
      fc.property(anyOperands, (given) => {
        const { rows, columns, others } = given;
        const random = new Random(given.seed);
        const a = operand(random, rows, columns, given.precision, given.shifted);
        const b = operand(random, rows, others, given.otherPrecision, given.otherShifted);
        const [x, y] = [materialised(a), materialised(b)];
        expectProduct(algebra.crossProduct(a, b), x, y);
        expectProduct(algebra.gram(a), x, x);
        expectProduct(algebra.outerGram(b), turned(y), turned(y));
        const right = operand(random, columns, others, given.otherPrecision, given.otherShifted);
        expectProduct(algebra.product(a, right), turned(x), materialised(right));
      }),
      { numRuns: 60 },
    );
  });

  test("Gram matrices are symmetric to the last bit", () => {
    const a = operand(new Random(2), 300, 70, "single", true);
    for (const { data, rows } of [algebra.gram(a), algebra.outerGram(a)]) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < i; j++) expect(data[i * rows + j]).toBe(data[j * rows + i]);
      }
    }
  });

  test("results beyond one block of rows and columns", () => {
    const random = new Random(3);
    const [a, b] = [
      operand(random, 2, 4100, "double", false),
      operand(random, 2, 5, "single", false),
    ];
    const [x, y] = [materialised(a), materialised(b)];
    expectProduct(algebra.crossProduct(a, b), x, y);
    expectProduct(algebra.crossProduct(b, a), y, x);
    const { data } = algebra.gram(a);
    for (const [i, j] of [
      [0, 0],
      [4099, 1],
      [1, 4099],
      [4096, 4099],
    ] as const) {
      expect(data[i * 4100 + j]).toBeCloseTo(entryOf(x, x, i, j)[0], 12);
    }
  });

  test("numbers that are not finite stay visible", () => {
    const a = { data: Float64Array.of(1, Number.NaN, 2, Infinity), rows: 2, columns: 2 };
    expect(Array.from(algebra.gram(a).data)).toEqual([5, Number.NaN, Number.NaN, Number.NaN]);
    const { smallest, largest } = algebra.columnStatistics(a);
    expect([smallest[1], largest[1]]).toEqual([Number.NaN, Number.NaN]);
  });

  test("column statistics: ends, and means to twice the precision", () => {
    fc.assert(
      fc.property(anyOperands, ({ seed, rows, columns, precision }) => {
        const { data } = operand(new Random(seed), rows, columns, precision, false);
        const found = algebra.columnStatistics({ data, rows, columns });
        for (let j = 0; j < columns; j++) {
          const column = Array.from({ length: rows }, (_, i) => data[i * columns + j]!);
          expect(found.smallest[j]).toBe(Math.min(...column));
          expect(found.largest[j]).toBe(Math.max(...column));
          const left = column.reduce(
            (sum, value) => sum + (value - found.means[j]! - found.rests[j]!),
            0,
          );
          expect(Math.abs(left)).toBeLessThan(1e-14 * rows);
        }
      }),
      { numRuns: 60 },
    );
  });
});
