import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { transpose } from "../../src/similarity/index.js";
import { gaussian } from "./data.js";

describe("transpose", () => {
  test("rows become columns", () => {
    const { data, shape } = transpose([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(shape).toEqual([3, 2]);
    expect(Array.from(data)).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test("twice is the matrix itself, of any shape", () => {
    const sizes = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(fc.integer(), sizes, sizes, (seed, rows, columns) => {
        const a = gaussian(new Random(seed), rows, columns);
        const there = transpose(a);
        expect(there.shape).toEqual([columns, rows]);
        expect(transpose(there)).toEqual(a);
      }),
    );
  });

  test("takes one row, as a matrix of one neuron has when it is the wrong way round", () => {
    expect(transpose([[1, 2, 3]]).shape).toEqual([3, 1]);
    expect(transpose({ data: Float32Array.of(1, 2), shape: [1, 2] }).data).toBeInstanceOf(
      Float64Array,
    );
  });

  test("rejects what is not a matrix", () => {
    expect(() => transpose({ data: new Float64Array(8), shape: [2, 1, 2, 2] })).toThrow(
      /^transpose: matrix must be a matrix \[examples, neurons\], got \[2, 1, 2, 2\]/,
    );
    expect(() => transpose(5 as never)).toThrow(TypeError);
  });
});
