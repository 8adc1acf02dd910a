import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spread } from "../../src/plot/spread.js";

describe("spread", () => {
  test("positions that are apart stay", () => {
    expect(spread([50, 10, 30], 15, 0, 100)).toEqual([50, 10, 30]);
  });

  test("positions that meet move apart evenly", () => {
    expect(spread([50, 50, 50], 10, 0, 100)).toEqual([40, 50, 60]);
    expect(spread([0, 0], 10, 0, 100)).toEqual([0, 10]);
    expect(spread([100, 100], 10, 0, 100)).toEqual([90, 100]);
  });

  test("without enough room the gaps shrink", () => {
    expect(spread([5, 5, 5], 100, 0, 10)).toEqual([0, 5, 10]);
  });

  test("gaps, limits and order hold for any positions", () => {
    const position = fc.double({ min: 0, max: 300, noNaN: true });
    fc.assert(
      fc.property(fc.array(position, { maxLength: 15 }), (positions) => {
        const moved = spread(positions, 15, 0, 300);
        const sorted = positions
          .map((_, i) => i)
          .sort((a, b) => positions[a]! - positions[b]! || a - b);
        sorted.forEach((i, rank) => {
          expect(moved[i]).toBeGreaterThanOrEqual(-1e-9);
          expect(moved[i]).toBeLessThanOrEqual(300 + 1e-9);
          if (rank > 0) expect(moved[i]! - moved[sorted[rank - 1]!]!).toBeGreaterThan(15 - 1e-9);
        });
      }),
    );
  });
});
