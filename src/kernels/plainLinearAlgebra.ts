import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import type { Dense } from "../internal/matrix.js";
import { materialised, transposed, zeros } from "./dense.js";
import type {
  ColumnStatistics,
  LinearAlgebra,
  Operand,
  SymmetricEigen,
  ThinSvd,
} from "./linearAlgebra.js";

/**
 * `into += XᵀY`, columns from `firstColumn(a)` on in row `a`. Four rows at a time: each entry of the
 * result is loaded and stored once for four multiply-adds.
 */
function accumulateCrossProduct(
  x: Dense,
  y: Dense,
  into: Float64Array,
  firstColumn: (a: number) => number,
): void {
  const { data: xs, columns: p } = x;
  const { data: ys, columns: q } = y;
  const whole = x.rows - (x.rows % 4);
  for (let i = 0; i < whole; i += 4) {
    const y0 = i * q;
    const y1 = y0 + q;
    const y2 = y1 + q;
    const y3 = y2 + q;
    for (let a = 0; a < p; a++) {
      const x0 = xs[i * p + a]!;
      const x1 = xs[(i + 1) * p + a]!;
      const x2 = xs[(i + 2) * p + a]!;
      const x3 = xs[(i + 3) * p + a]!;
      const row = a * q;
      for (let b = firstColumn(a); b < q; b++) {
        into[row + b]! += x0 * ys[y0 + b]! + x1 * ys[y1 + b]! + x2 * ys[y2 + b]! + x3 * ys[y3 + b]!;
      }
    }
  }
  for (let i = whole; i < x.rows; i++) {
    for (let a = 0; a < p; a++) {
      const x0 = xs[i * p + a]!;
      for (let b = firstColumn(a); b < q; b++) into[a * q + b]! += x0 * ys[i * q + b]!;
    }
  }
}

function gram(x: Dense): Dense {
  const result = zeros(x.columns, x.columns);
  accumulateCrossProduct(x, x, result.data, (a) => a);
  for (let a = 1; a < x.columns; a++) {
    for (let b = 0; b < a; b++) result.data[a * x.columns + b] = result.data[b * x.columns + a]!;
  }
  return result;
}

function crossProduct(x: Dense, y: Dense): Dense {
  const result = zeros(x.columns, y.columns);
  accumulateCrossProduct(x, y, result.data, () => 0);
  return result;
}

function columnStatistics({ data, rows, columns }: Operand): ColumnStatistics {
  const smallest = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  const largest = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  const means = new Float64Array(columns);
  const rests = new Float64Array(columns);
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < columns; j++, at++) {
      const value = data[at]!;
      smallest[j] = Math.min(smallest[j]!, value);
      largest[j] = Math.max(largest[j]!, value);
      means[j]! += value / rows;
    }
  }
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < columns; j++, at++) rests[j]! += (data[at]! - means[j]!) / rows;
  }
  return { smallest, largest, means, rests };
}

const toMatrix = ({ data, rows, columns }: Dense): Matrix =>
  Matrix.from1DArray(rows, columns, data);

const fromMatrix = (matrix: Matrix): Dense => ({
  data: Float64Array.from(matrix.to1DArray()),
  rows: matrix.rows,
  columns: matrix.columns,
});

function symmetricEigen(a: Dense, kept = a.rows): SymmetricEigen {
  const n = a.rows;
  if (n === 0) return { values: new Float64Array(0), vectors: zeros(0, 0) };
  // The decomposition squares entries: a power of two keeps the squares from overflow and underflow.
  const largest = a.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const unit = largest === 0 ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(largest)));
  const scaled = { ...a, data: a.data.map((value) => value / unit) };
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(toMatrix(scaled), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, i) => i);
  order.sort((i, j) => realEigenvalues[j]! - realEigenvalues[i]!);
  const vectors = zeros(n, kept);
  order.slice(0, kept).forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors.data[i * kept + to] = eigenvectorMatrix.get(i, from);
  });
  return { values: Float64Array.from(order, (i) => realEigenvalues[i]! * unit), vectors };
}

function singularValues(a: Dense): Float64Array {
  if (a.rows === 0 || a.columns === 0) return new Float64Array(0);
  // A tall matrix is first made square, so that its columns of very different scale do not spoil each other.
  if (a.rows > 2 * a.columns) return singularValues(householderQr(a).triangle);
  const { diagonal } = new SingularValueDecomposition(toMatrix(a), {
    autoTranspose: true,
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  return Float64Array.from(diagonal).sort().reverse();
}

function thinSvd(a: Dense): ThinSvd {
  if (a.rows < a.columns) {
    const { left, values, right } = thinSvd(transposed(a));
    return { left: right, values, right: left };
  }
  // A tall matrix is first made square by QR: faster than bidiagonalising all rows, and exact to rounding in each
  // column by itself, so that neurons of very different scale do not spoil each other.
  if (a.rows > a.columns) {
    const { triangle, applyQ } = householderQr(a);
    const { left, values, right } = thinSvd(triangle);
    return { left: applyQ(left), values, right };
  }
  const svd = new SingularValueDecomposition(toMatrix(a));
  return {
    left: fromMatrix(svd.leftSingularVectors),
    values: Float64Array.from(svd.diagonal),
    right: fromMatrix(svd.rightSingularVectors),
  };
}

/** X = QR by Householder reflections, Q kept as reflections. Works on contiguous columns. */
function householderQr(x: Dense) {
  const { rows: n, columns: p } = x;
  const columns = transposed(x).data;
  const reflect = (target: Float64Array, at: number, k: number) => {
    let dot = 0;
    for (let i = k; i < n; i++) dot += columns[k * n + i]! * target[at + i]!;
    for (let i = k; i < n; i++) target[at + i]! -= 2 * dot * columns[k * n + i]!;
  };
  const triangle = zeros(p, p);
  for (let k = 0; k < p; k++) {
    const at = k * n;
    for (let i = 0; i < k; i++) triangle.data[i * p + k] = columns[at + i]!;
    // Scaled first: squares of a column that is tiny beside the others would lose their digits in underflow.
    let largest = 0;
    for (let i = k; i < n; i++) largest = Math.max(largest, Math.abs(columns[at + i]!));
    // A column of zeros needs no reflection, and 0 stands for none.
    if (largest === 0) continue;
    let square = 0;
    for (let i = k; i < n; i++) {
      columns[at + i]! /= largest;
      square += columns[at + i]! ** 2;
    }
    const norm = Math.sqrt(square);
    const head = columns[at + k]!;
    // The sign that avoids cancellation.
    const diagonal = head > 0 ? -norm : norm;
    triangle.data[k * p + k] = diagonal * largest;
    // The reflection's unit vector takes the place of the column; its length is that of (head − diagonal, rest).
    columns[at + k] = head - diagonal;
    const length = Math.sqrt(2 * norm * (norm + Math.abs(head)));
    for (let i = k; i < n; i++) columns[at + i]! /= length;
    for (let j = k + 1; j < p; j++) reflect(columns, j * n, k);
  }
  const applyQ = (z: Dense): Dense => {
    const result = new Float64Array(n * z.columns);
    for (let j = 0; j < z.columns; j++) {
      for (let i = 0; i < p; i++) result[j * n + i] = z.data[i * z.columns + j]!;
      for (let k = p - 1; k >= 0; k--) reflect(result, j * n, k);
    }
    return transposed({ data: result, rows: z.columns, columns: n });
  };
  return { triangle, applyQ };
}

/** The implementation on ml-matrix and plain loops, for runtimes without the kernels. */
export const plainLinearAlgebra: LinearAlgebra = {
  kind: "plain",
  columnStatistics,
  gram: (x) => gram(materialised(x)),
  outerGram: (x) => gram(transposed(materialised(x))),
  crossProduct: (x, y) => crossProduct(materialised(x), materialised(y)),
  product: (x, y) => crossProduct(transposed(materialised(x)), materialised(y)),
  symmetricEigen,
  symmetricEigenOfAll: (list) => list.map((a) => symmetricEigen(a)),
  singularValues: (a) => singularValues(materialised(a)),
  singularValuesOfAll: (list) => list.map(singularValues),
  frequencyCca: (_x, _y, frequencies) => frequencies.map(() => undefined),
  thinSvd: (a) => thinSvd(materialised(a)),
};
