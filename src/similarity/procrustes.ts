import type { Dense, MatrixLike } from "../internal/matrix.js";
import { type Centred, centre } from "./centre.js";
import { linearAlgebra, transposed, zeros } from "./linearAlgebra.js";
import { toActivationsPair } from "./matrix.js";

export interface ProcrustesResult {
  /**
   * Smallest Frobenius distance ‖X − YQ‖ over orthogonal Q, in the units of the activations; ≥ 0, and Infinity where it
   * exceeds the largest double.
   */
  readonly distance: number;
  /** `distance`²; leaves the range of doubles for distances beyond 1e154 or below 1e-154. */
  readonly squared: number;
  /** `squared` after each side is divided by its Frobenius norm: 2 − 2‖XᵀY‖ of the nuclear norm, in [0, 2]. */
  readonly normalized: number;
  /** Angle between the normalised shapes: arccos(1 − normalized/2), in radians, in [0, π/2]. */
  readonly angle: number;
  /** Indices of the neurons of `x` that are the same for every example. */
  readonly deadX: readonly number[];
  /** Indices of the neurons of `y` that are the same for every example. */
  readonly deadY: readonly number[];
}

/**
 * Orthogonal Procrustes distance: how far apart two sets of activations remain after the best rotation or reflection.
 *
 *     squared = min_Q ‖X − YQ‖² = ‖X‖² + ‖Y‖² − 2‖XᵀY‖_*,    Q orthogonal
 *
 * X and Y centred; ‖·‖_* is the nuclear norm. The narrower side counts as padded with zero neurons. It is computed from
 * the aligned difference X − YQ, so that equal shapes have a distance of rounding errors: 1e-14 of their norm, and up to
 * 3e-8 of it where the singular values of a shape spread over 8 orders of magnitude or more. A distance: symmetric, and
 * it obeys the triangle inequality (so does `angle`). A side without variance is the zero shape: `normalized` is
 * then 1 (0 if both are).
 *
 * @param x - Activations `[examples, neurons]`.
 * @param y - Activations of the same examples, in the same order; the number of neurons may differ.
 * @throws As {@link cca}.
 * @example
 * ```ts
 * import { procrustes } from "closerlook/similarity";
 *
 * const x = [[1, 0], [0, 1], [-1, 0], [0, -1]];
 * procrustes(x, x.map(([a, b]) => [b, -a])).distance; // 0
 * procrustes(x, x.map(([a, b]) => [2 * a, 2 * b])).squared; // 4
 * ```
 * @see Schönemann 1966; normalised: Ding, Denain, Steinhardt 2021.
 */
export function procrustes(x: MatrixLike, y: MatrixLike): ProcrustesResult {
  const [a, b] = toActivationsPair("procrustes", x, y);
  return compareProcrustes(centre(a), centre(b));
}

export function compareProcrustes(x: Centred, y: Centred): ProcrustesResult {
  // The narrower side is turned into the frame of the wider one.
  if (x.columns < y.columns) {
    return { ...compareProcrustes(y, x), deadX: x.dead, deadY: y.dead };
  }
  const normX = frobenius(x);
  const normY = frobenius(y);
  const exponent = Math.max(x.exponent, y.exponent);
  const factorX = 2 ** (x.exponent - exponent);
  const factorY = 2 ** (y.exponent - exponent);
  const turned = normX > 0 && normY > 0 ? aligned(x, y) : zeros(x.rows, x.columns);
  const scaled = distanceBetween(x, factorX, turned, factorY);
  const unit = distanceBetween(x, 1 / (normX || 1), turned, 1 / (normY || 1));
  // Without X there is nothing to turn towards: all of Y remains.
  const distance = (normX > 0 ? scaled : normY * factorY) * 2 ** exponent;
  const normalized = normX > 0 && normY > 0 ? Math.min(2, unit ** 2) : Math.sign(normX + normY);
  return {
    distance,
    squared: distance ** 2,
    normalized,
    angle: 2 * Math.asin(Math.min(1, Math.sqrt(normalized) / 2)),
    deadX: x.dead,
    deadY: y.dead,
  };
}

const frobenius = ({ data }: Dense) =>
  Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));

/** The narrower matrix in the frame of the wider one: narrow·U Vᵀ with narrowᵀ·wide = U S Vᵀ. */
function aligned(wide: Dense, narrow: Dense): Dense {
  const { left, right } = linearAlgebra.thinSvd(linearAlgebra.crossProduct(narrow, wide));
  return linearAlgebra.product(narrow, linearAlgebra.product(left, transposed(right)));
}

function distanceBetween(a: Dense, factorA: number, b: Dense, factorB: number): number {
  let sum = 0;
  for (let at = 0; at < a.data.length; at++) {
    sum += (a.data[at]! * factorA - b.data[at]! * factorB) ** 2;
  }
  return Math.sqrt(sum);
}
