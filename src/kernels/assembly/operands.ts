import { DEPTH, multiplyPacked } from "./product";

/**
 * Products of matrices that are too large to be held twice: chunks of the sum's length are packed by some items, then
 * multiplied tile by tile of the result by others. Numbers come as float32 or float64 and become (value − mean − rest)·scale
 * while they are packed: the column means are given in two parts, since a mean far from zero is not a double.
 *
 * A packed chunk is [blocks of DEPTH][panels][depth][4]; the last block may be shorter.
 */

/** Lanes (of columns or rows) that one item packs. */
const GROUP: i32 = 64;

// @ts-ignore: decorator
@inline
function value<T>(at: usize): f64 {
  if (sizeof<T>() == 4) return <f64>f32.load(at);
  return f64.load(at);
}

/** Two neighbouring numbers as doubles. */
// @ts-ignore: decorator
@inline
function pair<T>(at: usize): v128 {
  if (sizeof<T>() == 4) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  return v128.load(at);
}

/** Items that {@link packOperand} is cut into. */
export function packItems(lanes: i32, depth: i32): i32 {
  return ((lanes + GROUP - 1) / GROUP) * ((depth + DEPTH - 1) / DEPTH);
}

/**
 * Packs one item of a chunk. `source` is row-major with `ld` numbers from row to row, of 4 or 8 `bytes`. The lanes are its
 * columns and the sum runs over its rows, or the other way round with `lanesAreRows`. `means` holds all means, then all
 * rests, of the `columns` of the source, or is 0 for numbers as they are.
 */
export function packOperand(
  source: usize,
  bytes: i32,
  ld: i32,
  lanesAreRows: bool,
  lanes: i32,
  depth: i32,
  means: usize,
  columns: i32,
  scale: f64,
  into: usize,
  scratch: usize,
  item: i32,
): void {
  const groups = (lanes + GROUP - 1) / GROUP;
  const first = (item / groups) * DEPTH;
  const length = min(DEPTH, depth - first);
  const lane = (item % groups) * GROUP;
  const count = min(GROUP, lanes - lane);
  const panels = (lanes + 3) >> 2;
  into += (<usize>first * <usize>panels + <usize>length * <usize>(lane >> 2)) << 5;
  const row = lanesAreRows ? lane : first;
  const column = lanesAreRows ? first : lane;
  source += (<usize>row * <usize>ld + <usize>column) * <usize>bytes;
  if (means != 0) means += <usize>column << 3;
  if (lanesAreRows) {
    if (bytes == 4) packRowsOf<f32>(source, ld, count, length, means, columns, scale, into);
    else packRowsOf<f64>(source, ld, count, length, means, columns, scale, into);
  } else {
    if (bytes == 4) packColumnsOf<f32>(source, ld, count, length, means, columns, scale, into);
    else packColumnsOf<f64>(source, ld, count, length, means, columns, scale, into);
  }
}

function packColumnsOf<T>(
  source: usize,
  ld: i32,
  lanes: i32,
  depth: i32,
  means: usize,
  columns: i32,
  scale: f64,
  into: usize,
): void {
  const stride = <usize>ld * sizeof<T>();
  const rests = means + (<usize>columns << 3);
  const factor = f64x2.splat(scale);
  for (let j = 0; j < lanes; j += 4) {
    let from = source + <usize>j * sizeof<T>();
    const at = <usize>j << 3;
    if (j + 4 > lanes) {
      packLastColumns<T>(from, stride, lanes - j, depth, means, rests, at, scale, into);
    } else if (means == 0) {
      for (let k = 0; k < depth; k++, from += stride, into += 32) {
        v128.store(into, pair<T>(from));
        v128.store(into, pair<T>(from + 2 * sizeof<T>()), 16);
      }
    } else {
      const mean0 = v128.load(means + at);
      const mean1 = v128.load(means + at, 16);
      const rest0 = v128.load(rests + at);
      const rest1 = v128.load(rests + at, 16);
      for (let k = 0; k < depth; k++, from += stride, into += 32) {
        const low = f64x2.sub(f64x2.sub(pair<T>(from), mean0), rest0);
        const high = f64x2.sub(f64x2.sub(pair<T>(from + 2 * sizeof<T>()), mean1), rest1);
        v128.store(into, f64x2.mul(low, factor));
        v128.store(into, f64x2.mul(high, factor), 16);
      }
    }
  }
}

/** The panel that is not full: the lanes beyond the last column are 0. */
function packLastColumns<T>(
  source: usize,
  stride: usize,
  lanes: i32,
  depth: i32,
  means: usize,
  rests: usize,
  at: usize,
  scale: f64,
  into: usize,
): void {
  for (let k = 0; k < depth; k++, source += stride, into += 32) {
    for (let lane = 0; lane < 4; lane++) {
      let number: f64 = 0;
      if (lane < lanes) {
        number = value<T>(source + <usize>lane * sizeof<T>());
        if (means != 0) {
          const behind = at + (<usize>lane << 3);
          number = (number - f64.load(means + behind) - f64.load(rests + behind)) * scale;
        }
      }
      f64.store(into + (<usize>lane << 3), number);
    }
  }
}

function packRowsOf<T>(
  source: usize,
  ld: i32,
  lanes: i32,
  depth: i32,
  means: usize,
  columns: i32,
  scale: f64,
  into: usize,
): void {
  const stride = <usize>ld * sizeof<T>();
  const rests = means + (<usize>columns << 3);
  for (let i = 0; i < lanes; i += 4) {
    const rows = min(4, lanes - i);
    for (let lane = 0; lane < 4; lane++) {
      let from = source + stride * <usize>(i + lane);
      let to = into + (<usize>lane << 3);
      if (lane >= rows) {
        for (let k = 0; k < depth; k++, to += 32) f64.store(to, 0);
      } else if (means == 0) {
        for (let k = 0; k < depth; k++, from += sizeof<T>(), to += 32) f64.store(to, value<T>(from));
      } else {
        for (let k = 0; k < depth; k++, from += sizeof<T>(), to += 32) {
          const behind = <usize>k << 3;
          f64.store(to, (value<T>(from) - f64.load(means + behind) - f64.load(rests + behind)) * scale);
        }
      }
    }
    into += <usize>depth << 5;
  }
}

/** Items that {@link multiplyTile} is cut into, tiles of `size` lanes; with `upper` those on and above the diagonal. */
export function tileItems(m: i32, n: i32, size: i32, upper: bool): i32 {
  const across = (n + size - 1) / size;
  if (upper) return (across * (across + 1)) / 2;
  return ((m + size - 1) / size) * across;
}

/** C += LᵀR for one tile of C, `size` × `size` (a multiple of 4), over all blocks of two packed chunks. */
export function multiplyTile(
  left: usize,
  m: i32,
  right: usize,
  n: i32,
  depth: i32,
  c: usize,
  ldc: i32,
  size: i32,
  upper: bool,
  scratch: usize,
  item: i32,
): void {
  let i = 0;
  let j = 0;
  if (upper) {
    for (j = 0; item > j; j++) item -= j + 1;
    i = item;
  } else {
    const across = (n + size - 1) / size;
    i = item / across;
    j = item % across;
  }
  tileProduct(left, m, i * size, right, n, j * size, depth, c, ldc, size, upper && i == j, scratch);
}

/**
 * The same for tile `item` of a table of 32-bit integers, eight for each tile: `left`, m, the tile's first lane, `right`,
 * n, the tile's first lane, `c` and `ldc`. So several products share their packed operands.
 */
export function multiplyListedTile(
  table: usize,
  depth: i32,
  size: i32,
  scratch: usize,
  item: i32,
): void {
  const entry = table + (<usize>item << 5);
  tileProduct(
    <usize>load<u32>(entry),
    load<i32>(entry, 4),
    load<i32>(entry, 8),
    <usize>load<u32>(entry, 12),
    load<i32>(entry, 16),
    load<i32>(entry, 20),
    depth,
    <usize>load<u32>(entry, 24),
    load<i32>(entry, 28),
    size,
    false,
    scratch,
  );
}

/** The tile of C that begins at row i and column j. */
function tileProduct(
  left: usize,
  m: i32,
  i: i32,
  right: usize,
  n: i32,
  j: i32,
  depth: i32,
  c: usize,
  ldc: i32,
  size: i32,
  upper: bool,
  scratch: usize,
): void {
  const rows = min(size, m - i);
  const columns = min(size, n - j);
  const at = c + ((<usize>i * <usize>ldc + <usize>j) << 3);
  const panelsLeft = <usize>((m + 3) >> 2);
  const panelsRight = <usize>((n + 3) >> 2);
  for (let first = 0; first < depth; first += DEPTH) {
    const length = min(DEPTH, depth - first);
    const from = left + ((<usize>first * panelsLeft + <usize>length * <usize>(i >> 2)) << 5);
    const beside = right + ((<usize>first * panelsRight + <usize>length * <usize>(j >> 2)) << 5);
    multiplyPacked(from, rows, beside, columns, length, 1, at, ldc, scratch, upper);
  }
}

/** Columns of one item of {@link columnStatistics}: what is known of them stays in the first-level cache. */
const STATISTICS_GROUP: i32 = 512;

/** Items that {@link columnStatistics} is cut into. */
export function columnItems(columns: i32): i32 {
  return (columns + STATISTICS_GROUP - 1) / STATISTICS_GROUP;
}

/**
 * Takes a chunk of rows into `statistics`, three arrays of `columns` doubles: smallest, largest, and sum. With `means` only
 * the sum, of what the means leave of the numbers. NaN in the data makes all three NaN.
 */
export function columnStatistics(
  source: usize,
  bytes: i32,
  rows: i32,
  columns: i32,
  means: usize,
  statistics: usize,
  scratch: usize,
  item: i32,
): void {
  const first = item * STATISTICS_GROUP;
  const count = min(STATISTICS_GROUP, columns - first);
  const plane = <usize>columns << 3;
  const stride = <usize>columns * <usize>bytes;
  source += <usize>first * <usize>bytes;
  statistics += <usize>first << 3;
  const sums = statistics + 2 * plane;
  if (means != 0) means += <usize>first << 3;
  for (let i = 0; i < rows; i++, source += stride) {
    if (bytes == 4) {
      if (means == 0) takeRow<f32>(source, count, statistics, statistics + plane, sums);
      else addRests<f32>(source, count, means, sums);
    } else {
      if (means == 0) takeRow<f64>(source, count, statistics, statistics + plane, sums);
      else addRests<f64>(source, count, means, sums);
    }
  }
}

function takeRow<T>(row: usize, count: i32, smallest: usize, largest: usize, sums: usize): void {
  let j = 0;
  for (; j + 2 <= count; j += 2) {
    const at = <usize>j << 3;
    const numbers = pair<T>(row + <usize>j * sizeof<T>());
    v128.store(smallest + at, f64x2.min(v128.load(smallest + at), numbers));
    v128.store(largest + at, f64x2.max(v128.load(largest + at), numbers));
    v128.store(sums + at, f64x2.add(v128.load(sums + at), numbers));
  }
  if (j == count) return;
  const at = <usize>j << 3;
  const number = value<T>(row + <usize>j * sizeof<T>());
  f64.store(smallest + at, min(f64.load(smallest + at), number));
  f64.store(largest + at, max(f64.load(largest + at), number));
  f64.store(sums + at, f64.load(sums + at) + number);
}

function addRests<T>(row: usize, count: i32, means: usize, sums: usize): void {
  let j = 0;
  for (; j + 2 <= count; j += 2) {
    const at = <usize>j << 3;
    const rests = f64x2.sub(pair<T>(row + <usize>j * sizeof<T>()), v128.load(means + at));
    v128.store(sums + at, f64x2.add(v128.load(sums + at), rests));
  }
  if (j == count) return;
  const at = <usize>j << 3;
  const rest = value<T>(row + <usize>j * sizeof<T>()) - f64.load(means + at);
  f64.store(sums + at, f64.load(sums + at) + rest);
}
