import type { Dense } from "../internal/matrix.js";
import { type Centred, centre } from "./centre.js";
import { type Chance, chanceLevel } from "./chance.js";
import { linearAlgebra, scaleColumns, transposed } from "./linearAlgebra.js";
import { type Reduced, reduce, type Truncation } from "./reduce.js";

/** What every measure says of its two sides and of the correlations between them. */
export interface CanonicalResult {
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
}

/** One side of a comparison, reduced to the directions that take part: work that is done once per layer. */
export interface Prepared {
  readonly centred: Centred;
  readonly reduced: Reduced;
}

/** Centres `x` in place and reduces it. */
export function prepare(x: Dense, truncation: Truncation = {}): Prepared {
  const centred = centre(x);
  return { centred, reduced: reduce(centred, truncation) };
}

/** Rounding can push a correlation past the ends of [0, 1], by as much as the bases miss being orthonormal. */
export const clip = (value: number): number => Math.min(1, Math.max(0, value));

export const mean = (values: Float64Array): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Uxᵀ Uy, with the weights that a ridge puts on the basis vectors. */
export function overlap(x: Reduced, y: Reduced, regularization: number): Dense {
  const product = linearAlgebra.crossProduct(x.basis, y.basis);
  if (regularization === 0) return product;
  scaleColumns(product, ridgeWeights(y, regularization));
  const other = transposed(product);
  scaleColumns(other, ridgeWeights(x, regularization));
  return transposed(other);
}

/** s/√(s² + r·s₁²) for each kept direction. */
export const ridgeWeights =
  ({ singularValues }: Reduced, regularization: number) =>
  (i: number) =>
    1 / Math.sqrt(1 + regularization * (singularValues[0]! / singularValues[i]!) ** 2);

export function canonicalResult(x: Prepared, y: Prepared, regularization = 0): CanonicalResult {
  const correlations = linearAlgebra
    .singularValues(overlap(x.reduced, y.reduced, regularization))
    .map(clip);
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
  };
}
