/**
 * Thin singular value decomposition by one-sided rotations: V is turned until the columns of A·V are orthogonal.
 *
 * Eigenvectors of AᵀA bring it close at the cost of a few products. They are found for columns of similar length only
 * – first of A itself, then of what proves to be small among A·V – so that nothing is lost to the rounding of larger
 * numbers; what is still missing is a turn by small angles, which products apply as well, and only pairs of columns
 * that are far from orthogonal or too close in length for that are rotated one by one.
 */

import { gemm, gemmScratchBytes, madd } from "./product";
import { applyQFirstBlock, qrFactorLength, qrFirstBlock, qrScratchBytes } from "./qr";
import { symmetricEigen, symmetricEigenScratchBytes } from "./symmetricEigen";
import { addScaled, dot, largestMagnitude, scale, transpose, unitFor } from "./vectors";

/** Columns shorter than this fraction of the longest get eigenvectors of their own. */
const SIMILAR: f64 = 1e-3;
/** Angles that are turned together are such that the root of the sum of their squares is not above this. */
const SMALL_ANGLES: f64 = 3e-4;
const TURNS: i32 = 4;
const SWEEPS: i32 = 60;
/** What is shorter than this fraction of the columns it came from is their rounding. */
const ROUNDING: f64 = 1e-18;
/** Where A is of the order of 1, columns of this length are zero: the squares of shorter ones underflow. */
const NOTHING: f64 = 1e-140;

function at(a: usize, ld: i32, i: i32, j: i32): usize {
  return a + ((<usize>i * <usize>ld + <usize>j) << 3);
}

function doubles(count: i32): usize {
  return <usize>count << 3;
}

/** Bytes of scratch space that {@link thinSvd} needs; from n = 8721 on they are more than 32 bits can say. */
export function thinSvdScratchBytes(m: i32, n: i32): f64 {
  const tall = m > n ? <f64>m * n + qrFactorLength(n) : 0.0;
  const work = tall + 5.0 * n * n + 4.0 * n + 8.0;
  const others = max(<u32>symmetricEigenScratchBytes(n, n), <u32>qrScratchBytes(m, n, n));
  return 8.0 * work + <f64>max(others, <u32>gemmScratchBytes());
}

/**
 * A = left·diag(values)·rightᵀ.
 *
 * Columns of A that differ in scale keep their own digits: each singular value is right to rounding relative to
 * itself as far as scaling the columns explains the condition of A.
 *
 * @param a - m × n with m ≥ n, without gaps; not changed. Entries must be finite.
 * @param left - Receives m × n numbers; columns are orthonormal, also those of singular values 0.
 * @param values - Receives n numbers, descending.
 * @param right - Receives n × n numbers, orthonormal.
 * @returns 0, or 1 where the rotations do not end.
 */
export function thinSvd(
  a: usize,
  m: i32,
  n: i32,
  left: usize,
  values: usize,
  right: usize,
  scratch: usize,
): i32 {
  if (n == 0) return 0;
  const x = scratch;
  const y = x + doubles(n * n);
  const gram = y + doubles(n * n);
  const turn = gram + doubles(n * n);
  const spare = turn + doubles(n * n);
  const lists = spare + doubles(n * n);
  const tall = lists + doubles(4 * n + 8);
  const factors = tall + (m > n ? doubles(m * n) : 0);
  const rest = factors + (m > n ? doubles(qrFactorLength(n)) : 0);
  const unit = unitFor(largestMagnitude(a, m * n));
  memory.fill(y, 0, doubles(n * n));
  for (let i = 0; i < n; i++) f64.store(at(y, n, i, i), 1);
  if (m > n) {
    memory.copy(tall, a, doubles(m * n));
    scale(tall, unit, m * n);
    qrFirstBlock(spare, n, n, tall, m, n, factors, rest);
    transpose(spare, n, n, n, x, n);
  } else {
    transpose(a, n, n, n, x, n);
    scale(x, unit, n * n);
  }
  const failed = orthogonalise(x, y, n, gram, turn, spare, lists, rest);
  sortRows(x, y, n, lists, spare);
  normaliseRows(x, n, values, unit, lists);
  transpose(y, n, n, n, right, n);
  if (m == n) {
    transpose(x, n, n, n, left, n);
  } else {
    transpose(x, n, n, n, spare, n);
    applyQFirstBlock(tall, m, n, n, factors, spare, n, left, rest);
  }
  return failed;
}

/** Turns the rows of x, the columns of a square matrix, until they are orthogonal; the rows of y become those of Vᵀ. */
function orthogonalise(
  x: usize,
  y: usize,
  n: i32,
  gram: usize,
  turn: usize,
  spare: usize,
  lists: usize,
  scratch: usize,
): i32 {
  sortRows(x, y, n, lists, spare);
  let first = 0;
  while (first < n) {
    const longest = f64.load(lists + doubles(first));
    let end = first + 1;
    while (end < n && f64.load(lists + doubles(end)) >= SIMILAR * longest) end++;
    // What shorter rows have in common with longer ones is most of them: they change as it is taken out.
    if (first > 0) turnTogether(x, y, n, first, end, gram, turn, spare, scratch);
    resolveGroup(x, y, n, first, end, gram, turn, spare, lists, scratch);
    first = end;
  }
  turnTogether(x, y, n, n, n, gram, turn, spare, scratch);
  return rotatePairs(x, y, n, gram, lists, scratch);
}

/** Length below which a sum of products counts as that of orthogonal vectors, relative to their lengths. */
function toleranceFor(n: i32): f64 {
  return 2.220446049250313e-16 * max(<f64>10, sqrt(<f64>n));
}

/** G = XXᵀ of some rows, on and above the diagonal. */
function gramOf(x: usize, n: i32, first: i32, end: i32, gram: usize, scratch: usize): void {
  const count = end - first;
  const rows = at(x, n, first, 0);
  memory.fill(gram, 0, doubles(count * count));
  gemm(count, count, n, 1, rows, n, false, rows, n, true, gram, count, scratch, true);
}

/** Some rows of x become Zᵀ times these rows. */
function multiplyRows(
  z: usize,
  x: usize,
  n: i32,
  first: i32,
  end: i32,
  spare: usize,
  scratch: usize,
): void {
  const count = end - first;
  const rows = at(x, n, first, 0);
  memory.fill(spare, 0, doubles(count * n));
  gemm(count, n, count, 1, z, count, true, rows, n, false, spare, n, scratch);
  memory.copy(rows, spare, doubles(count * n));
}

/** Eigenvectors for a group of rows of similar length, then for those that came out much shorter, and so on. */
function resolveGroup(
  x: usize,
  y: usize,
  n: i32,
  start: i32,
  end: i32,
  gram: usize,
  turn: usize,
  spare: usize,
  lists: usize,
  scratch: usize,
): void {
  let first = start;
  const rounding = ROUNDING * f64.load(lists + doubles(start));
  while (end - first > 1) {
    if (first > start) clearFrom(x, y, n, start, first, end, gram, spare, scratch);
    gramOf(x, n, first, end, gram, scratch);
    if (symmetricEigen(gram, end - first, lists + doubles(n), turn, end - first, scratch) != 0) return;
    multiplyRows(turn, x, n, first, end, spare, scratch);
    multiplyRows(turn, y, n, first, end, spare, scratch);
    const longest = lengthOf(x, n, first);
    if (longest < rounding) break;
    let next = first + 1;
    while (next < end && lengthOf(x, n, next) >= SIMILAR * longest) next++;
    first = next;
  }
  for (let i = first; i < end; i++) {
    if (lengthOf(x, n, i) < rounding) memory.fill(at(x, n, i, 0), 0, doubles(n));
  }
}

function lengthOf(x: usize, n: i32, i: i32): f64 {
  const row = at(x, n, i, 0);
  return sqrt(dot(row, row, n));
}

/**
 * Takes out of the rows from `first` to `end` what rounding left in them of the longer ones from `start` to `first`:
 * a turn by angles of the order of rounding.
 */
function clearFrom(
  x: usize,
  y: usize,
  n: i32,
  start: i32,
  first: i32,
  end: i32,
  parts: usize,
  spare: usize,
  scratch: usize,
): void {
  const long = first - start;
  const short = end - first;
  const longX = at(x, n, start, 0);
  const longY = at(y, n, start, 0);
  const shortX = at(x, n, first, 0);
  const shortY = at(y, n, first, 0);
  memory.fill(parts, 0, doubles(short * long));
  gemm(short, long, n, 1, shortX, n, false, longX, n, true, parts, long, scratch);
  for (let j = 0; j < long; j++) {
    const square = dot(at(longX, n, j, 0), at(longX, n, j, 0), n);
    for (let i = 0; i < short; i++) {
      const part = at(parts, long, i, j);
      f64.store(part, f64.load(part) / square);
    }
  }
  memory.copy(spare, longX, doubles(long * n));
  gemm(long, n, short, 1, parts, long, true, shortX, n, false, longX, n, scratch);
  gemm(short, n, long, -1, parts, long, false, spare, n, false, shortX, n, scratch);
  memory.copy(spare, longY, doubles(long * n));
  gemm(long, n, short, 1, parts, long, true, shortY, n, false, longY, n, scratch);
  gemm(short, n, long, -1, parts, long, false, spare, n, false, shortY, n, scratch);
}

/**
 * Makes rows orthogonal that are nearly so, by turns of all of them at once: of those before `first` with those from
 * `first` to `end`, or of all with all if `first` is n.
 */
function turnTogether(
  x: usize,
  y: usize,
  n: i32,
  first: i32,
  end: i32,
  gram: usize,
  turn: usize,
  spare: usize,
  scratch: usize,
): void {
  for (let round = 0; round < TURNS; round++) {
    gramOf(x, n, 0, n, gram, scratch);
    const squares = smallAngles(gram, n, first, end, turn);
    if (squares == 0) return;
    // I + E + E²/2 is orthogonal but for E⁴, I + E but for E².
    let change = turn;
    if (squares > 1e-18) {
      change = gram;
      memory.copy(gram, turn, doubles(n * n));
      gemm(n, n, n, 0.5, turn, n, false, turn, n, false, gram, n, scratch);
    }
    changeRows(change, x, n, spare, scratch);
    changeRows(change, y, n, spare, scratch);
  }
}

/**
 * The antisymmetric E for which (I + E)ᵀG(I + E) is diagonal but for squares of E, where its entries are small
 * angles; 0 elsewhere. Returns the sum of their squares, 0 if none is needed.
 */
function smallAngles(gram: usize, n: i32, first: i32, end: i32, turn: usize): f64 {
  const tolerance = toleranceFor(n);
  const largest = SMALL_ANGLES / <f64>n;
  let squares: f64 = 0;
  let needed = false;
  memory.fill(turn, 0, doubles(n * n));
  for (let i = 0; i < min(first, n); i++) {
    const gii = f64.load(at(gram, n, i, i));
    for (let j = first < n ? first : i + 1; j < end; j++) {
      const gjj = f64.load(at(gram, n, j, j));
      const gij = f64.load(at(gram, n, i, j));
      const bound = tolerance * sqrt(gii) * sqrt(gjj);
      if (!(abs(gij) > 0.25 * bound)) continue;
      const angle = gij / (gjj - gii);
      if (!(abs(angle) < largest)) continue;
      if (abs(gij) > bound) needed = true;
      f64.store(at(turn, n, i, j), angle);
      f64.store(at(turn, n, j, i), -angle);
      squares += 2 * angle * angle;
    }
  }
  return needed ? squares : 0;
}

/** x += Eᵀx: the change alone is rounded, not x. */
function changeRows(e: usize, x: usize, n: i32, spare: usize, scratch: usize): void {
  memory.copy(spare, x, doubles(n * n));
  gemm(n, n, n, 1, e, n, true, spare, n, false, x, n, scratch);
}

/** One-sided Jacobi rotations of the pairs of rows that are not orthogonal yet. */
function rotatePairs(
  x: usize,
  y: usize,
  n: i32,
  gram: usize,
  lists: usize,
  scratch: usize,
): i32 {
  const squares = lists;
  const changed = lists + doubles(n);
  const tolerance = toleranceFor(n);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    gramOf(x, n, 0, n, gram, scratch);
    let rotations = 0;
    memory.fill(changed, 0, <usize>n);
    for (let i = 0; i < n; i++) f64.store(squares + doubles(i), f64.load(at(gram, n, i, i)));
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const stale = load<u8>(changed + <usize>i) | load<u8>(changed + <usize>j);
        const row = at(x, n, i, 0);
        const other = at(x, n, j, 0);
        const gij = stale != 0 ? dot(row, other, n) : f64.load(at(gram, n, i, j));
        const gii = f64.load(squares + doubles(i));
        const gjj = f64.load(squares + doubles(j));
        if (!(abs(gij) > tolerance * sqrt(gii) * sqrt(gjj))) continue;
        if (min(gii, gjj) < NOTHING * NOTHING) continue;
        const tangent = tangentFor(gii, gjj, gij);
        const cosine = 1 / sqrt(1 + tangent * tangent);
        rotate(row, other, cosine, cosine * tangent, n);
        rotate(at(y, n, i, 0), at(y, n, j, 0), cosine, cosine * tangent, n);
        // The shorter one may lose nearly all of its square: it is summed anew.
        f64.store(squares + doubles(i), dot(row, row, n));
        f64.store(squares + doubles(j), dot(other, other, n));
        store<u8>(changed + <usize>i, 1);
        store<u8>(changed + <usize>j, 1);
        rotations++;
      }
    }
    if (rotations == 0) return 0;
  }
  return 1;
}

/** Tangent of the smaller angle that makes two vectors orthogonal. */
function tangentFor(gii: f64, gjj: f64, gij: f64): f64 {
  const cotangent = (gii - gjj) / (2 * gij);
  const magnitude = abs(cotangent);
  // Squares of larger ones would overflow at some point, and 1 is lost in them anyway.
  const whole = magnitude > 1e8 ? 2 * magnitude : magnitude + sqrt(1 + magnitude * magnitude);
  return cotangent < 0 ? -1 / whole : 1 / whole;
}

/** x = cosine·x + sine·y and y = cosine·y − sine·x. */
function rotate(x: usize, y: usize, cosine: f64, sine: f64, n: i32): void {
  const c = f64x2.splat(cosine);
  const plus = f64x2.splat(sine);
  const minus = f64x2.splat(-sine);
  let i = 0;
  for (; i + 2 <= n; i += 2, x += 16, y += 16) {
    const a = v128.load(x);
    const b = v128.load(y);
    v128.store(x, madd(c, a, f64x2.mul(plus, b)));
    v128.store(y, madd(c, b, f64x2.mul(minus, a)));
  }
  if (i == n) return;
  const a = f64.load(x);
  const b = f64.load(y);
  f64.store(x, cosine * a + sine * b);
  f64.store(y, cosine * b - sine * a);
}

/** Puts the rows of x in descending order of length, and those of y likewise; `lengths` receives the lengths. */
function sortRows(x: usize, y: usize, n: i32, lengths: usize, spare: usize): void {
  for (let i = 0; i < n; i++) f64.store(lengths + doubles(i), lengthOf(x, n, i));
  for (let i = 0; i < n; i++) {
    let longest = i;
    for (let j = i + 1; j < n; j++) {
      if (f64.load(lengths + doubles(j)) > f64.load(lengths + doubles(longest))) longest = j;
    }
    if (longest == i) continue;
    const length = f64.load(lengths + doubles(i));
    f64.store(lengths + doubles(i), f64.load(lengths + doubles(longest)));
    f64.store(lengths + doubles(longest), length);
    swap(at(x, n, i, 0), at(x, n, longest, 0), n, spare);
    swap(at(y, n, i, 0), at(y, n, longest, 0), n, spare);
  }
}

function swap(a: usize, b: usize, n: i32, spare: usize): void {
  memory.copy(spare, a, doubles(n));
  memory.copy(a, b, doubles(n));
  memory.copy(b, spare, doubles(n));
}

/** Rows, longest first, become unit vectors, and their lengths the singular values; zeros are completed. */
function normaliseRows(x: usize, n: i32, values: usize, unit: f64, lengths: usize): void {
  const reached = lengths + doubles(n);
  memory.fill(reached, 0, doubles(n));
  for (let i = 0; i < n; i++) {
    const row = at(x, n, i, 0);
    const length = f64.load(lengths + doubles(i));
    const zero = length < NOTHING;
    f64.store(values + doubles(i), zero ? 0 : length / unit);
    if (zero) complete(x, n, i, reached);
    else scale(row, 1 / length, n);
    for (let j: usize = 0; j < doubles(n); j += 8) {
      f64.store(reached + j, f64.load(reached + j) + f64.load(row + j) * f64.load(row + j));
    }
  }
}

/** Row i becomes a unit vector orthogonal to those before it: what is left of the axis that they reach least. */
function complete(x: usize, n: i32, i: i32, reached: usize): void {
  let axis = 0;
  for (let j = 1; j < n; j++) {
    if (f64.load(reached + doubles(j)) < f64.load(reached + doubles(axis))) axis = j;
  }
  const row = at(x, n, i, 0);
  memory.fill(row, 0, doubles(n));
  f64.store(row + doubles(axis), 1);
  // The second time takes out what rounding left of the first.
  for (let round = 0; round < 2; round++) {
    for (let k = 0; k < i; k++) addScaled(row, -dot(row, at(x, n, k, 0), n), at(x, n, k, 0), n);
    scale(row, 1 / lengthOf(x, n, i), n);
  }
}
