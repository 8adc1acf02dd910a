import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BezierCurve,
  type Curve,
  lineSegment,
  PolyChainCurve,
  profileStatistics,
} from "../../src/curves/index.js";
import { Random } from "../../src/internal/random.js";

const evenly = (pieces: number) => Array.from({ length: pieces + 1 }, (_, i) => i / pieces);

const anyCurve = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    bends: fc.integer({ min: 0, max: 4 }),
    bezier: fc.boolean(),
  })
  .map(({ seed, bends, bezier }): Curve => {
    const random = new Random(seed);
    const [start, end, ...initial] = Array.from({ length: bends + 2 }, () =>
      Float32Array.from({ length: 7 }, () => random.normal()),
    );
    const options = { start: start!, end: end!, initial };
    return bezier ? new BezierCurve(options) : new PolyChainCurve(options);
  });

describe("profileStatistics", () => {
  test("by hand, with given distances", () => {
    // ½(1 + 3)·1 + ½(3 + 0)·4 = 8, over 5
    expect(profileStatistics([1, 4], [0, 0.5, 1], [1, 3, 0])).toEqual({
      min: 0,
      max: 3,
      mean: 4 / 3,
      integral: 1.6,
      length: 5,
    });
  });

  test("the distances are those of the curve's points", () => {
    fc.assert(
      fc.property(anyCurve, (curve) => {
        const t = evenly(12);
        const distances = t.slice(1).map((to, i) => {
          const from = curve.at(t[i]!);
          return Math.hypot(...curve.at(to).map((weight, k) => weight - from[k]!));
        });
        const values = t.map((position) => Math.sin(5 * position));
        const byCurve = profileStatistics(curve, t, values);
        const byDistances = profileStatistics(distances, t, values);
        // the weights of at(t) are rounded to single precision
        expect(byCurve.length).toBeAllclose(byDistances.length, { rtol: 1e-5 });
        expect(byCurve.integral).toBeAllclose(byDistances.integral, { atol: 1e-5 });
      }),
    );
  });

  test("a constant has itself for every mean, and no integral leaves the values", () => {
    fc.assert(
      fc.property(
        anyCurve,
        fc.infiniteStream(fc.double({ min: -5, max: 5, noNaN: true })),
        (curve, stream) => {
          const t = evenly(9);
          const values = [...stream.take(t.length)];
          const { min, max, mean, integral } = profileStatistics(curve, t, values);
          expect(min).toBe(Math.min(...values));
          expect(max).toBe(Math.max(...values));
          for (const value of [mean, integral]) {
            expect(value).toBeGreaterThanOrEqual(min - 1e-12);
            expect(value).toBeLessThanOrEqual(max + 1e-12);
          }
          expect(
            profileStatistics(
              curve,
              t,
              t.map(() => 3),
            ).integral,
          ).toBeAllclose(3, { rtol: 1e-14 });
        },
      ),
    );
  });

  test("the length is the curve's: exactly for a chain that has its bends among the positions", () => {
    fc.assert(
      fc.property(anyCurve, (curve) => {
        const { length } = profileStatistics(curve, evenly(60), evenly(60));
        const isChain = curve instanceof PolyChainCurve;
        expect(length).toBeAllclose(curve.length, { rtol: isChain ? 1e-12 : 0.02 });
      }),
    );
  });

  test("pieces count by their length, not by their number of positions", () => {
    const curve = new PolyChainCurve({
      start: Float32Array.of(0, 0),
      end: Float32Array.of(3, 1),
      initial: [Float32Array.of(3, 0)],
    });
    // 1 on the first piece, of length 3; 5 at the end of the second, of length 1
    const { mean, integral } = profileStatistics(curve, [0, 0.5, 1], [1, 1, 5]);
    expect(mean).toBe(7 / 3);
    expect(integral).toBe((1 * 3 + 3 * 1) / 4);
  });

  test("weights that are far larger than their differences cost no accuracy", () => {
    const start = new Float32Array(1000).fill(1000);
    const end = start.map((weight) => weight + 2 ** -10);
    const { length } = profileStatistics(lineSegment(start, end), evenly(10), evenly(10));
    expect(length).toBeAllclose(Math.sqrt(1000) / 2 ** 10, { rtol: 1e-13 });
  });

  test("bad input is named in the error", () => {
    const line = lineSegment(Float32Array.of(0), Float32Array.of(1));
    expect(() => profileStatistics(line, [0], [1])).toThrow(
      /number of positions must be >= 2, got 1/,
    );
    expect(() => profileStatistics(line, [0, 1], [1])).toThrow(
      new RangeError("profileStatistics: the length of values must be 2, got 1"),
    );
    expect(() => profileStatistics(line, [0, 1], [1, Number.NaN])).toThrow(/values\[1\]/);
    expect(() => profileStatistics(line, [0.5, 0.5], [1, 1])).toThrow(/strictly increasing/);
    expect(() => profileStatistics(line, [0, 1.5], [1, 1])).toThrow(/t must be within \[0, 1\]/);
    expect(() => profileStatistics([1, 2], [0, 1], [1, 1])).toThrow(
      /length of curve must be 1, got 2/,
    );
    expect(() => profileStatistics([-1], [0, 1], [1, 1])).toThrow(/curve\[0\]/);
    expect(() => profileStatistics([0], [0, 1], [1, 1])).toThrow(
      /the length of the curve must be > 0, got 0\. Its ends are the same/,
    );
    // @ts-expect-error: no curve
    expect(() => profileStatistics(null, [0, 1], [1, 1])).toThrow(TypeError);
  });
});
