import * as tf from "@tensorflow/tfjs-core";
import { checkBoolean, checkNumber, checkOptions, rangeError } from "../internal/checks.js";
import type { Optimizer } from "./optimizer.js";
import { checkUpdate, OptimizerMemory } from "./optimizerMemory.js";
import { type MomentumRule, updateByMomentum } from "./wasmKernels/optimizerUpdate.js";

export interface SgdOptions {
  /** Factor of the velocity, in [0, 1). @defaultValue 0 */
  momentum?: number;
  /** Factor of the weights in the gradient (L2 penalty of half this size), >= 0. @defaultValue 0 */
  weightDecay?: number;
  /** Whether to step along the velocity that the next update would have; needs momentum. @defaultValue false */
  nesterov?: boolean;
}

/**
 * Stochastic gradient descent with momentum and weight decay, as in PyTorch.
 *
 *     g ← g + weightDecay · w
 *     v ← momentum · v + g                                (first update: v = g)
 *     w ← w − learningRate · v                            (nesterov: w − learningRate · (g + momentum · v))
 *
 * The learning rate is not part of the velocity: a change of it acts at once on the whole step. The velocity belongs
 * to the variable. (tfjs's own optimizers number it by the position in the list of gradients: with another list of
 * variables a variable goes on with another one's velocity, see {@link keyedByVariable}; tfjs issue 4290.)
 * The rule holds for all variables alike, biases and batch norm's scale and offset included.
 *
 * @param options - See {@link SgdOptions}.
 * @returns See {@link Optimizer}. It keeps one tensor for each updated variable if there is momentum: dispose of it.
 * @throws RangeError or TypeError if an option is out of range. `apply` throws a TypeError if a trainable variable's gradient is
 * no tensor, a RangeError if it has another shape than its variable or if the learning rate is negative or not finite;
 * nothing is updated then.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { sgd } from "closerlook/tfjs";
 * const optimizer = sgd({ momentum: 0.5 });
 * const weight = tf.variable(tf.tensor1d([1]));
 * const gradient = tf.tensor1d([1]);
 * optimizer.apply([[weight, gradient]], 0.25);
 * weight.dataSync()[0]; // 0.75 — 1 − 0.25 · 1
 * optimizer.apply([[weight, gradient]], 0.25);
 * weight.dataSync()[0]; // 0.375 — 0.75 − 0.25 · (0.5 · 1 + 1)
 * optimizer.dispose();
 * ```
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions("sgd", options, ["momentum", "weightDecay", "nesterov"]);
  const { momentum = 0, weightDecay = 0, nesterov = false } = options;
  checkNumber("sgd", "momentum", momentum, { min: 0, below: 1 });
  checkNumber("sgd", "weightDecay", weightDecay, { min: 0 });
  checkBoolean("sgd", "nesterov", nesterov);
  if (nesterov && momentum === 0) {
    throw rangeError("sgd", "momentum", "> 0 with nesterov", momentum);
  }

  const memory = new OptimizerMemory("sgd", momentum > 0 ? ["velocity"] : []);
  return {
    settings: { name: "sgd", momentum, weightDecay, nesterov },

    apply(gradients, learningRate) {
      const rule = { learningRate, momentum, weightDecay, nesterov };
      for (const [variable, gradient] of checkUpdate("sgd", gradients, learningRate)) {
        tf.tidy(() => {
          const previous = memory.of(variable)?.tensors.velocity;
          const { weights, velocity } =
            updateByMomentum(variable, gradient, previous, rule) ??
            composedUpdate(variable, gradient, previous, rule);
          if (velocity) memory.update(variable, { velocity });
          variable.assign(weights);
        });
      }
    },

    getState: (variables) => memory.getState(variables),
    setState: (state, variables) => memory.setState(state, variables),
    clear: (variables) => memory.clear(variables),
    dispose: () => memory.clear(),
  };
}

/** The update in tfjs's own operations, for every backend. */
function composedUpdate(
  variable: tf.Variable,
  gradient: tf.Tensor,
  previous: tf.Tensor | undefined,
  { learningRate, momentum, weightDecay, nesterov }: MomentumRule,
): { weights: tf.Tensor; velocity?: tf.Tensor } {
  // Terms that are zero are left out: each operation costs more than its arithmetic in a small layer.
  const g = weightDecay > 0 ? tf.add(gradient, tf.mul(variable, tf.scalar(weightDecay))) : gradient;
  const descend = (step: tf.Tensor) => tf.sub(variable, tf.mul(step, tf.scalar(learningRate)));
  if (momentum === 0) return { weights: descend(g) };
  const inertia = tf.scalar(momentum);
  const velocity = previous ? tf.add(tf.mul(previous, inertia), g) : tf.clone(g);
  return { weights: descend(nesterov ? tf.add(g, tf.mul(velocity, inertia)) : velocity), velocity };
}
