import { checkInteger, checkNumber } from "../internal/checks.js";
import type { Dense } from "../internal/matrix.js";

/** How sure a similarity is: both cost extra work, and both are left out unless asked for. */
export interface ResamplingOptions {
  /**
   * Number of random shuffles of the examples of `y` for the p-value, at least 1. The smallest p-value that B shuffles
   * can give is 1/(B + 1).
   */
  readonly permutations?: number;
  /**
   * Number of times that the similarity is computed anew without an eighth of the examples, at least 2, for the
   * interval; 200 are plenty.
   */
  readonly bootstrap?: number;
  /** Whole number from which all shuffles and choices follow; needed with `permutations` and with `bootstrap`. */
  readonly seed?: number;
  /**
   * Probability with which intervals cover the expected similarity, in (0, 1).
   * @defaultValue 0.95
   */
  readonly level?: number;
}

/**
 * Where the expected similarity at this number of examples lies: the mean over all sets of so many examples, of which
 * the data are one. It is to be compared with `chance`, and with other similarities of as many examples and
 * directions; it is not the similarity of infinitely many examples, above which most measures lie on average.
 */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
  /** Probability with which such intervals cover the expected similarity. */
  readonly level: number;
  /** Standard deviation of the similarity from one set of examples to another. */
  readonly standardError: number;
}

/** What resampling adds to a result. */
export interface Resampled {
  /**
   * With `permutations`: how often shuffled examples of `y` are at least as similar, (1 + count)/(1 + permutations).
   * Small where `x` and `y` have something in common.
   */
  readonly pValue?: number;
  /** With `bootstrap`: where the expected similarity at this number of examples lies. */
  readonly interval?: Interval;
}

/** The options once checked; 0 stands for "not asked for". */
export interface Resampling {
  readonly permutations: number;
  readonly bootstrap: number;
  readonly seed: number;
  readonly level: number;
}

/** The names of {@link ResamplingOptions}, for `checkOptions`. */
export const RESAMPLING_OPTIONS = ["permutations", "bootstrap", "seed", "level"] as const;

export function checkResampling(where: string, options: ResamplingOptions): Resampling {
  const { permutations, bootstrap, seed, level } = options;
  if (permutations !== undefined) checkInteger(where, "permutations", permutations, { min: 1 });
  if (bootstrap !== undefined) checkInteger(where, "bootstrap", bootstrap, { min: 2 });
  const asked = permutations !== undefined ? "permutations" : "bootstrap";
  const isAsked = permutations !== undefined || bootstrap !== undefined;
  if (isAsked && seed === undefined) {
    throw new TypeError(`${where}: seed must be given with ${asked}, got undefined`);
  }
  if (!isAsked && seed !== undefined) {
    throw new TypeError(`${where}: seed must go with permutations or bootstrap, got neither`);
  }
  if (level !== undefined && bootstrap === undefined) {
    throw new TypeError(`${where}: level must go with bootstrap, got no bootstrap`);
  }
  if (seed !== undefined) checkInteger(where, "seed", seed);
  if (level !== undefined) checkNumber(where, "level", level, { above: 0, below: 1 });
  return {
    permutations: permutations ?? 0,
    bootstrap: bootstrap ?? 0,
    seed: seed ?? 0,
    level: level ?? 0.95,
  };
}

/**
 * Which rows belong together: all positions of one image are one example, which is shuffled and left out as a whole,
 * since neighbouring positions are not independent of each other.
 */
export interface Examples {
  readonly count: number;
  /** Rows of example i: `starts[i]` up to `starts[i + 1]`, `count` + 1 numbers. Absent: one row each. */
  readonly starts?: Uint32Array;
  /**
   * Examples are exchanged only with others of the same kind (images of which the same positions were taken), which
   * have equally many rows. Absent: all are alike.
   */
  readonly kinds?: ArrayLike<number>;
}

/**
 * The rows of the examples `which`, in their order. A matrix with a multiple of the rows (the real form of a complex
 * one) has each example once in each of its parts.
 */
export function rowsOf({ count, starts }: Examples, which: Uint32Array, rows: number): Uint32Array {
  const partRows = starts ? starts[count]! : count;
  const parts = rows / partRows;
  let size = which.length;
  if (starts) {
    size = 0;
    for (const example of which) size += starts[example + 1]! - starts[example]!;
  }
  const result = new Uint32Array(size * parts);
  let at = 0;
  for (let part = 0; part < parts; part++) {
    for (const example of which) {
      const first = starts ? starts[example]! : example;
      const end = starts ? starts[example + 1]! : example + 1;
      for (let row = first; row < end; row++) result[at++] = part * partRows + row;
    }
  }
  return result;
}

/** The given rows of a matrix, with room for `extra` rows of zeros at the end. */
export function takeRows({ data, columns }: Dense, rows: Uint32Array, extra = 0): Dense {
  const result = new Float64Array((rows.length + extra) * columns);
  // By hand: making a view of each row takes longer than to copy it.
  let to = 0;
  for (const row of rows) {
    for (let at = row * columns; at < (row + 1) * columns; at++) result[to++] = data[at]!;
  }
  return { data: result, rows: rows.length + extra, columns };
}
