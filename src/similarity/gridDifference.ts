import { checkNumber, checkOptions, rangeError, show, typeError } from "../internal/checks.js";
import { normalQuantile, studentQuantile } from "./quantiles.js";
import type { Interval } from "./resampling.js";
import type { SimilarityGrid } from "./similarityGrid.js";

/** The part of a {@link SimilarityGrid} that is read: also one that was written as JSON and read again. */
export interface ComparedGrid
  extends Pick<SimilarityGrid, "measure" | "rows" | "columns" | "values"> {
  readonly intervals?: readonly (readonly Pick<Interval, "standardError">[])[];
}

export interface GridDifferenceOptions {
  /**
   * What differs without a cause: grids of the same configuration with different seeds, two or more
   * (`[seed0, seed1, …]`), or several such groups (`[[a0, a1], [b0, b1]]`), better not the two grids that are compared
   * themselves. Two grids tell little: with them a difference must be 12.7 times as large to exceed the noise at 95 %;
   * with three it is 4.3, with five 2.8.
   */
  readonly control?: readonly ComparedGrid[] | readonly (readonly ComparedGrid[])[];
  /**
   * Probability with which a difference by chance alone stays below the threshold of its cell, in (0, 1). Of many cells
   * some exceed it by chance: 5 of 100 at 0.95.
   * @defaultValue 0.95
   */
  readonly level?: number;
}

/** How two grids differ, and how much of it is noise. */
export interface GridDifference {
  readonly measure: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** |A − B|. */
  readonly values: readonly (readonly number[])[];
  /** A − B. */
  readonly signed: readonly (readonly number[])[];
  /** Mean of `values`. */
  readonly mean: number;
  /**
   * Root mean square of the difference that seeds (with `control`) and the choice of examples (with intervals in both
   * grids) make by themselves.
   */
  readonly noise?: readonly (readonly number[])[];
  /** Size of a difference that noise alone stays below with probability `level`. */
  readonly threshold?: readonly (readonly number[])[];
  /** Whether the difference is above its threshold. */
  readonly exceedsNoise?: readonly (readonly boolean[])[];
  /** Mean of |A − B| over the cells for each pair of grids of one control group: to set beside `mean`. */
  readonly controlMeans?: readonly number[];
  readonly level: number;
}

const WHERE = "gridDifference";

/**
 * Absolute difference of two similarity grids, cell by cell, with its noise level.
 *
 *     values = |A − B|,     noise = √(2σ² + seA² + seB²),     threshold = √(2(tσ)² + z²(seA² + seB²))
 *
 * σ²: variance between seeds, pooled over the groups of `control`; t: quantile of Student with as many degrees of freedom
 * as there are control grids less groups. seA, seB: the standard errors of the grids' bootstrap intervals, z the
 * quantile of the normal distribution; the grids are of the same examples as a rule, so that their errors partly cancel
 * and this share of the noise is rather too large. Without `control` and intervals there is no noise level, and
 * a difference says nothing by itself: two trainings of the same network differ too.
 *
 * @param gridA - Any grid of `similarityGrid`, e.g. of a teacher and a distilled student.
 * @param gridB - A grid of the same layers by the same measure, e.g. of the teacher and a student on its own.
 * @throws RangeError if the grids differ in measure, layers or their order, or only one has intervals, or if there is a `level` but no noise to
 * take it of; TypeError if an
 * argument is not a grid.
 * @example
 * ```ts
 * import { gridDifference } from "closerlook/similarity";
 *
 * const grid = (value) => ({ measure: "svcca", rows: ["conv"], columns: ["fc"], values: [[value]] });
 * const control = [grid(0.5), grid(0.52), grid(0.51)]; // the same network, three seeds
 * const { exceedsNoise, threshold } = gridDifference(grid(0.75), grid(0.5), { control });
 * exceedsNoise[0][0]; // true
 * threshold[0][0].toFixed(3); // "0.061"
 * ```
 * @see Gotmare et al. 2019, Fig. 6 (the difference, without a noise level).
 */
export function gridDifference(
  gridA: ComparedGrid,
  gridB: ComparedGrid,
  options: GridDifferenceOptions = {},
): GridDifference {
  checkOptions(WHERE, options, ["control", "level"]);
  const { level = 0.95 } = options;
  checkNumber(WHERE, "level", level, { above: 0, below: 1 });
  checkGrid("gridA", gridA);
  checkFits("gridB", gridB, gridA);
  checkIntervals(gridA, gridB);
  const groups = controlGroups(options.control, gridA);
  if (options.level !== undefined && !groups && !gridA.intervals) {
    throw rangeError(
      WHERE,
      "level",
      "left out without control and without intervals in the grids",
      level,
    );
  }
  const { measure, rows, columns } = gridA;
  const signed = cells(gridA, (i, j) => gridA.values[i]![j]! - gridB.values[i]![j]!);
  const values = signed.map((row) => row.map(Math.abs));
  return {
    measure,
    rows: [...rows],
    columns: [...columns],
    values,
    signed,
    mean: meanOf(values),
    ...(groups && { controlMeans: groups.flatMap(meanDifferences) }),
    ...noiseLevel(gridA, gridB, groups, values, level),
    level,
  };
}

type Group = readonly ComparedGrid[];

function cells<T>({ rows, columns }: ComparedGrid, of: (i: number, j: number) => T): T[][] {
  return rows.map((_, i) => columns.map((_, j) => of(i, j)));
}

function meanOf(values: readonly (readonly number[])[]): number {
  const all = values.flat();
  return all.reduce((sum, value) => sum + value, 0) / all.length;
}

/** Mean |difference| of each pair in a group. */
function meanDifferences(group: Group): number[] {
  return group.flatMap((b, at) =>
    group
      .slice(0, at)
      .map((a) => meanOf(cells(a, (i, j) => Math.abs(a.values[i]![j]! - b.values[i]![j]!)))),
  );
}

function noiseLevel(
  gridA: ComparedGrid,
  gridB: ComparedGrid,
  groups: readonly Group[] | undefined,
  values: readonly (readonly number[])[],
  level: number,
) {
  const { intervals: errorsA } = gridA;
  const { intervals: errorsB } = gridB;
  if (!groups && !errorsA) return {};
  const freedom = groups ? groups.reduce((sum, group) => sum + group.length - 1, 0) : 0;
  const student = groups ? studentQuantile((1 + level) / 2, freedom) : 0;
  const normal = normalQuantile((1 + level) / 2);
  /** Variances of the difference from seeds and from examples. */
  const parts = (i: number, j: number) => ({
    seeds: groups ? (2 * deviation(groups, i, j)) / freedom : 0,
    examples:
      errorsA && errorsB
        ? errorsA[i]![j]!.standardError ** 2 + errorsB[i]![j]!.standardError ** 2
        : 0,
  });
  const noise = cells(gridA, (i, j) => {
    const { seeds, examples } = parts(i, j);
    return Math.sqrt(seeds + examples);
  });
  const threshold = cells(gridA, (i, j) => {
    const { seeds, examples } = parts(i, j);
    return Math.sqrt(student ** 2 * seeds + normal ** 2 * examples);
  });
  const exceedsNoise = cells(gridA, (i, j) => values[i]![j]! > threshold[i]![j]!);
  return { noise, threshold, exceedsNoise };
}

/** Sum of the squared deviations of each group's values from their mean, in one cell. */
function deviation(groups: readonly Group[], i: number, j: number): number {
  let sum = 0;
  for (const group of groups) {
    const values = group.map((grid) => grid.values[i]![j]!);
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    for (const value of values) sum += (value - mean) ** 2;
  }
  return sum;
}

function controlGroups(
  control: GridDifferenceOptions["control"],
  grid: ComparedGrid,
): readonly Group[] | undefined {
  if (control === undefined) return undefined;
  const must = "an array of grids, or of arrays of grids";
  if (!Array.isArray(control)) throw typeError(WHERE, "control", must, control);
  const grouped = Array.isArray(control[0]);
  const groups: readonly unknown[] = grouped ? control : [control];
  return groups.map((group, g) => {
    const name = grouped ? `control[${g}]` : "control";
    if (!Array.isArray(group)) throw typeError(WHERE, name, "an array of grids", group);
    if (group.length < 2) {
      throw rangeError(WHERE, name, "at least 2 grids of different seeds", group.length);
    }
    const grids = group.map((one: unknown, i) => checkFits(`${name}[${i}]`, one, grid));
    checkDifferent(name, grids);
    return grids;
  });
}

/** The same grid twice would say that seeds change nothing. */
function checkDifferent(name: string, grids: readonly ComparedGrid[]): void {
  const texts = grids.map(({ values }) => JSON.stringify(values));
  const same = texts.findIndex((text, i) => texts.indexOf(text) < i);
  if (same < 0) return;
  throw new RangeError(
    `${WHERE}: ${name} must be grids of different seeds, got the same values in ${name}[${same}] as in ` +
      `${name}[${texts.indexOf(texts[same]!)}]`,
  );
}

function checkGrid(name: string, grid: unknown): ComparedGrid {
  const { measure, rows, columns, values } = (grid ?? {}) as Partial<ComparedGrid>;
  const isTable = (table: unknown): table is unknown[][] =>
    Array.isArray(table) &&
    table.length === rows?.length &&
    table.every((row) => Array.isArray(row) && row.length === columns?.length);
  if (typeof measure !== "string" || !isNames(rows) || !isNames(columns) || !isTable(values)) {
    throw typeError(WHERE, name, "a grid { measure, rows, columns, values }", grid);
  }
  for (const [i, row] of values.entries()) {
    for (const [j, value] of row.entries()) {
      checkNumber(WHERE, `${name}.values[${i}][${j}]`, value);
    }
  }
  const { intervals } = grid as ComparedGrid;
  if (intervals !== undefined) {
    if (!isTable(intervals)) {
      throw typeError(WHERE, `${name}.intervals`, "as many rows and columns as values", intervals);
    }
    for (const [i, row] of intervals.entries()) {
      for (const [j, interval] of row.entries()) {
        const at = `${name}.intervals[${i}][${j}].standardError`;
        checkNumber(WHERE, at, interval?.standardError, { min: 0 });
      }
    }
  }
  return grid as ComparedGrid;
}

const isNames = (names: unknown): names is string[] =>
  Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string");

function checkFits(name: string, grid: unknown, gridA: ComparedGrid): ComparedGrid {
  const checked = checkGrid(name, grid);
  if (checked.measure !== gridA.measure) {
    throw rangeError(
      WHERE,
      `${name}.measure`,
      `${show(gridA.measure)} as in gridA`,
      checked.measure,
    );
  }
  for (const axis of ["rows", "columns"] as const) {
    const [wanted, got] = [gridA[axis], checked[axis]];
    if (got.length === wanted.length && got.every((layer, i) => layer === wanted[i])) continue;
    const sameNames = [...got].sort().join("\n") === [...wanted].sort().join("\n");
    const hint = sameNames
      ? "The layers are the same, in another order: build both grids with layers in the same order"
      : "Compare grids of the same layers";
    throw rangeError(WHERE, `${name}.${axis}`, `${show(wanted)} as in gridA`, got, hint);
  }
  return checked;
}

function checkIntervals(gridA: ComparedGrid, gridB: ComparedGrid): void {
  if ((gridA.intervals === undefined) === (gridB.intervals === undefined)) return;
  const [has, lacks] = gridA.intervals ? ["gridA", "gridB"] : ["gridB", "gridA"];
  throw new RangeError(
    `${WHERE}: ${lacks}.intervals must be given like ${has}.intervals, got undefined. Build both grids with the same ` +
      "bootstrap, or leave intervals out of both",
  );
}
