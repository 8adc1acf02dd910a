import { checkBoolean, checkNumber, checkOneOf, checkOptions } from "../internal/checks.js";
import type { Dense, MatrixLike, RealMatrix } from "../internal/matrix.js";
import { remainingAlignment, remainingKernelAlignment } from "./bootstrap.js";
import { type Centred, centre } from "./centre.js";
import { centreKernel, uCentreKernel } from "./centreKernel.js";
import { linearAlgebra, zeros } from "./linearAlgebra.js";
import { toActivationsPair } from "./matrix.js";
import { shuffledAlignment, shuffledKernelAlignment } from "./permutations.js";
import {
  checkResampling,
  type Examples,
  RESAMPLING_OPTIONS,
  type Resampled,
  type ResamplingOptions,
} from "./resampling.js";
import { squaredDistances } from "./squaredDistances.js";
import { type ResampledMeasure, withUncertainty } from "./uncertainty.js";

export interface CkaOptions {
  /**
   * `"linear"`: inner products; `"rbf"`: exp(−‖a − b‖²/(2·(bandwidth·median distance)²)).
   * @defaultValue "linear"
   */
  readonly kernel?: "linear" | "rbf";
  /**
   * Estimate without the upward bias of few examples and many neurons; at least 4 examples.
   * @defaultValue false
   */
  readonly debiased?: boolean;
  /**
   * Width of the `"rbf"` kernel as a multiple of the median distance between examples (over all n² pairs, the n zeros of
   * examples with themselves among them), in (0, 1e6]. A wide kernel is a
   * linear one.
   * @defaultValue 0.5
   */
  readonly bandwidth?: number;
}

export interface CkaResult extends Resampled {
  /** In [0, 1]; debiased: at most 1, and around 0, also below, for unrelated data. 0 where a side has no variance. */
  readonly similarity: number;
  /**
   * Expected similarity when the examples of one side are shuffled: tr K tr L/((n − 1)‖K‖‖L‖) with the centred
   * kernel matrices K and L, exactly; debiased: 0.
   */
  readonly chance: number;
  /** Indices of the neurons of `x` that are the same for every example. */
  readonly deadX: readonly number[];
  /** Indices of the neurons of `y` that are the same for every example. */
  readonly deadY: readonly number[];
}

/**
 * Centred kernel alignment: how alike two sets of activations place the examples with respect to each other.
 *
 *     similarity = ⟨K, L⟩/(‖K‖‖L‖),    linear: ‖XᵀY‖²/(‖XᵀX‖‖YᵀY‖)
 *
 * K and L are the doubly centred kernel matrices of the examples, X and Y the centred activations, norms Frobenius.
 * `debiased` uses U-centred matrices without their diagonals, so that unrelated data give 0 on average. Invariant to
 * orthogonal maps and isotropic scaling. The linear kernel costs O(n·p·q) or O(n²·(p + q)), whichever is less; the
 * `"rbf"` kernel needs matrices of examples × examples (0.8 GB each for 10 000 examples). Its median is taken over the
 * whole matrix with its zero diagonal.
 *
 * @param x - Activations `[examples, neurons]`.
 * @param y - Activations of the same examples, in the same order; the number of neurons may differ.
 * @throws RangeError if the numbers of examples differ, there are too few, a value is not finite, or more than half of
 * the pairs of examples are identical (`"rbf"`: no median distance); TypeError if an argument is not a matrix.
 * @example
 * ```ts
 * import { cka } from "closerlook/similarity";
 *
 * const x = [[1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [-2, 1]];
 * cka(x, x.map(([a, b]) => [3 * b, -3 * a])).similarity; // 1
 * cka(x, x, { debiased: true }).similarity; // 1
 * ```
 * @see Kornblith et al. 2019; debiased: Song et al. 2012, eq. (5), with the U-centring of Székely and Rizzo 2014.
 */
export function cka(
  x: MatrixLike,
  y: MatrixLike,
  options: CkaOptions & ResamplingOptions = {},
): CkaResult {
  checkCkaOptions("cka", options, RESAMPLING_OPTIONS);
  const resampling = checkResampling("cka", options);
  const [a, b] = toActivationsPair("cka", x, y);
  checkEnough("cka", a.rows, options);
  const [sideX, sideY] = [prepareCka("cka", a, options), prepareCka("cka", b, options)];
  const result = compareCka(sideX, sideY, options);
  const examples = { count: a.rows };
  const measure = ckaMeasure(sideX, sideY, examples, options);
  return withUncertainty("cka", result, examples, resampling, measure);
}

/** There the kernel is linear to 12 digits; far beyond, it would underflow. */
const MAX_BANDWIDTH = 1e6;

export function checkCkaOptions(
  where: string,
  options: CkaOptions,
  others: readonly string[] = [],
): void {
  checkOptions(where, options, ["kernel", "debiased", "bandwidth", ...others]);
  const { kernel = "linear", debiased = false, bandwidth } = options;
  checkOneOf(where, "kernel", kernel, ["linear", "rbf"]);
  checkBoolean(where, "debiased", debiased);
  if (bandwidth !== undefined) {
    checkNumber(where, "bandwidth", bandwidth, { above: 0, max: MAX_BANDWIDTH });
    if (kernel !== "rbf") {
      throw new TypeError(
        `${where}: bandwidth must go with kernel: "rbf", got kernel: "${kernel}"`,
      );
    }
  }
}

function checkEnough(where: string, examples: number, { debiased = false }: CkaOptions): void {
  if (debiased && examples < 4) {
    throw new RangeError(
      `${where}: x must have at least 4 rows (examples) if debiased, got ${examples}`,
    );
  }
}

/** One side of a comparison, with all that depends on it alone. */
export interface PreparedCka {
  readonly centred: Centred;
  /** The centred kernel matrix; absent for linear kernels of more examples than neurons, where products are smaller. */
  readonly kernel?: Dense;
  /** Squared Frobenius norm of the centred kernel matrix. */
  readonly squaredNorm: number;
  readonly trace: number;
}

export function prepareCka(
  where: string,
  x: RealMatrix,
  { kernel = "linear", debiased = false, bandwidth = 0.5 }: CkaOptions,
): PreparedCka {
  checkEnough(where, x.rows, { debiased });
  const centred = centre(x);
  if (kernel === "rbf") {
    return withKernel(centred, gaussianKernel(where, centred, bandwidth), debiased);
  }
  if (x.rows <= x.columns) {
    return withKernel(centred, linearAlgebra.outerGram(centred), debiased);
  }
  const square = sumOfSquares(linearAlgebra.gram(centred));
  return {
    centred,
    squaredNorm: Math.max(0, debiased ? unbias(square, centred, centred) : square),
    trace: sumOfSquares(centred),
  };
}

function withKernel(centred: Centred, kernel: Dense, debiased: boolean): PreparedCka {
  const before = sumOfSquares(kernel);
  (debiased ? uCentreKernel : centreKernel)(kernel);
  const after = sumOfSquares(kernel);
  // A kernel matrix that centring leaves nothing of is 0, not its rounding errors.
  const squaredNorm = after > (64 * Number.EPSILON) ** 2 * before ? after : 0;
  return { centred, kernel, squaredNorm, trace: trace(kernel) };
}

export function compareCka(
  x: PreparedCka,
  y: PreparedCka,
  { debiased = false }: CkaOptions,
): CkaResult {
  const n = x.centred.rows;
  const norm = Math.sqrt(x.squaredNorm) * Math.sqrt(y.squaredNorm);
  const raw = norm > 0 ? innerProduct(x, y, debiased) / norm : 0;
  return {
    similarity: debiased ? Math.min(1, raw) : Math.min(1, Math.max(0, raw)),
    chance: debiased || norm === 0 ? 0 : Math.min(1, (x.trace * y.trace) / ((n - 1) * norm)),
    deadX: x.centred.dead,
    deadY: y.centred.dead,
  };
}

/** Centred kernel alignment of shuffled and of remaining examples; the width of an `"rbf"` kernel is held fixed. */
export function ckaMeasure(
  x: PreparedCka,
  y: PreparedCka,
  examples: Examples,
  { debiased = false }: CkaOptions,
): ResampledMeasure {
  const limits = debiased ? ({ range: [-1, 1], least: 4 } as const) : {};
  if (!x.kernel && !y.kernel) {
    const [a, b] = [x.centred, y.centred];
    return {
      shuffled: () => shuffledAlignment(a, b, debiased, examples),
      remaining: () => remainingAlignment(a, b, debiased, examples),
      ...limits,
    };
  }
  const kernels = [x, y].map(({ kernel, centred }) => {
    return () => kernel ?? withKernel(centred, linearAlgebra.outerGram(centred), debiased).kernel!;
  });
  return {
    shuffled: () => shuffledKernelAlignment(kernels[0]!(), kernels[1]!(), examples),
    remaining: () => remainingKernelAlignment(kernels[0]!(), kernels[1]!(), debiased, examples),
    ...limits,
  };
}

/** ⟨K, L⟩ of the centred kernel matrices, from what is there of each side. */
function innerProduct(x: PreparedCka, y: PreparedCka, debiased: boolean): number {
  if (x.kernel && y.kernel) return dot(x.kernel.data, y.kernel.data);
  if (x.kernel) return innerProduct(y, x, debiased);
  // ⟨XXᵀ, L⟩ = ⟨X, LX⟩, centred already since L is.
  if (y.kernel) {
    return dot(x.centred.data, linearAlgebra.crossProduct(y.kernel, x.centred).data);
  }
  const square = sumOfSquares(linearAlgebra.crossProduct(x.centred, y.centred));
  return debiased ? unbias(square, x.centred, y.centred) : square;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

const sumOfSquares = ({ data }: Dense): number => dot(data, data);

const trace = ({ data, columns }: Dense): number => {
  let sum = 0;
  for (let at = 0; at < data.length; at += columns + 1) sum += data[at]!;
  return sum;
};

/** ‖XᵀY‖² without the diagonals of the kernel matrices and U-centred, written out for centred features. */
function unbias(square: number, x: Centred, y: Centred): number {
  const n = x.rows;
  const diagonals = dot(rowNorms(x), rowNorms(y));
  const traces = sumOfSquares(x) * sumOfSquares(y);
  const value = square - (n / (n - 2)) * diagonals + traces / ((n - 1) * (n - 2));
  // Below the rounding of its terms the difference is nothing.
  return Math.abs(value) > 64 * Number.EPSILON * (square + diagonals) ? value : 0;
}

const rowNorms = ({ data, rows, columns }: Dense): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => {
    const row = data.subarray(i * columns, (i + 1) * columns);
    return dot(row, row);
  });

/** The kernel matrix less 1, which centring would remove: wide kernels then keep all digits. */
function gaussianKernel(where: string, x: Centred, bandwidth: number): Dense {
  const n = x.rows;
  const kernel = zeros(n, n);
  if (x.dead.length === x.columns) return kernel;
  const squares = squaredDistances(x);
  const middle = medianDistance(squares, n);
  if (middle === 0) {
    throw new RangeError(
      `${where}: kernel "rbf" must have a positive median distance between examples, got 0: more than half of the ` +
        'pairs are identical. Use kernel: "linear"',
    );
  }
  for (let i = 0, pair = 0; i < n; i++) {
    for (let j = 0; j < i; j++, pair++) {
      const distance = Math.sqrt(squares[pair]! / middle) / bandwidth;
      const value = Math.expm1(-(distance ** 2) / 2);
      kernel.data[i * n + j] = value;
      kernel.data[j * n + i] = value;
    }
  }
  return kernel;
}

/** Median of the n × n matrix of squared distances, in which each pair occurs twice beside n zeros. */
function medianDistance(squares: Float64Array, n: number): number {
  const sorted = Float64Array.from(squares).sort();
  const at = (index: number) => (index < n ? 0 : sorted[Math.floor((index - n) / 2)]!);
  return (at(Math.ceil((n * n) / 2) - 1) + at(Math.floor((n * n) / 2))) / 2;
}
