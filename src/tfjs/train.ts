import * as tf from "@tensorflow/tfjs-core";
import {
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  typeError,
} from "../internal/checks.js";
import { permutation, Random } from "../internal/random.js";
import type { Schedule } from "../schedules/schedule.js";
import { crossEntropy } from "./crossEntropy.js";
import { DropoutSeeds } from "./dropoutSeeds.js";
import { type Evaluation, evaluateExamples } from "./evaluate.js";
import { EventLoop } from "./eventLoop.js";
import {
  checkLogits,
  gather,
  type LabelledData,
  type LabelledExamples,
  readLabelled,
} from "./examples.js";
import { type FrozenLayers, freezeLayers } from "./freezeLayers.js";
import { type LayerMatch, matchWeightedLayers } from "./layerMatch.js";
import type { Model } from "./model.js";
import { type OpenModel, openModel } from "./openModel.js";
import type { Optimizer } from "./optimizer.js";
import { sgd } from "./sgd.js";

/** The examples of one update. The tensors live until the loss function returns. */
export interface Batch {
  readonly x: tf.Tensor;
  /** Classes, int32 `[examples]`. */
  readonly labels: tf.Tensor1D;
  /** Positions of the examples in the training data. */
  readonly indices: Uint32Array;
}

/** A loss of logits `[examples, classes]`, made of differentiable tfjs operations; a scalar, mean over the batch. */
export type LossFunction = (logits: tf.Tensor2D, batch: Batch) => tf.Tensor;

/** State of a training after an update. */
export interface TrainingProgress {
  /** Updates done so far, 1 … `updates`. */
  readonly update: number;
  /** Updates of the whole training. */
  readonly updates: number;
  /** Number of the epoch that the update belongs to, 1 … `epochs`. */
  readonly epoch: number;
  readonly epochs: number;
  /** Loss of the update's batch before the update. */
  readonly loss: number;
  /** Learning rate of the update. */
  readonly learningRate: number;
  /** Result on the validation data, in the last update of an epoch that is evaluated. */
  readonly validation?: Evaluation;
}

export interface TrainOptions {
  /** Learning rate, or a schedule of the 0-based update index (a pure function: it is read in advance). */
  schedule: Schedule | number;
  /** Passes over the training data, an integer >= 1. */
  epochs: number;
  /** Examples per update, an integer >= 1. The last batch of an epoch is smaller if they do not come out even. */
  batchSize: number;
  /**
   * Rule of the updates. One that is passed in keeps its state, and is the caller's to dispose of.
   * @defaultValue `sgd({ momentum: 0.9 })`
   */
  optimizer?: Optimizer;
  /** Seed of the order of the examples and of dropout, an integer. @defaultValue 0 */
  seed?: number;
  /** Layers that stay as they are in the first `updates` updates; then everything trains. */
  frozen?: { readonly layers: LayerMatch; readonly updates: number };
  /** Data to evaluate on at the end of epochs. */
  validation?: LabelledData;
  /** Epochs between two evaluations; the last epoch is always evaluated. @defaultValue 1 */
  evaluateEvery?: number;
  /** Numbers of updates after which the weights are copied; 0 is before the first one. @defaultValue none */
  snapshots?: readonly number[];
  /** Called, and awaited, after every update. */
  onProgress?: (progress: TrainingProgress) => void | Promise<void>;
  /** Ends the training after the update that is under way. */
  signal?: AbortSignal;
  /** What is minimised. @defaultValue softmax cross-entropy with the labels, in nats */
  lossFunction?: LossFunction;
}

/** What one finished epoch came to. */
export interface EpochRecord {
  /** Number of the epoch: 1, 2, … */
  readonly epoch: number;
  /** Updates done by its end. */
  readonly updates: number;
  /** Mean loss of its examples, each as it was trained on: in training mode, while the weights moved. */
  readonly trainLoss: number;
  /** Learning rate of its last update. */
  readonly learningRate: number;
  /** Loss on the validation data after it; there only if it was evaluated. */
  readonly validationLoss?: number;
  /** Accuracy on the validation data after it, in [0, 1]; there only if it was evaluated. */
  readonly validationAccuracy?: number;
}

/** What `train` returns. */
export interface TrainingResult {
  /** The epochs that were finished, in order: `history[0]` is epoch 1. */
  readonly history: readonly EpochRecord[];
  /** Loss of the batch before each update. */
  readonly losses: readonly number[];
  /** Learning rate of each update. */
  readonly learningRates: readonly number[];
  /** The flat weights (`weightsOf(model).read()`) after the wanted numbers of updates, as far as these were reached. */
  readonly snapshots: ReadonlyMap<number, Float32Array>;
  /** Updates that were done and that the weights include. */
  readonly updates: number;
  readonly stopped: "finished" | "aborted" | "diverged";
  /** 0-based index of the update that became non-finite; there only if the training diverged. */
  readonly divergedAtUpdate?: number;
}

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
 * **Frozen layers** (`frozen`) neither move nor gather momentum nor decay, and their batch norm is in evaluation
 * mode (see {@link freezeLayers}); they start from rest when their time is over. All layers are as they were when the
 * training ends, whatever ended it.
 *
 * The event loop has a turn in every update. No tensor is left behind, except for the memory of an optimizer that was
 * passed in. Inputs stay on the host; only a batch at a time becomes a tensor.
 *
 * @param model - A tf.layers model (it need not be compiled) or `{ variables, apply }` that gives logits.
 * @param data - Training inputs `[examples, …]` and classes.
 * @param options - See {@link TrainOptions}.
 * @returns See {@link TrainingResult}.
 * @throws RangeError or TypeError, as a rejected promise and before anything changes, if an option is out of range, model and
 * data do not fit together, an input is not finite, a label is not a class, no layer to be frozen has weights, a snapshot is
 * beyond the end, or the model ends in a softmax.
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
 */
export async function train(
  model: Model,
  data: LabelledData,
  options: TrainOptions,
): Promise<TrainingResult> {
  const plan = await makePlan(model, data, options);
  const { optimizer = sgd({ momentum: 0.9 }) } = options;
  const eventLoop = new EventLoop();
  try {
    return await run(plan, optimizer, eventLoop);
  } finally {
    eventLoop.close();
    if (!options.optimizer) optimizer.dispose();
  }
}

/** A training with everything checked and every default filled in. */
interface Plan {
  readonly model: Model;
  readonly weights: OpenModel;
  readonly examples: LabelledExamples;
  readonly validation: LabelledExamples | undefined;
  readonly evaluateEvery: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Updates of an epoch. */
  readonly updatesPerEpoch: number;
  readonly learningRates: readonly number[];
  readonly seed: number;
  readonly frozen: TrainOptions["frozen"];
  readonly snapshots: ReadonlySet<number>;
  readonly lossFunction: LossFunction;
  readonly onProgress: TrainOptions["onProgress"];
  readonly signal: AbortSignal | undefined;
}

async function makePlan(model: Model, data: LabelledData, options: TrainOptions): Promise<Plan> {
  const where = "train";
  checkOptions(where, options, [
    "schedule",
    "epochs",
    "batchSize",
    "optimizer",
    "seed",
    "frozen",
    "validation",
    "evaluateEvery",
    "snapshots",
    "onProgress",
    "signal",
    "lossFunction",
  ]);
  const { schedule, epochs, batchSize, optimizer, seed = 0, frozen, evaluateEvery = 1 } = options;
  const { snapshots = [], onProgress, signal, lossFunction } = options;
  checkInteger(where, "epochs", epochs, { min: 1 });
  checkInteger(where, "batchSize", batchSize, { min: 1 });
  checkInteger(where, "seed", seed);
  checkInteger(where, "evaluateEvery", evaluateEvery, { min: 1 });
  if (optimizer !== undefined && typeof optimizer?.apply !== "function") {
    throw typeError(where, "optimizer", "an optimizer of closerlook, e.g. sgd()", optimizer);
  }
  if (onProgress !== undefined) checkFunction(where, "onProgress", onProgress, "a function");
  if (lossFunction !== undefined) checkFunction(where, "lossFunction", lossFunction, "a function");
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    throw typeError(where, "signal", "an AbortSignal", signal);
  }

  const weights = openModel(where, model);
  if (frozen !== undefined) {
    if (typeof frozen !== "object" || frozen === null) {
      throw typeError(where, "frozen", "{ layers, updates }", frozen);
    }
    checkInteger(where, "frozen.updates", frozen.updates, { min: 1 });
    matchWeightedLayers(where, "frozen.layers", weights.layers, frozen.layers);
  }
  if (lossFunction === undefined) checkLogits(where, weights);
  checkFinite(where, weights);
  const examples = await readLabelled(where, "data", data, weights);
  const validation =
    options.validation && (await readLabelled(where, "validation", options.validation, weights));

  const updatesPerEpoch = Math.ceil(examples.count / batchSize);
  const updates = epochs * updatesPerEpoch;
  if (!Array.isArray(snapshots)) {
    throw typeError(where, "snapshots", "an array of numbers of updates", snapshots);
  }
  for (const count of snapshots) checkInteger(where, "snapshots", count, { min: 0, max: updates });
  const rate = typeof schedule === "number" ? () => schedule : schedule;
  checkFunction(where, "schedule", rate, "a number or a schedule");
  const learningRates = Array.from({ length: updates }, (_, update) =>
    checkNumber(where, `schedule(${update})`, rate(update), { min: 0 }),
  );

  return {
    model,
    weights,
    examples,
    validation,
    evaluateEvery,
    epochs,
    batchSize,
    updatesPerEpoch,
    learningRates,
    seed,
    frozen,
    snapshots: new Set(snapshots),
    lossFunction: lossFunction ?? ((logits, { labels }) => crossEntropy(logits, labels)),
    onProgress,
    signal,
  };
}

/** The restored weights of a diverged training are finite only if the first ones are. */
function checkFinite(where: string, weights: OpenModel): void {
  const flat = weights.read();
  const bad = flat.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const { name } = weights.variables.findLast(({ offset }) => offset <= bad)!;
  throw new RangeError(`${where}: the model's weights must be finite, got ${flat[bad]} in ${name}`);
}

async function run(
  plan: Plan,
  optimizer: Optimizer,
  eventLoop: EventLoop,
): Promise<TrainingResult> {
  const { weights, examples, batchSize, updatesPerEpoch, learningRates } = plan;
  const history: EpochRecord[] = [];
  const losses: number[] = [];
  const snapshots = new Map<number, Float32Array>();
  const snapshot = (updates: number) => {
    if (plan.snapshots.has(updates)) snapshots.set(updates, weights.read());
  };
  const randomOrder = new Random(plan.seed, "order");
  const dropout = new DropoutSeeds(weights.layers, new Random(plan.seed, "dropout"));
  const end = (stopped: TrainingResult["stopped"]) => ({
    history,
    losses,
    learningRates: learningRates.slice(0, losses.length),
    snapshots,
    updates: losses.length,
    stopped,
  });

  let order: Uint32Array = new Uint32Array();
  let lossOfEpoch = 0;
  let freeze: FrozenLayers | undefined;
  try {
    if (plan.frozen) {
      freeze = freezeLayers(plan.model, plan.frozen.layers);
      optimizer.clear(variablesOf(weights, freeze.frozen));
    }
    snapshot(0);
    for (let update = 0; update < learningRates.length; update++) {
      if (update === plan.frozen?.updates) freeze?.restore();
      await eventLoop.turn();
      if (plan.signal?.aborted) return end("aborted");

      const batch = update % updatesPerEpoch;
      if (batch === 0) {
        order = permutation(examples.count, randomOrder);
        lossOfEpoch = 0;
      }
      const indices = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      const learningRate = learningRates[update]!;
      dropout.next();
      const loss = await finiteUpdate(plan, optimizer, indices, learningRate);
      if (loss === undefined) {
        optimizer.clear();
        return { ...end("diverged"), divergedAtUpdate: update };
      }
      losses.push(loss);
      snapshot(update + 1);

      lossOfEpoch += loss * indices.length;
      const epoch = Math.floor(update / updatesPerEpoch) + 1;
      let validation: Evaluation | undefined;
      if (batch === updatesPerEpoch - 1) {
        const due = epoch % plan.evaluateEvery === 0 || epoch === plan.epochs;
        if (plan.validation && due)
          validation = await evaluateExamples(weights, plan.validation, 500);
        history.push({
          epoch,
          updates: update + 1,
          trainLoss: lossOfEpoch / examples.count,
          learningRate,
          ...(validation && {
            validationLoss: validation.loss,
            validationAccuracy: validation.accuracy,
          }),
        });
      }
      await plan.onProgress?.({
        update: update + 1,
        updates: learningRates.length,
        epoch,
        epochs: plan.epochs,
        loss,
        learningRate,
        ...(validation && { validation }),
      });
    }
    return end("finished");
  } finally {
    freeze?.restore();
    dropout.restore();
  }
}

const variablesOf = (weights: OpenModel, layers: readonly string[]): tf.Variable[] =>
  weights.variables.filter(({ layer }) => layers.includes(layer)).map(({ variable }) => variable);

/** One update. Returns the batch's loss, or undefined if the update was undone because something was not finite. */
async function finiteUpdate(
  { weights, examples, lossFunction }: Plan,
  optimizer: Optimizer,
  indices: Uint32Array,
  learningRate: number,
): Promise<number | undefined> {
  const all = weights.variables.map(({ variable }) => variable);
  // Before the forward pass, since that moves the batch-norm statistics.
  const before = all.map((variable) => tf.clone(variable));
  let keep = false;
  try {
    const numbers = tf.tidy(() => {
      const { value, grads } = differentiate(weights, lossFunction, examples, indices);
      optimizer.apply(grads, learningRate);
      return tf.stack([value, zeroIfFinite(all)]);
    });
    let loss: number;
    let zero: number;
    try {
      [loss, zero] = (await numbers.data()) as unknown as [number, number];
    } finally {
      numbers.dispose();
    }
    keep = Number.isFinite(loss) && zero === 0;
    return keep ? loss : undefined;
  } finally {
    if (!keep) all.forEach((variable, i) => void variable.assign(before[i]!));
    tf.dispose(before);
  }
}

/** Loss of a batch in training mode and its gradient by every variable that is trainable now. */
function differentiate(
  weights: OpenModel,
  lossFunction: LossFunction,
  examples: LabelledExamples,
  indices: Uint32Array,
): { value: tf.Scalar; grads: [tf.Variable, tf.Tensor][] } {
  const trainable = weights.variables
    .filter((variable) => variable.trainable)
    .map(({ variable }) => variable);
  if (trainable.length === 0) {
    throw new RangeError("train: at least one layer of the model must be trainable, got none");
  }
  const x = gather(examples, indices);
  const labels = tf.tensor1d(
    Int32Array.from(indices, (index) => examples.labels[index]!),
    "int32",
  );
  const { value, grads } = gradientsOf(() => {
    const logits = weights.apply(x, { training: true }) as tf.Tensor2D;
    const loss = lossFunction(logits, { x, labels, indices: indices.slice() });
    if (!(loss instanceof tf.Tensor) || loss.rank !== 0) {
      const got = loss instanceof tf.Tensor ? loss.shape : loss;
      throw typeError(
        "train",
        "the result of lossFunction",
        "a scalar tensor",
        got,
        "Take the mean",
      );
    }
    return weights.penalties().reduce((sum, penalty) => tf.add(sum, penalty), loss as tf.Scalar);
  }, trainable);
  return {
    value,
    // A variable that the loss does not depend on has no gradient.
    grads: trainable.flatMap((variable): [tf.Variable, tf.Tensor][] => {
      const gradient = grads[variable.name];
      return gradient ? [[variable, gradient]] : [];
    }),
  };
}

/** `tf.variableGrads`, which leaks what it has saved for the backward pass when something throws. */
const gradientsOf: typeof tf.variableGrads = (f, variables) => {
  try {
    return tf.variableGrads(f, variables);
  } catch (error) {
    for (const { saved } of tf.engine().state.activeTape ?? []) tf.dispose(saved ?? []);
    throw error;
  }
};

/** A scalar: 0 if every number is finite, else NaN, since 0 · ∞ is NaN. */
const zeroIfFinite = (variables: readonly tf.Variable[]): tf.Tensor => {
  const zero = tf.scalar(0);
  return tf.addN(variables.map((variable) => tf.sum(tf.mul(variable, zero))));
};
