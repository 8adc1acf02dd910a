import fc from "fast-check";
import { expect, test } from "vitest";
import type { CanonicalResult, ShapedArray } from "../../src/similarity/index.js";
import { awkward, awkwardMaps, meanOf, numbersIn } from "./data.js";

/** What holds for the result of every member of the CCA family on any finite data. */
function expectSound(result: CanonicalResult, examples: number, frequencies = 1): void {
  expect(numbersIn(result).filter((value) => !Number.isFinite(value))).toEqual([]);
  const { similarity, correlations, keptX, keptY, rankX, rankY, varianceX, varianceY } = result;
  for (const fraction of [similarity, varianceX, varianceY, result.chance, result.chanceSquared]) {
    expect(fraction).toBeGreaterThanOrEqual(0);
    expect(fraction).toBeLessThanOrEqual(1 + 1e-12);
  }
  for (const [i, rho] of correlations.entries()) {
    expect(rho).toBeGreaterThanOrEqual(0);
    expect(rho).toBeLessThanOrEqual(i === 0 ? 1 : correlations[i - 1]!);
  }
  expect(keptX).toBeLessThanOrEqual(rankX);
  expect(keptY).toBeLessThanOrEqual(rankY);
  expect(Math.max(rankX, rankY)).toBeLessThanOrEqual(frequencies * (examples - 1));
  if (frequencies === 1) {
    expect(correlations.length).toBe(Math.min(keptX, keptY));
    expect(result.degenerate).toBe(keptX + keptY > examples - 1);
    expect(result.chanceSquared).toBe(
      correlations.length === 0 ? 0 : Math.min(1, Math.max(keptX, keptY) / (examples - 1)),
    );
  }
}

export function testSoundOnMatrices(
  measure: (x: ShapedArray, y: ShapedArray) => CanonicalResult,
  isMean = true,
): void {
  test("results are finite, ordered and in range for any finite data", () => {
    fc.assert(
      fc.property(awkward, ({ x, y }) => {
        const result = measure(x, y);
        expectSound(result, x.shape[0]);
        if (isMean) expect(result.similarity).toBeCloseTo(meanOf(result.correlations), 12);
      }),
      { numRuns: 300 },
    );
  });
}

export function testSoundOnMaps(
  measure: (x: ShapedArray, y: ShapedArray) => CanonicalResult,
): void {
  test("results are finite, ordered and in range for any finite maps", () => {
    fc.assert(
      fc.property(awkwardMaps, ({ x, y }) => {
        const [examples, height, width] = x.shape;
        expectSound(
          measure(x, y),
          examples,
          Math.min(height, y.shape[1]) * Math.min(width, y.shape[2]),
        );
      }),
      { numRuns: 100 },
    );
  });
}
