import type { ClassValues, LogitsLike } from "./logits.js";
import { rowsOfLogSoftmax, type SoftmaxOptions } from "./logSoftmax.js";

/**
 * The softmax of each row of logits: the probabilities of the classes.
 *
 *     softmax(z)_c = exp(z_c / T) / Σ_k exp(z_k / T),   T = temperature
 *
 * @param logits - `[examples, classes]`, all finite, at least two classes.
 * @param options - See {@link SoftmaxOptions}.
 * @returns Probabilities in [0, 1] of shape `[examples, classes]`, in double precision; each row sums to
 * 1 up to rounding.
 * @throws RangeError for a wrong shape, a logit that is not finite or a temperature that is not positive;
 * TypeError for another kind of value.
 * @example
 * ```ts
 * import { softmax } from "closerlook/distillation";
 * const { data } = softmax([[2, 2], [1000, -1000]], { temperature: 5 });
 * Array.from(data); // [0.5, 0.5, 1, 1.9151695967140057e-174]
 * ```
 * @see Hinton et al. 2015, eq. (1).
 */
export function softmax(logits: LogitsLike, options: SoftmaxOptions = {}): ClassValues {
  const { data, shape } = rowsOfLogSoftmax("softmax", logits, options);
  return { data: data.map(Math.exp), shape };
}
