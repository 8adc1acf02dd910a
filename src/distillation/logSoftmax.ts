import { checkNumber, checkOptions } from "../internal/checks.js";
import { type ClassValues, type LogitsLike, readLogits } from "./logits.js";

export interface SoftmaxOptions {
  /** What the logits are divided by, > 0; above 1 it flattens the distribution. @defaultValue 1 */
  temperature?: number;
}

/** Checks the arguments and returns the logarithms of the softmax of each row. */
export function rowsOfLogSoftmax(
  where: string,
  logits: LogitsLike,
  options: SoftmaxOptions,
): ClassValues {
  checkOptions(where, options, ["temperature"]);
  const { temperature = 1 } = options;
  checkNumber(where, "temperature", temperature, { above: 0 });
  return logSoftmaxInPlace(readLogits(where, "logits", logits), temperature);
}

/** Replaces each row of logits by the logarithm of its softmax. */
export function logSoftmaxInPlace(logits: ClassValues, temperature: number): ClassValues {
  const [examples, classes] = logits.shape;
  for (let i = 0; i < examples; i++) {
    logSoftmaxRow(logits.data.subarray(i * classes, (i + 1) * classes), temperature);
  }
  return logits;
}

/** The same for one row. */
export function logSoftmaxRow(row: Float64Array, temperature: number): Float64Array {
  const highest = row.reduce((best, value, j) => (value > row[best]! ? j : best), 0);
  const shift = row[highest]!;
  // The difference before the division: logits of ±1000 and tiny temperatures stay without overflow.
  for (let j = 0; j < row.length; j++) row[j] = (row[j]! - shift) / temperature;
  // The highest class adds exp(0) = 1; kept out of the sum, a nearly certain row keeps its digits.
  let others = 0;
  for (let j = 0; j < row.length; j++) if (j !== highest) others += Math.exp(row[j]!);
  const logSum = Math.log1p(others);
  for (let j = 0; j < row.length; j++) row[j]! -= logSum;
  return row;
}

/**
 * The logarithm of the softmax of each row of logits.
 *
 *     logSoftmax(z)_c = z_c / T − log Σ_k exp(z_k / T),   T = temperature
 *
 * Computed without overflow for logits of any size and without loss of digits for nearly certain rows;
 * use it rather than the logarithm of {@link softmax}.
 *
 * @param logits - `[examples, classes]`, all finite, at least two classes.
 * @param options - See {@link SoftmaxOptions}.
 * @returns Values <= 0 of shape `[examples, classes]`, in double precision.
 * @throws RangeError for a wrong shape, a logit that is not finite or a temperature that is not positive;
 * TypeError for another kind of value.
 * @example
 * ```ts
 * import { logSoftmax } from "closerlook/distillation";
 * const { data } = logSoftmax([[1000, 0, -1000]]);
 * Array.from(data); // [0, -1000, -2000]
 * ```
 */
export function logSoftmax(logits: LogitsLike, options: SoftmaxOptions = {}): ClassValues {
  return rowsOfLogSoftmax("logSoftmax", logits, options);
}
