import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { type ComparedGrid, gridDifference } from "../../src/similarity/gridDifference.js";
import { similarityGrid } from "../../src/similarity/index.js";
import { gaussian } from "./data.js";

const gridOf = (...values: number[][]): ComparedGrid => ({
  measure: "svcca",
  rows: values.map((_, i) => `row ${i}`),
  columns: values[0]!.map((_, j) => `column ${j}`),
  values,
});

const withErrors = (grid: ComparedGrid, ...errors: number[][]): ComparedGrid => ({
  ...grid,
  intervals: errors.map((row) => row.map((standardError) => ({ standardError }))),
});

describe("gridDifference", () => {
  const a = gridOf([0.5, 0.75], [0.25, 1]);
  const b = gridOf([0.75, 0.5], [0.25, 0.5]);

  test("differences with and without their signs, and their mean", () => {
    expect(gridDifference(a, b)).toEqual({
      measure: "svcca",
      rows: ["row 0", "row 1"],
      columns: ["column 0", "column 1"],
      values: [
        [0.25, 0.25],
        [0, 0.5],
      ],
      signed: [
        [-0.25, 0.25],
        [0, 0.5],
      ],
      mean: 0.25,
      level: 0.95,
    });
  });

  test("one control pair: the noise is its difference, the threshold 12.7 times as much", () => {
    const control = [gridOf([0.5, 0.5], [0.5, 0.5]), gridOf([0.5, 0.51], [0.53, 0.54])];
    const { noise, threshold, exceedsNoise, controlMeans } = gridDifference(a, b, { control });
    expect(noise!.flat()).toBeAllclose([0, 0.01, 0.03, 0.04], { rtol: 1e-12 });
    const student = Math.tan(0.475 * Math.PI);
    expect(threshold!.flat()).toBeAllclose(
      [0, 0.01, 0.03, 0.04].map((value) => value * student),
      { rtol: 1e-10 },
    );
    // 0.25 > 0, 0.25 > 0.127, 0 < 0.38, 0.5 < 0.508.
    expect(exceedsNoise).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(controlMeans!).toBeAllclose([0.02], { rtol: 1e-12 });
    expect(gridDifference(a, b, { control, level: 0.5 }).threshold![0]![1]).toBeCloseTo(0.01, 12);
  });

  test("equal values do not exceed a noise of 0, and the same grid twice is no control", () => {
    const other = { ...a, values: [[a.values[0]![0]! + 0.1, a.values[0]![1]!], a.values[1]!] };
    expect(gridDifference(a, a, { control: [a, other] }).exceedsNoise).toEqual([
      [false, false],
      [false, false],
    ]);
    expect(() => gridDifference(a, a, { control: [a, other, structuredClone(a)] })).toThrow(
      "gridDifference: control must be grids of different seeds, got the same values in control[2] as in control[0]",
    );
  });

  test("several pairs: root mean square of their differences", () => {
    const pair = (difference: number) => [gridOf([0.5]), gridOf([0.5 + difference])];
    const control = [pair(0.03), pair(-0.04), pair(0.12)];
    const { noise, threshold, controlMeans } = gridDifference(gridOf([1]), gridOf([0]), {
      control,
    });
    const expected = Math.sqrt((0.03 ** 2 + 0.04 ** 2 + 0.12 ** 2) / 3);
    expect(noise![0]![0]).toBeCloseTo(expected, 12);
    // Three degrees of freedom.
    expect(threshold![0]![0]).toBeCloseTo(3.182446305284263 * expected, 10);
    expect(controlMeans!).toBeAllclose([0.03, 0.04, 0.12], { rtol: 1e-12 });
  });

  test("three seeds: √2 times their standard deviation, and each pair's mean", () => {
    const control = [0.4, 0.5, 0.3].map((value) => gridOf([value]));
    const { noise, threshold, controlMeans } = gridDifference(gridOf([1]), gridOf([0]), {
      control,
    });
    expect(noise![0]![0]).toBeCloseTo(Math.SQRT2 * 0.1, 12);
    expect(threshold![0]![0]).toBeCloseTo(4.302652729911275 * Math.SQRT2 * 0.1, 10);
    expect(controlMeans!).toBeAllclose([0.1, 0.1, 0.2], { rtol: 1e-12 });
  });

  test("standard errors of intervals add up in squares, to each other and to the seeds", () => {
    const [left, right] = [withErrors(gridOf([0.5]), [0.03]), withErrors(gridOf([0.6]), [0.04])];
    const alone = gridDifference(left, right);
    expect(alone.noise![0]![0]).toBeCloseTo(0.05, 12);
    expect(alone.threshold![0]![0]).toBeCloseTo(1.959963984540054 * 0.05, 12);
    expect(alone.exceedsNoise).toEqual([[true]]);
    const control = [gridOf([0.5]), gridOf([0.62])];
    const both = gridDifference(left, right, { control });
    expect(both.noise![0]![0]).toBeCloseTo(0.13, 12);
    expect(both.threshold![0]![0]).toBeCloseTo(
      Math.hypot(1.959963984540054 * 0.05, Math.tan(0.475 * Math.PI) * 0.12),
      10,
    );
    expect(both.exceedsNoise).toEqual([[false]]);
  });

  test("seeds alone exceed the threshold in 5 % of the cells, whatever the number of seeds", () => {
    const random = new Random(1);
    // 0.5 + N(0, 0.01): 2500 independent cells.
    const draw = () =>
      gridOf(
        ...Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => random.normal())),
      );
    for (const seeds of [2, 3, 6]) {
      const control = Array.from({ length: seeds }, draw);
      const { exceedsNoise } = gridDifference(draw(), draw(), { control });
      const share = exceedsNoise!.flat().filter(Boolean).length / 2500;
      expect(Math.abs(share - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / 2500));
    }
  });

  test("grids of similarityGrid fit, and again after a way through JSON", () => {
    const random = new Random(2);
    const layers = () => ({ first: gaussian(random, 20, 3), second: gaussian(random, 20, 2) });
    const teacher = layers();
    const [one, two, three] = [0, 1, 2].map(() => similarityGrid(teacher, layers()));
    const difference = gridDifference(one!, two!, { control: [two!, three!] });
    expect(difference.values[1]![0]).toBe(Math.abs(one!.values[1]![0]! - two!.values[1]![0]!));
    const reread = JSON.parse(JSON.stringify([one, two, three]));
    expect(gridDifference(reread[0], reread[1], { control: [reread[1], reread[2]] })).toEqual(
      difference,
    );
    expect(JSON.parse(JSON.stringify(difference))).toEqual(difference);
  });

  const other = (change: Partial<ComparedGrid>): ComparedGrid => ({ ...a, ...change });

  test.each([
    [
      [a, other({ measure: "cka" })],
      RangeError,
      'gridDifference: gridB.measure must be "svcca" as in gridA, got "cka"',
    ],
    [
      [a, other({ rows: ["row 1", "row 0"] })],
      RangeError,
      'gridB.rows must be ["row 0", "row 1"] as in gridA, got ["row 1", "row 0"]. The layers are the same, in another order',
    ],
    [[a, other({ columns: ["column 0", "fc"] })], RangeError, "gridB.columns must be"],
    [[a, gridOf([1])], RangeError, "Compare grids of the same layers"],
    [[undefined, a], TypeError, "gridA must be a grid { measure, rows, columns, values }"],
    [[a, [1, 2]], TypeError, "gridB must be a grid"],
    [[a, other({ values: [[1, 2]] })], TypeError, "gridB must be a grid"],
    [
      [
        a,
        other({
          values: [
            [1, 2],
            [3, Number.NaN],
          ],
        }),
      ],
      RangeError,
      "gridB.values[1][1] must be a finite number, got NaN",
    ],
    [
      [withErrors(a, [0, 0], [0, 0]), b],
      RangeError,
      "gridDifference: gridB.intervals must be given like gridA.intervals, got undefined",
    ],
    [
      [a, withErrors(b, [0, 0], [0, 0])],
      RangeError,
      "gridA.intervals must be given like gridB.intervals",
    ],
    [[withErrors(a, [0]), b], TypeError, "gridA.intervals must be as many rows and columns"],
    [
      [withErrors(a, [0, 0], [0, -1]), b],
      RangeError,
      "gridA.intervals[1][1].standardError must be a finite number >= 0, got -1",
    ],
    [[a, b, { control: a }], TypeError, "control must be an array of grids"],
    [
      [a, b, { control: [] }],
      RangeError,
      "control must be at least 2 grids of different seeds, got 0",
    ],
    [[a, b, { control: [a] }], RangeError, "control must be at least 2 grids"],
    [[a, b, { control: [[a, b], [a]] }], RangeError, "control[1] must be at least 2 grids"],
    [[a, b, { control: [[a, b], a] }], TypeError, "control[1] must be an array of grids"],
    [[a, b, { control: [a, gridOf([1])] }], RangeError, "control[1].rows must be"],
    [[a, b, { level: 0.9 }], RangeError, "level must be left out without control"],
    [[a, b, { level: 1 }], RangeError, "level must be a finite number > 0 and < 1, got 1"],
    [[a, b, { seeds: 2 }], TypeError, "options must be made of control, level"],
  ])("error %#", (args, kind, message) => {
    const run = () => (gridDifference as (...args: unknown[]) => unknown)(...args);
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});
