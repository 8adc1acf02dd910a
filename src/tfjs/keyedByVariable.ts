import * as tf from "@tensorflow/tfjs-core";
import { rangeError, typeError } from "../internal/checks.js";
import type { Optimizer } from "./optimizer.js";

interface Named {
  readonly name: string;
  readonly tensor: tf.Tensor;
}

const keyed = new WeakSet<tf.Optimizer>();

/**
 * Makes an optimizer of tfjs keep its memory by variable, so that layers may be frozen and thawed while it is in use.
 *
 * tfjs numbers what an optimizer remembers (momentum, mean squares, …) by the position in the list of gradients (its issue
 * 4290). When the list changes, a variable goes on with the memory of another one; where the shapes differ it is an error. That
 * happens in a loop of one's own, to `minimize` with another `varList`, or with none when variables are frozen or thawed, and
 * when `model.compile` is called again with the same optimizer while others are frozen than before. (`model.fit` of a model
 * that is compiled once keeps its list.) Here each variable has a position for good, and one without a gradient is passed over.
 *
 * `model.fit` trains what was trainable when the model was compiled: compile before freezing, or again after the thaw.
 *
 * Variables that are not trainable stay as they are. What is remembered of them **stays too**: a layer that thaws goes
 * on with the momentum that it had when it was frozen. (`train`, and `freezeFor` with an optimizer of closerlook, let it start from
 * rest; here that takes a new optimizer.) Adam and Adamax of tfjs count the updates of all variables together: a
 * layer that joins late misses the correction of its first moments, and its first step with Adam is up to
 * (1 − beta1) / √(1 − beta2) = 3.2 times as large; {@link adam} counts for each.
 *
 * @param optimizer - A new optimizer of tfjs, any of `tf.train`. It is changed, not copied.
 * @returns The same optimizer, for `minimize`, `applyGradients` and `model.compile`. `getWeights` and
 * `setWeights` go by the order in which the variables were first met.
 * @throws TypeError if it is no optimizer of tfjs; RangeError if it has made updates already. `applyGradients`
 * throws a RangeError for a name that is no variable's.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { keyedByVariable } from "closerlook/tfjs";
 * const optimizer = keyedByVariable(tf.train.momentum(0.5, 0.5));
 * const [u, v] = [tf.variable(tf.scalar(0)), tf.variable(tf.scalar(0))];
 * optimizer.minimize(() => tf.add(tf.mul(u, 16), v), false, [u, v]);
 * v.dataSync()[0]; // -0.5
 * optimizer.minimize(() => tf.add(tf.mul(u, 16), v), false, [v]);
 * v.dataSync()[0]; // -1.25 — with the momentum of u, which is 16, it would be -5
 * ```
 */
export function keyedByVariable<T extends tf.Optimizer>(optimizer: T): T {
  const where = "keyedByVariable";
  if (typeof optimizer?.applyGradients !== "function") {
    const isOurs = typeof (optimizer as unknown as Optimizer | undefined)?.getState === "function";
    const hint = isOurs ? "sgd and adam of closerlook keep their state by variable already" : "";
    const must = "an optimizer of tfjs, e.g. tf.train.adam()";
    throw typeError(where, "optimizer", must, optimizer, hint);
  }
  if (keyed.has(optimizer)) return optimizer;
  if (optimizer.iterations > 0) {
    throw rangeError(where, "optimizer.iterations", "0, of a new optimizer", optimizer.iterations);
  }
  keyed.add(optimizer);
  /** Names in the order of the positions. */
  const positions = new Map<tf.Variable, string>();
  const { registeredVariables } = tf.engine();
  const apply = optimizer.applyGradients.bind(optimizer);

  optimizer.applyGradients = (gradients) => {
    const byVariable = new Map<tf.Variable, tf.Tensor | null>();
    const named = Array.isArray(gradients) ? gradients : entriesOf(gradients);
    for (const { name, tensor } of named) {
      const variable = registeredVariables[name];
      if (!variable) throw rangeError(where, "the name of a gradient", "that of a variable", name);
      byVariable.set(variable, variable.trainable ? tensor : null);
      if (!positions.has(variable)) positions.set(variable, name);
    }
    const all = Array.from(positions, ([variable, name]) => ({
      name,
      // Every optimizer of tfjs passes over a variable whose gradient is null.
      tensor: byVariable.get(variable) ?? (null as unknown as tf.Tensor),
    }));
    apply(all);
  };
  return optimizer;
}

const entriesOf = (gradients: tf.NamedTensorMap): Named[] =>
  Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
