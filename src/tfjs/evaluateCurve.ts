import type { Curve } from "../curves/curve.js";
import { chords, type ProfileStatistics, profileStatistics } from "../curves/profileStatistics.js";
import {
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  rangeError,
} from "../internal/checks.js";
import { checkCurve } from "./checkCurve.js";
import {
  type EvaluateWeightsOptions,
  evaluateElsewhere,
  type WeightsEvaluation,
} from "./evaluateWeights.js";
import type { LabelledData } from "./examples.js";
import type { Model } from "./model.js";
import { openModel } from "./openModel.js";

/** A point of a curve that has been evaluated. */
export interface CurveEvaluationProgress<Name extends string = string> {
  /** Points done so far, 1 … `points`. */
  readonly point: number;
  readonly points: number;
  /** Position of the point. */
  readonly t: number;
  readonly evaluations: Readonly<Record<Name, WeightsEvaluation>>;
}

export interface EvaluateCurveOptions<Name extends string = string> extends EvaluateWeightsOptions {
  /** Positions in [0, 1], rising, or how many, >= 2, evenly spaced from 0 to 1. @defaultValue 61 */
  t?: number | readonly number[];
  /** Whether to return the loss of every example too, which `barrier` takes its noise from. @defaultValue true */
  exampleLosses?: boolean;
  /** Called, and awaited, after every point. */
  onProgress?: (progress: CurveEvaluationProgress<Name>) => void | Promise<void>;
}

/** How well the networks on a curve do on one data set; a `LossProfile` for `barrier` if t runs from 0 to 1. */
export interface CurveProfile {
  readonly t: readonly number[];
  /** Mean cross-entropy in nats at each position. */
  readonly loss: readonly number[];
  /** Accuracy at each position, in [0, 1]. */
  readonly accuracy: readonly number[];
  /** Loss of each example, in the order of the data, at each position. */
  readonly exampleLosses?: readonly Float32Array[];
  /**
   * Least, greatest and mean value, and the mean over the curve's length. Absent for a single position, positions that all are one place,
   * or where a loss is not finite.
   */
  readonly statistics?: {
    readonly loss: ProfileStatistics;
    readonly accuracy: ProfileStatistics;
  };
}

/** What `evaluateCurve` returns. */
export interface CurveEvaluation<Name extends string = string> {
  readonly t: readonly number[];
  /** Euclidean length of the curve. */
  readonly length: number;
  /** By name of the data set. */
  readonly profiles: Readonly<Record<Name, CurveProfile>>;
}

/**
 * Loss and accuracy of the networks along a curve. The model itself is as before.
 *
 * Each point γ(t) is evaluated as {@link evaluateWeights} does: in evaluation mode, on the data as they are, in their order,
 * with batch-norm statistics of its own (at the ends too). The same call gives the same bits. The profile of a data set goes
 * straight into `barrier`; the losses of the single examples make its noise a paired one. Statistics are those of
 * `profileStatistics`: the mean over the curve's length is Σ ½(f_{i−1} + f_i)·dl_i / Σ dl_i.
 *
 * @param model - A tf.layers model or `{ variables, apply }` that gives logits.
 * @param curve - A curve of trainable weights of the model, e.g. `lineSegment(a, b)`.
 * @param data - Data sets by name.
 * @param options - See {@link EvaluateCurveOptions}.
 * @returns See {@link CurveEvaluation}. A loss is `Infinity` where a logit is not finite.
 * @throws RangeError or TypeError, as a rejected promise, if the points of the curve are not as long as the model has trainable weights,
 * model and data do not fit together, an option is out of range, or a model with batch norm comes without `batchNorm`;
 * the signal's reason if it is aborted.
 * @example No barrier between two networks that differ in their scale only
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { barrier, lineSegment } from "closerlook/curves";
 * import { evaluateCurve } from "closerlook/tfjs";
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
 * const data = { train: { x: { data: Float32Array.of(-3, 2), shape: [2, 1] }, y: [0, 1] } };
 * const line = lineSegment(Float32Array.of(-1, 1, 0, 0), Float32Array.of(-3, 3, 0, 0));
 * const { profiles } = await evaluateCurve(model, line, data, { t: 3 });
 * profiles.train.accuracy; // [1, 1, 1]
 * profiles.train.statistics.accuracy.integral; // 1
 * barrier(profiles.train).holds; // false
 * ```
 * @see Gotmare et al. 2019, section 2.1; Garipov et al. 2018.
 */
export async function evaluateCurve<Name extends string>(
  model: Model,
  curve: Curve,
  data: Readonly<Record<Name, LabelledData>>,
  options: EvaluateCurveOptions<Name> = {},
): Promise<CurveEvaluation<Name>> {
  const where = "evaluateCurve";
  checkOptions(where, options, [
    "t",
    "batchNorm",
    "batchSize",
    "exampleLosses",
    "onProgress",
    "signal",
  ]);
  const { t: wanted = 61, exampleLosses = true, onProgress, ...rest } = options;
  const t = checkPositions(where, wanted);
  if (onProgress !== undefined) checkFunction(where, "onProgress", onProgress, "a function");
  const open = openModel(where, model);
  checkCurve(where, curve, open);
  const evaluations: Record<Name, WeightsEvaluation>[] = [];
  await evaluateElsewhere(where, open, data, { ...rest, exampleLosses }, async (evaluateAt) => {
    for (const position of t) {
      const evaluated = await evaluateAt(curve.at(position));
      evaluations.push(evaluated);
      await onProgress?.({
        point: evaluations.length,
        points: t.length,
        t: position,
        evaluations: evaluated,
      });
    }
  });
  // Once for all data sets: every length reads all weights of the curve.
  const distances = t.length > 1 ? chords(curve, t) : [];
  const hasLength = distances.some((distance) => distance > 0);
  const profiles = (Object.keys(data) as Name[]).map((name): [Name, CurveProfile] => {
    const its = evaluations.map((evaluation) => evaluation[name]);
    const loss = its.map((one) => one.loss);
    const accuracy = its.map((one) => one.accuracy);
    return [
      name,
      {
        t,
        loss,
        accuracy,
        ...(hasLength &&
          loss.every(Number.isFinite) && {
            statistics: {
              loss: profileStatistics(distances, t, loss),
              accuracy: profileStatistics(distances, t, accuracy),
            },
          }),
        ...(exampleLosses && { exampleLosses: its.map((one) => one.exampleLosses!) }),
      },
    ];
  });
  return {
    t,
    length: curve.length,
    profiles: Object.fromEntries(profiles) as Record<Name, CurveProfile>,
  };
}

function checkPositions(where: string, t: number | readonly number[]): number[] {
  if (!Array.isArray(t)) {
    const count = checkInteger(where, "t", t, { min: 2 });
    return Array.from({ length: count }, (_, i) => i / (count - 1));
  }
  if (t.length === 0) throw rangeError(where, "t", "one or more positions", t);
  for (const [i, position] of t.entries()) {
    checkNumber(where, `t[${i}]`, position, { min: 0, max: 1 });
    if (i > 0 && position <= t[i - 1]) throw rangeError(where, "t", "rising", t);
  }
  return [...t];
}
