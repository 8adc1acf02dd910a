import type { Dense } from "../internal/matrix.js";
import { linearAlgebra } from "./linearAlgebra.js";

/** Number of pairs of `examples` examples. */
export const pairsOf = (examples: number): number => (examples * (examples - 1)) / 2;

/** Squared distances of all pairs of examples j < i, row by row. */
export function squaredDistances(x: Dense): Float64Array {
  const { data, rows: n, columns } = x;
  const products = linearAlgebra.outerGram(x).data;
  const squares = new Float64Array(pairsOf(n));
  for (let i = 0, pair = 0; i < n; i++) {
    for (let j = 0; j < i; j++, pair++) {
      const sum = products[i * n + i]! + products[j * n + j]!;
      const difference = sum - 2 * products[i * n + j]!;
      // Of two examples close to each other and far from the mean, the products know little: take them apart.
      squares[pair] = difference > 0.01 * sum ? difference : squaredDistance(data, i, j, columns);
    }
  }
  return squares;
}

function squaredDistance(data: Float64Array, i: number, j: number, columns: number): number {
  let sum = 0;
  for (let k = 0; k < columns; k++) sum += (data[i * columns + k]! - data[j * columns + k]!) ** 2;
  return sum;
}
