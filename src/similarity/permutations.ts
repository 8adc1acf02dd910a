import type { Dense } from "../internal/matrix.js";
import { permutation, Random } from "../internal/random.js";
import { mean } from "./canonical.js";
import { linearAlgebra } from "./linearAlgebra.js";
import { type Examples, type Resampling, rowsOf, takeRows } from "./resampling.js";

/**
 * How similar the sides are when the examples of `y` stand in each of some orders: example `order[i]` of `y` beside
 * example i of `x`. Any increasing function of the similarity does.
 */
export type ShuffledStatistic = (orders: readonly Uint32Array[]) => readonly number[];

/** Two sides whose singular values of xᵀy are the correlations, and how much they count. */
interface BasisPair {
  /** Orthonormal columns (with a ridge: weighted ones), a whole multiple of all examples' rows. */
  readonly x: Dense;
  readonly y: Dense;
  readonly weight: number;
}

/** Enough small problems at once to keep all threads busy, and few enough to fit into memory. */
const BATCH = 16;

/** Below this relative difference a shuffle counts as equal to the data: rounding must not decide between ties. */
const TIE = 1e-10;

/**
 * Permutation test of the hypothesis that `x` and `y` have nothing to do with each other.
 *
 *     p = (1 + #{shuffles at least as similar as the data}) / (1 + shuffles)
 *
 * Exact at any size and for any distribution: under the hypothesis P(p ≤ a) ≤ a. What belongs to one side alone is
 * computed once: a shuffle moves the rows of a reduced basis and costs one product of two bases.
 */
export function permutationPValue(
  statistic: ShuffledStatistic,
  examples: Examples,
  { permutations, seed }: Pick<Resampling, "permutations" | "seed">,
): number {
  const random = new Random(seed, "permutations");
  const [observed] = statistic([Uint32Array.from({ length: examples.count }, (_, i) => i)]);
  const limit = observed! - TIE * Math.abs(observed!);
  let atLeast = 1;
  for (let done = 0; done < permutations; done += BATCH) {
    const orders = Array.from({ length: Math.min(BATCH, permutations - done) }, () =>
      shuffled(examples, random),
    );
    for (const value of statistic(orders)) if (value >= limit) atLeast++;
  }
  return atLeast / (1 + permutations);
}

/** A random order in which each example stands in the place of one of its kind. */
function shuffled({ count, kinds }: Examples, random: Random): Uint32Array {
  if (!kinds) return permutation(count, random);
  const places = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const ofKind = places.get(kinds[i]!);
    if (ofKind) ofKind.push(i);
    else places.set(kinds[i]!, [i]);
  }
  const order = new Uint32Array(count);
  for (const place of places.values()) {
    const examples = random.shuffle([...place]);
    place.forEach((to, i) => {
      order[to] = examples[i]!;
    });
  }
  return order;
}

/** Mean correlation, averaged over the pairs by weight: CCA, SVCCA (one pair) and DFT-CCA (one for each frequency). */
export const shuffledCorrelation =
  (pairs: readonly BasisPair[], examples: Examples): ShuffledStatistic =>
  (orders) => {
    const overlaps = orders.flatMap((order) =>
      pairs.map(({ x, y }) => linearAlgebra.crossProduct(x, moved(y, examples, order))),
    );
    const values = linearAlgebra.singularValuesOfAll(overlaps);
    return orders.map((_, i) => {
      let sum = 0;
      pairs.forEach(({ weight }, j) => {
        sum += weight * mean(values[i * pairs.length + j]!);
      });
      return sum;
    });
  };

/**
 * Projection-weighted CCA: the weights follow the shuffled directions.
 *
 * @param coordinates - Inner products of the neurons of `x` with the columns of its basis, `[neurons, kept]`.
 */
export const shuffledProjection =
  (x: Dense, coordinates: Dense, y: Dense, examples: Examples): ShuffledStatistic =>
  (orders) =>
    orders.map((order) =>
      projectionWeighted(linearAlgebra.crossProduct(x, moved(y, examples, order)), coordinates),
    );

/** Σ wᵢ ρᵢ for the singular values ρ of an overlap, weighted by the size of the coordinates along its directions. */
export function projectionWeighted(overlap: Dense, coordinates: Dense): number {
  if (overlap.rows === 0 || overlap.columns === 0) return 0;
  const { left, values } = linearAlgebra.thinSvd(overlap);
  const { data } = linearAlgebra.product(coordinates, left);
  let sum = 0;
  let total = 0;
  for (let at = 0; at < data.length; at++) {
    const size = Math.abs(data[at]!);
    total += size;
    sum += size * values[at % values.length]!;
  }
  return total > 0 ? sum / total : 0;
}

/** Linear CKA from centred activations: its numerator, since shuffling leaves the norms of the kernels as they are. */
export function shuffledAlignment(
  x: Dense,
  y: Dense,
  debiased: boolean,
  examples: Examples,
): ShuffledStatistic {
  const squaresX = debiased ? rowSquares(x) : undefined;
  const squaresY = debiased ? rowSquares(y) : undefined;
  return (orders) =>
    orders.map((order) => {
      const rows = rowsOf(examples, order, y.rows);
      const square = sumOfSquares(linearAlgebra.crossProduct(x, takeRows(y, rows)));
      if (!squaresX || !squaresY) return square;
      let diagonals = 0;
      for (let i = 0; i < rows.length; i++) diagonals += squaresX[i]! * squaresY[rows[i]!]!;
      return square - (x.rows / (x.rows - 2)) * diagonals;
    });
}

/** CKA from centred kernel matrices: the numerator ⟨K, PLPᵀ⟩. */
export const shuffledKernelAlignment =
  (k: Dense, l: Dense, examples: Examples): ShuffledStatistic =>
  (orders) =>
    orders.map((order) => {
      const n = k.rows;
      const rows = rowsOf(examples, order, n);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const rowK = i * n;
        const rowL = rows[i]! * n;
        let below = 0;
        for (let j = 0; j < i; j++) below += k.data[rowK + j]! * l.data[rowL + rows[j]!]!;
        sum += 2 * below + k.data[rowK + i]! * l.data[rowL + rows[i]!]!;
      }
      return sum;
    });

const moved = (y: Dense, examples: Examples, order: Uint32Array): Dense =>
  takeRows(y, rowsOf(examples, order, y.rows));

export const sumOfSquares = ({ data }: Dense): number => {
  let sum = 0;
  for (let at = 0; at < data.length; at++) sum += data[at]! ** 2;
  return sum;
};

/** Squared length of each row. */
export const rowSquares = ({ data, rows, columns }: Dense): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let at = i * columns; at < (i + 1) * columns; at++) sum += data[at]! ** 2;
    return sum;
  });
