/**
 * Products of five rows and a panel of eight columns. V8 keeps ten sums, two columns and one row element in registers; six
 * rows, or an unrolled loop, spill. The loop stands alone in an exported function, with the sums in memory before and after:
 * what else the function did would cost registers inside the loop.
 */

export const ROWS: i32 = 5;
export const LANES: i32 = 8;
/** Bytes of the 5 × 8 sums. */
export const SUMS_BYTES: usize = 160;

export function clearSums(sums: usize): void {
  const zero = f32x4.splat(0);
  for (const end = sums + SUMS_BYTES; sums < end; sums += 16) v128.store(sums, zero);
}

/**
 * sums[r][c] = Σ_k row_r[k] · panel[k][c], added to what is there unless `fresh`. The elements of a row lie `step` bytes apart;
 * both are constants.
 */
// @ts-ignore: decorator
@inline
function multiplyAddBy(
  step: usize,
  fresh: bool,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  row4: usize,
  panel: usize,
  length: i32,
  sums: usize,
): void {
  let sum00 = fresh ? f32x4.splat(0) : v128.load(sums, 0);
  let sum01 = fresh ? f32x4.splat(0) : v128.load(sums, 16);
  let sum10 = fresh ? f32x4.splat(0) : v128.load(sums, 32);
  let sum11 = fresh ? f32x4.splat(0) : v128.load(sums, 48);
  let sum20 = fresh ? f32x4.splat(0) : v128.load(sums, 64);
  let sum21 = fresh ? f32x4.splat(0) : v128.load(sums, 80);
  let sum30 = fresh ? f32x4.splat(0) : v128.load(sums, 96);
  let sum31 = fresh ? f32x4.splat(0) : v128.load(sums, 112);
  let sum40 = fresh ? f32x4.splat(0) : v128.load(sums, 128);
  let sum41 = fresh ? f32x4.splat(0) : v128.load(sums, 144);
  for (const end = panel + (<usize>length << 5); panel < end; panel += 32) {
    const low = v128.load(panel);
    const high = v128.load(panel, 16);
    let value = v128.load32_splat(row0);
    sum00 = f32x4.add(sum00, f32x4.mul(value, low));
    sum01 = f32x4.add(sum01, f32x4.mul(value, high));
    value = v128.load32_splat(row1);
    sum10 = f32x4.add(sum10, f32x4.mul(value, low));
    sum11 = f32x4.add(sum11, f32x4.mul(value, high));
    value = v128.load32_splat(row2);
    sum20 = f32x4.add(sum20, f32x4.mul(value, low));
    sum21 = f32x4.add(sum21, f32x4.mul(value, high));
    value = v128.load32_splat(row3);
    sum30 = f32x4.add(sum30, f32x4.mul(value, low));
    sum31 = f32x4.add(sum31, f32x4.mul(value, high));
    value = v128.load32_splat(row4);
    sum40 = f32x4.add(sum40, f32x4.mul(value, low));
    sum41 = f32x4.add(sum41, f32x4.mul(value, high));
    row0 += step;
    row1 += step;
    row2 += step;
    row3 += step;
    row4 += step;
  }
  v128.store(sums, sum00, 0);
  v128.store(sums, sum01, 16);
  v128.store(sums, sum10, 32);
  v128.store(sums, sum11, 48);
  v128.store(sums, sum20, 64);
  v128.store(sums, sum21, 80);
  v128.store(sums, sum30, 96);
  v128.store(sums, sum31, 112);
  v128.store(sums, sum40, 128);
  v128.store(sums, sum41, 144);
}

/** The same where the elements of a row lie next to each other. */
export function multiplyAdd(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  row4: usize,
  panel: usize,
  length: i32,
  sums: usize,
): void {
  multiplyAddBy(4, false, row0, row1, row2, row3, row4, panel, length, sums);
}

/** The same where they are one lane of a vector of four. */
export function multiplyAddLane(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  row4: usize,
  panel: usize,
  length: i32,
  sums: usize,
): void {
  multiplyAddBy(16, false, row0, row1, row2, row3, row4, panel, length, sums);
}

/** As {@link multiplyAdd}, but writes the sums. */
export function multiply(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  row4: usize,
  panel: usize,
  length: i32,
  sums: usize,
): void {
  multiplyAddBy(4, true, row0, row1, row2, row3, row4, panel, length, sums);
}

/** As {@link multiplyAddLane}, but writes the sums. */
export function multiplyLane(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  row4: usize,
  panel: usize,
  length: i32,
  sums: usize,
): void {
  multiplyAddBy(16, true, row0, row1, row2, row3, row4, panel, length, sums);
}

/** Writes up to four numbers, the first of a vector. */
export function storeFirst(at: usize, values: v128, count: i32): void {
  if (count >= 4) {
    v128.store(at, values);
    return;
  }
  if (count > 0) f32.store(at, f32x4.extract_lane(values, 0));
  if (count > 1) f32.store(at + 4, f32x4.extract_lane(values, 1));
  if (count > 2) f32.store(at + 8, f32x4.extract_lane(values, 2));
}

/** Reads up to four numbers, zeros after them. */
export function loadFirst(at: usize, count: i32): v128 {
  if (count >= 4) return v128.load(at);
  let values = f32x4.splat(0);
  if (count > 0) values = f32x4.replace_lane(values, 0, f32.load(at));
  if (count > 1) values = f32x4.replace_lane(values, 1, f32.load(at + 4));
  if (count > 2) values = f32x4.replace_lane(values, 2, f32.load(at + 8));
  return values;
}

/** The loop alone, on numbers in the first-level cache: what all else is measured against. */
export function repeatMultiplyAdd(times: i32, length: i32, scratch: usize, item: i32): void {
  const sums = scratch;
  const rows = scratch + 256;
  const step = <usize>length << 2;
  // Ones, since what lies there may be numbers so small that they are slow.
  for (let at = rows; at < rows + 13 * step; at += 4) f32.store(at, 1);
  clearSums(sums);
  for (let i = 0; i < times; i++) {
    multiplyAdd(rows, rows + step, rows + 2 * step, rows + 3 * step, rows + 4 * step, rows + 5 * step, length, sums);
  }
}

/** Adds one row of sums to the numbers at `to`, or writes them where they are the first. */
export function addSums(to: usize, sums: usize, lanes: i32, first: bool): void {
  if (lanes == LANES) {
    let low = v128.load(sums);
    let high = v128.load(sums, 16);
    if (!first) {
      low = f32x4.add(v128.load(to), low);
      high = f32x4.add(v128.load(to, 16), high);
    }
    v128.store(to, low);
    v128.store(to, high, 16);
    return;
  }
  for (let lane = 0; lane < lanes; lane++) {
    const at = <usize>lane << 2;
    const value = f32.load(sums + at);
    f32.store(to + at, first ? value : f32.load(to + at) + value);
  }
}
