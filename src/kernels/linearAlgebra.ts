import type { Dense } from "../internal/matrix.js";

/**
 * A matrix as it came, with what is taken off its numbers when they are used:
 * entry (i, j) = (data[i · columns + j] − mean[j] − rest[j]) · scale. Nothing is copied for it.
 */
export interface Operand {
  readonly data: Float64Array | Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly shift?: Shift;
}

export interface Shift {
  readonly means: Float64Array;
  /** What rounding left of the means. */
  readonly rests: Float64Array;
  readonly scale: number;
}

/** Convolutional maps [examples, height, width, channels] with what is taken off when they are used. */
export interface MapsOperand {
  readonly data: Float64Array | Float32Array;
  readonly examples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Means over the examples, for each position and channel, in two parts as those of {@link Shift}. */
  readonly means: Float64Array;
  readonly rests: Float64Array;
  /** For each channel the power of two that brings its numbers to a common size. */
  readonly scales: Float64Array;
  /** What takes the transform of a channel from that size to its own, over a factor that all channels share. */
  readonly inverses: Float64Array;
  /** Size below which singular values of a frequency are rounding of the transform. */
  readonly noise: number;
}

/** The frequency (u, v) of a map, 0 ≤ u < height and 0 ≤ v < width. */
export interface SpatialFrequency {
  readonly u: number;
  readonly v: number;
}

export interface FrequencyCca {
  readonly keptX: number;
  readonly keptY: number;
  /** Fractions of the variance in the kept directions. */
  readonly varianceX: number;
  readonly varianceY: number;
  /** Descending. */
  readonly correlations: Float64Array;
}

/** A·diag(values)·Bᵀ with orthonormal columns; `values` descending. */
export interface ThinSvd {
  readonly left: Dense;
  readonly values: Float64Array;
  readonly right: Dense;
}

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Orthonormal columns, in the order of the values. */
  readonly vectors: Dense;
}

/** What the columns of a matrix are like, its shift not applied. */
export interface ColumnStatistics {
  readonly smallest: Float64Array;
  readonly largest: Float64Array;
  /** Means in two parts, of which the second is what rounding left of the first. */
  readonly means: Float64Array;
  readonly rests: Float64Array;
}

/**
 * All linear algebra that the measures need. Everything heavy goes through this door, behind which the kernels work, or
 * plain TypeScript where the runtime lacks what they need.
 */
export interface LinearAlgebra {
  /** `"wasm"` with kernels, `"plain"` without. */
  readonly kind: "wasm" | "plain";
  columnStatistics(x: Operand): ColumnStatistics;
  /** XᵀX, `[columns, columns]`, symmetric to the last bit. */
  gram(x: Operand): Dense;
  /** XXᵀ, `[rows, rows]`, symmetric to the last bit. */
  outerGram(x: Operand): Dense;
  /** XᵀY for two matrices with the same rows. */
  crossProduct(x: Operand, y: Operand): Dense;
  /** XᵀY for each X and each Y, all with the same rows. */
  crossProducts(xs: readonly Operand[], ys: readonly Operand[]): Dense[][];
  /** XY. */
  product(x: Operand, y: Operand): Dense;
  /** Eigenvalues of a symmetric matrix, and the eigenvectors of the `kept` largest (default: all). */
  symmetricEigen(a: Dense, kept?: number): SymmetricEigen;
  /** The same of several matrices, all eigenvectors, which threads share. */
  symmetricEigenOfAll(list: readonly Dense[]): SymmetricEigen[];
  /** Singular values, descending. */
  singularValues(a: Operand): Float64Array;
  /** The same of several matrices, which threads share. */
  singularValuesOfAll(list: readonly Dense[]): Float64Array[];
  /**
   * CCA of two maps of one size at each spatial frequency, of the directions that hold the fraction `variance` of the
   * variance or, if not 0, of the first `components`; undefined for frequencies where a side is not certain to have full
   * rank and be well conditioned.
   */
  frequencyCca(
    x: MapsOperand,
    y: MapsOperand,
    frequencies: readonly SpatialFrequency[],
    kept: { readonly variance: number; readonly components: number },
  ): (FrequencyCca | undefined)[];
  /** Singular value decomposition with min(rows, columns) columns on either side. */
  thinSvd(a: Operand): ThinSvd;
}
