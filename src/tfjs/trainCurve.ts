import type { Curve } from "../curves/curve.js";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import { checkCurve } from "./checkCurve.js";
import { type CurvePositions, curvePositions } from "./curvePositions.js";
import type { LabelledData } from "./examples.js";
import { keepVariables } from "./keepVariables.js";
import type { Model } from "./model.js";
import { sgd } from "./sgd.js";
import { TrainedCurve } from "./trainedCurve.js";
import { runTraining } from "./training.js";
import { planTraining } from "./trainingPlan.js";
import type { TrainingResult } from "./trainingResult.js";
import type { TrainingProgress, TrainOptions } from "./trainOptions.js";

const where = "trainCurve";

/** State of the training of a curve after an update. */
export interface CurveProgress
  extends Pick<
    TrainingProgress,
    "update" | "updates" | "epoch" | "epochs" | "loss" | "learningRate"
  > {
  /** Where on the curve the loss was taken, in [0, 1]. */
  readonly position: number;
}

export interface TrainCurveOptions
  extends Pick<
    TrainOptions,
    | "schedule"
    | "epochs"
    | "batchSize"
    | "optimizer"
    | "microBatch"
    | "seed"
    | "augment"
    | "checkpoints"
    | "resume"
    | "signal"
    | "lossFunction"
  > {
  /** Strength λ of the L2 penalty, >= 0; beside a decay that the optimizer has by itself. @defaultValue 0 */
  weightDecay?: number;
  /**
   * What the penalty is of: (λ/2)‖γ(t)‖² of the network that the batch has met (`"point"`), or (λ/2)‖w_j‖² of each point that
   * is moved (`"bend"`).
   * @defaultValue "point"
   */
  decay?: "point" | "bend";
  /**
   * How the positions t are drawn, each uniform on [0, 1]: independently; one from each of as many equal parts of [0, 1] as
   * an epoch has updates, in random order (`"stratified"`); or in pairs t, 1 − t of updates (`"antithetic"`). The last two
   * have a smaller variance.
   * @defaultValue "uniform"
   */
  positions?: CurvePositions;
  /** Which ends stay as they are. @defaultValue `{ start: true, end: true }` */
  fixed?: { readonly start?: boolean; readonly end?: boolean };
  /** Numbers of epochs after which the points of the curve are copied; 0 is before the first one. @defaultValue none */
  snapshots?: readonly number[];
  /** Called, and awaited, after every update. */
  onProgress?: (progress: CurveProgress) => void | Promise<void>;
}

/** What `trainCurve` returns. */
export interface CurveTrainingResult
  extends Pick<TrainingResult, "losses" | "updates" | "stopped" | "divergedAtUpdate"> {
  /** Position on the curve at each update. */
  readonly positions: readonly number[];
  /** Copies of all points of the curve by number of epochs, as far as these were reached. */
  readonly snapshots: ReadonlyMap<number, readonly Float32Array[]>;
}

/**
 * Trains a curve between two networks so that the loss is low all along it, and leaves the trained points in the curve.
 *
 *     minimise E_t [ L(γ(t)) + (λ/2)‖γ(t)‖² ],   t uniform on [0, 1],   γ(t) = Σ_j c_j(t) · w_j
 *
 *     g_k = ∇L_k(γ(t_k)) + λ γ(t_k),    w_j ← optimizer(w_j, c_j(t_k) · g_k, schedule(k))      for each point j that is free
 *
 * `L_k` is the loss of the k-th batch, in training mode (dropout on, batch norm by the batch), as in {@link train}; so are the
 * order of the examples, augmentation, dropout masks, micro-batches, checkpoints, aborts and the handling of
 * losses that are not finite: `"diverged"` leaves the curve with the last finite points. Any model works, since the gradient by a
 * point is that by the weights times its coefficient. The rule goes by the points that have no part in γ(t_k) too, with a gradient of 0.
 *
 * The curve is made of the **trainable** weights, `weightsOf(model).read({ trainable: true })`. What the model has beside them
 * (batch-norm statistics, frozen layers) is in every update as it was at the beginning, and its own weights have no
 * part in the curve. When the training ends, whatever ended it, the model is as it was, and the points hold a whole number of updates.
 *
 * Checkpoints hold the free points in the place of the weights, and go on, on the same back end, to the same bits. What decided about the updates
 * that are done must be as it was: the fixed points and the options too, while the free points may begin anywhere.
 *
 * Memory: the points, γ(t) or the points before the update, one gradient, and what the optimizer remembers of the free points.
 * An optimizer that is passed in forgets them at the end.
 *
 * @param model - A tf.layers model or `{ variables, apply }` that gives logits.
 * @param curve - A curve whose points are trainable weights of the model, e.g. `new PolyChainCurve({ start, end })`.
 * @param data - Training inputs `[examples, …]` and classes.
 * @param options - See {@link TrainCurveOptions}; `curveDecay` is the usual schedule.
 * @returns See {@link CurveTrainingResult}.
 * @throws RangeError or TypeError, as a rejected promise and before anything changes, if an option is out of range, no point of the
 * curve is free, the points are not as long as the model has trainable weights, model and data do not fit together, or the
 * store holds checkpoints that it cannot go on from.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { PolyChainCurve } from "closerlook/curves";
 * import { trainCurve } from "closerlook/tfjs";
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
 * const data = { x: { data: Float32Array.of(-2, -1, 1, 2), shape: [4, 1] }, y: [0, 0, 1, 1] };
 * const curve = new PolyChainCurve({
 *   start: Float32Array.of(-1, 1, 0, 0),
 *   end: Float32Array.of(1, -1, 0, 0), // wrong, and stays so
 * });
 * const options = { schedule: 0.5, epochs: 20, batchSize: 4, snapshots: [0, 20] };
 * const { updates, snapshots } = await trainCurve(model, curve, data, options);
 * updates; // 20
 * snapshots.get(0)[1][1]; // 0 — the bend began half-way
 * curve.points[1][1] > 1; // true — and moved to where the mean over the curve is lower
 * ```
 * @see Garipov et al. 2018, section 3; Gotmare et al. 2019, section 2.1.
 */
export async function trainCurve(
  model: Model,
  curve: Curve,
  data: LabelledData,
  options: TrainCurveOptions,
): Promise<CurveTrainingResult> {
  checkOptions(where, options, [
    "schedule",
    "epochs",
    "batchSize",
    "optimizer",
    "microBatch",
    "seed",
    "augment",
    "lossFunction",
    "weightDecay",
    "decay",
    "positions",
    "fixed",
    "snapshots",
    "checkpoints",
    "resume",
    "onProgress",
    "signal",
  ]);
  const {
    weightDecay = 0,
    decay = "point",
    positions: kind = "uniform",
    fixed = {},
    snapshots = [],
    onProgress,
    ...common
  } = options;
  checkNumber(where, "weightDecay", weightDecay, { min: 0 });
  checkOneOf(where, "decay", decay, ["point", "bend"]);
  checkOneOf(where, "positions", kind, ["uniform", "stratified", "antithetic"]);
  if (onProgress !== undefined) checkFunction(where, "onProgress", onProgress, "a function");
  if (typeof fixed !== "object" || fixed === null) {
    throw typeError(where, "fixed", "{ start, end }", fixed);
  }
  checkOptions(`${where}: fixed`, fixed, ["start", "end"]);
  const { start = true, end = true } = fixed;
  checkBoolean(where, "fixed.start", start);
  checkBoolean(where, "fixed.end", end);
  if (!Array.isArray(snapshots)) {
    throw typeError(where, "snapshots", "an array of numbers of epochs", snapshots);
  }
  for (const epochs of snapshots) {
    checkInteger(where, "snapshots", epochs, { min: 0, max: options.epochs });
  }
  const plan = await planTraining(where, model, data, common);
  const { weights, updatesPerEpoch, learningRates, seed } = plan;
  checkCurve(where, curve, weights);
  const last = curve.points.length - 1;
  const free = curve.points.map((_, j) => (j > 0 || !start) && (j < last || !end));
  if (!free.includes(true)) {
    const must = "one with a bend, or with an end that is not fixed";
    throw rangeError(where, "curve", must, `${curve.points.length} points`);
  }
  const positions = curvePositions(kind, learningRates.length, updatesPerEpoch, seed);

  const { optimizer = sgd({ momentum: 0.9 }) } = options;
  const restore = keepVariables(weights.variables);
  const settings = { weightDecay, decay, positions: kind };
  const trained = new TrainedCurve(weights, curve, {
    positions,
    free,
    weightDecay,
    decay,
    settings,
  });
  try {
    const result = await runTraining(
      {
        ...plan,
        trained,
        snapshots: new Set(snapshots.map((epochs) => epochs * updatesPerEpoch)),
        onProgress:
          onProgress &&
          (({ update, updates, epoch, epochs, loss, learningRate }) =>
            onProgress({
              ...{ update, updates, epoch, epochs, loss, learningRate },
              position: positions[update - 1]!,
            })),
      },
      optimizer,
    );
    const { losses, updates, stopped, divergedAtUpdate } = result;
    return {
      losses,
      positions: positions.slice(0, updates),
      updates,
      snapshots: new Map(
        Array.from(result.snapshots, ([update, flat]) => [
          update / updatesPerEpoch,
          allPoints(curve, free, flat),
        ]),
      ),
      stopped,
      ...(divergedAtUpdate !== undefined && { divergedAtUpdate }),
    };
  } finally {
    trained.save();
    optimizer.clear(trained.variables.map(({ variable }) => variable));
    if (!options.optimizer) optimizer.dispose();
    trained.dispose();
    restore();
  }
}

/** The points of a curve, of which the free ones are given one after the other. */
function allPoints(curve: Curve, free: readonly boolean[], flat: Float32Array): Float32Array[] {
  let at = 0;
  return curve.points.map((point, j) => {
    if (!free[j]) return point.slice();
    at += point.length;
    return flat.slice(at - point.length, at);
  });
}
