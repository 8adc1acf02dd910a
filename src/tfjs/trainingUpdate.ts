import * as tf from "@tensorflow/tfjs-core";
import { typeError } from "../internal/checks.js";
import { Random } from "../internal/random.js";
import { gather } from "./examples.js";
import type { Optimizer } from "./optimizer.js";
import type { TrainingPlan } from "./trainingPlan.js";
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

/** One update. Returns the batch's loss, or undefined if the update was undone because something was not finite. */
export async function finiteUpdate(
  plan: TrainingPlan,
  update: Update,
): Promise<number | undefined> {
  const { trained } = plan;
  const all = trained.variables.map(({ variable }) => variable);
  // Before the forward pass, since that moves the batch-norm statistics.
  const before = all.map((variable) => tf.clone(variable));
  let keep = false;
  try {
    const numbers = tf.tidy(() => {
      trained.enter(update.index);
      const { value, grads } = differentiateBatch(plan, update);
      trained.move(grads, update.optimizer, update.learningRate);
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

/** A loss and its gradient by variable name. */
type Gradient = ReturnType<typeof tf.variableGrads>;

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
    if (before) tf.dispose({ ...before.grads, "": before.value });
  }
  return sum!;
}

function scaled({ value, grads }: Gradient, factor: number): Gradient {
  const scale = tf.scalar(factor);
  const products = Object.entries(grads).map(([name, grad]) => [name, tf.mul(grad, scale)]);
  return { value: tf.mul(value, scale), grads: Object.fromEntries(products) };
}

function added(a: Gradient, b: Gradient): Gradient {
  const names = Object.keys({ ...a.grads, ...b.grads });
  const sums = names.map((name) => {
    const [x, y] = [a.grads[name], b.grads[name]];
    return [name, x && y ? tf.add(x, y) : tf.clone((x ?? y)!)];
  });
  return { value: tf.add(a.value, b.value), grads: Object.fromEntries(sums) };
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
  beforePass();
  return gradientsOf(() => {
    const logits = weights.apply(x, { training: true }) as tf.Tensor2D;
    const loss = lossFunction(logits, { x, labels, indices: indices.slice() });
    if (!(loss instanceof tf.Tensor) || loss.rank !== 0) {
      const got = loss instanceof tf.Tensor ? loss.shape : loss;
      throw typeError(
        plan.where,
        "the result of lossFunction",
        "a scalar tensor",
        got,
        "Take the mean",
      );
    }
    return weights.penalties().reduce((sum, penalty) => tf.add(sum, penalty), loss as tf.Scalar);
  }, trainable);
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
