import { describe, expect, test } from "vitest";
import {
  mergeSurfaces,
  planeThrough,
  type SurfaceData,
  type SurfacePlace,
  surface,
} from "../../src/landscape/index.js";

const point = (...weights: number[]) => Float32Array.from(weights);
const plane = planeThrough(point(1, 0, 0), point(1, 2, 0), point(1, 0, 2));
const grid = { x: [-1, 0, 1, 2], y: [0, 1, 3] };
const loss = (weights: Float32Array) => ({
  loss: weights[1]! ** 2 + 10 * weights[2]!,
  size: weights[0]! + weights[1]!,
});

/** A metric that remembers the cells. */
const recorded = () => {
  const cells: [number, number][] = [];
  const metric = (weights: Float32Array, { row, column }: SurfacePlace) => {
    cells.push([row, column]);
    return loss(weights);
  };
  return { cells, metric };
};

const inJson = (data: SurfaceData): SurfaceData => JSON.parse(JSON.stringify(data));

describe("surface", () => {
  test("by hand: every row starts at the same place, [row y][column x]", async () => {
    const { cells, metric } = recorded();
    const data = await surface(plane, metric, grid);
    expect(data).toEqual({
      ...grid,
      values: {
        loss: [
          [1, 0, 1, 4],
          [11, 10, 11, 14],
          [31, 30, 31, 34],
        ],
        size: [
          [0, 1, 2, 3],
          [0, 1, 2, 3],
          [0, 1, 2, 3],
        ],
      },
    });
    expect(cells).toEqual([0, 1, 2].flatMap((row) => [0, 1, 2, 3].map((column) => [row, column])));
  });

  test("a metric is told where it is and may wait, and cells do not overlap", async () => {
    let running = 0;
    const data = await surface(
      plane,
      async (weights, { x, y }) => {
        expect(++running).toBe(1);
        await Promise.resolve();
        running--;
        expect([weights[1], weights[2]]).toEqual([x, y]);
        return { sum: x + y };
      },
      { x: Float64Array.of(0, 0.5), y: [1, 2] },
    );
    expect(data.values.sum).toEqual([
      [1, 1.5],
      [2, 2.5],
    ]);
  });

  test("stopped after any cell and taken up again from JSON, it has the same numbers", async () => {
    const whole = await surface(plane, loss, grid);
    for (const stopAfter of [1, 5, 11]) {
      const controller = new AbortController();
      let saved: SurfaceData | undefined;
      const onCell = (data: SurfaceData, done: number, total: number) => {
        expect(total).toBe(12);
        saved = inJson(data);
        if (done === stopAfter) controller.abort(new Error("stop"));
      };
      const first = recorded();
      const options = { ...grid, onCell, signal: controller.signal };
      await expect(surface(plane, first.metric, options)).rejects.toThrow("stop");
      const second = recorded();
      expect(await surface(plane, second.metric, { ...grid, resume: saved! })).toEqual(whole);
      expect([...first.cells, ...second.cells]).toHaveLength(12);
    }
  });

  test("a metric that fails loses nothing of what was measured", async () => {
    let saved: SurfaceData | undefined;
    const metric = (weights: Float32Array, { row }: SurfacePlace) => {
      if (row === 1) throw new Error("out of memory");
      return loss(weights);
    };
    const onCell = async (data: SurfaceData) => {
      await Promise.resolve();
      saved = inJson(data);
    };
    await expect(surface(plane, metric, { ...grid, onCell })).rejects.toThrow("out of memory");
    expect(saved?.values.loss).toEqual([
      [1, 0, 1, 4],
      [null, null, null, null],
      [null, null, null, null],
    ]);
  });

  test("parts measure each cell once, and merge to the whole", async () => {
    const whole = await surface(plane, loss, grid);
    for (const of of [1, 2, 5, 12, 20]) {
      const { cells, metric } = recorded();
      const parts = await Promise.all(
        Array.from({ length: of }, (_, index) =>
          surface(plane, metric, { ...grid, part: { index, of } }),
        ),
      );
      expect(cells).toHaveLength(12);
      expect(mergeSurfaces(...parts.map(inJson))).toEqual(whole);
      expect(mergeSurfaces(...parts.reverse())).toEqual(whole);
    }
  });

  test("what is resumed is copied", async () => {
    const resume = await surface(plane, loss, { ...grid, part: { index: 0, of: 2 } });
    const before = inJson(resume);
    const whole = await surface(plane, loss, { ...grid, resume });
    expect(resume).toEqual(before);
    expect(whole.values.loss![0]).toEqual([1, 0, 1, 4]);
  });

  test("bad input is named in the error", async () => {
    const refused = async (metric: unknown, options: object) => {
      const error = await surface(plane, metric as typeof loss, { ...grid, ...options }).catch(
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(Error);
      return (error as Error).message;
    };
    expect(await refused(loss, { x: [1, 0] })).toBe(
      "surface: x must be strictly increasing, got [1, 0]",
    );
    expect(await refused(loss, { y: [] })).toMatch(/number of ticks of y must be >= 1/);
    expect(await refused(loss, { y: [0, Number.NaN] })).toMatch(/y\[1\] must be a finite number/);
    expect(await refused(loss, { part: { index: 2, of: 2 } })).toMatch(
      /part\.index .* <= 1, got 2/,
    );
    expect(await refused(loss, { signal: "stop" })).toMatch(/signal must be an AbortSignal/);
    expect(await refused(loss, { cells: 3 })).toMatch(/got "cells"/);
    expect(await refused(undefined, {})).toMatch(/metric must be a function/);
    expect(await refused(() => 3, {})).toBe(
      "surface: what metric gives at (-1, 0) must be an object of numbers, got 3",
    );
    expect(await refused(() => ({}), {})).toMatch(/must be an object of numbers/);
    expect(await refused(() => ({ loss: Number.NaN }), {})).toBe(
      "surface: loss at (-1, 0) must be a finite number, got NaN",
    );
    const changing = (_: Float32Array, { column }: SurfacePlace) => ({ [`loss${column}`]: 1 });
    expect(await refused(changing, {})).toMatch(
      /names that metric gives at \(0, 0\) must be loss0/,
    );
    const data = await surface(plane, loss, grid);
    expect(await refused(loss, { x: [0, 1], resume: data })).toMatch(
      /resume\.x must be that of the same grid, 2 ticks from 0 to 1/,
    );
    expect(await refused(loss, { resume: { ...grid, values: { loss: [[1]] } } })).toMatch(
      /the number of rows of resume\.values\.loss must be 3, got 1/,
    );
    expect(await refused(loss, { resume: 5 })).toMatch(/resume must be an object/);
    // @ts-expect-error: no plane
    await expect(surface(null, loss, grid)).rejects.toThrow(/plane must be made by planeThrough/);
  });
});

describe("mergeSurfaces", () => {
  const make = (table: (number | null)[][], more: object = {}): SurfaceData => ({
    x: [0, 1],
    y: [0],
    values: { loss: table },
    ...more,
  });

  test("takes from each part what it has, and leaves the parts as they are", () => {
    const [a, b, none] = [make([[1, null]]), make([[1, 2]]), make([], { values: {} })];
    expect(mergeSurfaces(none, a, b).values).toEqual({ loss: [[1, 2]] });
    expect(a.values.loss).toEqual([[1, null]]);
    expect(mergeSurfaces(a).values).toEqual({ loss: [[1, null]] });
    expect(mergeSurfaces(none, none).values).toEqual({});
  });

  test("bad input is named in the error", () => {
    expect(() => mergeSurfaces()).toThrow(/number of parts must be >= 1/);
    expect(() => mergeSurfaces(make([[1, null]]), make([[3, null]]))).toThrow(
      "mergeSurfaces: parts[1].values.loss[0][0] must be 1, as in another part, got 3",
    );
    expect(() => mergeSurfaces(make([[1, 2]]), make([[1, 2]], { x: [0, 2] }))).toThrow(
      /parts\[1\]\.x must be that of the same grid/,
    );
    expect(() => mergeSurfaces(make([[1, 2]]), make([], { values: { error: [[1, 2]] } }))).toThrow(
      /the names of parts\[1\] must be loss, got \["error"\]/,
    );
    expect(() => mergeSurfaces(make([[1, Number.NaN]]))).toThrow(/values\.loss\[0\]\[1\]/);
    expect(() => mergeSurfaces(make([[1]]))).toThrow(/length of .* must be 2, got 1/);
    // @ts-expect-error: no surface
    expect(() => mergeSurfaces(3)).toThrow(TypeError);
  });
});
