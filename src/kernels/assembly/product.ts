/**
 * Matrix products in double precision. Both operands are first packed into panels of four lanes, [k][4], so that the
 * inner loop reads contiguous memory; four columns of one times four of the other stay in registers.
 */

/** Length of the sums that the inner loop runs over: two panels of it fit into the first-level cache. */
export const DEPTH: i32 = 256;
/** Panels of the left operand that are used again and again while they lie in the second-level cache. */
const LEFT_PANELS: i32 = 32;
/** Panels of the right operand that are packed at a time. */
const RIGHT_PANELS: i32 = 128;
const PANEL_BYTES: usize = <usize>DEPTH * 32;

/** a·b + c, rounded once where the runtime has fused multiply-add. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** The 4 × 4 products of two panels, written to `tile`. Alone in its function, so that all sums stay in registers. */
export function multiplyPanels(left: usize, right: usize, depth: i32, tile: usize): void {
  let sum00 = f64x2.splat(0);
  let sum01 = f64x2.splat(0);
  let sum10 = f64x2.splat(0);
  let sum11 = f64x2.splat(0);
  let sum20 = f64x2.splat(0);
  let sum21 = f64x2.splat(0);
  let sum30 = f64x2.splat(0);
  let sum31 = f64x2.splat(0);
  for (let end = left + (<usize>depth << 5); left < end; left += 32, right += 32) {
    const low = v128.load(right);
    const high = v128.load(right, 16);
    let value = v128.load64_splat(left);
    sum00 = madd(value, low, sum00);
    sum01 = madd(value, high, sum01);
    value = v128.load64_splat(left, 8);
    sum10 = madd(value, low, sum10);
    sum11 = madd(value, high, sum11);
    value = v128.load64_splat(left, 16);
    sum20 = madd(value, low, sum20);
    sum21 = madd(value, high, sum21);
    value = v128.load64_splat(left, 24);
    sum30 = madd(value, low, sum30);
    sum31 = madd(value, high, sum31);
  }
  v128.store(tile, sum00);
  v128.store(tile, sum01, 16);
  v128.store(tile, sum10, 32);
  v128.store(tile, sum11, 48);
  v128.store(tile, sum20, 64);
  v128.store(tile, sum21, 80);
  v128.store(tile, sum30, 96);
  v128.store(tile, sum31, 112);
}

/** C += alpha·tile, for the rows and columns (at most 4 each) that C has. */
export function addTile(tile: usize, alpha: f64, c: usize, ldc: i32, rows: i32, columns: i32): void {
  const stride = <usize>ldc << 3;
  if (columns == 4) {
    const factor = f64x2.splat(alpha);
    for (let i = 0; i < rows; i++, c += stride, tile += 32) {
      v128.store(c, madd(factor, v128.load(tile), v128.load(c)));
      v128.store(c, madd(factor, v128.load(tile, 16), v128.load(c, 16)), 16);
    }
    return;
  }
  for (let i = 0; i < rows; i++, c += stride, tile += 32) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>j << 3;
      f64.store(c + at, f64.load(c + at) + alpha * f64.load(tile + at));
    }
  }
}

/**
 * C += alpha·LᵀR of packed panels `left` (m lanes) and `right` (n lanes). With `upper` only the tiles that reach the
 * diagonal or lie above it, where tile row 0 and column 0 of C are `offset` apart.
 */
export function multiplyPacked(
  left: usize,
  m: i32,
  right: usize,
  n: i32,
  depth: i32,
  alpha: f64,
  c: usize,
  ldc: i32,
  tile: usize,
  upper: bool = false,
  offset: i32 = 0,
): void {
  const panel = <usize>depth << 5;
  for (let j = 0; j < n; j += 4) {
    const columns = min(4, n - j);
    const from = right + panel * <usize>(j >> 2);
    const end = upper ? min(m, j + 4 + offset) : m;
    for (let i = 0; i < end; i += 4) {
      multiplyPanels(left + panel * <usize>(i >> 2), from, depth, tile);
      const at = c + ((<usize>i * <usize>ldc + <usize>j) << 3);
      addTile(tile, alpha, at, ldc, min(4, m - i), columns);
    }
  }
}

/** Packs `lanes` columns of a row-major matrix with `depth` rows. */
export function packColumns(a: usize, lda: i32, lanes: i32, depth: i32, into: usize): void {
  const stride = <usize>lda << 3;
  let j = 0;
  for (; j + 4 <= lanes; j += 4) {
    let from = a + (<usize>j << 3);
    for (let k = 0; k < depth; k++, from += stride, into += 32) {
      v128.store(into, v128.load(from));
      v128.store(into, v128.load(from, 16), 16);
    }
  }
  if (j == lanes) return;
  for (let k = 0; k < depth; k++, into += 32) {
    const from = a + stride * <usize>k + (<usize>j << 3);
    for (let lane = 0; lane < 4; lane++) {
      const at = <usize>lane << 3;
      f64.store(into + at, j + lane < lanes ? f64.load(from + at) : 0);
    }
  }
}

/** Packs `lanes` rows of a row-major matrix with `depth` columns. */
export function packRows(a: usize, lda: i32, lanes: i32, depth: i32, into: usize): void {
  const stride = <usize>lda << 3;
  let i = 0;
  for (; i + 4 <= lanes; i += 4) {
    let from = a + stride * <usize>i;
    for (let k = 0; k < depth; k++, from += 8, into += 32) {
      v128.store(into, v128.load64_lane(from + stride, v128.load64_zero(from), 1));
      v128.store(into, v128.load64_lane(from + 3 * stride, v128.load64_zero(from + 2 * stride), 1), 16);
    }
  }
  if (i == lanes) return;
  for (let k = 0; k < depth; k++, into += 32) {
    for (let lane = 0; lane < 4; lane++) {
      const at = a + stride * <usize>(i + lane) + (<usize>k << 3);
      f64.store(into + (<usize>lane << 3), i + lane < lanes ? f64.load(at) : 0);
    }
  }
}

/** Bytes of scratch space that {@link gemm} needs, whatever the sizes. */
export function gemmScratchBytes(): i32 {
  return <i32>(PANEL_BYTES * <usize>(LEFT_PANELS + RIGHT_PANELS) + 128);
}

/**
 * C[m × n] += alpha·op(A)·op(B), op the identity or the transpose; row-major, `ld` elements from row to row. With `upper`
 * entries below the diagonal may stay as they are.
 */
export function gemm(
  m: i32,
  n: i32,
  k: i32,
  alpha: f64,
  a: usize,
  lda: i32,
  transposeA: bool,
  b: usize,
  ldb: i32,
  transposeB: bool,
  c: usize,
  ldc: i32,
  scratch: usize,
  upper: bool = false,
): void {
  const tile = scratch;
  const left = scratch + 128;
  const right = left + PANEL_BYTES * <usize>LEFT_PANELS;
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const depth = min(DEPTH, k - k0);
    for (let j0 = 0; j0 < n; j0 += RIGHT_PANELS * 4) {
      const columns = min(RIGHT_PANELS * 4, n - j0);
      if (transposeB) packRows(b + ((<usize>j0 * <usize>ldb + <usize>k0) << 3), ldb, columns, depth, right);
      else packColumns(b + ((<usize>k0 * <usize>ldb + <usize>j0) << 3), ldb, columns, depth, right);
      for (let i0 = 0; i0 < m; i0 += LEFT_PANELS * 4) {
        if (upper && i0 >= j0 + columns) break;
        const rows = min(LEFT_PANELS * 4, m - i0);
        if (transposeA) packColumns(a + ((<usize>k0 * <usize>lda + <usize>i0) << 3), lda, rows, depth, left);
        else packRows(a + ((<usize>i0 * <usize>lda + <usize>k0) << 3), lda, rows, depth, left);
        const at = c + ((<usize>i0 * <usize>ldc + <usize>j0) << 3);
        multiplyPacked(left, rows, right, columns, depth, alpha, at, ldc, tile, upper, j0 - i0);
      }
    }
  }
}
