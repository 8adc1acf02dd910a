import { checkNumber, checkOneOf, checkOptions } from "../internal/checks.js";
import { type Centred, centre } from "./centre.js";
import { type Dense, linearAlgebra, transposed, zeros } from "./linearAlgebra.js";
import { type MatrixLike, toDensePair } from "./matrix.js";

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
   * Width of the `"rbf"` kernel as a multiple of the median distance between examples.
   * @defaultValue 0.5
   */
  readonly bandwidth?: number;
}

export interface CkaResult {
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
export function cka(x: MatrixLike, y: MatrixLike, options: CkaOptions = {}): CkaResult {
  checkCkaOptions("cka", options);
  const [a, b] = toDensePair("cka", x, y);
  checkEnough("cka", a.rows, options);
  return compareCka(prepareCka("cka", a, options), prepareCka("cka", b, options), options);
}

export function checkCkaOptions(where: string, options: CkaOptions, others: string[] = []): void {
  checkOptions(where, options, ["kernel", "debiased", "bandwidth", ...others]);
  const { kernel = "linear", debiased = false, bandwidth } = options;
  checkOneOf(where, "kernel", kernel, ["linear", "rbf"]);
  if (typeof debiased !== "boolean") {
    throw new TypeError(`${where}: debiased must be true or false, got ${String(debiased)}`);
  }
  if (bandwidth !== undefined) {
    checkNumber(where, "bandwidth", bandwidth, { above: 0 });
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

/** One side: its centred activations, or for `"rbf"` its centred kernel matrix. */
export interface PreparedCka {
  readonly centred: Centred;
  readonly kernel?: Dense;
}

export function prepareCka(
  where: string,
  x: Dense,
  { kernel = "linear", debiased = false, bandwidth = 0.5 }: CkaOptions,
): PreparedCka {
  checkEnough(where, x.rows, { debiased });
  const centred = centre(x);
  if (kernel === "linear") return { centred };
  return { centred, kernel: centreKernel(gaussianKernel(where, centred, bandwidth), debiased) };
}

export function compareCka(x: PreparedCka, y: PreparedCka, options: CkaOptions): CkaResult {
  const { debiased = false } = options;
  const n = x.centred.rows;
  const both =
    x.kernel && y.kernel
      ? alignmentOfKernels(x.kernel, y.kernel)
      : // Feature or example side, whichever makes the smaller products.
        n > Math.max(x.centred.columns, y.centred.columns)
        ? alignmentOfFeatures(x.centred, y.centred, debiased)
        : alignmentOfKernels(kernelOf(x, debiased), kernelOf(y, debiased));
  const { xy, xx, yy, traceX, traceY } = both;
  const norm = Math.sqrt(xx) * Math.sqrt(yy);
  const raw = norm > 0 ? xy / norm : 0;
  return {
    similarity: debiased ? Math.min(1, raw) : Math.min(1, Math.max(0, raw)),
    chance: debiased || norm === 0 ? 0 : Math.min(1, (traceX * traceY) / ((n - 1) * norm)),
    deadX: x.centred.dead,
    deadY: y.centred.dead,
  };
}

const kernelOf = ({ centred }: PreparedCka, debiased: boolean): Dense =>
  centreKernel(linearAlgebra.gram(transposed(centred)), debiased);

interface Alignment {
  readonly xy: number;
  readonly xx: number;
  readonly yy: number;
  readonly traceX: number;
  readonly traceY: number;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

const trace = ({ data, columns }: Dense): number => {
  let sum = 0;
  for (let at = 0; at < data.length; at += columns + 1) sum += data[at]!;
  return sum;
};

/** A sum of squares after centring: cannot become negative, unlike the three-term estimator of HSIC. */
const alignmentOfKernels = (k: Dense, l: Dense): Alignment => ({
  xy: dot(k.data, l.data),
  xx: dot(k.data, k.data),
  yy: dot(l.data, l.data),
  traceX: trace(k),
  traceY: trace(l),
});

/** The same sums from products of neurons × neurons, for linear kernels of many examples. */
function alignmentOfFeatures(x: Centred, y: Centred, debiased: boolean): Alignment {
  const normsX = rowNorms(x);
  const normsY = rowNorms(y);
  const traceX = normsX.reduce((sum, value) => sum + value, 0);
  const traceY = normsY.reduce((sum, value) => sum + value, 0);
  const sumOfSquares = ({ data }: Dense) => dot(data, data);
  const n = x.rows;
  // Removing the diagonals and U-centring, written out for centred features.
  const unbias = (square: number, a: Float64Array, b: Float64Array, traces: number) => {
    if (!debiased) return square;
    const value = square - (n / (n - 2)) * dot(a, b) + traces / ((n - 1) * (n - 2));
    // Below the rounding of its terms the difference is nothing.
    return Math.abs(value) > 64 * Number.EPSILON * (square + dot(a, b)) ? value : 0;
  };
  return {
    xy: unbias(sumOfSquares(linearAlgebra.crossProduct(x, y)), normsX, normsY, traceX * traceY),
    xx: Math.max(0, unbias(sumOfSquares(linearAlgebra.gram(x)), normsX, normsX, traceX * traceX)),
    yy: Math.max(0, unbias(sumOfSquares(linearAlgebra.gram(y)), normsY, normsY, traceY * traceY)),
    traceX,
    traceY,
  };
}

const rowNorms = ({ data, rows, columns }: Dense): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => {
    const row = data.subarray(i * columns, (i + 1) * columns);
    return dot(row, row);
  });

function gaussianKernel(where: string, x: Centred, bandwidth: number): Dense {
  const products = linearAlgebra.gram(transposed(x));
  const n = x.rows;
  const squares = zeros(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const value =
        products.data[i * n + i]! + products.data[j * n + j]! - 2 * products.data[i * n + j]!;
      squares.data[i * n + j] = i === j ? 0 : Math.max(0, value);
    }
  }
  if (x.dead.length === x.columns) return squares;
  const middle = median(squares.data);
  if (middle === 0) {
    throw new RangeError(
      `${where}: kernel "rbf" must have a positive median distance between examples, got 0: more than half of the ` +
        'pairs are identical. Use kernel: "linear"',
    );
  }
  const factor = -1 / (2 * bandwidth * bandwidth * middle);
  for (let at = 0; at < squares.data.length; at++) {
    squares.data[at] = Math.exp(squares.data[at]! * factor);
  }
  return squares;
}

function median(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/** Removes row and column means; for the debiased estimate without the diagonal (U-centring). In place. */
function centreKernel(kernel: Dense, debiased: boolean): Dense {
  const { data, rows: n } = kernel;
  if (debiased) for (let i = 0; i < n; i++) data[i * n + i] = 0;
  const means = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += data[i * n + j]!;
    return sum / (debiased ? n - 2 : n);
  });
  const grand = means.reduce((sum, value) => sum + value, 0) / (debiased ? n - 1 : n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const value = data[i * n + j]! - means[i]! - means[j]! + grand;
      data[i * n + j] = debiased && i === j ? 0 : value;
    }
  }
  return kernel;
}
