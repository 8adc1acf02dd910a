import { gemm, gemmScratchBytes, madd } from "./product";
import { lanes, NEGLIGIBLE_SQUARES } from "./tridiagonal";

/**
 * Eigenvalues and eigenvectors of a symmetric tridiagonal matrix, whose entries should be scaled to a largest
 * magnitude near 1. Eigenvectors are rows, so that rotations, permutations and products run over contiguous memory.
 *
 * Values alone: the root-free QL iteration (Pal, Walker, Kahan). With vectors: divide and conquer (Cuppen) with the
 * recomputed update vector of Gu and Eisenstat, which makes eigenvectors orthogonal however close the values are.
 */

/** Largest matrix that is solved by QL iterations. */
const LEAF: i32 = 24;
/** Eigenvectors that one merge computes at a time. */
const BLOCK: i32 = 256;
const EPSILON: f64 = 2.220446049250313e-16 / 2;
/** Below this an entry is zero beside entries near 1, far above where squares would underflow. */
const NEGLIGIBLE: f64 = 1e-100;
/** QL iterations until an eigenvalue counts as lost; two or three are usual. */
const QL_ITERATIONS: i32 = 60;
/** Steps to a root of the secular equation; four or five are usual, bisection ends every case. */
const ROOT_ITERATIONS: i32 = 200;

// @ts-ignore: decorator
@inline
function numberAt(base: usize, index: i32): f64 {
  return f64.load(base + (<usize>index << 3));
}

// @ts-ignore: decorator
@inline
function setNumber(base: usize, index: i32, value: f64): void {
  f64.store(base + (<usize>index << 3), value);
}

// @ts-ignore: decorator
@inline
function indexAt(base: usize, index: i32): i32 {
  return i32.load(base + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function setIndex(base: usize, index: i32, value: i32): void {
  i32.store(base + (<usize>index << 2), value);
}

// ---- values only

/** Moves entry `root` of a heap with the smallest number on top to its place. */
function sink(values: usize, root: i32, size: i32): void {
  const value = numberAt(values, root);
  for (;;) {
    let child = 2 * root + 1;
    if (child >= size) break;
    if (child + 1 < size && numberAt(values, child + 1) < numberAt(values, child)) child++;
    if (numberAt(values, child) >= value) break;
    setNumber(values, root, numberAt(values, child));
    root = child;
  }
  setNumber(values, root, value);
}

/** Sorts numbers, largest first. */
function sortDescending(values: usize, n: i32): void {
  for (let i = (n >> 1) - 1; i >= 0; i--) sink(values, i, n);
  for (let end = n - 1; end > 0; end--) {
    const smallest = numberAt(values, 0);
    setNumber(values, 0, numberAt(values, end));
    setNumber(values, end, smallest);
    sink(values, 0, end);
  }
}

/** Reverses the order of the numbers from `first` to `last`. */
function reverse(values: usize, first: i32, last: i32): void {
  for (; first < last; first++, last--) {
    const value = numberAt(values, first);
    setNumber(values, first, numberAt(values, last));
    setNumber(values, last, value);
  }
}

/** Last row of the block from `first` on that no negligible entry splits; rows from `end` on do not count. */
function lastOfBlock(diagonal: usize, squares: usize, first: i32, end: i32): i32 {
  let last = first;
  for (; last < end - 1; last++) {
    const square = numberAt(squares, last);
    const beside = Math.abs(numberAt(diagonal, last) * numberAt(diagonal, last + 1));
    if (square <= EPSILON * EPSILON * beside || square < 1e-40) break;
  }
  return last;
}

/** One root-free QL sweep over rows first … last with a shift near the eigenvalue that emerges in row `first`. */
function rootFreeSweep(diagonal: usize, squares: usize, first: i32, last: i32): void {
  const head = numberAt(diagonal, first);
  const root = Math.sqrt(numberAt(squares, first));
  const half = (numberAt(diagonal, first + 1) - head) / (2 * root);
  const length = Math.sqrt(half * half + 1);
  const shift = head - root / (half + (half < 0 ? -length : length));
  let cosine: f64 = 1;
  let sine: f64 = 0;
  let gamma = numberAt(diagonal, last) - shift;
  let p = gamma * gamma;
  for (let i = last - 1; i >= first; i--) {
    const square = numberAt(squares, i);
    const r = p + square;
    if (i < last - 1) setNumber(squares, i + 1, sine * r);
    const oldCosine = cosine;
    // Both divisions at once: their latency is what a step takes.
    const inverse = 1 / r;
    const stretch = r / p;
    cosine = p * inverse;
    sine = square * inverse;
    const oldGamma = gamma;
    const entry = numberAt(diagonal, i);
    gamma = cosine * (entry - shift) - sine * oldGamma;
    setNumber(diagonal, i + 1, oldGamma + (entry - gamma));
    p = p > NEGLIGIBLE_SQUARES ? gamma * gamma * stretch : oldCosine * square;
  }
  setNumber(squares, first, sine * p);
  setNumber(diagonal, first, shift + gamma);
}

/** The values of an unsplit block of rows first … end − 1, in place of its diagonal. Returns 1 if one was lost. */
function solveBlock(diagonal: usize, squares: usize, first: i32, end: i32): i32 {
  // QL finds the values at the head first; it is fastest where these are the small ones.
  if (Math.abs(numberAt(diagonal, end - 1)) < Math.abs(numberAt(diagonal, first))) {
    reverse(diagonal, first, end - 1);
    reverse(squares, first, end - 2);
  }
  for (; first < end; first++) {
    for (let iterations = 0; ; iterations++) {
      const last = lastOfBlock(diagonal, squares, first, end);
      if (last == first) break;
      if (iterations == QL_ITERATIONS) return 1;
      rootFreeSweep(diagonal, squares, first, last);
    }
  }
  return 0;
}

/**
 * All eigenvalues, largest first, in place of `diagonal` [n]; `offDiagonal` [n − 1] is destroyed. Returns 0, or 1 if
 * an iteration did not converge.
 */
export function tridiagonalValues(diagonal: usize, offDiagonal: usize, n: i32): i32 {
  const squares = offDiagonal;
  for (let i = 0; i < n - 1; i++) {
    const entry = numberAt(offDiagonal, i);
    setNumber(squares, i, entry * entry);
  }
  let lost = 0;
  for (let first = 0; first < n; ) {
    const end = lastOfBlock(diagonal, squares, first, n) + 1;
    lost |= solveBlock(diagonal, squares, first, end);
    first = end;
  }
  sortDescending(diagonal, n);
  return lost;
}

// ---- the leaves

/** Rows x and y become c·x + s·y and c·y − s·x. */
function rotateRows(x: usize, y: usize, length: i32, c: f64, s: f64): void {
  const cosine = f64x2.splat(c);
  const sine = f64x2.splat(s);
  let i = 0;
  for (; i + 2 <= length; i += 2, x += 16, y += 16) {
    const first = v128.load(x);
    const second = v128.load(y);
    v128.store(x, madd(sine, second, f64x2.mul(cosine, first)));
    v128.store(y, f64x2.sub(f64x2.mul(cosine, second), f64x2.mul(sine, first)));
  }
  if (i < length) {
    const first = f64.load(x);
    const second = f64.load(y);
    f64.store(x, c * first + s * second);
    f64.store(y, c * second - s * first);
  }
}

/** One implicit QL sweep over rows first … last; `vectors` has n rows of n, `stride` bytes apart. */
function sweep(
  diagonal: usize,
  offDiagonal: usize,
  first: i32,
  last: i32,
  vectors: usize,
  stride: usize,
  n: i32,
): void {
  const head = numberAt(diagonal, first);
  const entry = numberAt(offDiagonal, first);
  const half = (numberAt(diagonal, first + 1) - head) / (2 * entry);
  const length = Math.sqrt(half * half + 1);
  let g = numberAt(diagonal, last) - head + entry / (half + (half < 0 ? -length : length));
  let c: f64 = 1;
  let s: f64 = 1;
  let p: f64 = 0;
  for (let i = last - 1; i >= first; i--) {
    const f = s * numberAt(offDiagonal, i);
    const b = c * numberAt(offDiagonal, i);
    const squares = f * f + g * g;
    if (squares < NEGLIGIBLE_SQUARES) {
      // The matrix has split here: what is left of the bulge is zero.
      setNumber(offDiagonal, i + 1, 0);
      setNumber(diagonal, i + 1, numberAt(diagonal, i + 1) - p);
      setNumber(offDiagonal, last, 0);
      return;
    }
    const r = Math.sqrt(squares);
    setNumber(offDiagonal, i + 1, r);
    s = f / r;
    c = g / r;
    g = numberAt(diagonal, i + 1) - p;
    const t = (numberAt(diagonal, i) - g) * s + 2 * c * b;
    p = s * t;
    setNumber(diagonal, i + 1, g + p);
    g = c * t - b;
    const row = vectors + stride * <usize>i;
    rotateRows(row, row + stride, n, c, -s);
  }
  setNumber(diagonal, first, numberAt(diagonal, first) - p);
  setNumber(offDiagonal, first, g);
  setNumber(offDiagonal, last, 0);
}

/** Solves a small matrix by implicit QL. `offDiagonal` has n entries, the last of which is overwritten. */
function solveLeaf(
  diagonal: usize,
  offDiagonal: usize,
  n: i32,
  vectors: usize,
  stride: usize,
  order: usize,
): i32 {
  for (let i = 0; i < n; i++) {
    const row = vectors + stride * <usize>i;
    memory.fill(row, 0, <usize>n << 3);
    setNumber(row, i, 1);
  }
  setNumber(offDiagonal, n - 1, 0);
  for (let first = 0; first < n; first++) {
    for (let iterations = 0; ; iterations++) {
      let last = first;
      for (; last < n - 1; last++) {
        const entry = Math.abs(numberAt(offDiagonal, last));
        const beside = Math.abs(numberAt(diagonal, last)) + Math.abs(numberAt(diagonal, last + 1));
        if (entry <= EPSILON * beside || entry < 1e-20) break;
      }
      if (last == first) break;
      if (iterations == QL_ITERATIONS) return 1;
      sweep(diagonal, offDiagonal, first, last, vectors, stride, n);
    }
  }
  for (let i = 0; i < n; i++) setIndex(order, i, i);
  sortIndices(order, n, diagonal);
  return 0;
}

/** Sorts indices so that the numbers they stand for ascend: by insertion, as they nearly do. */
function sortIndices(order: usize, count: i32, values: usize): void {
  for (let i = 1; i < count; i++) {
    const index = indexAt(order, i);
    const value = numberAt(values, index);
    let j = i - 1;
    for (; j >= 0 && numberAt(values, indexAt(order, j)) > value; j--)
      setIndex(order, j + 1, indexAt(order, j));
    setIndex(order, j + 1, index);
  }
}

// ---- the secular equation

/**
 * Adds Σ zᵢ²/δᵢ and Σ zᵢ²/δᵢ² to the two numbers at `sums`, over i from `from` to `to` − 1, with
 * δᵢ = (poleᵢ − origin) − shift.
 */
function addTerms(
  poles: usize,
  weights: usize,
  from: i32,
  to: i32,
  origin: f64,
  shift: f64,
  sums: usize,
): void {
  const origins = f64x2.splat(origin);
  const shifts = f64x2.splat(shift);
  let values = f64x2.splat(0);
  let slopes = f64x2.splat(0);
  let i = from;
  for (; i + 2 <= to; i += 2) {
    const at = <usize>i << 3;
    const weight = v128.load(weights + at);
    const ratio = f64x2.div(weight, f64x2.sub(f64x2.sub(v128.load(poles + at), origins), shifts));
    values = madd(weight, ratio, values);
    slopes = madd(ratio, ratio, slopes);
  }
  let value = lanes(values);
  let slope = lanes(slopes);
  if (i < to) {
    const weight = numberAt(weights, i);
    const ratio = weight / (numberAt(poles, i) - origin - shift);
    value += weight * ratio;
    slope += ratio * ratio;
  }
  f64.store(sums, value);
  f64.store(sums, slope, 8);
}

/** The root of c·x² − a·x + b that lies between the poles, or beyond them for the last root. */
function quadraticRoot(a: f64, b: f64, c: f64, beyond: bool): f64 {
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  if (beyond) return a >= 0 ? (a + root) / (2 * c) : (2 * b) / (a - root);
  return a <= 0 ? (a - root) / (2 * c) : (2 * b) / (a + root);
}

/** A point well inside a bracket that may span many magnitudes on one side of zero. */
function middle(low: f64, high: f64): f64 {
  if (low >= 0 && high > 4 * low) return Math.sqrt(high) * Math.sqrt(Math.max(low, high * 1e-6));
  if (high <= 0 && low < 4 * high)
    return -Math.sqrt(-low) * Math.sqrt(Math.max(-high, low * -1e-6));
  return low + 0.5 * (high - low);
}

/**
 * Root j, in ascending order, of 1/ρ + Σ zᵢ²/(dᵢ − λ) = 0 with ascending poles d. The root is stored as its distance
 * from the nearest pole, because all differences dᵢ − λ are then exact to rounding. Steps interpolate the two sums left
 * and right of the root by one pole each ("middle way"), and stay in a bracket. `sums` has room for four numbers.
 */
function findRoot(
  j: i32,
  count: i32,
  poles: usize,
  weights: usize,
  inverseRho: f64,
  sums: usize,
  originIndex: usize,
  shiftAt: usize,
): i32 {
  const isLast = j == count - 1;
  const left = isLast ? count - 2 : j;
  const right = left + 1;
  let originPole = numberAt(poles, j);
  let low: f64 = 0;
  let high: f64 = 0;
  let shift: f64 = 0;
  if (isLast) {
    setIndex(originIndex, j, j);
    let squares: f64 = 0;
    for (let i = 0; i < count; i++) squares += numberAt(weights, i) * numberAt(weights, i);
    high = (squares * (1 + 4 * EPSILON)) / inverseRho;
    shift = 0.5 * high;
  } else {
    const gap = numberAt(poles, right) - originPole;
    const half = 0.5 * gap;
    addTerms(poles, weights, 0, right, originPole, half, sums);
    addTerms(poles, weights, right, count, originPole, half, sums + 16);
    const value = inverseRho + f64.load(sums) + f64.load(sums, 16);
    const leftSquare = numberAt(weights, left) * numberAt(weights, left);
    const rightSquare = numberAt(weights, right) * numberAt(weights, right);
    // All other terms change little: solve with those of the two neighbours alone.
    const c = value + (leftSquare - rightSquare) / half;
    if (value >= 0) {
      high = half;
      setIndex(originIndex, j, left);
      shift = quadraticRoot(c * gap + leftSquare + rightSquare, leftSquare * gap, c, false);
    } else {
      low = -half;
      originPole = numberAt(poles, right);
      setIndex(originIndex, j, right);
      shift = quadraticRoot(leftSquare + rightSquare - c * gap, -rightSquare * gap, c, false);
    }
    if (!(shift > low && shift < high)) shift = middle(low, high);
  }
  let previous: f64 = 0;
  for (let step = 0; step < ROOT_ITERATIONS; step++) {
    addTerms(poles, weights, 0, right, originPole, shift, sums);
    addTerms(poles, weights, right, count, originPole, shift, sums + 16);
    const leftSum = f64.load(sums);
    const rightSum = f64.load(sums, 16);
    const slope = f64.load(sums, 8) + f64.load(sums, 24);
    const value = inverseRho + leftSum + rightSum;
    const noise = 8 * (Math.abs(rightSum) - leftSum) + 2 * inverseRho + Math.abs(shift) * slope;
    setNumber(shiftAt, j, shift);
    if (Math.abs(value) <= EPSILON * noise) return 0;
    if (value < 0) low = shift;
    else high = shift;
    const deltaLeft = numberAt(poles, left) - originPole - shift;
    const deltaRight = numberAt(poles, right) - originPole - shift;
    const c = value - deltaLeft * f64.load(sums, 8) - deltaRight * f64.load(sums, 24);
    const a = (deltaLeft + deltaRight) * value - deltaLeft * deltaRight * slope;
    let change = quadraticRoot(a, deltaLeft * deltaRight * value, c, isLast);
    // Rounding can turn the step round; Newton's never does.
    if (!(value * change < 0)) change = -value / slope;
    let next = shift + change;
    // A step that gains little on the same side is not worth another one like it.
    const slow = step > 2 && value * previous > 0 && Math.abs(value) > 0.1 * Math.abs(previous);
    if (slow || !(next > low && next < high)) next = middle(low, high);
    if (next == shift || next == low || next == high || !(low < high)) return 0;
    previous = value;
    shift = next;
  }
  return 1;
}

// ---- merging

/** Lists that a merge of n rows keeps in its scratch space: first those of numbers, then those of indices. */
const Z: i32 = 0;
const POLES: i32 = 1;
const WEIGHTS: i32 = 2;
const SHIFTS: i32 = 3;
const ENTRIES: i32 = 4;
const SUMS: i32 = 5;
const NUMBER_LISTS: i32 = 6;
const SORTED: i32 = 0;
const ACTIVE: i32 = 1;
const IDLE: i32 = 2;
const REACH: i32 = 3;
const ORIGINS: i32 = 4;
const PLACES: i32 = 5;
const INDEX_LISTS: i32 = 6;

// @ts-ignore: decorator
@inline
function numbers(scratch: usize, n: i32, list: i32): usize {
  return scratch + ((<usize>n * <usize>list) << 3);
}

// @ts-ignore: decorator
@inline
function indices(scratch: usize, n: i32, list: i32): usize {
  return numbers(scratch, n, NUMBER_LISTS) + ((<usize>n * <usize>list) << 2);
}

/** Bytes of all lists. */
function listBytes(n: i32): usize {
  return <usize>n * (NUMBER_LISTS * 8 + INDEX_LISTS * 4);
}

/** z: the last entries of the first half's vectors and the first of the second's, with norm 1. */
function updateVector(vectors: usize, ld: i32, cut: i32, n: i32, sign: f64, z: usize): void {
  const factor = Math.SQRT1_2;
  for (let i = 0; i < n; i++) {
    const row = vectors + ((<usize>i * <usize>ld) << 3);
    setNumber(z, i, i < cut ? factor * numberAt(row, cut - 1) : sign * factor * numberAt(row, cut));
  }
}

/** Merges two ascending index lists. The second list's indices are counted from `offset`. */
function mergeOrders(
  first: usize,
  firstCount: i32,
  second: usize,
  secondCount: i32,
  offset: i32,
  values: usize,
  into: usize,
): void {
  let i = 0;
  let j = 0;
  for (let at = 0; at < firstCount + secondCount; at++) {
    const fromSecond =
      i == firstCount ||
      (j < secondCount &&
        numberAt(values, indexAt(second, j) + offset) < numberAt(values, indexAt(first, i)));
    setIndex(into, at, fromSecond ? indexAt(second, j++) + offset : indexAt(first, i++));
  }
}

/** Columns in which a row is not zero. */
const FIRST_HALF: i32 = 0;
const BOTH_HALVES: i32 = 1;
const SECOND_HALF: i32 = 2;

/**
 * Separates the rows that the update by ρ·zzᵀ leaves as they are (a negligible entry of z, or two nearly equal values,
 * one of which a rotation frees). Returns the number of the others; `active` lists them by ascending value, `idle` the
 * rest from its beginning. `reach` tells the halves that each row reaches.
 */
function deflate(
  n: i32,
  values: usize,
  z: usize,
  rho: f64,
  tolerance: f64,
  sorted: usize,
  vectors: usize,
  ld: i32,
  reach: usize,
  active: usize,
  idle: usize,
): i32 {
  const stride = <usize>ld << 3;
  let activeCount = 0;
  let idleCount = 0;
  let pending = -1;
  for (let at = 0; at < n; at++) {
    const i = indexAt(sorted, at);
    if (rho * Math.abs(numberAt(z, i)) <= tolerance) {
      setIndex(idle, idleCount++, i);
      continue;
    }
    if (pending >= 0) {
      let sine = numberAt(z, pending);
      let cosine = numberAt(z, i);
      const length = Math.sqrt(sine * sine + cosine * cosine);
      sine = -sine / length;
      cosine /= length;
      const lower = numberAt(values, pending);
      const upper = numberAt(values, i);
      if (Math.abs((upper - lower) * cosine * sine) <= tolerance) {
        setNumber(z, i, length);
        setNumber(z, pending, 0);
        if (indexAt(reach, i) != indexAt(reach, pending)) setIndex(reach, i, BOTH_HALVES);
        rotateRows(vectors + stride * <usize>pending, vectors + stride * <usize>i, n, cosine, sine);
        setNumber(values, pending, lower * cosine * cosine + upper * sine * sine);
        setNumber(values, i, lower * sine * sine + upper * cosine * cosine);
        setIndex(idle, idleCount++, pending);
      } else {
        setIndex(active, activeCount++, pending);
      }
    }
    pending = i;
  }
  if (pending >= 0) setIndex(active, activeCount++, pending);
  sortIndices(idle, idleCount, values);
  return activeCount;
}

/**
 * Replaces the active entries of z by those for which the computed roots are exact eigenvalues of the updated matrix.
 * The product is taken root by root, each factor near 1.
 */
function recomputeWeights(
  count: i32,
  poles: usize,
  weights: usize,
  origins: usize,
  shifts: usize,
  into: usize,
): void {
  for (let i = 0; i < count; i++) setNumber(into, i, 1);
  for (let j = 0; j < count; j++) {
    const pole = numberAt(poles, j);
    const origin = numberAt(poles, indexAt(origins, j));
    const shift = numberAt(shifts, j);
    multiplyFactors(poles, 0, j, pole, origin, shift, into);
    setNumber(into, j, numberAt(into, j) * (pole - origin - shift));
    multiplyFactors(poles, j + 1, count, pole, origin, shift, into);
  }
  for (let i = 0; i < count; i++) {
    const size = Math.sqrt(Math.abs(numberAt(into, i)));
    setNumber(into, i, numberAt(weights, i) < 0 ? -size : size);
  }
}

/** Multiplies entry i of `into` by (poleᵢ − root) / (poleᵢ − pole) for i from `from` to `to` − 1. */
function multiplyFactors(
  poles: usize,
  from: i32,
  to: i32,
  pole: f64,
  origin: f64,
  shift: f64,
  into: usize,
): void {
  const ownPole = f64x2.splat(pole);
  const origins = f64x2.splat(origin);
  const shifts = f64x2.splat(shift);
  let i = from;
  for (; i + 2 <= to; i += 2) {
    const at = <usize>i << 3;
    const other = v128.load(poles + at);
    const ratio = f64x2.div(
      f64x2.sub(f64x2.sub(other, origins), shifts),
      f64x2.sub(other, ownPole),
    );
    v128.store(into + at, f64x2.mul(v128.load(into + at), ratio));
  }
  if (i < to) {
    const other = numberAt(poles, i);
    setNumber(into, i, (numberAt(into, i) * (other - origin - shift)) / (other - pole));
  }
}

/** The normalised eigenvector of root j in the basis of the active rows, each entry at its row's place. */
function secularVector(j: i32, count: i32, n: i32, scratch: usize, into: usize): void {
  const poles = numbers(scratch, n, POLES);
  const weights = numbers(scratch, n, Z);
  const entries = numbers(scratch, n, ENTRIES);
  const places = indices(scratch, n, PLACES);
  const origin = numberAt(poles, indexAt(indices(scratch, n, ORIGINS), j));
  const shift = numberAt(numbers(scratch, n, SHIFTS), j);
  const originPair = f64x2.splat(origin);
  const shiftPair = f64x2.splat(shift);
  let squarePair = f64x2.splat(0);
  let i = 0;
  for (; i + 2 <= count; i += 2) {
    const at = <usize>i << 3;
    const delta = f64x2.sub(f64x2.sub(v128.load(poles + at), originPair), shiftPair);
    const entry = f64x2.div(v128.load(weights + at), delta);
    v128.store(entries + at, entry);
    squarePair = madd(entry, entry, squarePair);
  }
  let squares = lanes(squarePair);
  if (i < count) {
    const entry = numberAt(weights, i) / (numberAt(poles, i) - origin - shift);
    setNumber(entries, i, entry);
    squares += entry * entry;
  }
  const inverse = 1 / Math.sqrt(squares);
  for (i = 0; i < count; i++) setNumber(into, indexAt(places, i), inverse * numberAt(entries, i));
}

/** The secular equation of the active rows: its roots, and the weights of which they are exact. */
function solveSecularEquation(count: i32, rho: f64, n: i32, scratch: usize): i32 {
  const poles = numbers(scratch, n, POLES);
  const weights = numbers(scratch, n, WEIGHTS);
  const shifts = numbers(scratch, n, SHIFTS);
  const origins = indices(scratch, n, ORIGINS);
  let lost = 0;
  if (count == 1) {
    setIndex(origins, 0, 0);
    setNumber(shifts, 0, rho * numberAt(weights, 0) * numberAt(weights, 0));
  } else {
    const sums = numbers(scratch, n, SUMS);
    for (let j = 0; j < count; j++) {
      lost |= findRoot(j, count, poles, weights, 1 / rho, sums, origins, shifts);
    }
  }
  recomputeWeights(count, poles, weights, origins, shifts, numbers(scratch, n, Z));
  return lost;
}

/** Number of active rows whose vectors reach the given halves. */
function countReaching(halves: i32, count: i32, n: i32, scratch: usize): i32 {
  const active = indices(scratch, n, ACTIVE);
  const reach = indices(scratch, n, REACH);
  let found = 0;
  for (let i = 0; i < count; i++) {
    if (indexAt(reach, indexAt(active, i)) == halves) found++;
  }
  return found;
}

/** Ranks the active rows: those that reach the first half only, then both, then the second only. */
function assignPlaces(count: i32, n: i32, scratch: usize): void {
  const active = indices(scratch, n, ACTIVE);
  const reach = indices(scratch, n, REACH);
  const places = indices(scratch, n, PLACES);
  let place = 0;
  for (let halves = FIRST_HALF; halves <= SECOND_HALF; halves++) {
    for (let i = 0; i < count; i++) {
      if (indexAt(reach, indexAt(active, i)) == halves) setIndex(places, i, place++);
    }
  }
}

/**
 * Copies the halves of the active rows that are not zero: [inFirst × cut] at `firstRows`, [inSecond × (n − cut)] at
 * `secondRows`.
 */
function copyActiveRows(
  count: i32,
  inFirst: i32,
  inSecond: i32,
  n: i32,
  cut: i32,
  vectors: usize,
  ld: i32,
  firstRows: usize,
  secondRows: usize,
  scratch: usize,
): void {
  const active = indices(scratch, n, ACTIVE);
  const places = indices(scratch, n, PLACES);
  const firstBytes = <usize>cut << 3;
  const secondBytes = <usize>(n - cut) << 3;
  for (let i = 0; i < count; i++) {
    const row = vectors + ((<usize>indexAt(active, i) * <usize>ld) << 3);
    const place = indexAt(places, i);
    if (place < inFirst) memory.copy(firstRows + firstBytes * <usize>place, row, firstBytes);
    const second = place - (count - inSecond);
    if (second >= 0)
      memory.copy(secondRows + secondBytes * <usize>second, row + firstBytes, secondBytes);
  }
}

/**
 * Moves the idle rows, by way of `work`, behind the `count` rows that the roots will take, and puts all values where
 * their rows are or will be.
 */
function moveIdleRows(
  count: i32,
  n: i32,
  values: usize,
  vectors: usize,
  ld: i32,
  work: usize,
  scratch: usize,
): void {
  const idle = indices(scratch, n, IDLE);
  const entries = numbers(scratch, n, ENTRIES);
  const poles = numbers(scratch, n, POLES);
  const shifts = numbers(scratch, n, SHIFTS);
  const origins = indices(scratch, n, ORIGINS);
  const row = <usize>n << 3;
  const stride = <usize>ld << 3;
  for (let i = 0; i < n - count; i++) {
    const index = indexAt(idle, i);
    memory.copy(work + row * <usize>i, vectors + stride * <usize>index, row);
    setNumber(entries, i, numberAt(values, index));
  }
  for (let i = 0; i < n - count; i++) {
    memory.copy(vectors + stride * <usize>(count + i), work + row * <usize>i, row);
    setNumber(values, count + i, numberAt(entries, i));
  }
  for (let i = 0; i < count; i++) {
    setNumber(values, i, numberAt(poles, indexAt(origins, i)) + numberAt(shifts, i));
  }
}

/** Orders the roots, which ascend in rows 0 … count − 1, and the idle values, which ascend behind them. */
function orderAll(count: i32, n: i32, values: usize, order: usize, scratch: usize): void {
  const active = indices(scratch, n, ACTIVE);
  const idle = indices(scratch, n, IDLE);
  for (let i = 0; i < count; i++) setIndex(active, i, i);
  for (let i = 0; i < n - count; i++) setIndex(idle, i, i);
  mergeOrders(active, count, idle, n - count, count, values, order);
}

/** The smallest root among the `wanted` largest values. */
function firstWantedRoot(count: i32, n: i32, order: usize, wanted: i32): i32 {
  for (let i = n - wanted; i < n; i++) {
    if (indexAt(order, i) < count) return indexAt(order, i);
  }
  return count;
}

/** Eigenvectors of the roots from `firstRoot` on: those of the secular equation times the old rows. */
function combineRows(
  firstRoot: i32,
  count: i32,
  inFirst: i32,
  inSecond: i32,
  n: i32,
  cut: i32,
  firstRows: usize,
  secondRows: usize,
  vectors: usize,
  ld: i32,
  scratch: usize,
): void {
  const block = scratch + listBytes(n);
  const gemmScratch = block + ((<usize>n * <usize>min(n, BLOCK)) << 3);
  const second = block + (<usize>(count - inSecond) << 3);
  for (let j = firstRoot; j < count; j += BLOCK) {
    const rows = min(BLOCK, count - j);
    const into = vectors + ((<usize>j * <usize>ld) << 3);
    for (let i = 0; i < rows; i++) {
      secularVector(j + i, count, n, scratch, block + ((<usize>i * <usize>count) << 3));
      memory.fill(into + ((<usize>i * <usize>ld) << 3), 0, <usize>n << 3);
    }
    const beyond = into + (<usize>cut << 3);
    gemm(rows, cut, inFirst, 1, block, count, false, firstRows, cut, false, into, ld, gemmScratch);
    gemm(rows, n - cut, inSecond, 1, second, count, false, secondRows, n - cut, false, beyond, ld, gemmScratch);
  }
}

/**
 * Joins the solved halves [0, cut) and [cut, n) of a matrix from which |coupling|·vvᵀ, v = (0, …, 1, ±1, …, 0), was
 * taken away. Only the eigenvectors of the `wanted` largest values are computed. `order` lists rows by ascending
 * value: at first those of each half, counted from its beginning, afterwards all. `work` has room for n × n numbers.
 */
function merge(
  n: i32,
  cut: i32,
  values: usize,
  coupling: f64,
  vectors: usize,
  ld: i32,
  work: usize,
  order: usize,
  wanted: i32,
  scratch: usize,
): i32 {
  const z = numbers(scratch, n, Z);
  const sorted = indices(scratch, n, SORTED);
  const active = indices(scratch, n, ACTIVE);
  const idle = indices(scratch, n, IDLE);
  const reach = indices(scratch, n, REACH);
  updateVector(vectors, ld, cut, n, coupling < 0 ? -1 : 1, z);
  // z was normalised: its square of 2 goes into ρ.
  const rho = 2 * Math.abs(coupling);
  mergeOrders(order, cut, order + (<usize>cut << 2), n - cut, cut, values, sorted);
  const smallest = numberAt(values, indexAt(sorted, 0));
  const largest = numberAt(values, indexAt(sorted, n - 1));
  const size = max(rho, max(Math.abs(smallest), Math.abs(largest)));
  const tolerance = 8 * EPSILON * size + NEGLIGIBLE;
  for (let i = 0; i < n; i++) setIndex(reach, i, i < cut ? FIRST_HALF : SECOND_HALF);
  const count = deflate(n, values, z, rho, tolerance, sorted, vectors, ld, reach, active, idle);
  if (count == 0) {
    memory.copy(order, idle, <usize>n << 2);
    return 0;
  }
  for (let i = 0; i < count; i++) {
    const index = indexAt(active, i);
    setNumber(numbers(scratch, n, POLES), i, numberAt(values, index));
    setNumber(numbers(scratch, n, WEIGHTS), i, numberAt(z, index));
  }
  const lost = solveSecularEquation(count, rho, n, scratch);
  const inFirst = count - countReaching(SECOND_HALF, count, n, scratch);
  const inSecond = count - countReaching(FIRST_HALF, count, n, scratch);
  const secondRows = work + ((<usize>inFirst * <usize>cut) << 3);
  const idleRows = secondRows + ((<usize>inSecond * <usize>(n - cut)) << 3);
  assignPlaces(count, n, scratch);
  copyActiveRows(count, inFirst, inSecond, n, cut, vectors, ld, work, secondRows, scratch);
  moveIdleRows(count, n, values, vectors, ld, idleRows, scratch);
  orderAll(count, n, values, order, scratch);
  const firstRoot = firstWantedRoot(count, n, order, wanted);
  combineRows(firstRoot, count, inFirst, inSecond, n, cut, work, secondRows, vectors, ld, scratch);
  return lost;
}

/** Solves rows and columns of length n by halving; see {@link tridiagonalEigen}. */
function divide(
  diagonal: usize,
  offDiagonal: usize,
  n: i32,
  wanted: i32,
  vectors: usize,
  ld: i32,
  work: usize,
  order: usize,
  scratch: usize,
): i32 {
  if (n <= LEAF) return solveLeaf(diagonal, offDiagonal, n, vectors, <usize>ld << 3, order);
  const cut = n >> 1;
  const cutAt = <usize>cut << 3;
  const coupling = numberAt(offDiagonal, cut - 1);
  setNumber(diagonal, cut - 1, numberAt(diagonal, cut - 1) - Math.abs(coupling));
  setNumber(diagonal, cut, numberAt(diagonal, cut) - Math.abs(coupling));
  let lost = divide(diagonal, offDiagonal, cut, cut, vectors, ld, work, order, scratch);
  const second = vectors + cutAt * <usize>ld + cutAt;
  const secondOrder = order + (<usize>cut << 2);
  lost |= divide(
    diagonal + cutAt,
    offDiagonal + cutAt,
    n - cut,
    n - cut,
    second,
    ld,
    work,
    secondOrder,
    scratch,
  );
  // Where the halves do not reach, rows must hold zeros: a rotation may mix them.
  for (let i = 0; i < n; i++) {
    const row = vectors + ((<usize>i * <usize>ld) << 3);
    if (i < cut) memory.fill(row + cutAt, 0, <usize>(n - cut) << 3);
    else memory.fill(row, 0, cutAt);
  }
  return lost | merge(n, cut, diagonal, coupling, vectors, ld, work, order, wanted, scratch);
}

/** Bytes of scratch space that {@link tridiagonalEigen} needs, beside its two matrices. */
export function tridiagonalEigenScratchBytes(n: i32): usize {
  const block = (<usize>n * <usize>min(n, BLOCK)) << 3;
  return orderBytes(n) + listBytes(n) + block + <usize>gemmScratchBytes();
}

/** Bytes of n indices, rounded up to whole numbers. */
function orderBytes(n: i32): usize {
  return (<usize>((n + 1) & ~1)) << 2;
}

/**
 * Eigenvalues, largest first, in place of `diagonal` [n], and the eigenvectors of the `kept` largest as the rows of
 * `rows` (room for n × n, as in `work`; n ≥ kept ≥ 1). `offDiagonal` has room for n numbers and is destroyed.
 * Returns 0, or 1 if an iteration did not converge.
 */
export function tridiagonalEigen(
  diagonal: usize,
  offDiagonal: usize,
  n: i32,
  kept: i32,
  rows: usize,
  work: usize,
  scratch: usize,
): i32 {
  const order = scratch;
  const rest = scratch + orderBytes(n);
  const lost = divide(diagonal, offDiagonal, n, kept, work, n, rows, order, rest);
  const list = <usize>n << 3;
  for (let i = 0; i < kept; i++) {
    memory.copy(rows + list * <usize>i, work + list * <usize>indexAt(order, n - 1 - i), list);
  }
  for (let i = 0; i < n; i++) setNumber(rest, i, numberAt(diagonal, indexAt(order, n - 1 - i)));
  memory.copy(diagonal, rest, list);
  return lost;
}
