import type { Dense } from "../internal/matrix.js";
import type { Centred } from "./centre.js";
import { linearAlgebra, scaleColumns, takeColumns, transposed } from "./linearAlgebra.js";

/** How many directions of a centred matrix are kept. */
export interface Truncation {
  /** Fraction of the variance to keep, in (0, 1]; 1 keeps the whole rank. */
  readonly variance?: number;
  /** Number of directions to keep, at most the rank. */
  readonly components?: number;
}

/** A centred matrix as an orthonormal basis of the directions that are kept. */
export interface Reduced {
  /** Orthonormal columns that span the kept part of the column space, `[rows, kept]`. */
  readonly basis: Dense;
  /** Singular values of the kept directions, descending. */
  readonly singularValues: Float64Array;
  readonly rank: number;
  readonly kept: number;
  /** Fraction of the variance in the kept directions. */
  readonly variance: number;
}

/**
 * The Gram matrix squares the condition number. Down to this ratio of eigenvalues an orthonormal basis computed
 * through it is right to about 1e-10; below, the data themselves are decomposed.
 */
const GRAM_SAFE_EIGENVALUE = 1e-6;
/** Down to this ratio an eigenvalue of the Gram matrix is certainly not rounding, so that it counts as rank. */
const GRAM_CERTAIN_EIGENVALUE = 1e-10;

/** How the numbers of a matrix came about, where that bears on its rank. */
export interface Origin {
  /** Absolute size below which singular values are rounding errors of earlier steps. */
  readonly noise?: number;
  /**
   * The matrix is the real form [[A, −B], [B, A]] of a complex one A + iB: every singular value occurs twice, and
   * directions are kept in pairs.
   */
  readonly paired?: boolean;
}

/** Directions kept by {@link Truncation}. */
function keptCount(
  values: Float64Array,
  rank: number,
  { variance = 1, components }: Truncation,
  paired: boolean,
): number {
  if (components !== undefined) return Math.min(paired ? 2 * components : components, rank);
  if (variance === 1) return rank;
  let total = 0;
  for (let i = 0; i < rank; i++) total += values[i]! ** 2;
  // The small allowance makes an exact tie (half of the variance in each of two directions) come out the same
  // however the sums round.
  const wanted = (variance - 1e-12) * total;
  let sum = 0;
  for (let i = 0; i < rank; i++) {
    sum += values[i]! ** 2;
    if (sum >= wanted) return paired ? evenUp(i + 1) : i + 1;
  }
  return rank;
}

/**
 * Orthonormal basis of the directions of a centred matrix that hold the wanted variance.
 *
 * Rank: singular values above max(rows, columns)·ε·(largest).
 */
export function reduce(x: Centred, truncation: Truncation, origin: Origin = {}): Reduced {
  const live = x.columns - x.dead.length;
  if (live === 0) return empty(x.rows);
  return reduceByGram(x, live, truncation, origin) ?? reduceByData(x, truncation, origin);
}

const empty = (rows: number): Reduced => ({
  basis: { data: new Float64Array(0), rows, columns: 0 },
  singularValues: new Float64Array(0),
  rank: 0,
  kept: 0,
  variance: 0,
});

/** Undefined where the condition is too bad for the rank or the basis to be certain. */
function reduceByGram(
  x: Centred,
  live: number,
  truncation: Truncation,
  { noise = 0, paired = false }: Origin,
): Reduced | undefined {
  // Centring takes one direction from the examples (one each from the real and the imaginary parts).
  const rank = Math.min(x.rows - (paired ? 2 : 1), live);
  const tall = x.rows > x.columns;
  const { values, vectors } = linearAlgebra.symmetricEigen(
    linearAlgebra.gram(tall ? x : transposed(x)),
  );
  const first = values[0]!;
  const last = values[rank - 1]!;
  if (!(last > GRAM_CERTAIN_EIGENVALUE * first && last > noise * noise)) return undefined;
  const singularValues = values.map((value) => Math.sqrt(Math.max(0, value)));
  const kept = keptCount(singularValues, rank, truncation, paired);
  if (values[kept - 1]! < GRAM_SAFE_EIGENVALUE * first) return undefined;
  const directions = takeColumns(vectors, kept);
  if (tall) scaleColumns(directions, (j) => 1 / singularValues[j]!);
  const basis = tall ? linearAlgebra.product(x, directions) : directions;
  return reduced(basis, singularValues, rank, kept);
}

function reduceByData(
  x: Centred,
  truncation: Truncation,
  { noise = 0, paired = false }: Origin,
): Reduced {
  const { left, values } = linearAlgebra.thinSvd(x);
  const tolerance = Math.max(noise, Math.max(x.rows, x.columns) * Number.EPSILON * values[0]!);
  const certain = values.filter((value) => value > tolerance).length;
  const rank = paired ? evenUp(certain) : certain;
  if (rank === 0) return empty(x.rows);
  const kept = keptCount(values, rank, truncation, paired);
  return reduced(takeColumns(left, kept), values, rank, kept);
}

function reduced(basis: Dense, values: Float64Array, rank: number, kept: number): Reduced {
  let total = 0;
  let sum = 0;
  for (let i = 0; i < rank; i++) {
    total += values[i]! ** 2;
    if (i < kept) sum += values[i]! ** 2;
  }
  return { basis, singularValues: values.slice(0, kept), rank, kept, variance: sum / total };
}

const evenUp = (count: number) => count + (count % 2);
