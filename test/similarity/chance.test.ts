import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { chanceLevel } from "../../src/similarity/chance.js";
import { linearAlgebra } from "../../src/similarity/linearAlgebra.js";
import { gaussian, matrix, meanOf, orthonormal, sum } from "./data.js";

/** Mean over trials with its standard error. */
function simulate(trials: number, seed: number, trial: (random: Random) => number) {
  const random = new Random(seed);
  const values = Array.from({ length: trials }, () => trial(random));
  const mean = meanOf(values);
  const variance = meanOf(values.map((value) => (value - mean) ** 2));
  return { mean, standardError: Math.sqrt(variance / trials) };
}

/** Mean correlation of a random p-dimensional subspace of N dimensions with the first q axes. */
const ofSubspaces = (total: number, p: number, q: number) => (random: Random) => {
  const { data } = orthonormal(random, total, p);
  const head = { data: data.subarray(0, q * p), rows: q, columns: p };
  return sum(linearAlgebra.singularValues(head)) / p;
};

/** The same over complex numbers, each entry a + ib as the block [[a, −b], [b, a]]: every correlation occurs twice. */
const ofComplexSubspaces = (total: number, p: number, q: number) => (random: Random) => {
  const parts = [gaussian(random, total, p).data, gaussian(random, total, p).data] as const;
  const { data } = matrix(2 * total, 2 * p, (i, j) => {
    const at = (i >> 1) * p + (j >> 1);
    if (i % 2 === j % 2) return parts[0][at]!;
    return i % 2 === 0 ? -parts[1][at]! : parts[1][at]!;
  });
  const { left } = linearAlgebra.thinSvd({ data, rows: 2 * total, columns: 2 * p });
  const head = { data: left.data.subarray(0, 4 * q * p), rows: 2 * q, columns: 2 * p };
  return sum(linearAlgebra.singularValues(head)) / (2 * p);
};

describe("chanceLevel", () => {
  test("one direction against one: the mean size of a correlation, Γ(1)Γ(N/2)/(Γ(½)Γ((N+1)/2))", () => {
    // N = 2: Γ(1)Γ(1)/(√π·√π/2) = 2/π. N = 3: Γ(3/2)/(√π·Γ(2)) = 1/2. N = 4: 1/(√π·Γ(5/2)) = 4/(3π).
    expect(chanceLevel(3, 1, 1).mean).toBeCloseTo(2 / Math.PI, 14);
    expect(chanceLevel(4, 1, 1).mean).toBeCloseTo(1 / 2, 14);
    expect(chanceLevel(5, 1, 1).mean).toBeCloseTo(4 / (3 * Math.PI), 14);
    // N = 3, q = 2: Γ(3/2)Γ(3/2)/(Γ(1)Γ(2)) = π/4.
    expect(chanceLevel(4, 1, 2).mean).toBeCloseTo(Math.PI / 4, 14);
    // For large N, √(2/(πN))·(1 + 1/(4N)…).
    const n = 1e6;
    expect(chanceLevel(n + 1, 1, 1).mean).toBeAllclose(
      Math.sqrt(2 / (Math.PI * n)) * (1 + 1 / (4 * n)),
      { rtol: 1e-12 },
    );
  });

  test("one complex direction against one: Γ(3/2)Γ(N)/Γ(N + ½)", () => {
    // N = 2: (√π/2)/(3√π/4) = 2/3; N = 3: (√π/2)·2/(15√π/8) = 8/15.
    expect(chanceLevel(3, 1, 1, "complex").mean).toBeCloseTo(2 / 3, 14);
    expect(chanceLevel(4, 1, 1, "complex").mean).toBeCloseTo(8 / 15, 14);
  });

  test("two directions of three dimensions always share one", () => {
    // The other correlation is that of the two normals: mean ½.
    expect(chanceLevel(4, 2, 2).mean).toBeCloseTo((1 + 1 / 2) / 2, 14);
    expect(chanceLevel(4, 2, 2, "complex").mean).toBeCloseTo((1 + 8 / 15) / 2, 14);
  });

  test("the mean square is the larger dimension over examples − 1", () => {
    expect(chanceLevel(11, 2, 5).meanSquare).toBe(0.5);
    expect(chanceLevel(11, 5, 2).meanSquare).toBe(0.5);
    expect(chanceLevel(11, 7, 7).meanSquare).toBe(0.7);
  });

  test("nothing to compare gives 0, all dimensions of one side give 1", () => {
    expect(chanceLevel(10, 0, 4)).toEqual({ mean: 0, meanSquare: 0 });
    expect(chanceLevel(10, 3, 9)).toEqual({ mean: 1, meanSquare: 1 });
    expect(chanceLevel(2, 1, 1)).toEqual({ mean: 1, meanSquare: 1 });
  });

  test("is symmetric, lies between the mean square and its root, and falls with more examples", () => {
    for (const field of ["real", "complex"] as const) {
      for (let p = 1; p <= 12; p++) {
        for (let q = 1; q <= 12; q++) {
          let last = 1;
          for (const examples of [8, 14, 20, 26, 60, 500]) {
            const { mean, meanSquare } = chanceLevel(examples, p, q, field);
            expect(chanceLevel(examples, q, p, field).mean).toBe(mean);
            // ρ² ≤ ρ in [0, 1], and the variance of ρ is not negative.
            expect(mean).toBeGreaterThanOrEqual(meanSquare);
            expect(mean).toBeLessThanOrEqual(Math.sqrt(meanSquare) + 1e-12);
            expect(mean).toBeLessThanOrEqual(last);
            last = mean;
          }
        }
      }
    }
  });

  test("many directions follow Wachter's law", () => {
    // c = d = 1/2: √λ is uniform on the quarter circle, mean 2/π.
    expect(chanceLevel(20001, 10000, 10000).mean).toBeCloseTo(2 / Math.PI, 4);
  });

  test.each([
    [10, 2, 2, 0.012],
    [30, 2, 2, 0.012],
    [30, 2, 5, 0.002],
    [10, 3, 4, 0.002],
    [30, 3, 3, 0.012],
    [10, 4, 8, 0.002],
    [12, 6, 9, 0.002],
    [40, 6, 6, 0.012],
  ])("N = %d, %d and %d directions are right to %d", (total, p, q, accuracy) => {
    const { mean, standardError } = simulate(6000, total, ofSubspaces(total, p, q));
    expect(standardError / mean).toBeLessThan(0.007);
    const error = Math.abs(chanceLevel(total + 1, p, q).mean - mean);
    expect(error).toBeLessThan(accuracy * mean + 3.5 * standardError);
  });

  test.each([
    [10, 1, 3, 0],
    [10, 2, 2, 0.006],
    [20, 3, 5, 0.001],
    [8, 4, 6, 0.001],
  ])("N = %d, %d and %d complex directions are right to %d", (total, p, q, accuracy) => {
    const { mean, standardError } = simulate(4000, total, ofComplexSubspaces(total, p, q));
    expect(standardError / mean).toBeLessThan(0.007);
    const error = Math.abs(chanceLevel(total + 1, p, q, "complex").mean - mean);
    expect(error).toBeLessThan(accuracy * mean + 3.5 * standardError);
  });
});
