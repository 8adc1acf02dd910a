import { gemm, madd, multiplyPacked, packColumns } from "./product";
import { addCombination, addScaled, dot, dots, scale } from "./vectors";

/**
 * A symmetric matrix to tridiagonal form by reflections H = I − τ·vvᵀ, and back. Only the upper triangle is read and
 * updated: that halves the memory that goes through the processor, which is what limits this step.
 */

/** Reflections that are gathered before they are applied to the rest of the matrix. A multiple of 4. */
const PANEL: i32 = 16;
/** Reflections that are applied together on the way back. */
const BACK_PANEL: i32 = 48;
/** Columns of a trailing matrix whose packed panels stay in the second-level cache. */
const TRAILING_COLUMNS: i32 = 512;
/** A column with a smaller sum of squares counts as zero: beside entries near 1 it is, and its norm is inexact. */
export const NEGLIGIBLE_SQUARES: f64 = 1e-280;

/** Sum of the two lanes. */
// @ts-ignore: decorator
@inline
export function lanes(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/**
 * Turns x into v, with v₀ = 1, such that (I − τ·vvᵀ)·x = (β, 0, …, 0). Returns β and stores τ.
 */
function makeReflection(x: usize, length: i32, tau: usize): f64 {
  const head = f64.load(x);
  const rest = x + 8;
  const squares = dot(rest, rest, length - 1);
  f64.store(x, 1);
  if (!(squares > NEGLIGIBLE_SQUARES)) {
    memory.fill(rest, 0, <usize>(length - 1) << 3);
    f64.store(tau, 0);
    return head;
  }
  // The sign that avoids cancellation.
  const norm = Math.sqrt(head * head + squares);
  const beta = head > 0 ? -norm : norm;
  scale(rest, 1 / (head - beta), length - 1);
  f64.store(tau, (beta - head) / beta);
  return beta;
}

/** y += A·x for one row of the upper triangle, whose part right of the diagonal also stands for a column. */
function oneRowTimesVector(row: usize, length: i32, x: usize, y: usize): void {
  const own = f64.load(x);
  const sum = dot(row, x, length);
  addScaled(y + 8, own, row + 8, length - 1);
  f64.store(y, f64.load(y) + sum);
}

/**
 * y += A·x for four rows of the upper triangle. The pointers are at the diagonal of the first row; the 4 × 4 square
 * on the diagonal is complete, what follows also stands for four columns.
 */
function fourRowsTimesVector(row0: usize, stride: usize, length: i32, x: usize, y: usize): void {
  let row1 = row0 + stride;
  let row2 = row1 + stride;
  let row3 = row2 + stride;
  const own0 = v128.load64_splat(x);
  const own1 = v128.load64_splat(x, 8);
  const own2 = v128.load64_splat(x, 16);
  const own3 = v128.load64_splat(x, 24);
  const low = v128.load(x);
  const high = v128.load(x, 16);
  let sum0 = madd(v128.load(row0, 16), high, f64x2.mul(v128.load(row0), low));
  let sum1 = madd(v128.load(row1, 16), high, f64x2.mul(v128.load(row1), low));
  let sum2 = madd(v128.load(row2, 16), high, f64x2.mul(v128.load(row2), low));
  let sum3 = madd(v128.load(row3, 16), high, f64x2.mul(v128.load(row3), low));
  const into = y;
  let i = 4;
  x += 32;
  y += 32;
  row0 += 32;
  row1 += 32;
  row2 += 32;
  row3 += 32;
  for (; i + 2 <= length; i += 2) {
    const value = v128.load(x);
    let total = v128.load(y);
    let entry = v128.load(row0);
    sum0 = madd(entry, value, sum0);
    total = madd(entry, own0, total);
    entry = v128.load(row1);
    sum1 = madd(entry, value, sum1);
    total = madd(entry, own1, total);
    entry = v128.load(row2);
    sum2 = madd(entry, value, sum2);
    total = madd(entry, own2, total);
    entry = v128.load(row3);
    sum3 = madd(entry, value, sum3);
    total = madd(entry, own3, total);
    v128.store(y, total);
    x += 16;
    y += 16;
    row0 += 16;
    row1 += 16;
    row2 += 16;
    row3 += 16;
  }
  if (i < length) {
    const value = v128.load64_zero(x);
    let total = v128.load64_zero(y);
    let entry = v128.load64_zero(row0);
    sum0 = madd(entry, value, sum0);
    total = madd(entry, own0, total);
    entry = v128.load64_zero(row1);
    sum1 = madd(entry, value, sum1);
    total = madd(entry, own1, total);
    entry = v128.load64_zero(row2);
    sum2 = madd(entry, value, sum2);
    total = madd(entry, own2, total);
    entry = v128.load64_zero(row3);
    sum3 = madd(entry, value, sum3);
    total = madd(entry, own3, total);
    v128.store64_lane(y, total, 0);
  }
  f64.store(into, f64.load(into) + lanes(sum0));
  f64.store(into, f64.load(into, 8) + lanes(sum1), 8);
  f64.store(into, f64.load(into, 16) + lanes(sum2), 16);
  f64.store(into, f64.load(into, 24) + lanes(sum3), 24);
}

/** y = A·x in rows and columns `from` … n − 1; squares of 4 on the diagonal, counted from row 0, are complete. */
function symmetricTimesVector(a: usize, n: i32, from: i32, x: usize, y: usize): void {
  const stride = <usize>n << 3;
  memory.fill(y + (<usize>from << 3), 0, <usize>(n - from) << 3);
  let i = from;
  for (; i < n && (i & 3) != 0; i++) {
    const at = <usize>i << 3;
    oneRowTimesVector(a + stride * <usize>i + at, n - i, x + at, y + at);
  }
  for (; i + 4 <= n; i += 4) {
    const at = <usize>i << 3;
    fourRowsTimesVector(a + stride * <usize>i + at, stride, n - i, x + at, y + at);
  }
  for (; i < n; i++) {
    const at = <usize>i << 3;
    oneRowTimesVector(a + stride * <usize>i + at, n - i, x + at, y + at);
  }
}

/** Copies the upper half of every square of 4 on the diagonal to its lower half. */
function completeDiagonalSquares(a: usize, n: i32): void {
  for (let i = 1; i < n; i++) {
    for (let j = i & ~3; j < i; j++) {
      const at = <usize>i * <usize>n + <usize>j;
      f64.store(a + (at << 3), f64.load(a + ((<usize>j * <usize>n + <usize>i) << 3)));
    }
  }
}

/**
 * Reduces rows first … first + count − 1. Row 2k of `panel` becomes the k-th v, row 2k + 1 its w, so that the matrix
 * beyond the panel is to become A − Σ (v·wᵀ + w·vᵀ). `factors` has room for 4·PANEL numbers.
 */
function reducePanel(
  a: usize,
  n: i32,
  first: i32,
  count: i32,
  diagonal: usize,
  offDiagonal: usize,
  taus: usize,
  panel: usize,
  factors: usize,
): void {
  const stride = <usize>n << 3;
  const swapped = factors + (<usize>PANEL << 4);
  for (let k = 0; k < count; k++) {
    const i = first + k;
    const at = <usize>i << 3;
    const next = at + 8;
    const length = n - i - 1;
    const row = a + stride * <usize>i;
    for (let j: usize = 0; j < <usize>k; j++) {
      const pair = panel + 2 * j * stride + at;
      f64.store(factors + (j << 4), f64.load(pair + stride));
      f64.store(factors + (j << 4), f64.load(pair), 8);
    }
    addCombination(row + at, -1, factors, 8, panel + at, stride, 2 * k, length + 1);
    f64.store(diagonal + at, f64.load(row + at));
    f64.store(offDiagonal + at, makeReflection(row + next, length, taus + at));
    // Later the row stands for v with its leading zeros.
    memory.fill(row, 0, next);
    const v = panel + 2 * <usize>k * stride;
    const w = v + stride;
    memory.copy(v + next, row + next, <usize>length << 3);
    const tau = f64.load(taus + at);
    if (tau == 0) {
      memory.fill(w + next, 0, <usize>length << 3);
      continue;
    }
    symmetricTimesVector(a, n, i + 1, v, w);
    dots(panel + next, stride, 2 * k, v + next, length, factors);
    for (let j: usize = 0; j < <usize>k; j++) {
      f64.store(swapped + (j << 4), f64.load(factors + (j << 4), 8));
      f64.store(swapped + (j << 4), f64.load(factors + (j << 4)), 8);
    }
    addCombination(w + next, -1, swapped, 8, panel + next, stride, 2 * k, length);
    scale(w + next, tau, length);
    addScaled(w + next, -0.5 * tau * dot(v + next, w + next, length), v + next, length);
  }
}

/** Packed rows v, w, v, w, … of every panel of lanes in the order w, v, w, v, … */
function swapPackedPairs(from: usize, into: usize, pairs: usize): void {
  for (; pairs > 0; pairs--, from += 64, into += 64) {
    v128.store(into, v128.load(from, 32));
    v128.store(into, v128.load(from, 48), 16);
    v128.store(into, v128.load(from), 32);
    v128.store(into, v128.load(from, 16), 48);
  }
}

/** Upper triangle of C[m × m] −= LᵀR for packed panels, complete in the squares of 4 on the diagonal. */
export function subtractUpper(
  c: usize,
  ldc: i32,
  m: i32,
  left: usize,
  right: usize,
  depth: i32,
  tile: usize,
): void {
  const packed = <usize>depth << 3;
  for (let j0 = 0; j0 < m; j0 += TRAILING_COLUMNS) {
    const end = min(m, j0 + TRAILING_COLUMNS);
    for (let i = 0; i < end; i += 4) {
      const j = max(i, j0);
      const at = c + ((<usize>i * <usize>ldc + <usize>j) << 3);
      const rows = min(4, m - i);
      multiplyPacked(
        left + packed * <usize>i,
        rows,
        right + packed * <usize>j,
        end - j,
        depth,
        -1,
        at,
        ldc,
        tile,
      );
    }
  }
}

/** Bytes of scratch space that {@link tridiagonalize} needs. */
export function tridiagonalizeScratchBytes(n: i32): usize {
  const width = <usize>((n + 3) & ~3);
  return (6 * <usize>PANEL * width + 4 * <usize>PANEL + 16) << 3;
}

/**
 * Reduces a symmetric matrix A [n × n] to the tridiagonal T = QᵀAQ with Q = H₀·H₁·…·Hₙ₋₃. Only the upper triangle is
 * read. `diagonal` gets n numbers, `offDiagonal` n − 1 and `taus` n; row i of `a` becomes the vector of the i-th
 * reflection, with its leading zeros. Entries should be scaled to a largest magnitude near 1.
 */
export function tridiagonalize(
  a: usize,
  n: i32,
  diagonal: usize,
  offDiagonal: usize,
  taus: usize,
  scratch: usize,
): void {
  const stride = <usize>n << 3;
  const width = <usize>((n + 3) & ~3);
  const panel = scratch;
  const left = panel + 2 * <usize>PANEL * (width << 3);
  const right = left + 2 * <usize>PANEL * (width << 3);
  const factors = right + 2 * <usize>PANEL * (width << 3);
  const tile = factors + (<usize>PANEL << 5);
  completeDiagonalSquares(a, n);
  for (let first = 0; first < n - 2; first += PANEL) {
    const count = min(PANEL, n - 2 - first);
    reducePanel(a, n, first, count, diagonal, offDiagonal, taus, panel, factors);
    const next = first + count;
    const m = n - next;
    const at = <usize>next << 3;
    packColumns(panel + at, n, m, 2 * count, left);
    swapPackedPairs(left, right, <usize>((m + 3) >> 2) * <usize>count);
    subtractUpper(a + stride * <usize>next + at, n, m, left, right, 2 * count, tile);
  }
  for (let i = max(0, n - 2); i < n; i++) {
    const row = a + stride * <usize>i;
    const at = <usize>i << 3;
    f64.store(diagonal + at, f64.load(row + at));
    if (i + 1 < n) f64.store(offDiagonal + at, f64.load(row + at + 8));
    f64.store(taus + at, 0);
    memory.fill(row, 0, stride);
  }
}

/**
 * The triangular factor of `count` reflections: H₀·H₁·… = I − VᵀTV, where the rows of V are the vectors. `products`
 * [count × count] holds VVᵀ. `factor` becomes −Tᵀ, complete with zeros.
 */
function triangularFactor(products: usize, taus: usize, count: i32, factor: usize): void {
  const stride = <usize>count << 3;
  memory.fill(factor, 0, stride * <usize>count);
  for (let i = 0; i < count; i++) {
    const row = factor + stride * <usize>i;
    const tau = f64.load(taus + (<usize>i << 3));
    // Row i of Tᵀ is −τ·(VVᵀ)[i, 0…i − 1]·Tᵀ.
    for (let k = 0; k < i; k++) {
      const product = f64.load(products + stride * <usize>i + (<usize>k << 3));
      addScaled(row, -tau * product, factor + stride * <usize>k, k + 1);
    }
    f64.store(row + (<usize>i << 3), -tau);
  }
}

/** Bytes of scratch space that {@link applyReflections} needs, beside that of `gemm`. */
export function applyReflectionsScratchBytes(n: i32, count: i32): usize {
  const panel = <usize>BACK_PANEL;
  return (panel * (2 * panel + <usize>n + <usize>count)) << 3;
}

/**
 * Multiplies every row z of `rows` [count × n] by Q = H₀·H₁·…·Hₙ₋₃ of {@link tridiagonalize}: z ← Q·z. An
 * eigenvector of T becomes one of A.
 */
export function applyReflections(
  reflections: usize,
  taus: usize,
  n: i32,
  rows: usize,
  count: i32,
  scratch: usize,
  gemmScratch: usize,
): void {
  const panel = <usize>BACK_PANEL;
  const products = scratch;
  const factor = products + ((panel * panel) << 3);
  const combined = factor + ((panel * panel) << 3);
  const projections = combined + ((panel * <usize>n) << 3);
  let first = ((n - 3) / BACK_PANEL) * BACK_PANEL;
  if (n < 3) return;
  for (; first >= 0; first -= BACK_PANEL) {
    const size = min(BACK_PANEL, n - 2 - first);
    // v of row i begins at column i + 1.
    const start = first + 1;
    const m = n - start;
    const v = reflections + ((<usize>first * <usize>n + <usize>start) << 3);
    const z = rows + (<usize>start << 3);
    memory.fill(products, 0, <usize>(size * size) << 3);
    gemm(size, size, m, 1, v, n, false, v, n, true, products, size, gemmScratch);
    triangularFactor(products, taus + (<usize>first << 3), size, factor);
    memory.fill(combined, 0, (<usize>size * <usize>m) << 3);
    gemm(size, m, size, 1, factor, size, false, v, n, false, combined, m, gemmScratch);
    memory.fill(projections, 0, (<usize>count * <usize>size) << 3);
    gemm(count, size, m, 1, z, n, false, v, n, true, projections, size, gemmScratch);
    gemm(count, m, size, 1, projections, size, false, combined, m, false, z, n, gemmScratch);
  }
}
