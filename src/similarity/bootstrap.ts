import type { Dense } from "../internal/matrix.js";
import { Random } from "../internal/random.js";
import { mean } from "./canonical.js";
import { linearAlgebra, scaleColumns, takeColumns, transposed } from "./linearAlgebra.js";
import { projectionWeighted, rowSquares, sumOfSquares } from "./permutations.js";
import { studentQuantile } from "./quantiles.js";
import { type Examples, type Interval, type Resampling, rowsOf, takeRows } from "./resampling.js";

/** The similarity without some examples: the numbers in each list, ascending, are left out. */
export type RemainingStatistic = (left: readonly Uint32Array[]) => readonly number[];

/** One side of a comparison through orthonormal bases. */
export interface Side {
  /** Orthonormal centred columns. */
  readonly basis: Dense;
  /** Ridge of each column relative to its variance, r·s₁²/s²; absent: none. */
  readonly ridge?: Float64Array;
}

/** Part of the examples that is left out each time. */
const LEFT_OUT = 1 / 8;

/** Enough small problems at once to keep all threads busy, and few enough to fit into memory. */
const BATCH = 16;

/**
 * Interval around a similarity, from how much it varies when examples are left out.
 *
 *     standardError = √((n − d)/d) · standard deviation of the similarity of n − d examples,   d = n/8 chosen at random
 *     interval = similarity ± t · standardError,   t of Student with bootstrap − 1 degrees of freedom
 *
 * Drawing with replacement would not do: n draws hold 0.63 n different examples, of which correlations are far higher,
 * so that percentiles of such a bootstrap (also reflected, or BCa) hardly ever contain the expected similarity. Its
 * standard deviation is right, but so is that of leaving examples out, which costs the work of d examples only and
 * knows no duplicates. Fewer left out give larger errors at many directions per example (twice the true ones for one at
 * a time), more of them leave too few examples for the directions. The kept directions are held fixed: computing them
 * anew, where their number jumps, makes errors 1.4 times too large.
 *
 * Coverage of 95 % intervals in simulations, 0.02 ≤ kept/examples ≤ 0.4: 0.95 to 1 for Gaussian activations, 0.86 to 1
 * for heavy-tailed ones (the least for linear CKA), 0.91 to 0.95 for SVCCA whose number of directions changes between
 * samples. The standard error is right at few directions per example, and up to 1.7 times too large at many.
 *
 * @param range - The values that the measure can take.
 * @see Shao and Wu 1989 (delete-d jackknife).
 */
export function bootstrapInterval(
  similarity: number,
  statistic: RemainingStatistic,
  { count }: Examples,
  { bootstrap, seed, level }: Pick<Resampling, "bootstrap" | "seed" | "level">,
  range: readonly [number, number] = [0, 1],
): Interval {
  const leftOut = leftOutOf(count);
  const random = new Random(seed, "bootstrap");
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const values: number[] = [];
  while (values.length < bootstrap) {
    const batch = Array.from({ length: Math.min(BATCH, bootstrap - values.length) }, () =>
      choose(order, leftOut, random),
    );
    values.push(...statistic(batch));
  }
  const standardError = Math.sqrt((count - leftOut) / leftOut) * standardDeviation(values);
  const half = studentQuantile((1 + level) / 2, bootstrap - 1) * standardError;
  return {
    lower: Math.max(range[0], similarity - half),
    upper: Math.min(range[1], similarity + half),
    level,
    standardError,
  };
}

/** How many of so many examples are left out each time. */
export const leftOutOf = (examples: number): number => Math.max(1, Math.round(LEFT_OUT * examples));

/** Some of the examples in ascending order, which memory likes; `order` is any order of all, and becomes another. */
function choose(order: Uint32Array, some: number, random: Random): Uint32Array {
  for (let i = 0; i < some; i++) {
    const j = i + random.integer(order.length - i);
    const example = order[i]!;
    order[i] = order[j]!;
    order[j] = example;
  }
  return order.slice(0, some).sort();
}

function standardDeviation(values: readonly number[]): number {
  const middle = values.reduce((sum, value) => sum + value / values.length, 0);
  const square = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(square / (values.length - 1));
}

/** Mean correlation, averaged over the pairs by weight: CCA, SVCCA (one pair) and DFT-CCA (one for each frequency). */
export function remainingCorrelation(
  pairs: readonly { readonly x: Side; readonly y: Side; readonly weight: number }[],
  examples: Examples,
): RemainingStatistic {
  const overlaps = pairs.map(({ x, y }) => linearAlgebra.crossProduct(x.basis, y.basis));
  return (left) => {
    const whitened = left.flatMap((which) =>
      pairs.map(({ x, y }, i) => {
        const sideX = remaining(x, examples, which);
        const sideY = remaining(y, examples, which);
        return whitenedOverlap(overlaps[i]!, sideX, sideY);
      }),
    );
    const values = linearAlgebra.singularValuesOfAll(whitened);
    return left.map((_, i) => {
      let sum = 0;
      pairs.forEach(({ weight }, j) => {
        sum += weight * mean(values[i * pairs.length + j]!);
      });
      return sum;
    });
  };
}

/**
 * Projection-weighted CCA.
 *
 * @param coordinates - Inner products of the neurons of `x` with the columns of its basis, `[neurons, kept]`.
 */
export function remainingProjection(
  x: Side,
  coordinates: Dense,
  y: Side,
  examples: Examples,
): RemainingStatistic {
  const overlap = linearAlgebra.crossProduct(x.basis, y.basis);
  return (left) =>
    left.map((which) => {
      const sideX = remaining(x, examples, which);
      const sideY = remaining(y, examples, which);
      // ⟨hᵢ, xⱼ⟩ with variates h = U Tᵀ P: the rows of P'T A V, A = U'U over the remaining examples.
      const turned = linearAlgebra.product(coordinates, transposed(sideX.whiten(sideX.products)));
      return projectionWeighted(whitenedOverlap(overlap, sideX, sideY), turned);
    });
}

/** What is left of a side without some examples. */
interface Remaining {
  /** The rows that were left out, and what their mean adds. */
  readonly removed: Dense;
  /** Products UᵀU of the remaining rows, centred anew. */
  readonly products: Dense;
  /** Multiplies by a matrix T with T(UᵀU + ridge)Tᵀ = I. */
  readonly whiten: (a: Dense) => Dense;
}

function remaining({ basis, ridge }: Side, examples: Examples, which: Uint32Array): Remaining {
  const removed = removedRows(basis, examples, which);
  const products = minus(identity(basis.columns), linearAlgebra.gram(removed));
  if (!ridge) return { removed, products, whiten: whitening(products) };
  // The ridge is relative to the size of the data, which shrinks with the number of examples.
  const part = 1 - which.length / examples.count;
  const ridged = { ...products, data: products.data.slice() };
  for (let i = 0; i < basis.columns; i++) ridged.data[i * (basis.columns + 1)]! += part * ridge[i]!;
  return { removed, products, whiten: whitening(ridged) };
}

const whitenedOverlap = (overlap: Dense, x: Remaining, y: Remaining): Dense =>
  x.whiten(
    transposed(
      y.whiten(transposed(minus(overlap, linearAlgebra.crossProduct(x.removed, y.removed)))),
    ),
  );

/**
 * Rows R such that XᵀX − RᵀR is that of the other rows after centring: the rows left out, and one row m/√rest for each
 * part of the matrix, m their sum. (The others have the sum −m, since the columns of X are centred.)
 */
function removedRows(x: Dense, examples: Examples, which: Uint32Array): Dense {
  const rows = rowsOf(examples, which, x.rows);
  const perPart = examples.starts ? examples.starts[examples.count]! : examples.count;
  const parts = x.rows / perPart;
  const removed = takeRows(x, rows, parts);
  const { data, columns } = removed;
  const size = rows.length / parts;
  for (let part = 0; part < parts; part++) {
    const sum = data.subarray((rows.length + part) * columns, (rows.length + part + 1) * columns);
    for (let row = part * size; row < (part + 1) * size; row++) {
      for (let j = 0; j < columns; j++) sum[j]! += data[row * columns + j]!;
    }
    const factor = perPart > size ? 1 / Math.sqrt(perPart - size) : 0;
    for (let j = 0; j < columns; j++) sum[j]! *= factor;
  }
  return removed;
}

/** Below this variance a direction, of variance 1 over all examples, is nothing but rounding. */
const GONE = 1e-10;

/** Multiplication by L⁻¹ with A = LLᵀ; where that fails by the eigenvectors that are left, each divided by √λ. */
function whitening(a: Dense): (b: Dense) => Dense {
  const factor = cholesky(a);
  if (factor) return (b) => solveLower(factor, b);
  const { values, vectors } = linearAlgebra.symmetricEigen(a);
  const rank = values.filter((value) => value > GONE).length;
  const whitened = takeColumns(vectors, rank);
  scaleColumns(whitened, (i) => 1 / Math.sqrt(values[i]!));
  return (b) => linearAlgebra.crossProduct(whitened, b);
}

/** L with A = LLᵀ; undefined where A is not safely positive. */
function cholesky({ data, rows: n, columns }: Dense): Dense | undefined {
  const factor = data.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = factor[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!;
      if (j < i) factor[i * n + j] = sum / factor[j * n + j]!;
      else if (sum > GONE) factor[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return { data: factor, rows: n, columns };
}

/** L⁻¹B, row by row. */
function solveLower({ data: factor, rows: n }: Dense, { data, columns }: Dense): Dense {
  const result = data.slice();
  for (let i = 0; i < n; i++) {
    const row = result.subarray(i * columns, (i + 1) * columns);
    for (let k = 0; k < i; k++) {
      const times = factor[i * n + k]!;
      const at = k * columns;
      for (let j = 0; j < columns; j++) row[j]! -= times * result[at + j]!;
    }
    const diagonal = factor[i * n + i]!;
    for (let j = 0; j < columns; j++) row[j]! /= diagonal;
  }
  return { data: result, rows: n, columns };
}

/** Linear CKA from centred activations. */
export function remainingAlignment(
  x: Dense,
  y: Dense,
  debiased: boolean,
  examples: Examples,
): RemainingStatistic {
  const products = [
    linearAlgebra.crossProduct(x, y),
    linearAlgebra.gram(x),
    linearAlgebra.gram(y),
  ] as const;
  const squaresX = rowSquares(x);
  const squaresY = rowSquares(y);
  return (left) =>
    left.map((which) => {
      const removedX = removedRows(x, examples, which);
      const removedY = removedRows(y, examples, which);
      const xy = sumOfSquares(minus(products[0], linearAlgebra.crossProduct(removedX, removedY)));
      const xx = sumOfSquares(minus(products[1], linearAlgebra.gram(removedX)));
      const yy = sumOfSquares(minus(products[2], linearAlgebra.gram(removedY)));
      if (!debiased) return alignment(xy, xx, yy);
      const normsX = remainingNorms(x, squaresX, removedX, examples, which);
      const normsY = remainingNorms(y, squaresY, removedY, examples, which);
      return alignment(
        unbiased(xy, normsX, normsY),
        unbiased(xx, normsX, normsX),
        unbiased(yy, normsY, normsY),
      );
    });
}

/** ‖K‖² without diagonals and U-centred, from that of the kernels as they are and the sizes of the examples. */
function unbiased(square: number, a: Float64Array, b: Float64Array): number {
  const n = a.length;
  let diagonals = 0;
  let traceA = 0;
  let traceB = 0;
  for (let i = 0; i < n; i++) {
    diagonals += a[i]! * b[i]!;
    traceA += a[i]!;
    traceB += b[i]!;
  }
  const value = square - (n / (n - 2)) * diagonals + (traceA * traceB) / ((n - 1) * (n - 2));
  return unlessRounding(value, square + diagonals);
}

/** Below the rounding of its terms a difference is nothing, and an alignment with it 0 rather than any number. */
const unlessRounding = (value: number, terms: number): number =>
  Math.abs(value) > 64 * Number.EPSILON * terms ? value : 0;

/** Squared distances of the remaining rows from their own mean, the rows themselves being centred on that of all. */
function remainingNorms(
  x: Dense,
  squares: Float64Array,
  removed: Dense,
  examples: Examples,
  which: Uint32Array,
): Float64Array {
  const { data, rows, columns } = x;
  const gone = new Uint8Array(rows);
  for (const row of rowsOf(examples, which, rows)) gone[row] = 1;
  const left = rows - (removed.rows - 1);
  // The last row is m/√rest, and the mean of the rest is −m/rest.
  const middle = removed.data
    .subarray((removed.rows - 1) * columns)
    .map((value) => -value / Math.sqrt(left));
  const middleSquare = middle.reduce((sum, value) => sum + value * value, 0);
  const norms = new Float64Array(left);
  for (let i = 0, at = 0; i < rows; i++) {
    if (gone[i]) continue;
    let product = 0;
    for (let j = 0; j < columns; j++) product += data[i * columns + j]! * middle[j]!;
    norms[at++] = squares[i]! - 2 * product + middleSquare;
  }
  return norms;
}

/** CKA from centred kernel matrices, debiased from ones with zeros on the diagonal. */
export const remainingKernelAlignment =
  (k: Dense, l: Dense, debiased: boolean, examples: Examples): RemainingStatistic =>
  (left) =>
    left.map((which) => {
      const rest = rowsOf(examples, withoutExamples(examples.count, which), k.rows);
      return alignment(
        centredProduct(k, l, rest, debiased),
        centredProduct(k, k, rest, debiased),
        centredProduct(l, l, rest, debiased),
      );
    });

/** ⟨K, L⟩ over some of the rows, centred anew (debiased: without diagonals and U-centred). */
function centredProduct(k: Dense, l: Dense, rest: Uint32Array, debiased: boolean): number {
  const n = rest.length;
  let products = 0;
  let sums = 0;
  let totalK = 0;
  let totalL = 0;
  for (const i of rest) {
    let sumK = 0;
    let sumL = 0;
    for (const j of rest) {
      const valueK = k.data[i * k.columns + j]!;
      const valueL = l.data[i * k.columns + j]!;
      products += valueK * valueL;
      sumK += valueK;
      sumL += valueL;
    }
    sums += sumK * sumL;
    totalK += sumK;
    totalL += sumL;
  }
  const value = debiased
    ? products - (2 * sums) / (n - 2) + (totalK * totalL) / ((n - 1) * (n - 2))
    : products - (2 * sums) / n + (totalK * totalL) / n ** 2;
  return unlessRounding(value, Math.abs(products));
}

const alignment = (xy: number, xx: number, yy: number): number =>
  xx > 0 && yy > 0 ? Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)) : 0;

function withoutExamples(count: number, which: Uint32Array): Uint32Array {
  const rest = new Uint32Array(count - which.length);
  for (let i = 0, at = 0, next = 0; i < count; i++) {
    if (which[next] === i) next++;
    else rest[at++] = i;
  }
  return rest;
}

function identity(size: number): Dense {
  const data = new Float64Array(size * size);
  for (let at = 0; at < data.length; at += size + 1) data[at] = 1;
  return { data, rows: size, columns: size };
}

const minus = (a: Dense, b: Dense): Dense => ({
  ...a,
  data: a.data.map((value, at) => value - b.data[at]!),
});
