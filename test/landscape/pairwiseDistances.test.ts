import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { pairwiseDistances } from "../../src/landscape/index.js";

describe("pairwiseDistances", () => {
  test("are those of points whose distances are known", () => {
    const points = [Float32Array.of(0, 0, 1), Float32Array.of(3, 4, 1), Float32Array.of(0, 0, -1)];
    expect(pairwiseDistances(points)).toEqual([
      [0, 5, 2],
      [5, 0, Math.sqrt(29)],
      [2, Math.sqrt(29), 0],
    ]);
  });

  test("of long vectors near each other are exact to double precision", () => {
    // Products of the weights, of the size of 10⁵ · 10⁶, would leave none of these digits.
    const random = new Random(0);
    const first = Float32Array.from({ length: 100_000 }, () => 1000 + random.normal());
    const second = first.map((weight, i) => weight + (i % 2) * 2 ** -10);
    const [[, distance]] = pairwiseDistances([first, second]) as [[number, number]];
    expect(distance).toBeCloseTo(Math.sqrt(50_000) * 2 ** -10, 12);
  });

  test("of equal networks are 0, and the matrix is symmetric", () => {
    const random = new Random(2);
    const points = Array.from({ length: 4 }, () =>
      Float32Array.from({ length: 5000 }, () => random.normal()),
    );
    const distances = pairwiseDistances([...points, points[0]!.slice()]);
    expect(distances[4]![0]).toBe(0);
    expect(distances.map((_, i) => distances.map((row) => row[i]))).toEqual(distances);
  });

  test("bad points are errors", () => {
    const point = Float32Array.of(1, 2);
    expect(() => pairwiseDistances(point as never)).toThrow(TypeError);
    expect(() => pairwiseDistances([point])).toThrow(
      "pairwiseDistances: points.length must be >= 2, got 1",
    );
    expect(() => pairwiseDistances([point, Float32Array.of(1)])).toThrow(RangeError);
    expect(() => pairwiseDistances([point, Float32Array.of(1, NaN)])).toThrow(
      "pairwiseDistances: points[1][1] must be a finite number, got NaN",
    );
    expect(() => pairwiseDistances([point, [1, 2] as never])).toThrow(TypeError);
  });
});
