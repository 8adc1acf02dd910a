import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PolyChainCurve } from "../../src/curves/index.js";

const bits = (weights: Float32Array) => Array.from(new Uint32Array(weights.buffer.slice(0)));

const anyWeights = (length: number) =>
  fc.float32Array({
    min: Math.fround(-1e3),
    max: Math.fround(1e3),
    noNaN: true,
    minLength: length,
    maxLength: length,
  });

/** A curve whose bends are anywhere. */
const anyCurve = fc
  .record({ bends: fc.integer({ min: 0, max: 5 }), length: fc.integer({ min: 1, max: 8 }) })
  .chain(({ bends, length }) =>
    fc.array(anyWeights(length), { minLength: bends + 2, maxLength: bends + 2 }),
  )
  .map((points) => {
    const curve = new PolyChainCurve({
      start: points[0]!,
      end: points.at(-1)!,
      bends: points.length - 2,
    });
    points.forEach((point, j) => {
      curve.points[j]!.set(point);
    });
    return curve;
  });

const anyPosition = fc.double({ min: 0, max: 1, noNaN: true });

describe("PolyChainCurve", () => {
  test("with one bend it is the paper's curve", () => {
    const [a, theta, b] = [
      [0, 8],
      [3, 4],
      [7, -2],
    ] as const;
    const curve = new PolyChainCurve({ start: Float32Array.from(a), end: Float32Array.from(b) });
    curve.points[1]!.set(theta);
    const gamma = (t: number) =>
      [0, 1].map((i) =>
        t <= 0.5
          ? 2 * (t * theta[i]! + (0.5 - t) * a[i]!)
          : 2 * ((t - 0.5) * b[i]! + (1 - t) * theta[i]!),
      );
    for (let t = 0; t <= 1; t += 1 / 16) expect(Array.from(curve.at(t))).toEqual(gamma(t));
    expect(Array.from(curve.coefficients(0.25))).toEqual([0.5, 0.5, 0]);
    expect(Array.from(curve.coefficients(0.875))).toEqual([0, 0.25, 0.75]);
    expect(curve.length).toBeAllclose(5 + Math.sqrt(52), { rtol: 1e-15 });
  });

  test("bends begin on the straight line", () => {
    const curve = new PolyChainCurve({
      start: Float32Array.of(0, 12),
      end: Float32Array.of(8, 0),
      bends: 3,
    });
    expect(curve.points.map((point) => Array.from(point))).toEqual([
      [0, 12],
      [2, 9],
      [4, 6],
      [6, 3],
      [8, 0],
    ]);
    for (const t of [0, 0.1, 0.25, 0.6, 1]) {
      expect(curve.at(t)).toBeAllclose([8 * t, 12 * (1 - t)], { atol: 1e-6 });
    }
  });

  test("ends and bends are met with every bit", () => {
    fc.assert(
      fc.property(anyCurve, (curve) => {
        const pieces = curve.points.length - 1;
        curve.points.forEach((point, j) => {
          expect(bits(curve.at(j / pieces))).toEqual(bits(point));
        });
      }),
    );
    const signedZero = new PolyChainCurve({
      start: Float32Array.of(-0, 1e-45),
      end: Float32Array.of(0, 3.4e38),
    });
    expect(Object.is(signedZero.at(0)[0], -0)).toBe(true);
    expect(Object.is(signedZero.at(1)[0], 0)).toBe(true);
    expect(bits(signedZero.at(0))).toEqual(bits(Float32Array.of(-0, 1e-45)));
  });

  test("bends are met where K·(j / K) is not j", () => {
    expect(49 * (1 / 49)).not.toBe(1);
    const curve = new PolyChainCurve({
      start: Float32Array.of(0),
      end: Float32Array.of(1),
      bends: 48,
    });
    for (let j = 0; j <= 49; j++) {
      const coefficients = curve.coefficients(j / 49);
      expect(Array.from(coefficients.keys()).filter((k) => coefficients[k] !== 0)).toEqual([j]);
    }
  });

  test("coefficients are c_j(t) = max(0, 1 − |K·t − j|) and sum to 1", () => {
    fc.assert(
      fc.property(anyCurve, anyPosition, (curve, t) => {
        const pieces = curve.points.length - 1;
        const coefficients = curve.coefficients(t);
        expect(coefficients).toHaveLength(pieces + 1);
        expect(coefficients).toBeAllclose(
          curve.points.map((_, j) => Math.max(0, 1 - Math.abs(pieces * t - j))),
          { atol: 1e-14 },
        );
        expect(coefficients.reduce((a, b) => a + b)).toBeAllclose(1, { rtol: 1e-15 });
        expect(coefficients.filter((c) => c !== 0).length).toBeLessThanOrEqual(2);
      }),
    );
  });

  test("weights are the sum in double precision, rounded once", () => {
    fc.assert(
      fc.property(anyCurve, anyPosition, (curve, t) => {
        const coefficients = curve.coefficients(t);
        const expected = Float32Array.from(curve.points[0]!, (_, i) =>
          curve.points.reduce((sum, point, j) => sum + coefficients[j]! * point[i]!, 0),
        );
        expect(Array.from(curve.at(t), (w) => w + 0)).toEqual(Array.from(expected, (w) => w + 0));
      }),
    );
  });

  test("the length is that of many small chords", () => {
    fc.assert(
      fc.property(anyCurve, (curve) => {
        // a number of chords that has every bend among its positions
        const chords = 60 * 7;
        let sum = 0;
        for (let i = 0; i < chords; i++) {
          const [from, to] = [curve.at(i / chords), curve.at((i + 1) / chords)];
          sum += Math.hypot(...from.map((w, k) => to[k]! - w));
        }
        // single precision at weights of 1000: 1e-4 per chord
        expect(sum).toBeAllclose(curve.length, { rtol: 1e-3, atol: chords * 2e-4 });
      }),
      { numRuns: 30 },
    );
  });

  test("the curve has copies of its ends and gives out copies of its points", () => {
    const start = Float32Array.of(1, 2);
    const curve = new PolyChainCurve({ start, end: Float32Array.of(3, 4) });
    start[0] = 9;
    curve.at(0)[0] = 9;
    expect(Array.from(curve.at(0))).toEqual([1, 2]);
  });

  test("bad input is named in the error", () => {
    const start = Float32Array.of(0, 0);
    const make = (change: object) => () => new PolyChainCurve({ start, end: start, ...change });
    expect(make({ end: Float32Array.of(1) })).toThrow(
      new RangeError(
        "PolyChainCurve: the number of weights of end must be 2, as the other weights have, got 1",
      ),
    );
    expect(make({ start: new Float32Array(0) })).toThrow(/weights of start must be >= 1, got 0/);
    expect(make({ start: [0, 0] })).toThrow(
      /start must be a Float32Array of weights, got \[0, 0\]/,
    );
    expect(make({ start: new Float64Array(2) })).toThrow(TypeError);
    expect(make({ end: Float32Array.of(0, Number.NaN) })).toThrow(
      new RangeError("PolyChainCurve: end[1] must be a finite number, got NaN"),
    );
    expect(make({ bends: -1 })).toThrow(
      "PolyChainCurve: bends must be an integer >= 0 and <= 10000, got -1",
    );
    expect(make({ bends: 1e9 })).toThrow(RangeError);
    expect(make({ bends: 1.5 })).toThrow(RangeError);
    expect(make({ num_bends: 3 })).toThrow(/got "num_bends"/);
  });

  test.each([-1e-9, 1.0000001, Number.NaN, Number.POSITIVE_INFINITY])("t = %s is off it", (t) => {
    const curve = new PolyChainCurve({ start: Float32Array.of(0), end: Float32Array.of(1) });
    const message = `t must be a finite number >= 0 and <= 1, got ${t}`;
    expect(() => curve.at(t)).toThrow(new RangeError(`PolyChainCurve.at: ${message}`));
    expect(() => curve.coefficients(t)).toThrow(
      new RangeError(`PolyChainCurve.coefficients: ${message}`),
    );
    // @ts-expect-error: not a number
    expect(() => curve.at("0.5")).toThrow(TypeError);
  });
});
