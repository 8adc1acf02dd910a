import { checkOneOf, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { checkWeights } from "../internal/checkWeights.js";
import type { Dense } from "../internal/matrix.js";
import { weightedSum } from "../internal/weightedSum.js";
import { linearAlgebra } from "../kernels/index.js";
import type { Plane, PlaneCoordinates } from "./plane.js";
import { planeThrough } from "./planeThrough.js";

export interface TrajectoryPlaneOptions {
  /** The plane's origin, from which distances are squared: the last iterate or the mean of all. @defaultValue "last" */
  origin?: "last" | "mean";
}

export interface TrajectoryPlaneResult {
  /** The plane, its origin at `points[0]`; x along the first principal direction, y along the second. */
  readonly plane: Plane;
  /** The projections of the iterates, in their order. */
  readonly coordinates: readonly PlaneCoordinates[];
  /** Share of the iterates' squared distances from the origin that lies along x and y, each in [0, 1]. */
  readonly explained: readonly [x: number, y: number];
}

/** Weights of all iterates that are looked at together. */
const BLOCK = 4096;

/** Directions shorter than this share of the first are rounding. */
const LEAST_RATIO = 1e-6;

/**
 * The plane in which most of a training's path lies: the first two principal directions of its iterates.
 *
 *     p_k = Σ_i e_ki · (w_i − o) / √λ_k,   x_i = √λ_1 · e_1i,   y_i = √λ_2 · e_2i
 *
 * where λ and e are the largest eigenvalues of the Gram matrix G_ij = ⟨w_i − o, w_j − o⟩ and their vectors: an n × n
 * problem for n iterates, in double precision. `"mean"` is PCA; with `"last"` the end of the path is the origin of
 * the picture. The sign of an axis is such that the iterate farthest along it has a positive coordinate.
 *
 * What is drawn is a projection: a path whose `explained` shares sum to less than 1 leaves the plane, and the loss
 * under an iterate's place is not its own.
 *
 * @param iterates - Flat weights of at least three iterates, all as long.
 * @param options - See {@link TrajectoryPlaneOptions}.
 * @returns See {@link TrajectoryPlaneResult}.
 * @throws RangeError if lengths differ, a weight is not finite, or the iterates lie on one line; TypeError for
 * another kind of value.
 * @example
 * ```ts
 * import { trajectoryPlane } from "closerlook/landscape";
 * const iterates = [Float32Array.of(4, 0, 1), Float32Array.of(0, 3, 1), Float32Array.of(0, 0, 1)];
 * const { coordinates, explained } = trajectoryPlane(iterates);
 * coordinates.map(({ x, y }) => [Math.round(x), Math.round(y)]); // [[4, 0], [0, 3], [0, 0]]
 * explained; // [0.64, 0.36]
 * ```
 * @see Li et al. 2018, section 7.2.
 */
export function trajectoryPlane(
  iterates: readonly Float32Array[],
  options: TrajectoryPlaneOptions = {},
): TrajectoryPlaneResult {
  const where = "trajectoryPlane";
  if (!Array.isArray(iterates)) throw typeError(where, "iterates", "an array of weights", iterates);
  const count = iterates.length;
  if (count < 3) throw rangeError(where, "the number of iterates", ">= 3", count);
  for (const [i, weights] of iterates.entries()) {
    checkWeights(where, `iterates[${i}]`, weights, i === 0 ? undefined : iterates[0].length);
  }
  checkOptions(where, options, ["origin"]);
  const { origin = "last" } = options;
  checkOneOf(where, "origin", origin, ["last", "mean"]);

  /** The origin as a combination of the iterates. */
  const ofOrigin = Float64Array.from({ length: count }, (_, i) =>
    origin === "mean" ? 1 / count : Number(i === count - 1),
  );
  const gram = gramAround(iterates, ofOrigin);
  const total = iterates.reduce((sum, _, i) => sum + gram.data[i * (count + 1)]!, 0);
  const { values, vectors } = linearAlgebra.symmetricEigen(gram, 2);
  const ratio = total === 0 ? 0 : Math.sqrt(Math.max(0, values[1]!) / values[0]!);
  if (ratio < LEAST_RATIO) {
    throw rangeError(
      where,
      "the spread of the iterates along the second direction, over that along the first,",
      `>= ${LEAST_RATIO}`,
      Number(ratio.toPrecision(2)),
      "Iterates on a line span no plane",
    );
  }
  const axes = [0, 1].map((k) => {
    const vector = Float64Array.from({ length: count }, (_, i) => vectors.data[i * 2 + k]!);
    const farthest = vector.reduce((best, value) =>
      Math.abs(value) > Math.abs(best) ? value : best,
    );
    return vector.map((value) => (farthest < 0 ? -value : value));
  });
  // The points o + √λ·p = o + Σ e_i·(w_i − o), as combinations of the iterates.
  const ends = axes.map((vector) => {
    const rest = 1 - vector.reduce((a, b) => a + b);
    return weightedSum(
      vector.map((value, i) => value + rest * ofOrigin[i]!),
      iterates,
    );
  });
  const plane = planeThrough(weightedSum(ofOrigin, iterates), ends[0]!, ends[1]!);
  const coordinates = iterates.map((_, i) => ({
    x: Math.sqrt(values[0]!) * axes[0]![i]!,
    y: Math.sqrt(values[1]!) * axes[1]![i]!,
  }));
  return { plane, coordinates, explained: [values[0]! / total, values[1]! / total] };
}

/** ⟨w_i − o, w_j − o⟩ for o = Σ c_i · w_i, of a block of weights at a time: none is copied as a whole. */
function gramAround(iterates: readonly Float32Array[], ofOrigin: Float64Array): Dense {
  const rows = iterates.length;
  const gram = new Float64Array(rows * rows);
  const length = iterates[0]!.length;
  for (let start = 0; start < length; start += BLOCK) {
    const columns = Math.min(BLOCK, length - start);
    const data = new Float64Array(rows * columns);
    for (let k = 0; k < columns; k++) {
      let centre = 0;
      for (let i = 0; i < rows; i++) centre += ofOrigin[i]! * iterates[i]![start + k]!;
      for (let i = 0; i < rows; i++) data[i * columns + k] = iterates[i]![start + k]! - centre;
    }
    const block = linearAlgebra.outerGram({ data, rows, columns });
    for (let at = 0; at < gram.length; at++) gram[at]! += block.data[at]!;
  }
  return { data: gram, rows, columns: rows };
}
