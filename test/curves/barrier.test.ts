import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { barrier, type LossProfile } from "../../src/curves/index.js";

const definitions = ["max", "mean", "chord"] as const;

/** The profile of a function at equally spaced positions. */
const sampled = (loss: (t: number) => number, pieces = 60): LossProfile => {
  const t = Array.from({ length: pieces + 1 }, (_, i) => i / pieces);
  return { t, loss: t.map(loss) };
};

const anyProfile = fc
  .array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 3, maxLength: 20 })
  .map((loss) => ({ t: loss.map((_, i) => i / (loss.length - 1)), loss }));

describe("barrier", () => {
  test("the three definitions by hand", () => {
    const profile = { t: [0, 0.25, 0.5, 1], loss: [1, 2.5, 2.25, 0] };
    // R = 1; ½; and 1, ¾, ½, 0 along the chord
    expect(barrier(profile)).toEqual({ height: 1.5, at: 0.25, tolerance: 0.01, holds: true });
    expect(barrier(profile, { definition: "mean" })).toMatchObject({ height: 2, at: 0.25 });
    expect(barrier(profile, { definition: "chord" })).toMatchObject({ height: 1.75, at: 0.25 });
  });

  test("a parabola that opens downwards has a barrier of ¼ at ½ (experiment X14)", () => {
    for (const definition of definitions) {
      const result = barrier(
        sampled((x) => -((x - 0.5) ** 2)),
        { definition },
      );
      expect(result).toMatchObject({ height: 0.25, at: 0.5, holds: true });
    }
  });

  test("a convex quadratic has none on any segment (experiment X14)", () => {
    // no numbers so small that their squares vanish
    const anyNumber = fc.integer({ min: -100, max: 100 }).map((k) => k / 16);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }).map((k) => k / 16),
        anyNumber,
        anyNumber,
        anyNumber,
        (curvature, centre, from, to) => {
          const profile = sampled((t) => curvature * (from + t * (to - from) - centre) ** 2);
          for (const definition of ["max", "chord"] as const) {
            const { height, holds } = barrier(profile, { definition });
            expect(height).toBeAllclose(0, { atol: 1e-11 });
            expect(holds).toBe(false);
          }
        },
      ),
    );
  });

  test("max is the least definition and never negative", () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const [max, mean, chord] = definitions.map(
          (definition) => barrier(profile, { definition }).height,
        ) as [number, number, number];
        expect(max).toBeGreaterThanOrEqual(0);
        expect(mean).toBeGreaterThanOrEqual(max - 1e-14);
        expect(chord).toBeGreaterThanOrEqual(max - 1e-14);
      }),
    );
  });

  test("the definitions agree between equal ends", () => {
    fc.assert(
      fc.property(anyProfile, ({ t, loss }) => {
        const profile = { t, loss: [...loss.slice(0, -1), loss[0]!] };
        const [max, ...others] = definitions.map(
          (definition) => barrier(profile, { definition }).height,
        );
        for (const height of others) expect(height).toBeAllclose(max!, { atol: 1e-14 });
      }),
    );
  });

  test("the height is the excess at the place named, and none is larger", () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom(...definitions), (profile, definition) => {
        const { t, loss } = profile;
        const [start, end] = [loss[0]!, loss.at(-1)!];
        const reference = {
          max: () => Math.max(start, end),
          mean: () => (start + end) / 2,
          chord: (position: number) => (1 - position) * start + position * end,
        }[definition];
        const excess = loss.map((value, i) => value - reference(t[i]!));
        const { height, at } = barrier(profile, { definition });
        expect(height).toBeAllclose(Math.max(...excess), { atol: 1e-14 });
        expect(height).toBeAllclose(excess[t.indexOf(at)]!, { atol: 1e-14 });
      }),
    );
  });

  test("is the same backwards, up to the place", () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom(...definitions), ({ t, loss }, definition) => {
        const backwards = { t, loss: [...loss].reverse() };
        expect(barrier(backwards, { definition }).height).toBeAllclose(
          barrier({ t, loss }, { definition }).height,
          { atol: 1e-14 },
        );
      }),
    );
  });

  test("a barrier under a hundredth of the worse end does not hold", () => {
    const bump = (height: number) => barrier({ t: [0, 0.5, 1], loss: [2, 2 + height, 1] });
    expect(bump(0.019)).toMatchObject({ tolerance: 0.02, holds: false });
    expect(bump(0.021)).toMatchObject({ tolerance: 0.02, holds: true });
  });

  test("standard errors of independent means add as squares", () => {
    const profile = { t: [0, 0.5, 1], loss: [2, 3, 1], standardError: [0.3, 0.4, 0.8] };
    const max = barrier(profile);
    expect(max.standardError).toBeAllclose(0.5, { rtol: 1e-15 });
    expect(max).toMatchObject({ height: 1, holds: false });
    expect(max.tolerance).toBeAllclose(1, { rtol: 1e-15 });
    const withHalves = Math.sqrt(0.4 ** 2 + 0.15 ** 2 + 0.4 ** 2);
    for (const definition of ["mean", "chord"] as const) {
      const result = barrier(profile, { definition });
      expect(result.standardError).toBeAllclose(withHalves, { rtol: 1e-15 });
    }
  });

  test("an end compared with itself has no error", () => {
    const profile = { t: [0, 0.5, 1], loss: [2, 1, 1], standardError: [0.3, 0.4, 0.8] };
    expect(barrier(profile)).toMatchObject({ height: 0, at: 0, standardError: 0, holds: false });
    // L(0) − (L(0) + L(1)) / 2 is half a difference
    expect(barrier(profile, { definition: "mean" }).standardError).toBeAllclose(
      Math.hypot(0.15, 0.4),
      { rtol: 1e-15 },
    );
  });

  test("losses of the same examples are paired", () => {
    // Examples differ a lot, but each loses 1 ± 0.1 at the middle.
    const atEnds = [1, 5, 9, 13];
    const atMiddle = [2.1, 5.9, 10.1, 13.9];
    const profile = {
      t: [0, 0.5, 1],
      loss: [7, 8, 7],
      exampleLosses: [Float32Array.from(atEnds), atMiddle, atEnds],
    };
    const deviation = Math.sqrt((4 * 0.1 ** 2) / 3);
    const { height, standardError, holds } = barrier(profile);
    expect(height).toBe(1);
    expect(standardError).toBeAllclose(deviation / 2, { rtol: 1e-12 });
    expect(holds).toBe(true);
    const independent = barrier({
      t: profile.t,
      loss: profile.loss,
      standardError: [2.58, 2.58, 2.58],
    });
    expect(independent.holds).toBe(false);
  });

  test("paired errors follow the definition's reference", () => {
    const exampleLosses = [
      [1, 2, 6],
      [4, 5, 9],
      [2, 0, 1],
    ];
    const means = exampleLosses.map((row) => row.reduce((a, b) => a + b) / 3);
    const profile = { t: [0, 0.25, 1], loss: means, exampleLosses };
    const errorOf = (values: number[]) => {
      const mean = values.reduce((a, b) => a + b) / 3;
      return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 2 / 3);
    };
    const [start, middle, end] = exampleLosses as [number[], number[], number[]];
    expect(barrier(profile, { definition: "mean" }).standardError).toBeAllclose(
      errorOf(middle.map((v, i) => v - (start[i]! + end[i]!) / 2)),
      { rtol: 1e-13 },
    );
    expect(barrier(profile, { definition: "chord" }).standardError).toBeAllclose(
      errorOf(middle.map((v, i) => v - (0.75 * start[i]! + 0.25 * end[i]!))),
      { rtol: 1e-13 },
    );
    // Every example is 3 worse at the middle than at the start, the worse end.
    expect(barrier(profile).standardError).toBeAllclose(0, { atol: 1e-15 });
  });

  test("without errors there is none in the result", () => {
    expect(Object.keys(barrier(sampled((t) => t)))).toEqual(["height", "at", "tolerance", "holds"]);
  });

  test("bad input is named in the error", () => {
    const good = { t: [0, 0.5, 1], loss: [1, 2, 1] };
    const call = (change: object, options: object = {}) => {
      return () => barrier({ ...good, ...change }, options);
    };
    expect(call({ t: [0, 1], loss: [1, 1] })).toThrow(
      new RangeError("barrier: the number of positions must be >= 3, got 2"),
    );
    expect(call({ t: [0, 0.5, 0.5, 1], loss: [1, 1, 1, 1] })).toThrow(
      new RangeError("barrier: profile.t must be strictly increasing, got [0.5, 0.5]"),
    );
    expect(call({ t: [0.1, 0.5, 1] })).toThrow(
      new RangeError("barrier: profile.t must be from 0 to 1, both included, got [0.1, 1]"),
    );
    expect(call({ loss: [1, 2] })).toThrow(/the length of profile.loss must be 3, got 2/);
    expect(call({ loss: [1, Number.NaN, 1] })).toThrow(
      new RangeError("barrier: profile.loss[1] must be a finite number, got NaN"),
    );
    expect(call({ loss: "123" })).toThrow(TypeError);
    expect(call({ standardError: [0, -1, 0] })).toThrow(
      /standardError\[1\] must be .* >= 0, got -1/,
    );
    const rows = [
      [1, 1],
      [2, 2],
      [1, 1],
    ];
    expect(call({ standardError: [0, 0, 0], exampleLosses: rows })).toThrow(
      /profile.standardError must be absent where there are exampleLosses/,
    );
    expect(call({ exampleLosses: rows.slice(1) })).toThrow(/number of exampleLosses must be 3/);
    expect(call({ exampleLosses: [[1], [2], [1]] })).toThrow(
      /number of examples must be >= 2, got 1/,
    );
    expect(call({ exampleLosses: [[1, 1], [2], [1, 1]] })).toThrow(
      /exampleLosses\[1\] must be 2, got 1/,
    );
    expect(call({ exampleLosses: [rows[1], rows[0], rows[2]] })).toThrow(
      new RangeError("barrier: profile.exampleLosses[0] must be of mean 1, the loss there, got 2"),
    );
    expect(call({ exampleLosses: { 0: rows } })).toThrow(TypeError);
    expect(call({}, { definition: "min" })).toThrow(/one of "max", "mean", "chord", got "min"/);
    expect(call({}, { tolerance: 0 })).toThrow(/got "tolerance"/);
    // @ts-expect-error: no profile
    expect(() => barrier(null)).toThrow(/profile must be an object with t and loss, got null/);
  });
});
