/** Decompositions of many matrices, which threads share. */

import { singularValues } from "./singularValues";
import { symmetricEigen } from "./symmetricEigen";

/**
 * Singular values of matrix `item` of a table of 32-bit integers: its address, rows, columns, and where the values go,
 * with the status of {@link singularValues} behind them.
 */
export function singularValuesOfItem(table: usize, scratch: usize, item: i32): void {
  const entry = table + (<usize>item << 4);
  const rows = load<i32>(entry, 4);
  const columns = load<i32>(entry, 8);
  const values = <usize>load<u32>(entry, 12);
  const status = singularValues(<usize>load<u32>(entry), rows, columns, values, scratch);
  f64.store(values + (<usize>min(rows, columns) << 3), status);
}

/**
 * Eigenvalues and eigenvectors of matrix `item` of a table of 32-bit integers: its address, its size, and where the values
 * go, with the status of {@link symmetricEigen} behind them, and all vectors.
 */
export function symmetricEigenOfItem(table: usize, scratch: usize, item: i32): void {
  const entry = table + (<usize>item << 4);
  const n = load<i32>(entry, 4);
  const values = <usize>load<u32>(entry, 8);
  const vectors = <usize>load<u32>(entry, 12);
  const status = symmetricEigen(<usize>load<u32>(entry), n, values, vectors, n, scratch);
  f64.store(values + (<usize>n << 3), status);
}
