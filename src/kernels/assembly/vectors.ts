/** Sums, combinations and norms of contiguous vectors of doubles, for what is not a product of matrices. */

import { madd } from "./product";

// @ts-ignore: decorator
@inline
function sumOfLanes(a: v128): f64 {
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

/** Σ aᵢbᵢ over `n` elements. */
export function dot(a: usize, b: usize, n: i32): f64 {
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let sum2 = f64x2.splat(0);
  let sum3 = f64x2.splat(0);
  let i = 0;
  for (; i + 8 <= n; i += 8, a += 64, b += 64) {
    sum0 = madd(v128.load(a), v128.load(b), sum0);
    sum1 = madd(v128.load(a, 16), v128.load(b, 16), sum1);
    sum2 = madd(v128.load(a, 32), v128.load(b, 32), sum2);
    sum3 = madd(v128.load(a, 48), v128.load(b, 48), sum3);
  }
  for (; i + 2 <= n; i += 2, a += 16, b += 16) sum0 = madd(v128.load(a), v128.load(b), sum0);
  const sum = sumOfLanes(f64x2.add(f64x2.add(sum0, sum1), f64x2.add(sum2, sum3)));
  return i < n ? sum + f64.load(a) * f64.load(b) : sum;
}

/** `y += factor·x` over `n` elements. */
export function addScaled(y: usize, factor: f64, x: usize, n: i32): void {
  const factors = f64x2.splat(factor);
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 32, y += 32) {
    v128.store(y, madd(factors, v128.load(x), v128.load(y)));
    v128.store(y, madd(factors, v128.load(x, 16), v128.load(y, 16)), 16);
  }
  for (; i < n; i++, x += 8, y += 8) f64.store(y, f64.load(y) + factor * f64.load(x));
}

/** `y += factor0·x0 + … + factor3·x3` over `n` elements: y is loaded and stored once for four multiply-adds. */
export function addFourScaled(
  y: usize,
  factor0: f64,
  x0: usize,
  factor1: f64,
  x1: usize,
  factor2: f64,
  x2: usize,
  factor3: f64,
  x3: usize,
  n: i32,
): void {
  const factors0 = f64x2.splat(factor0);
  const factors1 = f64x2.splat(factor1);
  const factors2 = f64x2.splat(factor2);
  const factors3 = f64x2.splat(factor3);
  let i = 0;
  let at: usize = 0;
  for (; i + 4 <= n; i += 4, at += 32) {
    let low = v128.load(y + at);
    let high = v128.load(y + at, 16);
    low = madd(factors0, v128.load(x0 + at), low);
    high = madd(factors0, v128.load(x0 + at, 16), high);
    low = madd(factors1, v128.load(x1 + at), low);
    high = madd(factors1, v128.load(x1 + at, 16), high);
    low = madd(factors2, v128.load(x2 + at), low);
    high = madd(factors2, v128.load(x2 + at, 16), high);
    low = madd(factors3, v128.load(x3 + at), low);
    high = madd(factors3, v128.load(x3 + at, 16), high);
    v128.store(y + at, low);
    v128.store(y + at, high, 16);
  }
  for (; i < n; i++, at += 8) {
    let sum = f64.load(y + at) + factor0 * f64.load(x0 + at);
    sum += factor1 * f64.load(x1 + at);
    sum += factor2 * f64.load(x2 + at);
    f64.store(y + at, sum + factor3 * f64.load(x3 + at));
  }
}

/**
 * `y += sign·Σₖ factorₖ·rowₖ` over `n` elements; `count` factors lie `factorStride` bytes apart, the rows `rowStride`.
 */
export function addCombination(
  y: usize,
  sign: f64,
  factors: usize,
  factorStride: usize,
  rows: usize,
  rowStride: usize,
  count: i32,
  n: i32,
): void {
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const factor0 = sign * f64.load(factors);
    const factor1 = sign * f64.load(factors + factorStride);
    const factor2 = sign * f64.load(factors + 2 * factorStride);
    const factor3 = sign * f64.load(factors + 3 * factorStride);
    const row1 = rows + rowStride;
    const row2 = row1 + rowStride;
    const row3 = row2 + rowStride;
    addFourScaled(y, factor0, rows, factor1, row1, factor2, row2, factor3, row3, n);
    factors += 4 * factorStride;
    rows += 4 * rowStride;
  }
  for (; k < count; k++, factors += factorStride, rows += rowStride) {
    addScaled(y, sign * f64.load(factors), rows, n);
  }
}

/** The sums of products of `v` with the four rows that begin at `rows`, written to `into`. */
export function fourDots(rows: usize, rowStride: usize, v: usize, n: i32, into: usize): void {
  const row1 = rows + rowStride;
  const row2 = row1 + rowStride;
  const row3 = row2 + rowStride;
  let low0 = f64x2.splat(0);
  let low1 = f64x2.splat(0);
  let low2 = f64x2.splat(0);
  let low3 = f64x2.splat(0);
  let high0 = f64x2.splat(0);
  let high1 = f64x2.splat(0);
  let high2 = f64x2.splat(0);
  let high3 = f64x2.splat(0);
  let i = 0;
  let at: usize = 0;
  for (; i + 4 <= n; i += 4, at += 32) {
    const low = v128.load(v + at);
    const high = v128.load(v + at, 16);
    low0 = madd(low, v128.load(rows + at), low0);
    high0 = madd(high, v128.load(rows + at, 16), high0);
    low1 = madd(low, v128.load(row1 + at), low1);
    high1 = madd(high, v128.load(row1 + at, 16), high1);
    low2 = madd(low, v128.load(row2 + at), low2);
    high2 = madd(high, v128.load(row2 + at, 16), high2);
    low3 = madd(low, v128.load(row3 + at), low3);
    high3 = madd(high, v128.load(row3 + at, 16), high3);
  }
  let sum0 = sumOfLanes(f64x2.add(low0, high0));
  let sum1 = sumOfLanes(f64x2.add(low1, high1));
  let sum2 = sumOfLanes(f64x2.add(low2, high2));
  let sum3 = sumOfLanes(f64x2.add(low3, high3));
  for (; i < n; i++, at += 8) {
    const value = f64.load(v + at);
    sum0 += value * f64.load(rows + at);
    sum1 += value * f64.load(row1 + at);
    sum2 += value * f64.load(row2 + at);
    sum3 += value * f64.load(row3 + at);
  }
  f64.store(into, sum0);
  f64.store(into, sum1, 8);
  f64.store(into, sum2, 16);
  f64.store(into, sum3, 24);
}

/** `into[k] = rowₖ·v` for `count` rows. */
export function dots(
  rows: usize,
  rowStride: usize,
  count: i32,
  v: usize,
  n: i32,
  into: usize,
): void {
  let k = 0;
  for (; k + 4 <= count; k += 4, rows += 4 * rowStride, into += 32) {
    fourDots(rows, rowStride, v, n, into);
  }
  for (; k < count; k++, rows += rowStride, into += 8) f64.store(into, dot(rows, v, n));
}

/** Multiplies `n` elements by `factor`. */
export function scale(x: usize, factor: f64, n: i32): void {
  const factors = f64x2.splat(factor);
  let i = 0;
  for (; i + 2 <= n; i += 2, x += 16) v128.store(x, f64x2.mul(factors, v128.load(x)));
  if (i < n) f64.store(x, factor * f64.load(x));
}

/** Largest magnitude among `n` elements; 0 if there are none, NaN if one is NaN. */
export function largestMagnitude(x: usize, n: i32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 32) {
    low = f64x2.max(low, f64x2.abs(v128.load(x)));
    high = f64x2.max(high, f64x2.abs(v128.load(x, 16)));
  }
  low = f64x2.max(low, high);
  let largest = max(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1));
  for (; i < n; i++, x += 8) largest = max(largest, abs(f64.load(x)));
  return largest;
}

/** Copies a matrix of `rows` × `columns`, `ld` apart, into the rows of its transpose, `ldt` apart. */
export function transpose(
  a: usize,
  rows: i32,
  columns: i32,
  ld: i32,
  into: usize,
  ldt: i32,
): void {
  const stride = <usize>ld << 3;
  const strideT = <usize>ldt << 3;
  // Tiles, so that neither side leaves the first-level cache between two uses of a line of it.
  for (let top = 0; top < rows; top += 16) {
    const bottom = min(rows, top + 16);
    for (let j = 0; j < columns; j++) {
      let from = a + stride * <usize>top + (<usize>j << 3);
      let to = into + strideT * <usize>j + (<usize>top << 3);
      for (let i = top; i < bottom; i++, from += stride, to += 8) f64.store(to, f64.load(from));
    }
  }
}

/** A power of two by which numbers up to `largest` are multiplied to be of the order of 1, without rounding. */
export function unitFor(largest: f64): f64 {
  if (largest == 0) return 1;
  // Subnormal numbers carry their exponent in the digits: they are first made normal.
  const shift = largest < 2.2250738585072014e-308 ? 54 : 0;
  const normal = largest * (shift == 0 ? 1 : 18014398509481984.0);
  const exponent = <i32>((reinterpret<i64>(normal) >> 52) & 0x7ff) - 1023 - shift;
  // 2^1023 is the largest power; smaller numbers than 2^−1023 remain a little below 1.
  return reinterpret<f64>(<i64>(1023 - max(-1023, min(1022, exponent))) << 52);
}
