import {
  checkNumber,
  checkOneOf,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { cosine, linear } from "./interpolate.js";
import { guarded, type Schedule } from "./schedule.js";

export interface InterpolatePointsOptions {
  /** Pairs of a step and its value: steps >= 0, whole or not, strictly increasing. */
  points: readonly (readonly [step: number, value: number])[];
  /** What leads from one point to the next: a straight line or half a wave of the cosine. @defaultValue "linear" */
  shape?: "linear" | "cosine";
}

/**
 * A line through given points.
 *
 *     value(t) = a + (b − a) · f                           shape "linear",       f = (t − s_a) / (s_b − s_a)
 *     value(t) = b + (a − b) · (1 + cos(π · f)) / 2        shape "cosine"
 *
 * between neighbouring points (s_a, a) and (s_b, b). At a point the value is exactly the point's; before the first and after
 * the last it is held.
 *
 * @param options - See {@link InterpolatePointsOptions}.
 * @returns Schedule of the 0-based update index; continuous.
 * @throws RangeError if there is no point, a number is not finite, or the steps are negative or do not increase; TypeError for
 * another kind of value.
 * @example A trapezoid: 10 steps up, 80 level, 10 down
 * ```ts
 * import { interpolatePoints } from "closerlook/schedules";
 * const lr = interpolatePoints({ points: [[0, 0], [10, 0.1], [90, 0.1], [100, 0]] });
 * lr(5); // 0.05
 * lr(50); // 0.1
 * lr(95); // 0.05
 * lr(1000); // 0
 * ```
 * @see `piecewise_interpolate_schedule` of optax 0.2, https://optax.readthedocs.io/en/stable/api/optimizer_schedules.html
 */
export function interpolatePoints(options: InterpolatePointsOptions): Schedule {
  const where = "interpolatePoints";
  checkOptions(where, options, ["points", "shape"]);
  const { shape = "linear" } = options;
  checkOneOf(where, "shape", shape, ["linear", "cosine"]);
  const points = checkPoints(where, options.points);
  const between = shape === "linear" ? linear : cosine;
  const rule: Schedule = (step) => {
    const next = points.findIndex(([end]) => step < end);
    if (next === 0) return points[0]![1];
    if (next < 0) return points.at(-1)![1];
    const [from, a] = points[next - 1]!;
    const [to, b] = points[next]!;
    return between(a, b, (step - from) / (to - from));
  };
  return guarded(where, rule, { points, shape });
}

function checkPoints(where: string, points: unknown): readonly (readonly [number, number])[] {
  if (!Array.isArray(points)) {
    throw typeError(where, "points", "an array of [step, value]", points);
  }
  if (points.length === 0) throw rangeError(where, "points", "one or more [step, value]", points);
  const steps: number[] = [];
  return points.map((point: unknown, i): [number, number] => {
    if (!Array.isArray(point) || point.length !== 2) {
      throw typeError(where, `points[${i}]`, "[step, value]", point);
    }
    const step = checkNumber(where, `the step of points[${i}]`, point[0], { min: 0 });
    const value = checkNumber(where, `the value of points[${i}]`, point[1]);
    if (i > 0 && step <= steps[i - 1]!) {
      throw rangeError(where, "the steps of points", "strictly increasing", [...steps, step]);
    }
    steps.push(step);
    return [step, value];
  });
}
