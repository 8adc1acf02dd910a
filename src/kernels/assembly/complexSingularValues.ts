/**
 * Singular values of a complex matrix in two planes. The bidiagonal form is real, whatever the matrix.
 *
 * Each step of the reduction reads and writes the matrix once: a row gets the changes of the step before, is
 * multiplied with the left reflector, which gives an entry of the next row to be reflected, and adds its share to the
 * product with that right reflector. Meant for the small matrices of single frequencies, which lie in the cache.
 */

import { bidiagonalScratchLength, bidiagonalValues } from "./bidiagonal";
import { madd } from "./product";
import { dot, largestMagnitude, scale, transpose, unitFor } from "./vectors";

/** Where the matrix is of the order of 1, a vector of such numbers is as good as none, and its squares underflow. */
const NOTHING: f64 = 1e-140;

/** The complex number that a function returns. */
let resultRe: f64 = 0;
let resultIm: f64 = 0;

function at(a: usize, ld: i32, i: i32, j: i32): usize {
  return a + ((<usize>i * <usize>ld + <usize>j) << 3);
}

/** Bytes of scratch space that {@link singularValuesComplex} needs. */
export function singularValuesComplexScratchBytes(m: i32, n: i32): i32 {
  const rows = min(m, n);
  const columns = max(m, n);
  const work = 2 * rows * columns + 8 * columns + 8 * rows;
  return (work + bidiagonalScratchLength(rows)) << 3;
}

/**
 * Singular values, descending.
 *
 * @param re - Real parts, m × n, without gaps; not changed. Entries must be finite.
 * @param im - Imaginary parts, likewise.
 * @param values - Receives min(m, n) numbers.
 * @returns 0, or 1 where the iteration does not end.
 */
export function singularValuesComplex(
  re: usize,
  im: usize,
  m: i32,
  n: i32,
  values: usize,
  scratch: usize,
): i32 {
  const rows = min(m, n);
  const columns = max(m, n);
  if (rows == 0) return 0;
  const size = rows * columns;
  const imaginary = scratch + (<usize>size << 3);
  const diagonal = imaginary + (<usize>size << 3);
  const superdiagonal = diagonal + (<usize>rows << 3);
  const rest = superdiagonal + (<usize>rows << 3);
  copyWide(re, m, n, scratch);
  copyWide(im, m, n, imaginary);
  // The planes lie one after the other.
  const unit = unitFor(largestMagnitude(scratch, 2 * size));
  if (unit != 1) scale(scratch, unit, 2 * size);
  bidiagonalise(scratch, imaginary, rows, columns, diagonal, superdiagonal, rest);
  return bidiagonalValues(diagonal, superdiagonal, rows, unit, values, rest);
}

/** Copies a matrix, or its transpose if that has fewer rows. */
function copyWide(a: usize, m: i32, n: i32, into: usize): void {
  if (m <= n) memory.copy(into, a, <usize>(m * n) << 3);
  else transpose(a, m, n, n, into, m);
}

/**
 * Real bidiagonal form of a wide matrix, destroyed. In terms of its transpose A, whose columns are the rows here: the
 * rows still lack the last step's − uyᵀ − xvᵀ, in `past` u and x; `next` receives those of this step.
 */
function bidiagonalise(
  re: usize,
  im: usize,
  rows: i32,
  columns: i32,
  diagonal: usize,
  superdiagonal: usize,
  work: usize,
): void {
  const list = <usize>columns << 3;
  let past = work;
  let next = past + 4 * list;
  const y = next + 4 * list;
  const v = y + (<usize>rows << 4);
  const entries = v + (<usize>rows << 4);
  const plane = <usize>rows << 3;
  memory.fill(past, 0, 4 * list);
  memory.fill(y, 0, 4 * plane);
  for (let j = 0; j < rows; j++) {
    const from = <usize>j << 3;
    const count = columns - j;
    const row = at(re, columns, j, j);
    const rowIm = at(im, columns, j, j);
    const u = next + from;
    const x = next + 2 * list + from;
    memory.fill(u, 0, <usize>count << 3);
    memory.fill(u + list, 0, <usize>count << 3);
    changeRow(row, rowIm, y + from, v + from, plane, past + from, u, list, count);
    reflectComplex(row, rowIm, count);
    const tauRe = resultRe;
    const tauIm = resultIm;
    f64.store(diagonal + from, f64.load(row));
    if (j + 1 == rows) return;
    memory.copy(u, row, <usize>count << 3);
    memory.copy(u + list, rowIm, <usize>count << 3);
    f64.store(u, 1);
    f64.store(u + list, 0);
    memory.fill(x, 0, <usize>count << 3);
    memory.fill(x + list, 0, <usize>count << 3);
    for (let c = j + 1; c < rows; c++) {
      const one = <usize>c << 3;
      const other = at(re, columns, c, j);
      const otherIm = at(im, columns, c, j);
      changeRow(other, otherIm, y + one, v + one, plane, past + from, u, list, count);
      const yRe = tauRe * resultRe + tauIm * resultIm;
      const yIm = tauRe * resultIm - tauIm * resultRe;
      const entryRe = f64.load(other) - yRe;
      const entryIm = f64.load(otherIm) - yIm;
      f64.store(y + one, yRe);
      f64.store(y + plane + one, yIm);
      f64.store(entries + one, entryRe);
      f64.store(entries + plane + one, entryIm);
      addConjugate(x, x + list, entryRe, entryIm, other, otherIm, count);
    }
    const left = rows - j - 1;
    const head = entries + from + 8;
    const firstRe = f64.load(head);
    const firstIm = f64.load(head + plane);
    reflectComplex(head, head + plane, left);
    const image = f64.load(head);
    f64.store(superdiagonal + from, image);
    f64.store(head, 1);
    f64.store(head + plane, 0);
    memory.copy(v + from + 8, head, <usize>left << 3);
    memory.copy(v + plane + from + 8, head + plane, <usize>left << 3);
    const corner = at(re, columns, j + 1, j + 1);
    const cornerIm = at(im, columns, j + 1, j + 1);
    const factorRe = resultRe;
    const factorIm = -resultIm;
    // Subtracting the image off the first entry is all that distinguishes the reflector from the row.
    addConjugate(x + 8, x + list + 8, -image, 0, corner, cornerIm, count - 1);
    conjugateProduct(v + from + 8, y + from + 8, plane, left);
    const sumRe = factorRe * resultRe - factorIm * resultIm;
    const sumIm = factorRe * resultIm + factorIm * resultRe;
    divide(factorRe, factorIm, firstRe - image, -firstIm);
    multiplyAndSubtract(x + 8, resultRe, resultIm, u + 8, sumRe, sumIm, list, count - 1);
    const swap = past;
    past = next;
    next = swap;
  }
}

/**
 * Subtracts y·u + v·x from a row, where u and x, each in two planes `list` apart, begin at `past`, and gives the sum
 * of the products of conj(`left`) with the changed row.
 */
function changeRow(
  row: usize,
  rowIm: usize,
  y: usize,
  v: usize,
  plane: usize,
  past: usize,
  left: usize,
  list: usize,
  n: i32,
): void {
  const yRe = f64.load(y);
  const yIm = f64.load(y + plane);
  const vRe = f64.load(v);
  const vIm = f64.load(v + plane);
  const minusYRe = f64x2.splat(-yRe);
  const minusYIm = f64x2.splat(-yIm);
  const plusYIm = f64x2.splat(yIm);
  const minusVRe = f64x2.splat(-vRe);
  const minusVIm = f64x2.splat(-vIm);
  const plusVIm = f64x2.splat(vIm);
  let sumRe = f64x2.splat(0);
  let sumIm = f64x2.splat(0);
  let u = past;
  let i = 0;
  for (; i + 2 <= n; i += 2, u += 16, left += 16, row += 16, rowIm += 16) {
    const uRe = v128.load(u);
    const uIm = v128.load(u + list);
    const xRe = v128.load(u + 2 * list);
    const xIm = v128.load(u + 3 * list);
    let re = madd(plusYIm, uIm, madd(minusYRe, uRe, v128.load(row)));
    let im = madd(minusYIm, uRe, madd(minusYRe, uIm, v128.load(rowIm)));
    re = madd(plusVIm, xIm, madd(minusVRe, xRe, re));
    im = madd(minusVIm, xRe, madd(minusVRe, xIm, im));
    v128.store(row, re);
    v128.store(rowIm, im);
    const leftRe = v128.load(left);
    const leftIm = v128.load(left + list);
    sumRe = madd(leftIm, im, madd(leftRe, re, sumRe));
    sumIm = f64x2.sub(madd(leftRe, im, sumIm), f64x2.mul(leftIm, re));
  }
  resultRe = f64x2.extract_lane(sumRe, 0) + f64x2.extract_lane(sumRe, 1);
  resultIm = f64x2.extract_lane(sumIm, 0) + f64x2.extract_lane(sumIm, 1);
  if (i == n) return;
  const uRe = f64.load(u);
  const uIm = f64.load(u + list);
  const xRe = f64.load(u + 2 * list);
  const xIm = f64.load(u + 3 * list);
  const re = f64.load(row) - yRe * uRe + yIm * uIm - vRe * xRe + vIm * xIm;
  const im = f64.load(rowIm) - yRe * uIm - yIm * uRe - vRe * xIm - vIm * xRe;
  f64.store(row, re);
  f64.store(rowIm, im);
  resultRe += f64.load(left) * re + f64.load(left + list) * im;
  resultIm += f64.load(left) * im - f64.load(left + list) * re;
}

/** `x += conj(factor)·row` over `n` complex elements. */
function addConjugate(
  x: usize,
  xIm: usize,
  factorRe: f64,
  factorIm: f64,
  row: usize,
  rowIm: usize,
  n: i32,
): void {
  const plusRe = f64x2.splat(factorRe);
  const plusIm = f64x2.splat(factorIm);
  const minusIm = f64x2.splat(-factorIm);
  let i = 0;
  for (; i + 2 <= n; i += 2, x += 16, xIm += 16, row += 16, rowIm += 16) {
    const re = v128.load(row);
    const im = v128.load(rowIm);
    v128.store(x, madd(plusIm, im, madd(plusRe, re, v128.load(x))));
    v128.store(xIm, madd(minusIm, re, madd(plusRe, im, v128.load(xIm))));
  }
  if (i == n) return;
  const re = f64.load(row);
  const im = f64.load(rowIm);
  f64.store(x, f64.load(x) + factorRe * re + factorIm * im);
  f64.store(xIm, f64.load(xIm) + factorRe * im - factorIm * re);
}

/** Σ conj(aᵢ)·bᵢ. */
function conjugateProduct(a: usize, b: usize, plane: usize, n: i32): void {
  resultRe = dot(a, b, n) + dot(a + plane, b + plane, n);
  resultIm = dot(a, b + plane, n) - dot(a + plane, b, n);
}

/** a/b, of numbers whose squares neither overflow nor underflow; 0 if a is. */
function divide(aRe: f64, aIm: f64, bRe: f64, bIm: f64): void {
  resultRe = 0;
  resultIm = 0;
  if (aRe == 0 && aIm == 0) return;
  const square = bRe * bRe + bIm * bIm;
  resultRe = (aRe * bRe + aIm * bIm) / square;
  resultIm = (aIm * bRe - aRe * bIm) / square;
}

/** `x = a·x − b·u` over `n` complex elements, in planes `list` apart. */
function multiplyAndSubtract(
  x: usize,
  aRe: f64,
  aIm: f64,
  u: usize,
  bRe: f64,
  bIm: f64,
  list: usize,
  n: i32,
): void {
  for (let i = 0; i < n; i++, x += 8, u += 8) {
    const re = f64.load(x);
    const im = f64.load(x + list);
    const uRe = f64.load(u);
    const uIm = f64.load(u + list);
    f64.store(x, aRe * re - aIm * im - bRe * uRe + bIm * uIm);
    f64.store(x + list, aRe * im + aIm * re - bRe * uIm - bIm * uRe);
  }
}

/**
 * Turns x into the reflector I − τ·v·vᴴ whose adjoint maps it onto a real multiple of the first axis: x₀ becomes that
 * number, the rest that of v, whose v₀ is 1. Gives τ; 0 stands for no reflection.
 */
function reflectComplex(x: usize, xIm: usize, n: i32): void {
  resultRe = 0;
  resultIm = 0;
  const tail = x + 8;
  const tailIm = xIm + 8;
  const largestTail = max(largestMagnitude(tail, n - 1), largestMagnitude(tailIm, n - 1));
  const re = f64.load(x);
  const im = f64.load(xIm);
  if (max(largestTail, max(abs(re), abs(im))) < NOTHING) {
    memory.fill(x, 0, <usize>n << 3);
    memory.fill(xIm, 0, <usize>n << 3);
    return;
  }
  if (largestTail == 0 && im == 0) return;
  const squares = dot(tail, tail, n - 1) + dot(tailIm, tailIm, n - 1);
  const norm = sqrt(re * re + im * im + squares);
  const image = re > 0 ? -norm : norm;
  divide(1, 0, re - image, im);
  multiplyAndSubtract(tail, resultRe, resultIm, tail, 0, 0, xIm - x, n - 1);
  f64.store(x, image);
  f64.store(xIm, 0);
  resultRe = (image - re) / image;
  resultIm = -im / image;
}
