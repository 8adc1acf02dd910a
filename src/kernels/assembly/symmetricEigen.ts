import {
  tridiagonalEigen,
  tridiagonalEigenScratchBytes,
  tridiagonalValues,
} from "./divideAndConquer";
import { gemmScratchBytes } from "./product";
import {
  applyReflections,
  applyReflectionsScratchBytes,
  tridiagonalize,
  tridiagonalizeScratchBytes,
} from "./tridiagonal";
import { largestMagnitude, scale, transpose, unitFor } from "./vectors";

/** Largest magnitude in the upper triangle of a square matrix. */
export function largestInTriangle(a: usize, n: i32): f64 {
  let largest: f64 = 0;
  for (let i = 0; i < n; i++) {
    largest = max(largest, largestMagnitude(a + ((<usize>i * <usize>(n + 1)) << 3), n - i));
  }
  return largest;
}

/** The power of two that makes a magnitude safe to square: 1 for those far from overflow and underflow. */
export function safeUnit(largest: f64): f64 {
  return largest > 1e-30 && largest < 1e30 ? 1 : unitFor(largest);
}

/** Whether a number is neither infinite nor not a number. */
export function finite(x: f64): bool {
  return x - x == 0;
}

/**
 * Eigenvalues, largest first, of a tridiagonal matrix in place of `diagonal`, and with `kept` > 0 the eigenvectors of
 * the largest ones as rows of `rows`; scaled before and after. `offDiagonal` has room for n numbers. Layout of
 * `rows`, `work` and `scratch` as in `tridiagonalEigen`. Returns 0, or 1 if an iteration did not converge.
 */
export function scaledTridiagonal(
  diagonal: usize,
  offDiagonal: usize,
  n: i32,
  kept: i32,
  rows: usize,
  work: usize,
  scratch: usize,
): i32 {
  const factor = unitFor(max(largestMagnitude(diagonal, n), largestMagnitude(offDiagonal, n - 1)));
  scale(diagonal, factor, n);
  scale(offDiagonal, factor, n - 1);
  const lost =
    kept == 0
      ? tridiagonalValues(diagonal, offDiagonal, n)
      : tridiagonalEigen(diagonal, offDiagonal, n, kept, rows, work, scratch);
  divide(factor, diagonal, n);
  return lost;
}

/** x /= divisor. A reciprocal could overflow. */
export function divide(divisor: f64, x: usize, length: i32): void {
  for (let i = 0; i < length; i++, x += 8) f64.store(x, f64.load(x) / divisor);
}

/** Bytes of scratch space for the tridiagonal problem: eigenvectors and as much again, and its lists. */
export function tridiagonalBytes(n: i32, kept: i32): usize {
  if (kept == 0) return 0;
  return 2 * ((<usize>n * <usize>n) << 3) + tridiagonalEigenScratchBytes(n);
}

/** Bytes of scratch space that {@link symmetricEigen} needs: about 16·n² with eigenvectors, 800·n without. */
export function symmetricEigenScratchBytes(n: i32, kept: i32): usize {
  const reduction = tridiagonalizeScratchBytes(n);
  const back =
    kept == 0 ? <usize>0 : applyReflectionsScratchBytes(n, kept) + <usize>gemmScratchBytes();
  return ((<usize>n * 3) << 3) + tridiagonalBytes(n, kept) + max(reduction, back);
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix.
 *
 * `a` [n × n] row-major; the upper triangle is read, all of it is destroyed. `values` gets all n eigenvalues, largest
 * first. `vectors` [n × kept] row-major gets the orthonormal eigenvectors of the `kept` largest, one per column; with
 * `kept` = 0 it is not touched. `scratch` as `symmetricEigenScratchBytes` tells. Returns 0, or 1 if an
 * iteration did not converge or an entry is not finite.
 */
export function symmetricEigen(
  a: usize,
  n: i32,
  values: usize,
  vectors: usize,
  kept: i32,
  scratch: usize,
): i32 {
  if (n == 0) return 0;
  const largest = largestInTriangle(a, n);
  if (!finite(largest)) return 1;
  const factor = safeUnit(largest);
  if (factor != 1) scale(a, factor, n * n);
  const list = <usize>n << 3;
  const offDiagonal = scratch;
  const taus = offDiagonal + list;
  const rows = taus + 2 * list;
  const work = rows + (kept == 0 ? 0 : list * <usize>n);
  const rest = scratch + 3 * list + tridiagonalBytes(n, kept);
  tridiagonalize(a, n, values, offDiagonal, taus, rest);
  const lost = scaledTridiagonal(values, offDiagonal, n, kept, rows, work, work + list * <usize>n);
  if (kept > 0) {
    const gemmScratch = rest + applyReflectionsScratchBytes(n, kept);
    applyReflections(a, taus, n, rows, kept, rest, gemmScratch);
    transpose(rows, kept, n, n, vectors, kept);
  }
  if (factor != 1) divide(factor, values, n);
  return lost;
}
