import type { MatrixLike } from "../internal/matrix.js";
import { transposed } from "./linearAlgebra.js";
import { toDenseUnchecked } from "./matrix.js";

/**
 * The transpose of a matrix, for activations that were saved as `[neurons, examples]`.
 *
 * @param matrix - `[rows, columns]`, any accepted form.
 * @returns A new array of shape `[columns, rows]` in double precision.
 * @throws TypeError or RangeError if the argument is not a matrix.
 * @example
 * ```ts
 * import { transpose } from "closerlook/similarity";
 *
 * transpose([[1, 2, 3], [4, 5, 6]]).shape; // [3, 2]
 * ```
 */
export function transpose(matrix: MatrixLike): {
  readonly data: Float64Array;
  readonly shape: readonly [number, number];
} {
  const { data, rows, columns } = transposed(toDenseUnchecked("transpose", "matrix", matrix));
  return { data, shape: [rows, columns] };
}
