/**
 * Singular values without vectors: reduction to a bidiagonal matrix by reflectors from both sides, then its values.
 *
 * The reduction reads the matrix once per step: the product with a left reflector gives the next row entry by entry,
 * and while a row of the matrix is still in the cache, its share of the product with that right reflector is added,
 * before the reflector's length is known (Howell et al. 2008).
 */

import { bidiagonalScratchLength, bidiagonalValues } from "./bidiagonal";
import { gemm, gemmScratchBytes } from "./product";
import { reflect } from "./qr";
import {
  addCombination,
  addScaled,
  dot,
  dots,
  fourDots,
  largestMagnitude,
  scale,
  transpose,
  unitFor,
} from "./vectors";

/** Steps whose changes are applied to the rest of the matrix together. */
const STEPS: i32 = 16;
const PAIRS: i32 = 2 * STEPS;
/** Where the matrix is of the order of 1, a vector of such numbers is as good as none, and its squares underflow. */
const NOTHING: f64 = 1e-140;

export { singularValuesComplex, singularValuesComplexScratchBytes } from "./complexSingularValues";

function at(a: usize, ld: i32, i: i32, j: i32): usize {
  return a + ((<usize>i * <usize>ld + <usize>j) << 3);
}

/** Bytes of scratch space that {@link singularValues} needs. */
export function singularValuesScratchBytes(m: i32, n: i32): i32 {
  const rows = min(m, n);
  const columns = max(m, n);
  const work = rows * columns + PAIRS * (rows + columns) + 3 * rows + columns + 4 * PAIRS + 8;
  return gemmScratchBytes() + ((work + bidiagonalScratchLength(rows)) << 3);
}

/**
 * Singular values, descending.
 *
 * @param a - m × n, without gaps; not changed. Entries must be finite.
 * @param values - Receives min(m, n) numbers.
 * @returns 0, or 1 where the iteration does not end.
 */
export function singularValues(a: usize, m: i32, n: i32, values: usize, scratch: usize): i32 {
  const rows = min(m, n);
  const columns = max(m, n);
  if (rows == 0) return 0;
  const work = scratch + <usize>gemmScratchBytes();
  const diagonal = work + (<usize>(rows * columns) << 3);
  const superdiagonal = diagonal + (<usize>rows << 3);
  const rest = superdiagonal + (<usize>rows << 3);
  if (m <= n) memory.copy(work, a, <usize>(rows * columns) << 3);
  else transpose(a, m, n, n, work, m);
  const unit = unitFor(largestMagnitude(work, rows * columns));
  if (unit != 1) scale(work, unit, rows * columns);
  bidiagonalise(work, rows, columns, diagonal, superdiagonal, rest, scratch);
  return bidiagonalValues(diagonal, superdiagonal, rows, unit, values, rest);
}

/**
 * Lower bidiagonal form of a wide matrix (rows ≤ columns), destroyed. In terms of its transpose A, whose columns are
 * the rows here: A = U·B·Vᵀ. Of the last steps A still lacks − Σ uₖyₖᵀ + xₖvₖᵀ: `outer` holds u₀ x₀ u₁ x₁ … as rows,
 * `inner` holds y₀ v₀ y₁ v₁ … as columns.
 */
function bidiagonalise(
  a: usize,
  rows: i32,
  columns: i32,
  diagonal: usize,
  superdiagonal: usize,
  work: usize,
  scratch: usize,
): void {
  const outer = work;
  const inner = outer + (<usize>(PAIRS * columns) << 3);
  const entries = inner + (<usize>(PAIRS * rows) << 3);
  const small = entries + (<usize>rows << 3);
  for (let j = 0; j < rows; j++) {
    const step = j % STEPS;
    const pending = 2 * step;
    const count = columns - j;
    const u = at(outer, columns, pending, j);
    const row = at(a, columns, j, j);
    const stride = <usize>columns << 3;
    addCombination(row, -1, at(inner, PAIRS, j, 0), 8, outer + (<usize>j << 3), stride, pending, count);
    const tau = reflectOrClear(row, count);
    f64.store(diagonal + (<usize>j << 3), f64.load(row));
    if (j + 1 == rows) return;
    memory.copy(u, row, <usize>count << 3);
    f64.store(u, 1);
    nextRow(a, rows, columns, j, pending, tau, outer, inner, entries, small);
    const left = rows - j - 1;
    const head = entries + (<usize>(j + 1) << 3);
    const first = f64.load(head);
    const tauRow = reflectOrClear(head, left);
    const image = f64.load(head);
    f64.store(superdiagonal + (<usize>j << 3), image);
    f64.store(head, 1);
    finishRow(a, columns, j, pending, tauRow, first, image, outer, inner, small);
    for (let c = j + 1; c < rows; c++) {
      f64.store(at(inner, PAIRS, c, pending + 1), f64.load(entries + (<usize>c << 3)));
    }
    if (step + 1 < STEPS) continue;
    const changes = at(inner, PAIRS, j + 1, 0);
    const corner = at(a, columns, j + 1, j + 1);
    const along = outer + (<usize>(j + 1) << 3);
    gemm(left, count - 1, PAIRS, -1, changes, PAIRS, false, along, columns, false, corner, columns, scratch);
  }
}

/** A reflector of a vector; of one that is as good as zero, none. */
function reflectOrClear(x: usize, n: i32): f64 {
  if (largestMagnitude(x, n) >= NOTHING) return reflect(x, n);
  memory.fill(x, 0, <usize>n << 3);
  return 0;
}

/**
 * y = τ·Aᵀu into column `pending` of `inner`, row j of the reflected A into `entries`, and the sums of the columns of
 * A (into x of `outer`) and of the rows of `inner` (into `small`), each times its entry of that row.
 */
function nextRow(
  a: usize,
  rows: i32,
  columns: i32,
  j: i32,
  pending: i32,
  tau: f64,
  outer: usize,
  inner: usize,
  entries: usize,
  small: usize,
): void {
  const stride = <usize>columns << 3;
  const count = columns - j;
  const u = at(outer, columns, pending, j);
  const x = at(outer, columns, pending + 1, j);
  const sums = small + (<usize>PAIRS << 3);
  const products = sums + (<usize>PAIRS << 3);
  const edge = products + (<usize>PAIRS << 3);
  dots(outer + (<usize>j << 3), stride, pending, u, count, products);
  for (let k = 0; k < pending; k++) {
    f64.store(edge + (<usize>k << 3), f64.load(at(outer, columns, k, j)));
  }
  memory.fill(x, 0, <usize>count << 3);
  memory.fill(small, 0, <usize>PAIRS << 3);
  for (let c = j + 1; c < rows; c += 4) {
    const group = min(4, rows - c);
    const row = at(a, columns, c, j);
    if (group == 4) fourDots(row, stride, u, count, sums);
    else for (let i = 0; i < group; i++) {
      f64.store(sums + (<usize>i << 3), dot(row + stride * <usize>i, u, count));
    }
    for (let i = 0; i < group; i++) {
      const past = at(inner, PAIRS, c + i, 0);
      const product = f64.load(sums + (<usize>i << 3)) - dot(past, products, pending);
      const y = tau * product;
      const entry = f64.load(row + stride * <usize>i) - dot(past, edge, pending) - y;
      f64.store(past + (<usize>pending << 3), y);
      f64.store(entries + (<usize>(c + i) << 3), entry);
      addScaled(small, entry, past, pending + 1);
    }
    const factors = entries + (<usize>c << 3);
    addCombination(x, 1, factors, 8, row, stride, group, count);
  }
}

/** x = τ·Av from the sums that {@link nextRow} left: v is that row, with `image` taken off its `first` entry, scaled. */
function finishRow(
  a: usize,
  columns: i32,
  j: i32,
  pending: i32,
  tau: f64,
  first: f64,
  image: f64,
  outer: usize,
  inner: usize,
  small: usize,
): void {
  const x = at(outer, columns, pending + 1, j + 1);
  const count = columns - j - 1;
  if (tau == 0) {
    memory.fill(x, 0, <usize>count << 3);
    return;
  }
  addScaled(x, -image, at(a, columns, j + 1, j + 1), count);
  addScaled(small, -image, at(inner, PAIRS, j + 1, 0), pending + 1);
  const stride = <usize>columns << 3;
  addCombination(x, -1, small, 8, outer + (<usize>(j + 1) << 3), stride, pending + 1, count);
  scale(x, tau / (first - image), count);
}
