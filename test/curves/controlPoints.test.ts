import { describe, expect, test } from "vitest";
import { BezierCurve, type CurveOptions, PolyChainCurve } from "../../src/curves/index.js";

const start = Float32Array.of(0, 4);
const end = Float32Array.of(8, 0);
const rows = (curve: PolyChainCurve) => curve.points.map((point) => Array.from(point));

describe.each([
  ["PolyChainCurve", PolyChainCurve],
  ["BezierCurve", BezierCurve],
] as const)("the first bends of %s", (name, Curve) => {
  const make = (options: object) => new Curve({ start, end, ...options } as CurveOptions);

  test("are on the line unless told otherwise", () => {
    expect(rows(make({}))).toEqual([
      [0, 4],
      [4, 2],
      [8, 0],
    ]);
    expect(rows(make({ bends: 3, initial: "linear" }))[1]).toEqual([2, 3]);
  });

  test("are copies of the given weights", () => {
    const bends = [Float32Array.of(1, 1), Float32Array.of(-0, 5)];
    const curve = make({ initial: bends });
    bends[0]![0] = 9;
    expect(rows(curve)).toEqual([
      [0, 4],
      [1, 1],
      [-0, 5],
      [8, 0],
    ]);
    expect(rows(make({ bends: 0, initial: [] }))).toEqual([
      [0, 4],
      [8, 0],
    ]);
  });

  test("have the noise of their seed, each bend its own", () => {
    const noisy = (seed: number, bends: number, standardDeviation = 0.5) =>
      make({ bends, initial: { seed, standardDeviation } });
    expect(rows(noisy(1, 2))).toEqual(rows(noisy(1, 2)));
    expect(rows(noisy(1, 2))).not.toEqual(rows(noisy(2, 2)));
    expect(rows(noisy(1, 3, 0))).toEqual(rows(make({ bends: 3 })));
    const [first, , , last] = rows(noisy(1, 2));
    expect([first, last]).toEqual([
      [0, 4],
      [8, 0],
    ]);
  });

  test("have noise of the standard deviation that was asked for", () => {
    const zeros = new Float32Array(20_000);
    const standardDeviation = 0.25;
    const curve = new Curve({
      start: zeros,
      end: zeros,
      bends: 2,
      initial: { seed: 5, standardDeviation },
    });
    const [one, two] = [curve.points[1]!, curve.points[2]!];
    const mean = (f: (i: number) => number) =>
      zeros.reduce((sum, _, i) => sum + f(i), 0) / zeros.length;
    // five standard errors of a mean of 20,000
    const error = 5 / Math.sqrt(zeros.length);
    expect(mean((i) => one[i]!)).toBeAllclose(0, { atol: 0.25 * error });
    expect(mean((i) => one[i]! ** 2)).toBeAllclose(0.0625, { rtol: Math.SQRT2 * error });
    expect(mean((i) => one[i]! * two[i]!)).toBeAllclose(0, { atol: 0.0625 * error });
  });

  test("bad ones are named in the error", () => {
    const one = [Float32Array.of(1, 1)];
    expect(() => make({ bends: 2, initial: one })).toThrow(
      new RangeError(`${name}: the number of initial bends must be 2, as bends says, got 1`),
    );
    expect(() => make({ initial: [Float32Array.of(1)] })).toThrow(
      `${name}: the number of weights of initial[0] must be 2, as the other weights have, got 1`,
    );
    expect(() => make({ initial: [Float32Array.of(1, Number.NaN)] })).toThrow(/initial\[0\]\[1\]/);
    expect(() => make({ initial: [[1, 1]] })).toThrow(TypeError);
    expect(() => make({ initial: "random" })).toThrow(
      `${name}: initial must be "linear", an array of weights, or { seed, standardDeviation }, got "random"`,
    );
    expect(() => make({ initial: null })).toThrow(TypeError);
    expect(() => make({ initial: { seed: 1.5, standardDeviation: 1 } })).toThrow(/initial\.seed/);
    expect(() => make({ initial: { seed: 1 } })).toThrow(/initial\.standardDeviation/);
    expect(() => make({ initial: { seed: 1, standardDeviation: -1 } })).toThrow(RangeError);
    expect(() => make({ initial: { seed: 1, standardDeviation: 1e300 } })).toThrow(
      /bend 1 with its noise\[0\] must be a finite number/,
    );
    expect(() => make({ initial: { seed: 1, deviation: 1 } })).toThrow(/got "deviation"/);
  });
});
