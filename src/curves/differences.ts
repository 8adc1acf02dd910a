import type { Dense } from "../internal/matrix.js";
import { sumOver } from "../internal/sumOver.js";

/**
 * The Gram matrix of the differences of successive points, G_jk = ⟨w_{j+1} − w_j, w_{k+1} − w_k⟩.
 *
 * Every length on a curve is a quadratic form of it, so that the millions of weights are read once and none is
 * stored. Of the points themselves it would be useless: they are much longer than they are apart.
 */
export function gramOfDifferences(points: readonly Float32Array[]): Dense {
  const rows = points.length - 1;
  const data = new Float64Array(rows * rows);
  for (let j = 0; j < rows; j++) {
    for (let k = 0; k <= j; k++) {
      const [fromJ, toJ, fromK, toK] = [points[j]!, points[j + 1]!, points[k]!, points[k + 1]!];
      const product = sumOver(fromJ.length, (i) => (toJ[i]! - fromJ[i]!) * (toK[i]! - fromK[i]!));
      data[j * rows + k] = product;
      data[k * rows + j] = product;
    }
  }
  return { data, rows, columns: rows };
}

/** Length of Σ_j c_j · (w_{j+1} − w_j): √(cᵀGc). */
export function normOfCombination(gram: Dense, coefficients: ArrayLike<number>): number {
  const { data, rows } = gram;
  let square = 0;
  for (let j = 0; j < rows; j++) {
    let sum = 0;
    for (let k = 0; k < rows; k++) sum += data[j * rows + k]! * coefficients[k]!;
    square += coefficients[j]! * sum;
  }
  // Rounding may take what should be 0 below it.
  return Math.sqrt(Math.max(0, square));
}
