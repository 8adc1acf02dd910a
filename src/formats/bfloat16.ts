/** Float32 bits of a bfloat16, which is the upper half of a float32. */
export function widenBfloat16(half: number): number {
  return half << 16;
}

/** Bfloat16 nearest to a float32 given by its bits, ties to even. */
export function narrowToBfloat16(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) {
    // A NaN must not turn into infinity when its payload sits in the bits that are dropped.
    const upper = bits >>> 16;
    return upper & 0x7f ? upper : upper | 0x40;
  }
  return ((bits >>> 0) + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
