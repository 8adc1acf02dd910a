/**
 * Singular values of a bidiagonal matrix by differential quotient–difference transforms with shifts (Fernando and
 * Parlett 1994). Each transform is one step of Cholesky LR on squares, but neither adds nor subtracts unlike numbers
 * except for the shift, so that values keep their digits.
 *
 * The array z holds q₀ e₀ q₁ e₁ …, the squares of diagonal and superdiagonal. A transform that makes a q negative
 * had too large a shift, and is done again with a smaller one: the shift decides the speed, never the result.
 */

/** A superdiagonal below this fraction of its neighbour changes no digit; squared. */
const NEGLIGIBLE: f64 = 1e-31;
/** The same for entries of the order of 1, as the largest one is: far below their rounding. */
const NOTHING: f64 = 1e-36;
/** Values that differ by less than this fraction are resolved by what a shift below all of them leaves. */
const CLUSTER: f64 = 1e-13;
/** More transforms than this for one value have never been seen. */
const LIMIT: i32 = 400;

/** What the last transform found: the smallest of its numbers d, the last of them, and the one before that. */
let smallest: f64 = 0;
let last: f64 = 0;
let lastBefore: f64 = 0;

/** Doubles of scratch space that {@link bidiagonalValues} needs. */
export function bidiagonalScratchLength(n: i32): i32 {
  return 6 * n;
}

/**
 * Singular values, descending.
 *
 * @param diagonal - n numbers, the largest of the order of 1.
 * @param superdiagonal - n − 1 numbers, likewise.
 * @param unit - What the values are divided by at last.
 * @param values - Receives n numbers.
 * @returns 0, or 1 where the iteration does not end.
 */
export function bidiagonalValues(
  diagonal: usize,
  superdiagonal: usize,
  n: i32,
  unit: f64,
  values: usize,
  scratch: usize,
): i32 {
  if (findSquares(diagonal, superdiagonal, n, values, scratch) != 0) return 1;
  sortDescending(values, n);
  for (let i = 0; i < n; i++) {
    const value = values + (<usize>i << 3);
    f64.store(value, sqrt(max(0, f64.load(value))) / unit);
  }
  return 0;
}

/** Squares of the singular values, in no order. */
function findSquares(
  diagonal: usize,
  superdiagonal: usize,
  n: i32,
  values: usize,
  scratch: usize,
): i32 {
  const z = scratch;
  const trial = z + (<usize>n << 4);
  const shifts = trial + (<usize>n << 4);
  for (let i = 0; i < n; i++) {
    const q = f64.load(diagonal + (<usize>i << 3));
    const e = i + 1 < n ? f64.load(superdiagonal + (<usize>i << 3)) : 0;
    f64.store(z + (<usize>i << 4), q * q);
    f64.store(z + (<usize>i << 4), e * e, 8);
  }
  f64.store(shifts, 0);
  const starts = shifts + (<usize>n << 3);
  f64.store(starts + (<usize>(n - 1) << 3), 0);
  let high = n - 1;
  while (high >= 0) {
    const next = resolveSegment(z, trial, high, shifts, starts, values);
    if (next == high) return 1;
    high = next;
  }
  return 0;
}

/**
 * Index after the last superdiagonal of a segment that is negligible, or its start. What is split off above keeps its
 * start and its shift for later.
 */
function splitSegment(z: usize, start: i32, high: i32, shifts: usize, starts: usize): i32 {
  const shift = f64.load(shifts + (<usize>start << 3));
  for (let i = high - 1; i >= start; i--) {
    const at = z + (<usize>i << 4);
    const e = f64.load(at, 8);
    if (e > NEGLIGIBLE * (shift + f64.load(at)) && e > NOTHING) continue;
    f64.store(at, 0, 8);
    f64.store(starts + (<usize>i << 3), <f64>start);
    f64.store(shifts + (<usize>(i + 1) << 3), shift);
    return i + 1;
  }
  return start;
}

/** Transforms a segment until it splits or its last values are found. Returns the last index that remains. */
function resolveSegment(
  z: usize,
  trial: usize,
  high: i32,
  shifts: usize,
  starts: usize,
  values: usize,
): i32 {
  let start = <i32>f64.load(starts + (<usize>high << 3));
  let damping = 0.25;
  // No transform has said anything of this segment yet.
  let known = false;
  let shift = f64.load(shifts + (<usize>start << 3));
  for (let round = 0; round < LIMIT; round++) {
    const end = z + (<usize>high << 4);
    if (start == high) {
      f64.store(values + (<usize>high << 3), f64.load(end) + shift);
      return high - 1;
    }
    if (start + 1 == high) {
      storePair(end, shift, values + (<usize>high << 3));
      return high - 2;
    }
    const split = splitSegment(z, start, high, shifts, starts);
    if (split != start) {
      start = split;
      shift = f64.load(shifts + (<usize>start << 3));
      known = false;
      round = 0;
      continue;
    }
    if (1.5 * f64.load(z + (<usize>start << 4)) < f64.load(end)) {
      reverse(z, start, high);
      known = false;
    }
    let step = known ? chooseShift(z, high, damping) : 0;
    for (let tries = 0; !transform(z, trial, start, high, step); tries++) {
      if (tries > 8) return high;
      if (tries >= 6) step = 0;
      // Where only the last d is negative, and slightly, it says how much too large the shift was.
      else if (last < 0 && -64 * last < step) step = (step + last) * (1 - 4e-16);
      // In a cluster of values the shift may have met them but for rounding.
      else if (tries == 0) step *= 1 - CLUSTER;
      else step *= 0.25;
      damping = 0.25;
    }
    damping += 0.25 * (1 - damping);
    known = true;
    shift += step;
    f64.store(shifts + (<usize>start << 3), shift);
    memory.copy(z + (<usize>start << 4), trial + (<usize>start << 4), <usize>(high - start + 1) << 4);
  }
  return high;
}

/** One transform of z[low … high] with a shift into `trial`. False where the shift exceeds the smallest value. */
function transform(z: usize, trial: usize, low: i32, high: i32, shift: f64): bool {
  let from = z + (<usize>low << 4);
  let to = trial + (<usize>low << 4);
  const end = z + (<usize>high << 4);
  let d = f64.load(from) - shift;
  smallest = Infinity;
  last = 0;
  while (from < end) {
    if (d < 0) return false;
    smallest = min(smallest, d);
    lastBefore = d;
    const e = f64.load(from, 8);
    const q = d + e;
    const next = f64.load(from, 16);
    // Both parts are 0: what follows stands by itself.
    const ratio = q == 0 ? 1 : next / q;
    f64.store(to, q);
    f64.store(to, e * ratio, 8);
    d = (q == 0 ? next : d * ratio) - shift;
    from += 16;
    to += 16;
  }
  f64.store(to, d);
  f64.store(to, 0, 8);
  last = d;
  smallest = min(smallest, d);
  return d >= 0;
}

/** An estimate, from below, of the smallest eigenvalue of what the last transform left. */
function chooseShift(z: usize, high: i32, damping: f64): f64 {
  const at = z + (<usize>high << 4);
  const q = f64.load(at);
  // The smallest value hides somewhere else.
  if (q > smallest) return damping * smallest;
  const e = f64.load(at - 8);
  const above = f64.load(at - 16) + e;
  // Smaller eigenvalue of the last 2 × 2 block of BBᵀ, [above √(qe); √(qe) q].
  const half = 0.5 * (above - q);
  const root = sqrt(half * half + q * e);
  const value = half >= 0 ? q - (q * e) / (half + root) : above - (q * e) / (root - half);
  // What couples that block to the rest moves the eigenvalue by no more than the residual of its vector.
  const coupling = f64.load(at - 24) * f64.load(at - 16);
  const distance = above - value;
  const weight = (q * e) / (distance * distance + q * e);
  const residual = coupling * weight;
  const gap = 0.5 * (lastBefore - value);
  const uncertainty = gap > 0 ? min(sqrt(residual), residual / gap) : sqrt(residual);
  const shift = value - uncertainty;
  return shift > 0 ? shift * (1 - 4e-16) : damping * smallest;
}

/** Both values of the last 2 × 2 block, from its trace and determinant without cancellation. */
function storePair(end: usize, shift: f64, values: usize): void {
  const q0 = f64.load(end - 16);
  const e0 = f64.load(end - 8);
  const q1 = f64.load(end);
  const half = 0.5 * (q0 - q1 + e0);
  const root = sqrt(half * half + q1 * e0);
  const mean = 0.5 * (q0 + q1 + e0);
  const large = mean + root;
  const small = large > 0 ? q0 * (q1 / large) : 0;
  f64.store(values - 8, large + shift);
  f64.store(values, small + shift);
}

/** Turns a segment round: the same matrix, transposed, read from the other end. */
function reverse(z: usize, low: i32, high: i32): void {
  let first = z + (<usize>low << 4);
  // q_low … q_high with the e between them: an odd count of numbers.
  let last = z + (<usize>high << 4);
  for (; first < last; first += 8, last -= 8) {
    const value = f64.load(first);
    f64.store(first, f64.load(last));
    f64.store(last, value);
  }
}

/** Heap sort: no memory, no bad case. */
function sortDescending(values: usize, n: i32): void {
  for (let i = (n >> 1) - 1; i >= 0; i--) sink(values, i, n);
  for (let end = n - 1; end > 0; end--) {
    const last = values + (<usize>end << 3);
    const value = f64.load(last);
    f64.store(last, f64.load(values));
    f64.store(values, value);
    sink(values, 0, end);
  }
}

/** Restores the heap, the smallest on top, below index i. */
function sink(values: usize, i: i32, n: i32): void {
  const value = f64.load(values + (<usize>i << 3));
  for (;;) {
    let child = 2 * i + 1;
    if (child >= n) break;
    let other = values + (<usize>child << 3);
    if (child + 1 < n && f64.load(other, 8) < f64.load(other)) {
      child++;
      other += 8;
    }
    if (f64.load(other) >= value) break;
    f64.store(values + (<usize>i << 3), f64.load(other));
    i = child;
  }
  f64.store(values + (<usize>i << 3), value);
}
