import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BezierCurve, PolyChainCurve } from "../../src/curves/index.js";
import { Random } from "../../src/internal/random.js";

const bits = (weights: Float32Array) => Array.from(new Uint32Array(weights.buffer.slice(0)));

const curveThrough = (points: readonly (readonly number[])[]) => {
  const [start, ...others] = points.map((point) => Float32Array.from(point));
  return new BezierCurve({ start: start!, end: others.pop()!, initial: others });
};

/** A curve whose bends are anywhere. */
const anyCurve = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    bends: fc.integer({ min: 0, max: 6 }),
    length: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ seed, bends, length }) => {
    const random = new Random(seed);
    return curveThrough(
      Array.from({ length: bends + 2 }, () => Array.from({ length }, () => random.normal())),
    );
  });

const anyPosition = fc.double({ min: 0, max: 1, noNaN: true });

const binomial = (n: number, k: number): number =>
  k === 0 ? 1 : (binomial(n, k - 1) * (n - k + 1)) / k;

describe("BezierCurve", () => {
  test("with one bend it is (1 − t)²·w_0 + 2t(1 − t)·θ + t²·w_2", () => {
    const curve = curveThrough([
      [0, 8],
      [3, 4],
      [7, -2],
    ]);
    for (const t of [0, 0.25, 0.5, 0.75, 1]) {
      const s = 1 - t;
      expect(Array.from(curve.at(t))).toEqual([
        2 * t * s * 3 + t * t * 7,
        s * s * 8 + 2 * t * s * 4 - t * t * 2,
      ]);
    }
    expect(Array.from(curve.coefficients(0.25))).toEqual([9 / 16, 6 / 16, 1 / 16]);
  });

  test("coefficients are Bernstein's polynomials with 0^0 = 1, and sum to 1", () => {
    fc.assert(
      fc.property(anyCurve, anyPosition, (curve, t) => {
        const order = curve.points.length - 1;
        const coefficients = curve.coefficients(t);
        expect(coefficients).toBeAllclose(
          curve.points.map((_, j) => binomial(order, j) * t ** j * (1 - t) ** (order - j)),
          { rtol: 1e-13, atol: 1e-300 },
        );
        expect(coefficients.reduce((a, b) => a + b)).toBeAllclose(1, { rtol: 1e-14 });
      }),
    );
    const curve = curveThrough([[0], [1], [2], [3]]);
    expect(Array.from(curve.coefficients(0))).toEqual([1, 0, 0, 0]);
    expect(Array.from(curve.coefficients(1))).toEqual([0, 0, 0, 1]);
  });

  test("the ends are met with every bit", () => {
    fc.assert(
      fc.property(anyCurve, (curve) => {
        expect(bits(curve.at(0))).toEqual(bits(curve.points[0]!));
        expect(bits(curve.at(1))).toEqual(bits(curve.points.at(-1)!));
      }),
    );
    const curve = new BezierCurve({ start: Float32Array.of(-0), end: Float32Array.of(3.4e38) });
    expect(Object.is(curve.at(0)[0], -0)).toBe(true);
  });

  test("it is the same backwards", () => {
    fc.assert(
      fc.property(anyCurve, fc.integer({ min: 0, max: 64 }), (curve, k) => {
        const backwards = curveThrough([...curve.points].reverse().map((point) => [...point]));
        expect(backwards.at(1 - k / 64)).toBeAllclose(curve.at(k / 64), { atol: 1e-6 });
        expect(backwards.length).toBeAllclose(curve.length, { rtol: 1e-11 });
      }),
    );
  });

  test("a further bend that leaves the curve in its place changes nothing (degree elevation)", () => {
    const [a, b, c] = [
      [0, 3],
      [6, 9],
      [3, -6],
    ] as const;
    const between = (p: readonly number[], q: readonly number[], share: number) =>
      p.map((value, i) => value + share * (q[i]! - value));
    const lower = curveThrough([a, b, c]);
    const higher = curveThrough([a, between(a, b, 2 / 3), between(b, c, 1 / 3), c]);
    for (const t of [0.1, 0.35, 0.5, 0.9]) {
      expect(higher.at(t)).toBeAllclose(lower.at(t), { atol: 2e-6 });
    }
    expect(higher.length).toBeAllclose(lower.length, { rtol: 1e-12 });
  });

  test("untrained it is the straight line at constant speed", () => {
    for (const bends of [0, 1, 2, 5, 100]) {
      const curve = new BezierCurve({
        start: Float32Array.of(0, 1),
        end: Float32Array.of(3, 5),
        bends,
      });
      expect(curve.points).toHaveLength(bends + 2);
      for (const t of [0.2, 0.5, 0.9]) {
        expect(curve.at(t)).toBeAllclose([3 * t, 1 + 4 * t], { atol: 1e-6 });
      }
      expect(curve.length).toBeAllclose(5, { rtol: 1e-6 });
    }
  });

  test("the length of a parabola is the closed one", () => {
    // γ = (4t, 12t(1 − t)): the arc of y = 3x − ¾x² over [0, 4], slopes from 3 to −3
    const arc = (slope: number) => (slope * Math.sqrt(1 + slope ** 2) + Math.asinh(slope)) / 2;
    const curve = curveThrough([
      [0, 0],
      [2, 6],
      [4, 0],
    ]);
    expect(curve.length).toBeAllclose((2 * arc(3)) / 1.5, { rtol: 1e-13 });
  });

  test("the length of a line that turns back counts both ways", () => {
    // γ = 2t(1 − t)·3, up to 1½ and back
    expect(curveThrough([[0], [3], [0]]).length).toBeAllclose(3, { rtol: 1e-12 });
    // γ = t²(3 − 2t) + …, three turns: w = 0, 9, −8, 1 has γ' = 27(1−t)² − 102t(1−t) + 27t²
    const root = Math.sqrt(1 - 4 * (27 / 156));
    const gamma = (t: number) => 27 * t * (1 - t) ** 2 - 24 * t ** 2 * (1 - t) + t ** 3;
    const [left, right] = [(1 - root) / 2, (1 + root) / 2];
    const expected = gamma(left) + (gamma(left) - gamma(right)) + (1 - gamma(right));
    expect(curveThrough([[0], [9], [-8], [1]]).length).toBeAllclose(expected, { rtol: 1e-11 });
    expect(curveThrough([[2], [2], [2]]).length).toBe(0);
  });

  test("the length lies between the distance of the ends and the chain's length, and is that of chords", () => {
    fc.assert(
      fc.property(anyCurve, (curve) => {
        const [start, ...initial] = curve.points;
        const end = initial.pop()!;
        const chain = new PolyChainCurve({ start: start!, end, initial });
        const line = new PolyChainCurve({ start: start!, end, bends: 0 });
        expect(curve.length).toBeLessThanOrEqual(chain.length * (1 + 1e-12));
        expect(curve.length).toBeGreaterThanOrEqual(line.length * (1 - 1e-12));
        let chords = 0;
        for (let i = 0; i < 500; i++) {
          const [from, to] = [curve.at(i / 500), curve.at((i + 1) / 500)];
          chords += Math.hypot(...from.map((w, k) => to[k]! - w));
        }
        expect(chords).toBeAllclose(curve.length, { rtol: 2e-3 });
      }),
      { numRuns: 30 },
    );
  });

  test("bad input is named in the error", () => {
    const start = Float32Array.of(0, 0);
    const make = (change: object) => () => new BezierCurve({ start, end: start, ...change });
    expect(make({ end: Float32Array.of(1) })).toThrow(/BezierCurve: the number of weights of end/);
    expect(make({ bends: 101 })).toThrow(
      "BezierCurve: bends must be an integer >= 0 and <= 100, got 101",
    );
    const curve = new BezierCurve({ start, end: start });
    expect(() => curve.at(2)).toThrow(/BezierCurve\.at: t must be a finite number >= 0 and <= 1/);
    expect(() => curve.coefficients(Number.NaN)).toThrow(RangeError);
  });
});
