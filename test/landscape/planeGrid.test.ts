import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planeGrid, planeThrough } from "../../src/landscape/index.js";
import { anyIterates } from "./points.js";

describe("planeGrid", () => {
  test("has the margins of a share of width and height", () => {
    const { x, y } = planeGrid(
      [
        { x: -2, y: 1 },
        { x: 8, y: 3 },
        { x: 0, y: 2 },
      ],
      { margin: 0.1, cells: 5 },
    );
    expect(Array.from(x)).toEqual([-3, 0, 3, 6, 9]);
    expect(y).toBeAllclose([0.8, 1.4, 2, 2.6, 3.2], { rtol: 1e-15 });
  });

  test("of a plane it is 21 × 21 with a fifth on each side, as in Garipov et al.'s plane.py", () => {
    fc.assert(
      fc.property(anyIterates, ([a, b, c]) => {
        const plane = planeThrough(a, b, c);
        const { x, y } = planeGrid(plane);
        const [, inB, inC] = plane.coordinates;
        const [low, high] = [Math.min(0, inC.x), Math.max(inB.x, inC.x)];
        const expected = (from: number, to: number) =>
          Array.from({ length: 21 }, (_, i) => from + (to - from) * (-0.2 + (1.4 * i) / 20));
        expect(x).toBeAllclose(expected(low, high), { atol: 1e-13 * (high - low) });
        expect(y).toBeAllclose(expected(0, inC.y), { atol: 1e-13 * inC.y });
      }),
    );
  });

  test("without margin it ends exactly at the points", () => {
    const { x, y } = planeGrid(
      [
        { x: 0.1, y: 0.3 },
        { x: 0.7, y: 1e-3 },
      ],
      { margin: 0, cells: 7 },
    );
    expect([x[0], x[6], y[0], y[6]]).toEqual([0.1, 0.7, 1e-3, 0.3]);
    expect(x.every((tick, i) => i === 0 || tick > x[i - 1]!)).toBe(true);
  });

  test("bad input is named in the error", () => {
    const points = [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ];
    expect(() => planeGrid([])).toThrow(/planeGrid: the number of points must be >= 1, got 0/);
    expect(() =>
      planeGrid([
        { x: 0, y: 1 },
        { x: 2, y: 1 },
      ]),
    ).toThrow("planeGrid: the height of the points' box must be > 0, got 0");
    expect(() => planeGrid([...points, { x: 0, y: Number.NaN }])).toThrow(/points\[2\]\.y/);
    expect(() => planeGrid(points, { margin: -0.1 })).toThrow(/margin/);
    expect(() => planeGrid(points, { cells: 1 })).toThrow(/cells must be an integer >= 2/);
    expect(() =>
      planeGrid([
        { x: -1e308, y: 0 },
        { x: 1e308, y: 1 },
      ]),
    ).toThrow(/width/);
    // @ts-expect-error: no points
    expect(() => planeGrid(undefined)).toThrow(TypeError);
    // @ts-expect-error: misspelt
    expect(() => planeGrid(points, { border: 1 })).toThrow(/got "border"/);
  });
});
