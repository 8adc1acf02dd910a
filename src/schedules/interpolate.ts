/** The straight line: exactly `from` at fraction 0, exactly `to` from fraction 1 on, never beyond either. */
export const linear = (from: number, to: number, fraction: number): number =>
  // At 1 the formula could miss `to` by a rounding error; below 1 it cannot pass it.
  fraction < 1 ? from + (to - from) * fraction : to;

/** Half a wave of the cosine: exactly `high` at fraction 0, exactly `low` from fraction 1 on. */
export const cosine = (high: number, low: number, fraction: number): number =>
  linear(low, high, (1 + Math.cos(Math.PI * Math.min(fraction, 1))) / 2);
