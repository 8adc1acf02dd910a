/**
 * Whether numbers are finite: one flag for each piece, 1 where all are. `pieces` holds the address and the length of each;
 * item = piece.
 */
export function areFinite(pieces: usize, flags: usize, scratch: usize, item: i32): void {
  let at = <usize>load<u32>(pieces + (<usize>item << 3));
  const count = load<i32>(pieces + (<usize>item << 3), 4);
  // A difference of equal numbers is zero, but of infinities and of what is no number it is not.
  let different = f32x4.splat(0);
  for (const end = at + (<usize>(count & ~3) << 2); at < end; at += 16) {
    const x = v128.load(at);
    different = v128.or(different, f32x4.ne(f32x4.sub(x, x), f32x4.splat(0)));
  }
  let bad = v128.any_true(different);
  for (const end = at + (<usize>(count & 3) << 2); at < end; at += 4) {
    const x = f32.load(at);
    bad = bad || x - x != 0;
  }
  store<i32>(flags + (<usize>item << 2), bad ? 0 : 1);
}
