import { checkNumber, checkOptions } from "../internal/checks.js";
import type { MatrixLike, RealMatrix } from "../internal/matrix.js";
import { type Centred, centre } from "./centre.js";
import { linearAlgebra, scaleColumns, takeColumns } from "./linearAlgebra.js";
import { toActivationsPair } from "./matrix.js";
import { compareProcrustes } from "./procrustes.js";
import { reduce } from "./reduce.js";

export interface ShapeDistanceOptions {
  /**
   * From 0 (whitened: any invertible linear map of the neurons is allowed for) to 1 (only rotations and reflections).
   * @defaultValue 1
   */
  readonly alpha?: number;
}

export interface ShapeDistanceResult {
  /** Angle between the shapes in radians, in [0, π/2]. */
  readonly angle: number;
  /** Smallest Frobenius distance ‖X − YQ‖ over orthogonal Q, in the units of the activations; ≥ 0. */
  readonly distance: number;
  /** Rank of the centred activations `x`. */
  readonly rankX: number;
  /** Rank of the centred activations `y`. */
  readonly rankY: number;
  /** Indices of the neurons of `x` that are the same for every example. */
  readonly deadX: readonly number[];
  /** Indices of the neurons of `y` that are the same for every example. */
  readonly deadY: readonly number[];
}

/**
 * Shape metrics between representations: Procrustes distances of partially whitened activations.
 *
 *     angle = arccos(‖φ(X)ᵀφ(Y)‖_* / (‖φ(X)‖‖φ(Y)‖)),     distance = min_Q ‖φ(X) − φ(Y)Q‖,   Q orthogonal
 *     φ(X) = f·X(αI + (1 − α)(XᵀX)^(−1/2)),    f keeps the total variance: ‖φ(X)‖ = ‖X‖
 *
 * X and Y are centred activations; ‖·‖_* is the nuclear norm. `alpha` 1 is {@link procrustes}. `alpha` 0 compares like
 * {@link cca}: cos angle = Σρᵢ/√(rankX·rankY), so that sides of different rank are never at angle 0. Both fields are
 * metrics: symmetric, with the triangle inequality. Both are computed from the aligned difference, so that equal shapes
 * have an angle of rounding errors (times the condition number where `alpha` is small), not its square root.
 *
 * Whitening is rank-aware: a direction counts when its singular value exceeds max(examples, neurons)·ε·s₁, relative to
 * the largest. There is no absolute floor, so that angles at `alpha` 0 and 1 do not depend on the units. Between them
 * they do by definition: I has no unit and (XᵀX)^(−1/2) has; bring the sides to a common norm first if theirs is
 * arbitrary. A side without variance is the zero shape, 60° from every other.
 *
 * @param x - Activations `[examples, neurons]`.
 * @param y - Activations of the same examples, in the same order; the number of neurons may differ.
 * @throws As {@link cca}, and RangeError if `alpha` is outside [0, 1].
 * @example
 * ```ts
 * import { shapeDistance } from "closerlook/similarity";
 *
 * const x = [[1, 0], [0, 1], [-1, 0], [0, -1]];
 * const stretched = x.map(([a, b]) => [3 * a, b]);
 * shapeDistance(x, stretched).angle; // 0.46364760900080615 — arccos(4/√20)
 * shapeDistance(x, stretched, { alpha: 0 }).angle < 1e-15; // true
 * ```
 * @see Williams, Kunz, Kornblith, Linderman 2021, section 2.
 */
export function shapeDistance(
  x: MatrixLike,
  y: MatrixLike,
  options: ShapeDistanceOptions = {},
): ShapeDistanceResult {
  checkShapeOptions("shapeDistance", options);
  const [a, b] = toActivationsPair("shapeDistance", x, y);
  return compareShapes(prepareShape(a, options), prepareShape(b, options));
}

export function checkShapeOptions(
  where: string,
  options: ShapeDistanceOptions,
  others: string[] = [],
): void {
  checkOptions(where, options, ["alpha", ...others]);
  if (options.alpha !== undefined) checkNumber(where, "alpha", options.alpha, { min: 0, max: 1 });
}

/** Partially whitened activations. */
export interface Shape {
  readonly whitened: Centred;
  readonly rank: number;
}

export function prepareShape(x: RealMatrix, { alpha = 1 }: ShapeDistanceOptions): Shape {
  const centred = centre(x);
  if (alpha === 1) return { whitened: centred, rank: reduce(centred, {}).rank };
  // Not the basis of reduce, whose errors of up to 1e-10 would be the angle between equal shapes.
  const { left, values } = linearAlgebra.thinSvd(centred);
  const tolerance = Math.max(x.rows, x.columns) * Number.EPSILON * (values[0] ?? 0);
  const rank = values.filter((value) => value > tolerance).length;
  // In the frame of its principal directions, which a distance up to rotations does not see, φ(X) is U·diag(lengths).
  const lengths = whitenedLengths(values.subarray(0, rank), alpha, centred.exponent);
  const basis = takeColumns(left, rank);
  scaleColumns(basis, (j) => lengths[j]!);
  return { whitened: { ...basis, exponent: centred.exponent, dead: centred.dead }, rank };
}

/** Singular values of φ(X)·2^−exponent, from those of X·2^−exponent. */
function whitenedLengths(values: Float64Array, alpha: number, exponent: number): Float64Array {
  // α + (1 − α)/s in the units of the activations, times s, up to a factor that keeps both terms in range.
  const ownUnits = 2 ** Math.min(0, exponent);
  const whiteUnits = 2 ** Math.min(0, -exponent);
  const mixed = values.map((value) => alpha * value * ownUnits + (1 - alpha) * whiteUnits);
  const largest = mixed.reduce((max, value) => Math.max(max, value), 0);
  const relative = mixed.map((value) => value / largest);
  const factor = norm(values) / norm(relative);
  return relative.map((value) => value * factor);
}

const norm = (values: Float64Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

export function compareShapes(x: Shape, y: Shape): ShapeDistanceResult {
  const { angle, distance, deadX, deadY } = compareProcrustes(x.whitened, y.whitened);
  return { angle, distance, rankX: x.rank, rankY: y.rank, deadX, deadY };
}
