import { EigenvalueDecomposition, Matrix } from "ml-matrix";
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
  if (a.rows < a.columns) return singularValues(transposed(a));
  return jacobi(a.rows > a.columns ? householderQr(a).triangle : a).values;
}

function thinSvd(a: Dense): ThinSvd {
  if (a.rows < a.columns) {
    const { left, values, right } = thinSvd(transposed(a));
    return { left: right, values, right: left };
  }
  if (a.rows === a.columns) return jacobi(a);
  // A tall matrix is first made square by QR, exact to rounding in each column by itself, so that neurons of very
  // different scale do not spoil each other.
  const { triangle, applyQ } = householderQr(a);
  const { left, values, right } = jacobi(triangle);
  return { left: applyQ(left), values, right };
}

/**
 * The singular value decomposition of a square matrix by one-sided Jacobi rotations (Hestenes): pairs of columns are turned
 * until all are orthogonal. Slow, always ends, and exact to rounding in each column by itself.
 */
function jacobi(a: Dense): ThinSvd {
  const n = a.rows;
  // A power of two brings the largest entry to 1, so that squares of what counts beside it do not underflow.
  const largest = a.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const unit = largest === 0 ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(largest)));
  const columns = transposed(a).data.map((value) => value / unit);
  const turns = new Float64Array(n * n);
  for (let i = 0; i < n; i++) turns[i * n + i] = 1;
  let turned = true;
  for (let sweep = 0; turned && sweep < MAX_SWEEPS; sweep++) {
    turned = false;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        if (orthogonalise(columns, turns, n, i, j)) turned = true;
      }
    }
  }
  const lengths = Float64Array.from({ length: n }, (_, j) => norm(columns, j * n, n));
  for (let j = 0; j < n; j++) if (lengths[j]! < NOTHING) lengths[j] = 0;
  const order = Array.from(lengths.keys()).sort((i, j) => lengths[j]! - lengths[i]!);
  const left = zeros(n, n);
  const right = zeros(n, n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) {
      left.data[to * n + i] = lengths[from]! > 0 ? columns[from * n + i]! / lengths[from]! : 0;
      right.data[to * n + i] = turns[from * n + i]!;
    }
  });
  const values = Float64Array.from(order, (from) => lengths[from]! * unit);
  complete(left.data, n, values);
  return { left: transposed(left), values, right: transposed(right) };
}

/** Beside entries of the order of 1 such a column has no digits left to have a direction. */
const NOTHING = 1e-290;

/** Few are needed: convergence is quadratic in the end. */
const MAX_SWEEPS = 60;

/** Turns columns i and j, each contiguous, so that they are orthogonal. False where they are. */
function orthogonalise(
  columns: Float64Array,
  turns: Float64Array,
  n: number,
  i: number,
  j: number,
): boolean {
  const lengthI = norm(columns, i * n, n);
  const lengthJ = norm(columns, j * n, n);
  if (lengthI === 0 || lengthJ === 0) return false;
  let overlap = 0;
  for (let k = 0; k < n; k++) {
    overlap += (columns[i * n + k]! / lengthI) * (columns[j * n + k]! / lengthJ);
  }
  if (!(Math.abs(overlap) > n * Number.EPSILON)) return false;
  const cotangent = (lengthJ / lengthI - lengthI / lengthJ) / (2 * overlap);
  const tangent = Math.sign(cotangent || 1) / (Math.abs(cotangent) + Math.hypot(1, cotangent));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  for (const data of [columns, turns]) {
    for (let k = 0; k < n; k++) {
      const a = data[i * n + k]!;
      const b = data[j * n + k]!;
      data[i * n + k] = cosine * a - sine * b;
      data[j * n + k] = sine * a + cosine * b;
    }
  }
  return true;
}

const norm = (data: Float64Array, at: number, length: number): number => {
  let largest = 0;
  for (let k = at; k < at + length; k++) largest = Math.max(largest, Math.abs(data[k]!));
  if (largest === 0) return 0;
  let sum = 0;
  for (let k = at; k < at + length; k++) sum += (data[k]! / largest) ** 2;
  return largest * Math.sqrt(sum);
};

/** Fills the rows that belong to zeros so that all are orthonormal: unit vectors, less what the other rows hold of them. */
function complete(rows: Float64Array, n: number, values: Float64Array): void {
  let unit = 0;
  for (let j = 0; j < n; j++) {
    if (values[j]! > 0) continue;
    for (let length = 0; length < 0.5 / Math.sqrt(n); unit++) {
      const row = rows.subarray(j * n, (j + 1) * n).fill(0);
      row[unit % n] = 1;
      // Twice: the first time leaves rounding errors where little remains.
      for (let k = 0; k < 2 * j; k++) {
        const at = (k % j) * n;
        let dot = 0;
        for (let i = 0; i < n; i++) dot += row[i]! * rows[at + i]!;
        for (let i = 0; i < n; i++) row[i]! -= dot * rows[at + i]!;
      }
      length = norm(rows, j * n, n);
      if (length > 0) for (let i = 0; i < n; i++) row[i]! /= length;
    }
  }
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
  crossProducts: (xs, ys) =>
    xs.map((x) => ys.map((y) => crossProduct(materialised(x), materialised(y)))),
  product: (x, y) => crossProduct(transposed(materialised(x)), materialised(y)),
  symmetricEigen,
  symmetricEigenOfAll: (list) => list.map((a) => symmetricEigen(a)),
  singularValues: (a) => singularValues(materialised(a)),
  singularValuesOfAll: (list) => list.map(singularValues),
  frequencyCca: (_x, _y, frequencies) => frequencies.map(() => undefined),
  thinSvd: (a) => thinSvd(materialised(a)),
};
