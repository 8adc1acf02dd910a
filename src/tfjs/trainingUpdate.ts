import * as tf from "@tensorflow/tfjs-core";
import { typeError } from "../internal/checks.js";
import { Random } from "../internal/random.js";
import { gather } from "./examples.js";
import type { Optimizer } from "./optimizer.js";
import type { TrainingPlan } from "./trainingPlan.js";
import type { LossTerms } from "./trainOptions.js";
import { allFinite } from "./wasmKernels/finite.js";

/** What is to be done in one update. */
export interface Update {
  /** 0-based. */
  readonly index: number;
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  /** 0-based. */
  readonly epoch: number;
  /** Examples of the batch. */
  readonly indices: Uint32Array;
  /** Called before each pass through the model. */
  readonly beforePass: () => void;
}

/** The loss of a batch before its update. */
export interface BatchLoss {
  readonly loss: number;
  /** Terms of the loss beside the total. */
  readonly terms: Readonly<Record<string, number>>;
}

/** One update. Returns the batch's loss, or undefined if the update was undone because something was not finite. */
export async function finiteUpdate(
  plan: TrainingPlan,
  update: Update,
): Promise<BatchLoss | undefined> {
  const { trained } = plan;
  const all = trained.variables.map(({ variable }) => variable);
  // Before the forward pass, since that moves the batch-norm statistics.
  const before = all.map((variable) => tf.clone(variable));
  let keep = false;
  try {
    let names: string[] = [];
    const numbers = tf.tidy(() => {
      trained.enter(update.index);
      const { value, grads, terms } = differentiateBatch(plan, update);
      trained.move(grads, update.optimizer, update.learningRate);
      names = Object.keys(terms);
      return tf.stack([zeroIfFinite(all), value, ...Object.values(terms)]);
    });
    let read: number[];
    try {
      read = Array.from(await numbers.data());
    } finally {
      numbers.dispose();
    }
    const [zero, loss, ...terms] = read as [number, number, ...number[]];
    keep = zero === 0 && [loss, ...terms].every(Number.isFinite);
    if (!keep) return undefined;
    return { loss, terms: Object.fromEntries(names.map((name, i) => [name, terms[i]!])) };
  } finally {
    if (!keep) all.forEach((variable, i) => void variable.assign(before[i]!));
    tf.dispose(before);
  }
}

/** A loss, its gradient by variable name, and its terms beside the total. */
type Gradient = ReturnType<typeof tf.variableGrads> & { readonly terms: tf.NamedTensorMap };

/** Loss and gradient of a batch, put together from parts where the plan says so. */
function differentiateBatch(plan: TrainingPlan, update: Update): Gradient {
  const { indices } = update;
  const { microBatch = indices.length } = plan;
  if (microBatch >= indices.length) return differentiate(plan, update, indices);
  let sum: Gradient | undefined;
  for (let from = 0; from < indices.length; from += microBatch) {
    const part = indices.subarray(from, from + microBatch);
    const before: Gradient | undefined = sum;
    // One part's activations at a time.
    sum = tf.tidy(() => {
      const share = scaled(differentiate(plan, update, part), part.length / indices.length);
      return before ? added(before, share) : share;
    });
    if (before) tf.dispose([before.value, before.grads, before.terms]);
  }
  return sum!;
}

function scaled({ value, grads, terms }: Gradient, factor: number): Gradient {
  const scale = tf.scalar(factor);
  const all = (tensors: tf.NamedTensorMap) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, tf.mul(tensor, scale)]),
    );
  return { value: tf.mul(value, scale), grads: all(grads), terms: all(terms) };
}

function added(a: Gradient, b: Gradient): Gradient {
  const all = (these: tf.NamedTensorMap, those: tf.NamedTensorMap) =>
    Object.fromEntries(
      Object.keys({ ...these, ...those }).map((name) => {
        const [x, y] = [these[name], those[name]];
        return [name, x && y ? tf.add(x, y) : tf.clone((x ?? y)!)];
      }),
    );
  return {
    value: tf.add(a.value, b.value),
    grads: all(a.grads, b.grads),
    terms: all(a.terms, b.terms),
  };
}

/** Loss of examples in training mode and its gradient by every variable that is trainable now. */
export function differentiate(
  plan: TrainingPlan,
  { epoch, beforePass }: Pick<Update, "epoch" | "beforePass">,
  indices: Uint32Array,
): Gradient {
  const { weights, examples, augment, seed, lossFunction } = plan;
  const trainable = weights.variables
    .filter((variable) => variable.trainable)
    .map(({ variable }) => variable);
  if (trainable.length === 0) {
    throw new RangeError(
      `${plan.where}: at least one layer of the model must be trainable, got none`,
    );
  }
  const x = gather(
    examples,
    indices,
    augment &&
      ((example, result, index) => {
        // A sequence for each example and epoch, so that batches and their order change nothing.
        const random = new Random(seed, `augment ${epoch} ${index}`);
        augment(example, result, examples.shape, random);
      }),
  );
  const labels = tf.tensor1d(
    Int32Array.from(indices, (index) => examples.labels[index]!),
    "int32",
  );
  const targets = plan.targets?.(x, indices) ?? {};
  beforePass();
  const kept: Record<string, tf.Tensor> = {};
  try {
    const gradient = gradientsOf(() => {
      const logits = weights.apply(x, { training: true }) as tf.Tensor2D;
      const { total, ...terms } = readTerms(
        plan.where,
        lossFunction(logits, { x, labels, indices: indices.slice() }, targets),
      );
      // They outlive the gradient, which lets only the total out.
      for (const [name, term] of Object.entries(terms)) kept[name] = tf.keep(tf.clone(term!));
      return weights.penalties().reduce((sum, penalty) => tf.add(sum, penalty), total as tf.Scalar);
    }, trainable);
    const terms = Object.entries(kept).map(([name, term]) => [name, tf.clone(term)]);
    return { ...gradient, terms: Object.fromEntries(terms) };
  } finally {
    tf.dispose(kept);
  }
}

/** The terms of a loss, all of them scalars; those that are undefined are left out. */
function readTerms(where: string, result: tf.Tensor | LossTerms): LossTerms {
  const terms: LossTerms = result instanceof tf.Tensor ? { total: result } : result;
  const named = Object.entries(terms ?? {}).filter(([, term]) => term !== undefined);
  const all: (readonly [string, unknown])[] = terms?.total ? named : [["total", result]];
  for (const [name, term] of all) {
    if (term instanceof tf.Tensor && term.rank === 0) continue;
    const argument = `the result of lossFunction${name === "total" ? "" : `: ${name}`}`;
    const got = term instanceof tf.Tensor ? term.shape : term;
    throw typeError(where, argument, "a scalar tensor", got, "Take the mean");
  }
  return Object.fromEntries(named) as LossTerms;
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

/** A scalar: 0 if every number is finite, else NaN. */
function zeroIfFinite(variables: readonly tf.Variable[]): tf.Tensor {
  const finite = allFinite(variables);
  if (finite !== undefined) return tf.scalar(finite ? 0 : Number.NaN);
  // 0 · ∞ is NaN.
  const zero = tf.scalar(0);
  return tf.addN(variables.map((variable) => tf.sum(tf.mul(variable, zero))));
}
