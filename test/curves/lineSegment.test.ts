import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineSegment } from "../../src/curves/index.js";

describe("lineSegment", () => {
  test("runs straight from the start to the end", () => {
    const line = lineSegment(Float32Array.of(0, 2), Float32Array.of(4, -1));
    expect(Array.from(line.at(0))).toEqual([0, 2]);
    expect(Array.from(line.at(0.25))).toEqual([1, 1.25]);
    expect(Array.from(line.at(1))).toEqual([4, -1]);
    expect(line.length).toBe(5);
    expect(line.points).toHaveLength(2);
  });

  test("has the coefficients 1 − t and t", () => {
    const line = lineSegment(Float32Array.of(0), Float32Array.of(1));
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (t) => {
        expect(line.coefficients(t)).toBeAllclose([1 - t, t], { atol: 1e-15 });
      }),
    );
  });

  test("is the same backwards", () => {
    const ends = fc.float32Array({
      noNaN: true,
      noDefaultInfinity: true,
      minLength: 4,
      maxLength: 4,
    });
    fc.assert(
      fc.property(ends, ends, fc.integer({ min: 0, max: 64 }), (a, b, k) => {
        expect(Array.from(lineSegment(a, b).at(k / 64), (w) => w + 0)).toEqual(
          Array.from(lineSegment(b, a).at(1 - k / 64), (w) => w + 0),
        );
      }),
    );
  });

  test("bad input is named in the error", () => {
    expect(() => lineSegment(Float32Array.of(1), Float32Array.of(1, 2))).toThrow(
      /lineSegment: the number of weights of end must be 1/,
    );
    // @ts-expect-error: not a Float32Array
    expect(() => lineSegment([1], [2])).toThrow(/lineSegment: start must be a Float32Array/);
  });
});
