/** The straight line: exactly `from` at fraction 0, exactly `to` from fraction 1 on, never beyond either. */
export const linear = (from: number, to: number, fraction: number): number =>
  // At 1 the formula could miss `to` by a rounding error; below 1 it cannot pass it.
  fraction < 1 ? from + (to - from) * fraction : to;

/** Half a wave of the cosine, or a power of it: exactly `from` at fraction 0, exactly `to` from fraction 1 on. */
export const cosine = (from: number, to: number, fraction: number, exponent = 1): number =>
  linear(to, from, ((1 + Math.cos(Math.PI * Math.min(fraction, 1))) / 2) ** exponent);
