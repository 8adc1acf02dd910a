/** Cholesky factors of Hermitian matrices, their inverses, and the condition that follows. */

import { gemm, gemmScratchBytes, madd } from "./product";
import { addCombination, dot, scale } from "./vectors";

/** Rows that are eliminated one by one; everything before them goes through products. */
const BLOCK: i32 = 32;
/** Columns of the inverse for which zeros above the diagonal are skipped together. */
const COLUMNS: i32 = 128;

// @ts-ignore: decorator
@inline
function at(a: usize, ld: i32, i: i32, j: i32): usize {
  return a + ((<usize>i * <usize>ld + <usize>j) << 3);
}

/** Bytes of scratch space that {@link choleskyComplex} needs. */
export function choleskyScratchBytes(): i32 {
  return gemmScratchBytes();
}

/** Moves the upper triangle below the diagonal, times `sign`, and leaves zeros above. */
function mirror(a: usize, n: i32, ld: i32, sign: f64): void {
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const above = at(a, ld, i, j);
      f64.store(at(a, ld, j, i), sign * f64.load(above));
      f64.store(above, 0);
    }
  }
}

/** Sum of the squares of a lower triangle. */
function squares(a: usize, n: i32, ld: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) sum += dot(at(a, ld, i, 0), at(a, ld, i, 0), i + 1);
  return sum;
}

/**
 * G = LLᴴ in place, and L⁻¹, of a Hermitian matrix in two planes; the diagonal of L is real and positive.
 *
 * @param re - Real parts, n × n, rows `ldg` apart; only the upper triangle is read. Become those of L.
 * @param im - Imaginary parts, likewise; those of the diagonal are taken to be 0.
 * @param inverseRe - n × n, rows `ldi` apart: receives the real parts of L⁻¹.
 * @param inverseIm - Receives the imaginary parts.
 * @param norms - Receives the Frobenius norms of L and of L⁻¹.
 * @returns 0, or 1 + the index of the first pivot that is not positive and finite; the results are then undefined.
 */
export function choleskyComplex(
  re: usize,
  im: usize,
  n: i32,
  ldg: i32,
  inverseRe: usize,
  inverseIm: usize,
  ldi: i32,
  norms: usize,
  scratch: usize,
): i32 {
  const failed = factorComplex(re, im, n, ldg, scratch);
  if (failed != 0) return failed;
  invertComplex(re, im, n, ldg, inverseRe, inverseIm, ldi, scratch);
  mirror(re, n, ldg, 1);
  mirror(im, n, ldg, -1);
  f64.store(norms, sqrt(squares(re, n, ldg) + squares(im, n, ldg)));
  f64.store(norms, sqrt(squares(inverseRe, n, ldi) + squares(inverseIm, n, ldi)), 8);
  return 0;
}

/** The upper triangle becomes U = Lᴴ. */
function factorComplex(re: usize, im: usize, n: i32, ld: i32, scratch: usize): i32 {
  const stride = <usize>ld << 3;
  for (let i = 0; i < n; i++) f64.store(at(im, ld, i, i), 0);
  for (let first = 0; first < n; first += BLOCK) {
    const end = min(n, first + BLOCK);
    if (first > 0) {
      const offset = <usize>first << 3;
      subtractAdjointProduct(
        end - first, n - first, first,
        re + offset, im + offset, ld, re + offset, im + offset, ld,
        at(re, ld, first, first), at(im, ld, first, first), ld, scratch,
      );
    }
    for (let j = first; j < end; j++) {
      const row = at(re, ld, j, j);
      const rowIm = at(im, ld, j, j);
      const rows = at(re, ld, first, j);
      const rowsIm = at(im, ld, first, j);
      subtractConjugates(row, rowIm, rows, rowsIm, stride, rows, rowsIm, stride, j - first, n - j);
      const pivot = f64.load(row);
      if (!(pivot > 0 && pivot < Infinity)) return j + 1;
      const reciprocal = 1 / sqrt(pivot);
      scale(row, reciprocal, n - j);
      scale(rowIm, reciprocal, n - j);
      f64.store(rowIm, 0);
    }
  }
  return 0;
}

/** X = L⁻¹ = U⁻ᴴ. */
function invertComplex(
  re: usize,
  im: usize,
  n: i32,
  ld: i32,
  x: usize,
  xIm: usize,
  ldx: i32,
  scratch: usize,
): void {
  const stride = <usize>ld << 3;
  const strideX = <usize>ldx << 3;
  for (let i = 0; i < n; i++) {
    memory.fill(at(x, ldx, i, 0), 0, <usize>n << 3);
    memory.fill(at(xIm, ldx, i, 0), 0, <usize>n << 3);
  }
  for (let first = 0; first < n; first += BLOCK) {
    const end = min(n, first + BLOCK);
    if (first > 0) {
      const offset = <usize>first << 3;
      subtractAdjointProduct(
        end - first, first, first, re + offset, im + offset, ld, x, xIm, ldx,
        at(x, ldx, first, 0), at(xIm, ldx, first, 0), ldx, scratch,
      );
    }
    for (let i = first; i < end; i++) {
      const row = at(x, ldx, i, 0);
      const rowIm = at(xIm, ldx, i, 0);
      subtractConjugates(
        row, rowIm, at(re, ld, first, i), at(im, ld, first, i), stride,
        at(x, ldx, first, 0), at(xIm, ldx, first, 0), strideX, i - first, i,
      );
      const reciprocal = 1 / f64.load(at(re, ld, i, i));
      scale(row, reciprocal, i);
      scale(rowIm, reciprocal, i);
      f64.store(at(x, ldx, i, i), reciprocal);
    }
  }
}

/** C −= AᴴB, of a k × m matrix A and a k × n matrix B. */
function subtractAdjointProduct(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  aIm: usize,
  lda: i32,
  b: usize,
  bIm: usize,
  ldb: i32,
  c: usize,
  cIm: usize,
  ldc: i32,
  scratch: usize,
): void {
  gemm(m, n, k, -1, a, lda, true, b, ldb, false, c, ldc, scratch);
  gemm(m, n, k, -1, aIm, lda, true, bIm, ldb, false, c, ldc, scratch);
  gemm(m, n, k, -1, a, lda, true, bIm, ldb, false, cIm, ldc, scratch);
  gemm(m, n, k, 1, aIm, lda, true, b, ldb, false, cIm, ldc, scratch);
}

/** `y −= Σₖ conj(factorₖ)·rowₖ` over `n` complex elements. */
function subtractConjugates(
  y: usize,
  yIm: usize,
  factors: usize,
  factorsIm: usize,
  factorStride: usize,
  rows: usize,
  rowsIm: usize,
  rowStride: usize,
  count: i32,
  n: i32,
): void {
  let k = 0;
  for (; k + 2 <= count; k += 2) {
    subtractTwoConjugates(
      y, yIm,
      f64.load(factors), f64.load(factorsIm), rows, rowsIm,
      f64.load(factors + factorStride), f64.load(factorsIm + factorStride),
      rows + rowStride, rowsIm + rowStride, n,
    );
    factors += 2 * factorStride;
    factorsIm += 2 * factorStride;
    rows += 2 * rowStride;
    rowsIm += 2 * rowStride;
  }
  if (k < count) {
    const re = f64.load(factors);
    const im = f64.load(factorsIm);
    // The second is no more than a stand-in: its factor is 0.
    subtractTwoConjugates(y, yIm, re, im, rows, rowsIm, 0, 0, rows, rowsIm, n);
  }
}

/** `y −= conj(a)·x + conj(b)·z` over `n` complex elements. */
function subtractTwoConjugates(
  y: usize,
  yIm: usize,
  a: f64,
  aIm: f64,
  x: usize,
  xIm: usize,
  b: f64,
  bIm: f64,
  z: usize,
  zIm: usize,
  n: i32,
): void {
  const minusA = f64x2.splat(-a);
  const minusAIm = f64x2.splat(-aIm);
  const plusAIm = f64x2.splat(aIm);
  const minusB = f64x2.splat(-b);
  const minusBIm = f64x2.splat(-bIm);
  const plusBIm = f64x2.splat(bIm);
  let i = 0;
  let to: usize = 0;
  for (; i + 2 <= n; i += 2, to += 16) {
    const xr = v128.load(x + to);
    const xi = v128.load(xIm + to);
    const zr = v128.load(z + to);
    const zi = v128.load(zIm + to);
    const real = madd(minusAIm, xi, madd(minusA, xr, v128.load(y + to)));
    const imaginary = madd(plusAIm, xr, madd(minusA, xi, v128.load(yIm + to)));
    v128.store(y + to, madd(minusBIm, zi, madd(minusB, zr, real)));
    v128.store(yIm + to, madd(plusBIm, zr, madd(minusB, zi, imaginary)));
  }
  if (i == n) return;
  const xr = f64.load(x + to);
  const xi = f64.load(xIm + to);
  const zr = f64.load(z + to);
  const zi = f64.load(zIm + to);
  f64.store(y + to, f64.load(y + to) - a * xr - aIm * xi - b * zr - bIm * zi);
  f64.store(yIm + to, f64.load(yIm + to) - a * xi + aIm * xr - b * zi + bIm * zr);
}
