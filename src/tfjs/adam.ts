import * as tf from "@tensorflow/tfjs-core";
import { checkBoolean, checkNumber, checkOptions } from "../internal/checks.js";
import type { Optimizer } from "./optimizer.js";
import { checkUpdate, OptimizerMemory } from "./optimizerMemory.js";
import { type AdamRule, updateByAdam } from "./wasmKernels/optimizerUpdate.js";

export interface AdamOptions {
  /** Decay of the mean of the gradients, in [0, 1). @defaultValue 0.9 */
  beta1?: number;
  /** Decay of the mean of their squares, in [0, 1). @defaultValue 0.999 */
  beta2?: number;
  /** Added to the root of the mean square, >= 1e-30. @defaultValue 1e-8 */
  epsilon?: number;
  /** Strength of the weight decay, >= 0. @defaultValue 0 */
  weightDecay?: number;
  /**
   * Whether the decay acts on the weights themselves (AdamW) instead of being part of the gradient (L2 penalty).
   * @defaultValue false
   */
  decoupledWeightDecay?: boolean;
}

/**
 * Adam and AdamW, as in PyTorch: steps along the mean of the gradients, divided by the root of their mean square.
 *
 *     g ← g + weightDecay · w                             (decoupled: w ← w − learningRate · weightDecay · w)
 *     m ← beta1 · m + (1 − beta1) · g
 *     v ← beta2 · v + (1 − beta2) · g²
 *     w ← w − learningRate · m̂ / (√v̂ + epsilon),          m̂ = m / (1 − beta1^t),  v̂ = v / (1 − beta2^t)
 *
 * `m`, `v` and the number of updates `t` belong to the variable, so that one which was frozen begins with t = 1. (tfjs's
 * own Adam counts for all variables together, and numbers them by position, see {@link sgd}.) The rule holds for all
 * variables alike, biases and batch norm's scale and offset included. Squares are in single precision: of gradients
 * below 1e-22 they are zero, and a gradient above 1e19, whose square overflows, makes its weight NaN.
 *
 * @param options - See {@link AdamOptions}.
 * @returns See {@link Optimizer}. It keeps two tensors for each updated variable: dispose of it.
 * @throws RangeError or TypeError if an option is out of range. `apply` throws a TypeError if a trainable variable's gradient is
 * no tensor, a RangeError if it has another shape than its variable or if the learning rate is negative or not finite;
 * nothing is updated then.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { adam } from "closerlook/tfjs";
 * const optimizer = adam();
 * const weights = tf.variable(tf.tensor1d([1, 1]));
 * // The first step has the size of the learning rate, whatever that of the gradient.
 * optimizer.apply([[weights, tf.tensor1d([0.01, -100])]], 0.25);
 * Math.round(weights.dataSync()[0] * 1e4); // 7500
 * Math.round(weights.dataSync()[1] * 1e4); // 12500
 * optimizer.dispose();
 * ```
 * @see Kingma and Ba 2015; Loshchilov and Hutter 2019 for the decoupled weight decay.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  checkOptions("adam", options, [
    "beta1",
    "beta2",
    "epsilon",
    "weightDecay",
    "decoupledWeightDecay",
  ]);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  const { decoupledWeightDecay = false } = options;
  checkNumber("adam", "beta1", beta1, { min: 0, below: 1 });
  checkNumber("adam", "beta2", beta2, { min: 0, below: 1 });
  checkNumber("adam", "epsilon", epsilon, { min: 1e-30 });
  checkNumber("adam", "weightDecay", weightDecay, { min: 0 });
  checkBoolean("adam", "decoupledWeightDecay", decoupledWeightDecay);

  const memory = new OptimizerMemory("adam", ["firstMoment", "secondMoment"]);
  const constants = { beta1, beta2, epsilon, weightDecay, decoupled: decoupledWeightDecay };
  return {
    settings: { name: "adam", beta1, beta2, epsilon, weightDecay, decoupledWeightDecay },

    apply(gradients, learningRate) {
      for (const [variable, gradient] of checkUpdate("adam", gradients, learningRate)) {
        tf.tidy(() => {
          const { updates, tensors } = memory.of(variable) ?? { updates: 0 };
          const rule = { ...constants, learningRate, step: updates + 1 };
          const moments = tensors && { mean: tensors.firstMoment, square: tensors.secondMoment };
          const { weights, mean, square } =
            updateByAdam(variable, gradient, moments, rule) ??
            composedUpdate(variable, gradient, moments, rule);
          memory.update(variable, { firstMoment: mean, secondMoment: square });
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

interface Moments {
  readonly mean: tf.Tensor;
  readonly square: tf.Tensor;
}

/** The update in tfjs's own operations, for every backend. */
function composedUpdate(
  variable: tf.Variable,
  gradient: tf.Tensor,
  moments: Moments | undefined,
  { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step }: AdamRule,
): Moments & { weights: tf.Tensor } {
  let w: tf.Tensor = variable;
  let g = gradient;
  if (weightDecay > 0 && decoupled) {
    w = tf.mul(variable, tf.scalar(1 - learningRate * weightDecay));
  } else if (weightDecay > 0) {
    g = tf.add(gradient, tf.mul(variable, tf.scalar(weightDecay)));
  }
  const mean = average(moments?.mean, g, beta1);
  const square = average(moments?.square, tf.square(g), beta2);
  // Both bias corrections as factors of numbers instead of tensors: m̂ / (√v̂ + ε) = (r/c) · m / (√v + r·ε).
  const c = 1 - beta1 ** step;
  const r = Math.sqrt(1 - beta2 ** step);
  const direction = tf.mul(mean, tf.scalar((learningRate * r) / c));
  const size = tf.add(tf.sqrt(square), tf.scalar(r * epsilon));
  // An infinite square would stop its weight for ever and unnoticed: 0 · ∞ makes the weight NaN.
  const zero = tf.mul(square, tf.scalar(0));
  return { weights: tf.sub(w, tf.add(tf.div(direction, size), zero)), mean, square };
}

/** `beta · mean + (1 − beta) · value`; nothing was remembered before the first value. */
function average(mean: tf.Tensor | undefined, value: tf.Tensor, beta: number): tf.Tensor {
  const part = tf.mul(value, tf.scalar(1 - beta));
  return mean ? tf.add(tf.mul(mean, tf.scalar(beta)), part) : part;
}
