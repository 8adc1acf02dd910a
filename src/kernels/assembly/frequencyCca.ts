/** CCA of complex matrices that are well conditioned, by the Cholesky factors of their Gram matrices. */

import { choleskyComplex, choleskyScratchBytes } from "./cholesky";
import { gemm, gemmScratchBytes } from "./product";
import { singularValuesComplex, singularValuesComplexScratchBytes } from "./singularValues";

/**
 * Largest condition of a side, its columns brought to length 1, with which the correlations are right to about 1e-10.
 * It is measured by Frobenius norms, which overstate it.
 */
const MAX_CONDITION: f64 = 1e3;

function max3(a: usize, b: usize, c: usize): usize {
  return max(a, max(b, c));
}

/** Bytes of scratch space that {@link frequencyCca} needs. */
export function frequencyCcaScratchBytes(p: i32, q: i32): usize {
  const numbers = 4 * p * p + 4 * q * q + 4 * p * q + p + q + 2;
  const inner = max3(
    <usize>gemmScratchBytes(),
    <usize>choleskyScratchBytes(),
    <usize>singularValuesComplexScratchBytes(p, q),
  );
  return (<usize>numbers << 3) + inner;
}

/**
 * Canonical correlations of frequency `item`: for F = A + iB of either side, G = FᴴF = LLᴴ, they are the singular values
 * of Lx⁻¹·FxᴴFy·Ly⁻ᴴ.
 *
 * @param x - For each frequency [n][p] real parts, then as many imaginary parts, columns centred.
 * @param y - The same with q columns.
 * @param noise - Size below which a singular value of x is rounding of earlier steps; noiseY likewise.
 * @param results - Receives for each frequency 0 and the min(p, q) correlations, descending; or 1 in the place of the 0
 * where a side is not certain to have full rank and be well conditioned.
 */
export function frequencyCca(
  x: usize,
  p: i32,
  noiseX: f64,
  y: usize,
  q: i32,
  noiseY: f64,
  n: i32,
  results: usize,
  scratch: usize,
  item: i32,
): void {
  const correlations = min(p, q);
  x += <usize>item * (<usize>n * <usize>p << 4);
  y += <usize>item * (<usize>n * <usize>q << 4);
  results += <usize>item * (<usize>(correlations + 1) << 3);
  const gramX = scratch;
  const inverseX = gramX + (<usize>(p * p) << 4);
  const gramY = inverseX + (<usize>(p * p) << 4);
  const inverseY = gramY + (<usize>(q * q) << 4);
  const cross = inverseY + (<usize>(q * q) << 4);
  const half = cross + (<usize>(p * q) << 4);
  const lengthsX = half + (<usize>(p * q) << 4);
  const lengthsY = lengthsX + (<usize>p << 3);
  const norms = lengthsY + (<usize>q << 3);
  const inner = norms + 16;
  f64.store(results, 1);
  if (!invertedFactor(x, p, n, noiseX, gramX, inverseX, lengthsX, norms, inner)) return;
  if (!invertedFactor(y, q, n, noiseY, gramY, inverseY, lengthsY, norms, inner)) return;
  crossProduct(x, p, y, q, n, cross, inner);
  divideRowsAndColumns(cross, p, q, lengthsX, lengthsY);
  divideRowsAndColumns(cross + (<usize>(p * q) << 3), p, q, lengthsX, lengthsY);
  productComplex(p, q, p, inverseX, p, false, cross, q, half, inner);
  productComplex(p, q, q, half, q, true, inverseY, q, cross, inner);
  const plane = <usize>(p * q) << 3;
  const failed = singularValuesComplex(cross, cross + plane, p, q, results + 8, inner);
  f64.store(results, <f64>failed);
}

/** L⁻¹ of a side whose columns are divided by their lengths; false where its condition or rank is not certain. */
function invertedFactor(
  f: usize,
  p: i32,
  n: i32,
  noise: f64,
  gram: usize,
  inverse: usize,
  lengths: usize,
  norms: usize,
  scratch: usize,
): bool {
  const plane = <usize>(p * p) << 3;
  hermitianGram(f, p, n, gram, scratch);
  let total: f64 = 0;
  for (let j = 0; j < p; j++) {
    const square = f64.load(gram + (<usize>(j * p + j) << 3));
    if (!(square > 0)) return false;
    total += square;
    f64.store(lengths + (<usize>j << 3), sqrt(square));
  }
  divideRowsAndColumns(gram, p, p, lengths, lengths);
  divideRowsAndColumns(gram + plane, p, p, lengths, lengths);
  if (choleskyComplex(gram, gram + plane, p, p, inverse, inverse + plane, p, norms, scratch) != 0) {
    return false;
  }
  if (!(f64.load(norms) * f64.load(norms, 8) <= MAX_CONDITION)) return false;
  // The smallest singular value with the columns at their own lengths: at least 1 over the norm of L⁻¹.
  let square: f64 = 0;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      const at = <usize>(i * p + j) << 3;
      const a = f64.load(inverse + at);
      const b = f64.load(inverse + plane + at);
      const length = f64.load(lengths + (<usize>j << 3));
      square += (a * a + b * b) / (length * length);
    }
  }
  const smallest = 1 / sqrt(square);
  return smallest > noise && smallest > <f64>max(n, p) * f64.EPSILON * sqrt(total);
}

/** The upper triangle of FᴴF, in two planes; below there are other numbers. */
function hermitianGram(f: usize, p: i32, n: i32, into: usize, scratch: usize): void {
  const plane = <usize>(p * p) << 3;
  const im = into + plane;
  memory.fill(into, 0, 2 * plane);
  gemm(p, p, 2 * n, 1, f, p, true, f, p, false, into, p, scratch, true);
  gemm(p, p, n, 1, f, p, true, f + (<usize>n * <usize>p << 3), p, false, im, p, scratch);
  for (let i = 0; i < p; i++) {
    for (let j = i; j < p; j++) {
      const above = im + (<usize>(i * p + j) << 3);
      f64.store(above, f64.load(above) - f64.load(im + (<usize>(j * p + i) << 3)));
    }
  }
}

/** FᴴG of two sides, in two planes. */
function crossProduct(f: usize, p: i32, g: usize, q: i32, n: i32, into: usize, scratch: usize): void {
  const plane = <usize>(p * q) << 3;
  const imF = f + (<usize>n * <usize>p << 3);
  const imG = g + (<usize>n * <usize>q << 3);
  memory.fill(into, 0, 2 * plane);
  // Real and imaginary parts lie one after the other: their products add up in one sum of length 2n.
  gemm(p, q, 2 * n, 1, f, p, true, g, q, false, into, q, scratch);
  gemm(p, q, n, 1, f, p, true, imG, q, false, into + plane, q, scratch);
  gemm(p, q, n, -1, imF, p, true, g, q, false, into + plane, q, scratch);
}

/** Divides entry (i, j) by rows[i]·columns[j]. */
function divideRowsAndColumns(a: usize, m: i32, n: i32, rows: usize, columns: usize): void {
  for (let i = 0; i < m; i++, rows += 8) {
    const row = f64.load(rows);
    for (let j = 0; j < n; j++, a += 8) {
      f64.store(a, f64.load(a) / row / f64.load(columns + (<usize>j << 3)));
    }
  }
}

/** C = A·B or, with `adjoint`, A·Bᴴ, of complex matrices in two planes. */
function productComplex(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  adjoint: bool,
  b: usize,
  ldb: i32,
  c: usize,
  scratch: usize,
): void {
  const imA = a + (<usize>(m * k) << 3);
  const imB = b + (<usize>(n * k) << 3);
  const imC = c + (<usize>(m * n) << 3);
  const sign: f64 = adjoint ? -1 : 1;
  memory.fill(c, 0, <usize>(m * n) << 4);
  gemm(m, n, k, 1, a, lda, false, b, ldb, adjoint, c, n, scratch);
  gemm(m, n, k, -sign, imA, lda, false, imB, ldb, adjoint, c, n, scratch);
  gemm(m, n, k, sign, a, lda, false, imB, ldb, adjoint, imC, n, scratch);
  gemm(m, n, k, 1, imA, lda, false, b, ldb, adjoint, imC, n, scratch);
}
