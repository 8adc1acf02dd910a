import type { Dense } from "../internal/matrix.js";
import {
  bootstrapInterval,
  leftOutOf,
  type RemainingStatistic,
  remainingCorrelation,
  remainingProjection,
  type Side,
} from "./bootstrap.js";
import { type Prepared, ridgeWeights } from "./canonical.js";
import { linearAlgebra, scaleColumns } from "./linearAlgebra.js";
import {
  permutationPValue,
  type ShuffledStatistic,
  shuffledCorrelation,
  shuffledProjection,
} from "./permutations.js";
import type { Reduced } from "./reduce.js";
import type { Examples, Resampled, Resampling } from "./resampling.js";

/** How a measure is computed of shuffled and of remaining examples; what is not asked for is not set up. */
export interface ResampledMeasure {
  readonly shuffled: () => ShuffledStatistic;
  readonly remaining: () => RemainingStatistic;
  /** Values that the measure can take; default [0, 1]. */
  readonly range?: readonly [number, number];
  /** Number of examples below which the measure makes no sense; default 2. */
  readonly least?: number;
}

/** The p-value and the interval that were asked for. */
export function uncertainty(
  where: string,
  similarity: number,
  examples: Examples,
  resampling: Resampling,
  { shuffled, remaining, range, least = 2 }: ResampledMeasure,
): Resampled {
  const { count } = examples;
  if (resampling.bootstrap > 0 && count - leftOutOf(count) < least) {
    throw new RangeError(
      `${where}: x must have at least ${least + 1} examples with bootstrap, got ${count}`,
    );
  }
  return {
    ...(resampling.permutations > 0 && {
      pValue: permutationPValue(shuffled(), examples, resampling),
    }),
    ...(resampling.bootstrap > 0 && {
      interval: bootstrapInterval(similarity, remaining(), examples, resampling, range),
    }),
  };
}

/** A result with the p-value and the interval that were asked for. */
export const withUncertainty = <Result extends { readonly similarity: number }>(
  where: string,
  result: Result,
  examples: Examples,
  resampling: Resampling,
  measure: ResampledMeasure,
): Result & Resampled => ({
  ...result,
  ...uncertainty(where, result.similarity, examples, resampling, measure),
});

/** Mean canonical correlation: CCA and SVCCA. */
export function canonicalMeasure(
  { reduced: x }: Prepared,
  { reduced: y }: Prepared,
  examples: Examples,
  regularization = 0,
): ResampledMeasure {
  const pair = <T>(of: (side: Reduced, regularization: number) => T) => [
    { x: of(x, regularization), y: of(y, regularization), weight: 1 },
  ];
  return {
    shuffled: () => shuffledCorrelation(pair(weightedBasis), examples),
    remaining: () => remainingCorrelation(pair(sideOf), examples),
  };
}

/** Projection-weighted CCA. */
export function projectionMeasure(
  { reduced: x, centred }: Prepared,
  { reduced: y }: Prepared,
  examples: Examples,
  regularization = 0,
): ResampledMeasure {
  const coordinates = () => linearAlgebra.crossProduct(centred, x.basis);
  return {
    shuffled: () =>
      shuffledProjection(
        weightedBasis(x, regularization),
        weighted(coordinates(), x, regularization),
        weightedBasis(y, regularization),
        examples,
      ),
    remaining: () =>
      remainingProjection(
        sideOf(x, regularization),
        coordinates(),
        sideOf(y, regularization),
        examples,
      ),
  };
}

/** The basis with the weights of a ridge. */
const weightedBasis = (side: Reduced, regularization: number): Dense =>
  weighted(side.basis, side, regularization);

function weighted(a: Dense, side: Reduced, regularization: number): Dense {
  if (regularization === 0) return a;
  const result = { ...a, data: a.data.slice() };
  scaleColumns(result, ridgeWeights(side, regularization));
  return result;
}

function sideOf({ basis, singularValues }: Reduced, regularization: number): Side {
  if (regularization === 0) return { basis };
  const ridge = singularValues.map((value) => regularization * (singularValues[0]! / value) ** 2);
  return { basis, ridge };
}
