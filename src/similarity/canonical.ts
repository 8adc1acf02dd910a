import type { Dense, RealMatrix } from "../internal/matrix.js";
import { type CentredOperand, centredOperand } from "./centre.js";
import { type Chance, chanceLevel } from "./chance.js";
import { linearAlgebra, scaleColumns, scaleRows } from "./linearAlgebra.js";
import { type Method, type Reduced, reduceAll, type Truncation } from "./reduce.js";
import type { Resampled } from "./resampling.js";

/** What every measure says of its two sides and of the correlations between them. */
export interface CanonicalResult extends Resampled {
  /** Mean of the correlations, in [0, 1]; 0 where a side has no variance. */
  readonly similarity: number;
  /** Canonical correlations, descending, in [0, 1]; length min(keptX, keptY). */
  readonly correlations: Float64Array;
  /** Number of directions of `x` that were compared. */
  readonly keptX: number;
  /** Number of directions of `y` that were compared. */
  readonly keptY: number;
  /** Rank of the centred activations `x`. */
  readonly rankX: number;
  /** Rank of the centred activations `y`. */
  readonly rankY: number;
  /** Fraction of the variance of `x` in the kept directions, in [0, 1]. */
  readonly varianceX: number;
  /** Fraction of the variance of `y` in the kept directions, in [0, 1]. */
  readonly varianceY: number;
  /** Indices of the neurons of `x` that are the same for every example. */
  readonly deadX: readonly number[];
  /** Indices of the neurons of `y` that are the same for every example. */
  readonly deadY: readonly number[];
  /**
   * Expected `similarity` of independent Gaussian data with as many examples and kept directions, without
   * regularization (right to about 1 %).
   */
  readonly chance: number;
  /** Expected mean squared correlation of independent Gaussian data: max(keptX, keptY)/(examples − 1), exact. */
  readonly chanceSquared: number;
  /** keptX + keptY > examples − 1: some correlations are 1 whatever the data, so that the number means little. */
  readonly degenerate: boolean;
  /**
   * Where the directions come from: `"gram"`, the eigenvectors of products of the activations, where these are
   * conditioned well enough for it; `"qr"` if a side needed its data decomposed themselves, which takes longer.
   */
  readonly method: "gram" | "qr";
}

/** One side of a comparison, reduced to the directions that take part: work that is done once per layer. */
export interface Prepared {
  readonly centred: CentredOperand;
  readonly reduced: Reduced;
}

export function prepareAll(list: readonly RealMatrix[], truncation: Truncation = {}): Prepared[] {
  const centred = list.map(centredOperand);
  const reduced = reduceAll(
    centred.map((one) => ({ centred: one })),
    truncation,
  );
  return centred.map((one, i) => ({ centred: one, reduced: reduced[i]! }));
}

export const prepare = (x: RealMatrix, truncation?: Truncation): Prepared =>
  prepareAll([x], truncation)[0]!;

/** Both sides of a comparison. */
export function preparePair(x: RealMatrix, y: RealMatrix, truncation?: Truncation) {
  return prepareAll([x, y], truncation) as [Prepared, Prepared];
}

/** Rounding can push a correlation past the ends of [0, 1], by as much as the bases miss being orthonormal. */
export const clip = (value: number): number => Math.min(1, Math.max(0, value));

export const mean = (values: Float64Array): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Uxᵀ Uy, with the weights that a ridge puts on the basis vectors. */
export const overlap = (x: Reduced, y: Reduced, regularization: number): Dense =>
  weighted(basisProduct(x, y), x, y, regularization);

function weighted(product: Dense, x: Reduced, y: Reduced, regularization: number): Dense {
  if (regularization === 0) return product;
  scaleColumns(product, ridgeWeights(y, regularization));
  scaleRows(product, ridgeWeights(x, regularization));
  return product;
}

/** Uxᵀ Uy, by way of XᵀY or of one basis or both, whichever takes the fewest multiplications. */
function basisProduct(x: Reduced, y: Reduced): Dense {
  const p = x.source.columns;
  const q = y.source.columns;
  const own = (side: Reduced) => (side.hasBasis ? 0 : side.source.columns * side.kept);
  const withX = own(x) + x.kept * q;
  const withY = own(y) + y.kept * p;
  const withBoth = own(x) + own(y) + x.kept * y.kept;
  const least = Math.min(
    withBoth,
    x.map && y.map ? p * q : Number.POSITIVE_INFINITY,
    y.map ? withX : Number.POSITIVE_INFINITY,
    x.map ? withY : Number.POSITIVE_INFINITY,
  );
  const { crossProduct, product } = linearAlgebra;
  if (least === withBoth) return crossProduct(x.basis, y.basis);
  if (least === withX && y.map) return product(crossProduct(x.basis, y.source), y.map);
  if (least === withY && x.map) return crossProduct(x.map, crossProduct(x.source, y.basis));
  return crossProduct(x.map!, product(crossProduct(x.source, y.source), y.map!));
}

/** s/√(s² + r·s₁²) for each kept direction. */
export const ridgeWeights =
  ({ singularValues }: Reduced, regularization: number) =>
  (i: number) =>
    1 / Math.sqrt(1 + regularization * (singularValues[0]! / singularValues[i]!) ** 2);

export function canonicalResult(x: Prepared, y: Prepared, regularization = 0): CanonicalResult {
  const overlaps = [overlap(x.reduced, y.reduced, regularization)];
  return resultOf(x, y, linearAlgebra.singularValuesOfAll(overlaps)[0]!);
}

/** Each side with each of several others: products share what can be shared, and threads the singular values. */
export function canonicalResults(
  xs: readonly Prepared[],
  ys: readonly Prepared[],
  regularization = 0,
): CanonicalResult[][] {
  const bases = (list: readonly Prepared[]) => list.map(({ reduced }) => reduced.basis);
  const overlaps = linearAlgebra
    .crossProducts(bases(xs), bases(ys))
    .map((row, i) =>
      row.map((one, j) => weighted(one, xs[i]!.reduced, ys[j]!.reduced, regularization)),
    );
  const values = linearAlgebra.singularValuesOfAll(overlaps.flat());
  return xs.map((x, i) => ys.map((y, j) => resultOf(x, y, values[i * ys.length + j]!)));
}

function resultOf(x: Prepared, y: Prepared, values: Float64Array): CanonicalResult {
  const correlations = values.map(clip);
  return { similarity: mean(correlations), correlations, ...sides(x, y) };
}

/** The fields that describe the two sides. */
export function sides(x: Prepared, y: Prepared) {
  const examples = x.centred.rows;
  const { kept: keptX } = x.reduced;
  const { kept: keptY } = y.reduced;
  const chance: Chance = chanceLevel(examples, keptX, keptY);
  return {
    keptX,
    keptY,
    rankX: x.reduced.rank,
    rankY: y.reduced.rank,
    varianceX: x.reduced.variance,
    varianceY: y.reduced.variance,
    deadX: x.centred.dead,
    deadY: y.centred.dead,
    chance: chance.mean,
    chanceSquared: chance.meanSquare,
    degenerate: keptX + keptY > examples - 1,
    method: bothMethods(x.reduced, y.reduced),
  };
}

export const bothMethods = (x: Reduced, y: Reduced): Method =>
  x.method === "qr" || y.method === "qr" ? "qr" : "gram";
