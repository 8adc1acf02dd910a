/** Float32 bits of a float16; exact, NaN payloads included. */
export function widenFloat16(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = half & 0x7c00;
  const fraction = half & 0x3ff;
  if (exponent === 0x7c00) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | (((half & 0x7fff) << 13) + (112 << 23));
  if (fraction === 0) return sign;
  // Subnormal: shift the leading one out of the fraction; the exponent pays for it.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** Float16 nearest to a float32 given by its bits, ties to even. */
export function narrowToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // A NaN must not turn into infinity when its payload sits in the bits that are dropped.
  if (magnitude > 0x7f800000) return sign | 0x7c00 | ((magnitude >>> 13) & 0x3ff || 0x200);
  // From 65520, halfway between the largest float16 and 2^16, on.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rebased = magnitude - (112 << 23);
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  // Subnormal results count in units of 2^-24; up to half a unit (2^-25) is zero.
  if (magnitude <= 0x33000000) return sign;
  const shift = 126 - (magnitude >>> 23);
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const units = fraction >>> shift;
  const rest = fraction - (units << shift);
  const half = 1 << (shift - 1);
  return sign | (units + (rest > half || (rest === half && units % 2 === 1) ? 1 : 0));
}
