import type { NumericArray } from "../internal/matrix.js";

/** What the sum of single-precision probabilities may be off by. */
const ROUNDING = 1e-4;

/**
 * Whether rows of numbers, `[examples, classes]`, can hardly be anything but the result of a softmax: all in [0, 1], each row
 * sums to 1, and not all rows are one-hot, as small logits of one's own may be.
 */
export function areProbabilities(data: NumericArray, classes: number): boolean {
  let oneHot = true;
  for (let from = 0; from < data.length; from += classes) {
    let sum = 0;
    for (let at = from; at < from + classes; at++) {
      const value = data[at]!;
      if (!(value >= 0 && value <= 1)) return false;
      if (value > ROUNDING && value < 1 - ROUNDING) oneHot = false;
      sum += value;
    }
    if (Math.abs(sum - 1) > ROUNDING) return false;
  }
  return !oneHot;
}
