import type { Dense } from "../internal/matrix.js";
import type { CentredOperand } from "./centre.js";
import {
  linearAlgebra,
  type Operand,
  type SymmetricEigen,
  scaleColumns,
  takeColumns,
} from "./linearAlgebra.js";

/** How many directions of a centred matrix are kept. */
export interface Truncation {
  /** Fraction of the variance to keep, in (0, 1]; 1 keeps the whole rank. */
  readonly variance?: number;
  /** Number of directions to keep, at most the rank. */
  readonly components?: number;
}

/** The directions of a matrix that are kept, and how many there are. */
export interface Spread {
  /** Singular values of the kept directions, descending. */
  readonly singularValues: Float64Array;
  readonly rank: number;
  readonly kept: number;
  /** Fraction of the variance in the kept directions. */
  readonly variance: number;
}

/**
 * Where the directions come from: `"gram"` from the eigenvectors of XᵀX or XXᵀ, `"qr"` from the data themselves by QR
 * and SVD, which is slower and right for any condition.
 */
export type Method = "gram" | "qr";

/** A centred matrix as an orthonormal basis of the directions that are kept. */
export class Reduced implements Spread {
  readonly singularValues: Float64Array;
  readonly rank: number;
  readonly kept: number;
  readonly variance: number;
  readonly method: Method;
  /** X, centred. */
  readonly source: Operand;
  /** The basis is X·map; absent where the basis did not come from XᵀX. */
  readonly map: Dense | undefined;
  /** Right singular vectors of the kept directions, where the data themselves were decomposed. */
  readonly right: Dense | undefined;
  #basis: Dense | undefined;
  #coordinates: Dense | undefined;

  constructor(
    source: Operand,
    spread: Spread,
    method: Method,
    { map, basis, right }: { readonly map?: Dense; readonly basis?: Dense; readonly right?: Dense },
  ) {
    this.source = source;
    this.singularValues = spread.singularValues;
    this.rank = spread.rank;
    this.kept = spread.kept;
    this.variance = spread.variance;
    this.method = method;
    this.map = map;
    this.right = right;
    this.#basis = basis;
  }

  /** Whether {@link basis} costs nothing. */
  get hasBasis(): boolean {
    return this.#basis !== undefined;
  }

  /** Orthonormal columns that span the kept part of the column space, `[rows, kept]`; computed when first asked for. */
  get basis(): Dense {
    this.#basis ??= linearAlgebra.product(this.source, this.map!);
    return this.#basis;
  }

  /** Xᵀ·basis, the columns of X in the basis, `[columns, kept]`; computed when first asked for. */
  get coordinates(): Dense {
    this.#coordinates ??= linearAlgebra.crossProduct(this.source, this.basis);
    return this.#coordinates;
  }
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

/** A matrix to reduce, and how its numbers came about. */
export interface ToReduce {
  readonly centred: CentredOperand;
  readonly origin?: Origin;
}

/**
 * Orthonormal basis of the directions of a centred matrix that hold the wanted variance.
 *
 * Rank: singular values above max(rows, columns)·ε·(largest).
 */
export function reduce(centred: CentredOperand, truncation: Truncation, origin?: Origin): Reduced {
  return reduceAll([{ centred, ...(origin && { origin }) }], truncation)[0]!;
}

/** The same of several matrices, whose eigenproblems threads can share. */
export function reduceAll(list: readonly ToReduce[], truncation: Truncation): Reduced[] {
  const live = list.map(({ centred }) => centred.dead.length < centred.columns);
  const grams = list.filter((_, i) => live[i]).map(({ centred }) => gramOf(centred));
  const eigen = linearAlgebra.symmetricEigenOfAll(grams).values();
  return list.map(({ centred, origin = {} }, i) =>
    live[i] ? reduceLive(centred, eigen.next().value!, truncation, origin) : empty(centred),
  );
}

const isTall = (x: CentredOperand) => x.rows > x.columns;

const gramOf = (x: CentredOperand): Dense =>
  isTall(x) ? linearAlgebra.gram(x) : linearAlgebra.outerGram(x);

function reduceLive(
  x: CentredOperand,
  eigen: SymmetricEigen,
  truncation: Truncation,
  origin: Origin,
): Reduced {
  // Centring takes one direction from the examples (one each from the real and the imaginary parts).
  const most = Math.min(x.rows - (origin.paired ? 2 : 1), x.columns - x.dead.length);
  const found = reduceEigen(eigen, most, truncation, origin, () => dataSingularValues(x, origin));
  if (!found) return reduceByData(x, truncation, origin);
  const { vectors, ...spread } = found;
  if (!isTall(x)) return new Reduced(x, spread, "gram", { basis: vectors });
  scaleColumns(vectors, (j) => 1 / spread.singularValues[j]!);
  return new Reduced(x, spread, "gram", { map: vectors });
}

const empty = (x: CentredOperand): Reduced =>
  new Reduced(x, { singularValues: new Float64Array(0), rank: 0, kept: 0, variance: 0 }, "gram", {
    basis: { data: new Float64Array(0), rows: x.rows, columns: 0 },
  });

/**
 * The kept directions of a matrix from its Gram matrix, as eigenvectors; undefined where their condition is too bad.
 *
 * @param most - Largest rank that the matrix can have.
 * @param exactValues - Singular values up to the rank, asked for where those of the Gram matrix leave the rank open;
 * without it the result is then undefined.
 */
export const reduceGram = (
  gram: Dense,
  most: number,
  truncation: Truncation,
  origin?: Origin,
  exactValues?: () => Float64Array,
): (Spread & { readonly vectors: Dense }) | undefined =>
  reduceEigen(linearAlgebra.symmetricEigen(gram), most, truncation, origin, exactValues);

function reduceEigen(
  { values, vectors }: SymmetricEigen,
  most: number,
  truncation: Truncation,
  { noise = 0, paired = false }: Origin = {},
  exactValues?: () => Float64Array,
): (Spread & { readonly vectors: Dense }) | undefined {
  const first = values[0]!;
  const certain = (value: number) =>
    value > GRAM_CERTAIN_EIGENVALUE * first && value > noise * noise;
  const roots = values.map((value) => Math.sqrt(Math.max(0, value)));
  // Truncation needs the small values only as a sum, which the Gram matrix knows well enough.
  const safe = (kept: number) => kept > 0 && values[kept - 1]! >= GRAM_SAFE_EIGENVALUE * first;
  if (!safe(keptCount(roots, most, truncation, paired))) return undefined;
  let exact: Float64Array = roots.subarray(0, most);
  if (!certain(values[most - 1]!)) {
    if (!exactValues) return undefined;
    exact = exactValues();
  }
  const spread = spreadOf(exact, truncation, paired);
  if (!safe(spread.kept)) return undefined;
  return { ...spread, vectors: takeColumns(vectors, spread.kept) };
}

/** The singular values of the data up to the rank. */
function dataSingularValues(x: CentredOperand, origin: Origin): Float64Array {
  const values = linearAlgebra.singularValues(x);
  return values.subarray(0, rankOf(values, x, origin));
}

function rankOf(
  values: Float64Array,
  { rows, columns }: CentredOperand,
  { noise = 0, paired = false }: Origin,
): number {
  const tolerance = Math.max(noise, Math.max(rows, columns) * Number.EPSILON * values[0]!);
  const certain = values.filter((value) => value > tolerance).length;
  return paired ? evenUp(certain) : certain;
}

function reduceByData(x: CentredOperand, truncation: Truncation, origin: Origin): Reduced {
  const { left, values, right } = linearAlgebra.thinSvd(x);
  const rank = rankOf(values, x, origin);
  if (rank === 0) return empty(x);
  const spread = spreadOf(values.subarray(0, rank), truncation, origin.paired ?? false);
  return new Reduced(x, spread, "qr", {
    basis: takeColumns(left, spread.kept),
    right: takeColumns(right, spread.kept),
  });
}

/** @param values - As many as the rank. */
function spreadOf(values: Float64Array, truncation: Truncation, paired: boolean): Spread {
  const rank = values.length;
  const kept = keptCount(values, rank, truncation, paired);
  let total = 0;
  let sum = 0;
  for (let i = 0; i < rank; i++) {
    total += values[i]! ** 2;
    if (i < kept) sum += values[i]! ** 2;
  }
  return { singularValues: values.slice(0, kept), rank, kept, variance: sum / total };
}

const evenUp = (count: number) => count + (count % 2);
