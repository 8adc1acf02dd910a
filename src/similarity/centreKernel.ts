import type { Dense } from "../internal/matrix.js";

/** Removes row and column means of a symmetric matrix, in place. */
export const centreKernel = (kernel: Dense): void => centreBy(kernel, kernel.rows, kernel.rows);

/**
 * U-centres a symmetric matrix in place: its diagonal counts as 0 and the sums of its rows become 0. Products of two
 * such matrices estimate without bias; at least 3 rows.
 *
 * @see Székely and Rizzo 2014, eq. (3.1).
 */
export function uCentreKernel(kernel: Dense): void {
  const { data, rows: n } = kernel;
  clearDiagonal(kernel);
  centreBy({ data, rows: n, columns: n }, n - 2, n - 1);
  clearDiagonal(kernel);
}

function clearDiagonal({ data, columns }: Dense): void {
  for (let at = 0; at < data.length; at += columns + 1) data[at] = 0;
}

/** Takes off rowSum/rowDivisor of row and column and puts the mean of these, over grandDivisor, back. */
function centreBy({ data, rows: n }: Dense, rowDivisor: number, grandDivisor: number): void {
  const means = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += data[i * n + j]!;
    return sum / rowDivisor;
  });
  const grand = means.reduce((sum, value) => sum + value, 0) / grandDivisor;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) data[i * n + j] = data[i * n + j]! - means[i]! - means[j]! + grand;
  }
}
