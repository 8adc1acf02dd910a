import {
  columnProducts,
  columnSquares,
  columnSums,
  combineColumns,
  scaleColumns,
} from "./columns.js";
import type { Engine } from "./engine.js";

/** Examples and pixels are rows, channels are columns. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
}

/** Mean of each column and the mean squared deviation from it. */
export interface Moments {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Moments of the columns of the matrix at `input`, as exact as single precision can say them. */
export function columnMoments(engine: Engine, { rows, columns }: Matrix, input: number): Moments {
  const sums = columnSums(engine, { batches: 1, rows, columns }, input);
  const exact = sums.map((sum) => sum / rows);
  const mean = Float32Array.from(exact);
  const squares = columnSquares(engine, { rows, columns }, input, mean);
  // Around the rounded mean; the difference to the exact one is taken out.
  const variance = Float32Array.from(squares, (sum, i) =>
    Math.max(0, sum / rows - (exact[i]! - mean[i]!) ** 2),
  );
  return { mean, variance };
}

/** A normalisation of each column: (x − mean) · scale / √(variance + epsilon) + offset. */
export interface Normalization extends Moments {
  /** Ones if there is none. */
  readonly scale?: Float32Array | undefined;
  readonly epsilon: number;
}

/** 1 / √(variance + epsilon) of each column. */
const inverseDeviations = ({ variance, epsilon }: Normalization): Float64Array =>
  Float64Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));

const times = (values: Float64Array, factors: Float32Array | undefined): Float64Array =>
  factors ? values.map((value, i) => value * factors[i]!) : values;

export function normalize(
  engine: Engine,
  matrix: Matrix,
  places: { input: number; output: number },
  normalization: Normalization,
  offset: Float32Array | undefined,
): void {
  scaleColumns(engine, matrix, places, {
    centre: normalization.mean,
    slope: times(inverseDeviations(normalization), normalization.scale),
    shift: offset ?? new Float32Array(matrix.columns),
  });
}

/** Gradients by what a column is normalised with. */
export interface ColumnGradients {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/**
 * Gradient of {@link normalize} by everything, where mean and variance are given and do not depend on the input: by the input
 * into `gradient`, by the columns' numbers as a result.
 */
export function normalizeGradient(
  engine: Engine,
  matrix: Matrix,
  { dy, input, gradient }: { dy: number; input: number; gradient: number },
  normalization: Normalization,
): ColumnGradients {
  const gradients = columnGradients(engine, matrix, { dy, input }, normalization);
  const slope = times(inverseDeviations(normalization), normalization.scale);
  const none = new Float32Array(matrix.columns);
  const places = { input: dy, output: gradient };
  scaleColumns(engine, matrix, places, { centre: none, slope, shift: none });
  return gradients;
}

function columnGradients(
  engine: Engine,
  matrix: Matrix,
  places: { dy: number; input: number },
  normalization: Normalization,
): ColumnGradients {
  const { sums, products } = columnProducts(engine, matrix, places, normalization.mean);
  const inverse = inverseDeviations(normalization);
  const slope = times(inverse, normalization.scale);
  return {
    scale: products.map((product, i) => product * inverse[i]!),
    offset: sums,
    mean: sums.map((sum, i) => -sum * slope[i]!),
    variance: products.map((product, i) => -0.5 * product * slope[i]! * inverse[i]! ** 2),
  };
}

/**
 * Gradient of {@link normalize} by the input, into `gradient`, and by scale and offset, where mean and variance are the
 * input's own {@link columnMoments}. The moments may have gradients of their own, `dMean` and `dVariance`.
 *
 *     mean: m = Σ x / n                      dx = dy · a + (∂m + dMean) / n + 2 (x − m) (∂v + dVariance) / n
 *     variance: v = Σ (x − m)² / n           a = scale / √(v + epsilon);  ∂m, ∂v: with m and v given
 */
export function batchNormalizationGradient(
  engine: Engine,
  matrix: Matrix,
  { dy, input, gradient }: { dy: number; input: number; gradient: number },
  normalization: Normalization,
  { dMean, dVariance }: { dMean: Float32Array; dVariance: Float32Array },
): Pick<ColumnGradients, "scale" | "offset"> {
  const { rows } = matrix;
  const gradients = columnGradients(engine, matrix, { dy, input }, normalization);
  const { mean, variance } = gradients;
  combineColumns(
    engine,
    matrix,
    { dy, input, output: gradient },
    {
      centre: normalization.mean,
      slope: variance.map((value, i) => (2 * (value + dVariance[i]!)) / rows),
      shift: mean.map((value, i) => (value + dMean[i]!) / rows),
      gain: times(inverseDeviations(normalization), normalization.scale),
    },
  );
  return gradients;
}
