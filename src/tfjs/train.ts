import type { LabelledData } from "./examples.js";
import type { Model } from "./model.js";
import { planTraining } from "./trainingPlan.js";
import type { TrainingResult } from "./trainingResult.js";
import type { TrainOptions } from "./trainOptions.js";
import { trainPlan } from "./trainPlan.js";

/**
 * Trains a classifier, and leaves the trained weights in the model.
 *
 *     w_{k+1} = optimizer(w_k, ∇L_k(w_k), schedule(k)),    k = 0 … epochs · ⌈examples / batchSize⌉ − 1
 *
 * `L_k` is the mean cross-entropy in nats of the softmax of the model's **logits** over the k-th batch (or
 * `lossFunction`), plus the penalties of the layers' own regularizers, if there are any. Each epoch visits every
 * example once, in an order drawn from the seed. The same seed, data and initial weights give the same bits: the masks
 * of `Dropout` layers are drawn from the seed too, new ones for each update; other random layers (noise, recurrent
 * dropout) draw on their own. Weight constraints of layers are not applied, as in tf.layers' own `fit`.
 *
 * **Divergence.** After each update the loss and all weights, batch-norm statistics included, are checked on the device;
 * one number is read back. If something is not finite the update is undone and the training ends with `"diverged"`:
 * the model then holds the last finite weights, those before update `divergedAtUpdate`, and the optimizer's memory is
 * cleared. An abort, or an error thrown by a callback, also leaves the weights after a whole number of updates.
 *
 * **Checkpoints** (`checkpoints`, `resume`) hold everything: weights, batch-norm statistics, the optimizer's memory,
 * random states and records. A training that was stopped, be it by a kill, goes on from the newest one and ends, on the
 * same back end, with the same bits as if it had never been stopped: weights, losses, history and snapshots (unless layers
 * draw random numbers on their own). They are written every so many epochs or updates, at the end, and when the signal
 * aborts. A checkpoint is a `.safetensors` file of the arrays and a `.json` file that is written after it; snapshots are
 * files of their own. What decided about the updates that are done must be as it was (seed, data, batch size, layers,
 * optimizer, their learning rates, …), or it is an error that says what differs; functions (`lossFunction`, an `augment`
 * of one's own) cannot be compared. What is still to come may change: more epochs (one that was evaluated as the last
 * stays so), another schedule from there on. A damaged checkpoint is passed over for an older one.
 *
 * **Frozen layers** (`frozen`) neither move nor gather momentum nor decay, and their batch norm is in evaluation
 * mode (see {@link freezeLayers}); they start from rest when their time is over. All layers are as they were when the
 * training ends, whatever ended it. In the place of warmup: `frozen: { layers: /^fc/, updates: 500 }`. Only
 * some layers: `frozen: { except: "logits" }`. Gradual unfreezing: a list, in which each period ends later than the one before,
 * `[{ layers: "block2", epochs: 1 }, { layers: "block1", epochs: 2 }]`.
 *
 * The event loop has a turn in every update. No tensor is left behind, except for the memory of an optimizer that was
 * passed in. Inputs stay on the host; only a batch at a time becomes a tensor.
 *
 * @param model - A tf.layers model (it need not be compiled) or `{ variables, apply }` that gives logits.
 * @param data - Training inputs `[examples, …]` and classes.
 * @param options - See {@link TrainOptions}.
 * @returns See {@link TrainingResult}.
 * @throws RangeError or TypeError, as a rejected promise and before anything changes, if an option is out of range, model and
 * data do not fit together, an input is not finite, a label is not a class, no layer to be frozen has weights or none is left to train, a snapshot is
 * beyond the end, the model ends in a softmax, or the store holds checkpoints that it cannot go on from.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { train, weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
 * weightsOf(model).write([0, 0, 0, 0]);
 * const data = { x: { data: Float32Array.of(-2, -1, 1, 2), shape: [4, 1] }, y: [0, 0, 1, 1] };
 * const options = { schedule: 0.1, epochs: 3, batchSize: 2, validation: data };
 * const { history, updates, stopped } = await train(model, data, options);
 * updates; // 6
 * stopped; // "finished"
 * history[2].validationAccuracy; // 1
 * ```
 * @example Weights averaged along a training: onProgress sees those after each update
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { WeightAverage } from "closerlook/landscape";
 * import { train, weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
 * const data = { x: { data: Float32Array.of(-2, -1, 1, 2), shape: [4, 1] }, y: [0, 0, 1, 1] };
 * const weights = weightsOf(model);
 * const mean = new WeightAverage();
 * await train(model, data, {
 *   schedule: 0.1,
 *   epochs: 4,
 *   batchSize: 4,
 *   onProgress: ({ update }) => {
 *     if (update > 2) mean.add(weights.read());
 *   },
 * });
 * mean.count; // 2
 * weights.write(mean.average);
 * ```
 * @see Gotmare et al. 2019, section 4, on freezing in the place of warmup; Howard and Ruder 2018, section 3.3, on gradual
 * unfreezing; Izmailov et al. 2018 on averages.
 */
export async function train(
  model: Model,
  data: LabelledData,
  options: TrainOptions,
): Promise<TrainingResult> {
  return trainPlan(await planTraining("train", model, data, options), options);
}
