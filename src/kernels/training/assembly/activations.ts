/** Elementwise jobs; item = piece of `piece` numbers, a multiple of four. */

/** One instruction each, while `f32x4.max` and `f32x4.min` take several to see to zeros and to what is not a number. */
// @ts-ignore: decorator
@inline
function clipped(x: v128, limits: v128): v128 {
  return f32x4.pmin(v128.andnot(x, f32x4.le(x, f32x4.splat(0))), limits);
}

/** output = min(max(input, 0), limit); what is not a number stays so. */
export function clip(
  input: usize,
  output: usize,
  limit: f32,
  length: i32,
  piece: i32,
  scratch: usize,
  item: i32,
): void {
  const first = item * piece;
  const count = min(piece, length - first);
  let from = input + (<usize>first << 2);
  let to = output + (<usize>first << 2);
  const limits = f32x4.splat(limit);
  for (const end = to + (<usize>(count & ~3) << 2); to < end; to += 16, from += 16) {
    v128.store(to, clipped(v128.load(from), limits));
  }
  for (const end = to + (<usize>(count & 3) << 2); to < end; to += 4, from += 4) {
    f32.store(to, f32x4.extract_lane(clipped(v128.load32_splat(from), limits), 0));
  }
}

// @ts-ignore: decorator
@inline
function passed(dy: v128, x: v128, limits: v128): v128 {
  const open = v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.le(x, limits));
  return v128.or(v128.and(dy, open), v128.and(x, f32x4.ne(x, x)));
}

/** gradient = dy where 0 < input <= limit, else 0; where the input is not a number, neither is the gradient. */
export function clipGradient(
  dy: usize,
  input: usize,
  gradient: usize,
  limit: f32,
  length: i32,
  piece: i32,
  scratch: usize,
  item: i32,
): void {
  const first = item * piece;
  const count = min(piece, length - first);
  const start = <usize>first << 2;
  dy += start;
  input += start;
  gradient += start;
  const limits = f32x4.splat(limit);
  for (const end = gradient + (<usize>(count & ~3) << 2); gradient < end; ) {
    v128.store(gradient, passed(v128.load(dy), v128.load(input), limits));
    dy += 16;
    input += 16;
    gradient += 16;
  }
  for (const end = gradient + (<usize>(count & 3) << 2); gradient < end; ) {
    const value = passed(v128.load32_splat(dy), v128.load32_splat(input), limits);
    f32.store(gradient, f32x4.extract_lane(value, 0));
    dy += 4;
    input += 4;
    gradient += 4;
  }
}

/** 1: negative results become 0; 2: those above 6 become 6 too. Keeps NaN, as the cpu backend does. */
export function activated(values: v128, activation: i32): v128 {
  const positive = f32x4.max(values, f32x4.splat(0));
  return activation == 2 ? f32x4.min(positive, f32x4.splat(6)) : positive;
}
