import { checkOneOf, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import { sumOver } from "../internal/sumOver.js";
import { affineCoefficients, type Component, type Plane, type PlaneCoordinates } from "./plane.js";

export interface ProjectOptions {
  /**
   * Which combinations of the plane's three points are allowed: those whose coefficients sum to 1, the
   * plane itself, or any (see {@link project}). @defaultValue "affine"
   */
  combination?: "affine" | "linear";
}

export interface Projection extends PlaneCoordinates {
  /** Distance of the weights from the nearest combination. */
  readonly residual: number;
  /** `residual` over the distance of the weights from the plane's origin a, in [0, 1]. */
  readonly relativeResidual: number;
  /**
   * Coefficients λ of the plane's points a, b and c in the nearest combination. Their sum is 1 if it is affine; if it
   * is linear, the sum tells how far beyond the plane it lies, seen from the origin of weight space.
   */
  readonly coefficients: readonly [a: number, b: number, c: number];
}

/** Three weight vectors nearer to linear dependence than this determine no three coefficients. */
const LEAST_RATIO = 1e-6;

/**
 * The projection of weights onto a plane: the nearest combination of its three points.
 *
 *     P(w) = λ_a·a + λ_b·b + λ_c·c,   λ = argmin ‖λ_a·a + λ_b·b + λ_c·c − w‖
 *     x = ⟨w − a, u⟩,   y = ⟨w − a, v⟩,   residual = ‖w − P(w)‖
 *
 * `"affine"`: λ_a + λ_b + λ_c = 1, the nearest point of the plane, at (x, y). `"linear"`: any λ, the
 * nearest point of the three-dimensional space through the origin of weight space that holds the plane.
 * This may lie above or below the plane; its own place on it is (x, y) all the same, and its residual is at
 * most the affine one. The paper has both: footnote 2 defines the hyperplane as the affine combinations,
 * section 8.2 calls the projection a linear combination.
 *
 * A point with a large residual is far from the plane, and its loss is not the one drawn under it.
 *
 * @param plane - From {@link planeThrough}.
 * @param weights - Flat weights, as many as the plane's points have.
 * @param options - See {@link ProjectOptions}.
 * @returns See {@link Projection}; `plane.at(x, y)` are the weights there.
 * @throws RangeError if the length differs, a weight is not finite, or, for `"linear"`, the three points are
 * linearly dependent; TypeError for another kind of value.
 * @example
 * ```ts
 * import { planeThrough, project } from "closerlook/landscape";
 * const point = (...weights: number[]) => Float32Array.of(...weights);
 * const plane = planeThrough(point(1, 0, 0), point(1, 2, 0), point(1, 0, 4));
 * const { x, y, residual, coefficients } = project(plane, point(3, 1, 2));
 * [x, y, residual]; // [1, 2, 2]
 * coefficients; // [0, 0.5, 0.5]
 * const linear = project(plane, point(3, 1, 2), { combination: "linear" });
 * linear.residual; // 0
 * linear.coefficients; // [2, 0.5, 0.5]
 * ```
 * @see Gotmare et al. 2019, footnote 2 and section 8.2.
 */
export function project(
  plane: Plane,
  weights: Float32Array,
  options: ProjectOptions = {},
): Projection {
  const where = "project";
  if (!plane?.axes) throw typeError(where, "plane", "made by planeThrough", plane);
  const [a] = plane.points;
  checkWeights(where, "weights", weights, a.length);
  checkOptions(where, options, ["combination"]);
  const { combination = "affine" } = options;
  checkOneOf(where, "combination", combination, ["affine", "linear"]);

  const { u, v } = plane.axes;
  const dot = (left: Component, right: Component) => sumOver(a.length, (i) => left(i) * right(i));
  const norm = (vector: Component) => Math.sqrt(dot(vector, vector));

  const offset: Component = (i) => weights[i]! - a[i]!;
  const x = dot(offset, u);
  const y = dot(offset, v);
  const offPlane: Component = (i) => offset(i) - x * u(i) - y * v(i);
  const result = (rest: Component, coefficients: Projection["coefficients"]): Projection => {
    const residual = norm(rest);
    const relativeResidual = residual === 0 ? 0 : Math.min(1, residual / norm(offset));
    return { x, y, residual, relativeResidual, coefficients };
  };
  if (combination === "affine") return result(offPlane, affineCoefficients(plane, x, y));

  // The linear combinations add a third axis: from the origin of weight space straight to the plane,
  // which it meets at (footX, footY).
  const footX = -dot((i) => a[i]!, u);
  const footY = -dot((i) => a[i]!, v);
  const normal: Component = (i) => a[i]! + footX * u(i) + footY * v(i);
  const height = norm(normal);
  const size = norm((i) => a[i]!);
  if (!(height >= LEAST_RATIO * size) || size === 0) {
    throw rangeError(
      where,
      "the distance of the plane from the origin of weight space, over the length of a,",
      `>= ${LEAST_RATIO} for linear combinations`,
      size === 0 ? 0 : Number((height / size).toPrecision(2)),
      'The three points are linearly dependent; use combination: "affine"',
    );
  }
  // w lies beyond the plane by `lift` times that vector, and so by as much of the foot's coefficients.
  const lift = dot(offPlane, normal) / height ** 2;
  const [ofA, ofB, ofC] = affineCoefficients(plane, x + lift * footX, y + lift * footY);
  return result((i) => offPlane(i) - lift * normal(i), [ofA + lift, ofB, ofC]);
}
