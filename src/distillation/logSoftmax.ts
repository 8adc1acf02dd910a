import { checkNumber, checkOptions } from "../internal/checks.js";
import { type ClassValues, type LogitsLike, readLogits } from "./logits.js";
import { softenedRow } from "./softenedRow.js";

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
  return logSoftmaxOf(readLogits(where, "logits", logits), temperature);
}

/** The logarithm of the softmax of each row. */
function logSoftmaxOf({ data, shape }: ClassValues, temperature: number): ClassValues {
  const [examples, classes] = shape;
  const logarithms = new Float64Array(data.length);
  for (let from = 0; from < examples * classes; from += classes) {
    logarithms.set(logSoftmaxRow(data.subarray(from, from + classes), temperature), from);
  }
  return { data: logarithms, shape };
}

/** The same for one row. */
export function logSoftmaxRow(row: Float64Array, temperature: number): Float64Array {
  const softened = softenedRow(row, temperature);
  const highest = softened.indexOf(0);
  // The highest class adds exp(0) = 1; kept out of the sum, a nearly certain row keeps its digits.
  const others = softened.reduce((sum, z, c) => (c === highest ? sum : sum + Math.exp(z)), 0);
  const logSum = Math.log1p(others);
  return softened.map((value) => value - logSum);
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
