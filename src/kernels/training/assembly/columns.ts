/**
 * Sums over the rows of [batches][rows][lanes] and what is done with them. A matrix of any number of columns comes as one of
 * 16 · n lanes: several of its rows make one here, and the last one may be cut short. A batch is cut into `parts` parts of
 * `rowsPerPart` rows; item = (batch, part), and its sums are [lanes] doubles at sums + item · lanes · 8.
 */

/** Rows that are summed in single precision before they are added in double precision. */
const BLOCK: i32 = 64;

// @ts-ignore: decorator
@inline
function addTo(sums: usize, values: v128): void {
  const high = v128.shuffle<i32>(values, values, 2, 3, 2, 3);
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(values)));
  v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(high)), 16);
}

// @ts-ignore: decorator
@inline
function addOne(sums: usize, value: f32): void {
  f64.store(sums, f64.load(sums) + <f64>value);
}

/** Σ x */
export function sumColumns(
  input: usize,
  sums: usize,
  length: i32,
  lanes: i32,
  rowsPerPart: i32,
  parts: i32,
  scratch: usize,
  item: i32,
): void {
  const rows = length / lanes;
  const step = <usize>lanes << 2;
  const first = (item % parts) * rowsPerPart;
  const end = min(rows, first + rowsPerPart);
  let from = input + ((<usize>(item / parts) * <usize>length) << 2) + <usize>first * step;
  sums += (<usize>item * <usize>lanes) << 3;
  memory.fill(sums, 0, <usize>lanes << 3);
  for (let row = first; row < end; row += BLOCK) {
    const next = from + <usize>min(BLOCK, end - row) * step;
    for (let lane = 0; lane < lanes; lane += 16) {
      let sum0 = f32x4.splat(0);
      let sum1 = sum0;
      let sum2 = sum0;
      let sum3 = sum0;
      for (let at = from + (<usize>lane << 2); at < next; at += step) {
        sum0 = f32x4.add(sum0, v128.load(at));
        sum1 = f32x4.add(sum1, v128.load(at, 16));
        sum2 = f32x4.add(sum2, v128.load(at, 32));
        sum3 = f32x4.add(sum3, v128.load(at, 48));
      }
      const to = sums + (<usize>lane << 3);
      addTo(to, sum0);
      addTo(to + 32, sum1);
      addTo(to + 64, sum2);
      addTo(to + 96, sum3);
    }
    from = next;
  }
  if ((item % parts) + 1 < parts) return;
  for (let rest = length - rows * lanes; rest > 0; rest--, from += 4, sums += 8) {
    addOne(sums, f32.load(from));
  }
}

/** Σ (x − centre)², with centre [lanes] */
export function sumSquares(
  input: usize,
  centre: usize,
  sums: usize,
  length: i32,
  lanes: i32,
  rowsPerPart: i32,
  parts: i32,
  scratch: usize,
  item: i32,
): void {
  const rows = length / lanes;
  const step = <usize>lanes << 2;
  const first = item * rowsPerPart;
  const end = min(rows, first + rowsPerPart);
  let from = input + <usize>first * step;
  sums += (<usize>item * <usize>lanes) << 3;
  memory.fill(sums, 0, <usize>lanes << 3);
  for (let row = first; row < end; row += BLOCK) {
    const next = from + <usize>min(BLOCK, end - row) * step;
    for (let lane = 0; lane < lanes; lane += 16) {
      const middle = centre + (<usize>lane << 2);
      const middle0 = v128.load(middle);
      const middle1 = v128.load(middle, 16);
      const middle2 = v128.load(middle, 32);
      const middle3 = v128.load(middle, 48);
      let sum0 = f32x4.splat(0);
      let sum1 = sum0;
      let sum2 = sum0;
      let sum3 = sum0;
      for (let at = from + (<usize>lane << 2); at < next; at += step) {
        let x = f32x4.sub(v128.load(at), middle0);
        sum0 = f32x4.add(sum0, f32x4.mul(x, x));
        x = f32x4.sub(v128.load(at, 16), middle1);
        sum1 = f32x4.add(sum1, f32x4.mul(x, x));
        x = f32x4.sub(v128.load(at, 32), middle2);
        sum2 = f32x4.add(sum2, f32x4.mul(x, x));
        x = f32x4.sub(v128.load(at, 48), middle3);
        sum3 = f32x4.add(sum3, f32x4.mul(x, x));
      }
      const to = sums + (<usize>lane << 3);
      addTo(to, sum0);
      addTo(to + 32, sum1);
      addTo(to + 64, sum2);
      addTo(to + 96, sum3);
    }
    from = next;
  }
  if (item + 1 < parts) return;
  for (let rest = length - rows * lanes; rest > 0; rest--) {
    const x = f32.load(from) - f32.load(centre);
    addOne(sums, x * x);
    from += 4;
    centre += 4;
    sums += 8;
  }
}

/** Σ dy and, after the [parts][lanes] of it, Σ dy · (x − centre) */
export function sumProducts(
  dy: usize,
  input: usize,
  centre: usize,
  sums: usize,
  length: i32,
  lanes: i32,
  rowsPerPart: i32,
  parts: i32,
  scratch: usize,
  item: i32,
): void {
  const rows = length / lanes;
  const step = <usize>lanes << 2;
  const first = item * rowsPerPart;
  const end = min(rows, first + rowsPerPart);
  const offset = input - dy;
  let from = dy + <usize>first * step;
  let products = sums + ((<usize>(parts + item) * <usize>lanes) << 3);
  sums += (<usize>item * <usize>lanes) << 3;
  memory.fill(sums, 0, <usize>lanes << 3);
  memory.fill(products, 0, <usize>lanes << 3);
  for (let row = first; row < end; row += BLOCK) {
    const next = from + <usize>min(BLOCK, end - row) * step;
    for (let lane = 0; lane < lanes; lane += 8) {
      const middle = centre + (<usize>lane << 2);
      const middle0 = v128.load(middle);
      const middle1 = v128.load(middle, 16);
      let sum0 = f32x4.splat(0);
      let sum1 = sum0;
      let product0 = sum0;
      let product1 = sum0;
      for (let at = from + (<usize>lane << 2); at < next; at += step) {
        let g = v128.load(at);
        sum0 = f32x4.add(sum0, g);
        product0 = f32x4.add(product0, f32x4.mul(g, f32x4.sub(v128.load(at + offset), middle0)));
        g = v128.load(at, 16);
        sum1 = f32x4.add(sum1, g);
        product1 = f32x4.add(product1, f32x4.mul(g, f32x4.sub(v128.load(at + offset, 16), middle1)));
      }
      const to = <usize>lane << 3;
      addTo(sums + to, sum0);
      addTo(sums + to + 32, sum1);
      addTo(products + to, product0);
      addTo(products + to + 32, product1);
    }
    from = next;
  }
  if (item + 1 < parts) return;
  for (let rest = length - rows * lanes; rest > 0; rest--) {
    const g = f32.load(from);
    addOne(sums, g);
    addOne(products, g * (f32.load(from + offset) - f32.load(centre)));
    from += 4;
    centre += 4;
    sums += 8;
    products += 8;
  }
}

/** output = (x − centre) · slope + shift, with [centre][slope][shift] of [lanes] at `coefficients`. */
export function scaleColumns(
  input: usize,
  coefficients: usize,
  output: usize,
  length: i32,
  lanes: i32,
  rowsPerPart: i32,
  scratch: usize,
  item: i32,
): void {
  const step = <usize>lanes << 2;
  const from = <usize>item * <usize>rowsPerPart * step;
  const end = min(<usize>length << 2, from + <usize>rowsPerPart * step);
  const slope = step;
  const shift = step << 1;
  for (let at = from; at < end; ) {
    const rowEnd = min(end, at + step);
    let c = coefficients;
    for (const vectors = at + ((rowEnd - at) & ~15); at < vectors; at += 16, c += 16) {
      const x = f32x4.sub(v128.load(input + at), v128.load(c));
      v128.store(output + at, f32x4.add(f32x4.mul(x, v128.load(c + slope)), v128.load(c + shift)));
    }
    for (; at < rowEnd; at += 4, c += 4) {
      const x = f32.load(input + at) - f32.load(c);
      f32.store(output + at, x * f32.load(c + slope) + f32.load(c + shift));
    }
  }
}

/** output = dy · gain + (x − centre) · slope + shift, with [centre][slope][shift][gain] at `coefficients`. */
export function combineColumns(
  dy: usize,
  input: usize,
  coefficients: usize,
  output: usize,
  length: i32,
  lanes: i32,
  rowsPerPart: i32,
  scratch: usize,
  item: i32,
): void {
  const step = <usize>lanes << 2;
  const from = <usize>item * <usize>rowsPerPart * step;
  const end = min(<usize>length << 2, from + <usize>rowsPerPart * step);
  const slope = step;
  const shift = step << 1;
  const gain = shift + step;
  for (let at = from; at < end; ) {
    const rowEnd = min(end, at + step);
    let c = coefficients;
    for (const vectors = at + ((rowEnd - at) & ~15); at < vectors; at += 16, c += 16) {
      const x = f32x4.sub(v128.load(input + at), v128.load(c));
      const affine = f32x4.add(f32x4.mul(x, v128.load(c + slope)), v128.load(c + shift));
      const g = f32x4.mul(v128.load(dy + at), v128.load(c + gain));
      v128.store(output + at, f32x4.add(g, affine));
    }
    for (; at < rowEnd; at += 4, c += 4) {
      const x = f32.load(input + at) - f32.load(c);
      const affine = x * f32.load(c + slope) + f32.load(c + shift);
      f32.store(output + at, f32.load(dy + at) * f32.load(c + gain) + affine);
    }
  }
}
