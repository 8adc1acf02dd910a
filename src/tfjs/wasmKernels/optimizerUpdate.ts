import * as tf from "@tensorflow/tfjs-core";
import { type AdamRule, adamUpdate, momentumUpdate } from "../../kernels/training/index.js";
import type { WasmBackend } from "./compose.js";
import { isFloat } from "./dtypes.js";
import { tensorMemory } from "./tensorMemory.js";

/*
 * Updates of an optimizer, each in one pass over memory. They return new tensors and leave the given ones as they are: whoever
 * holds a clone of the weights, to undo an update for example, keeps the old ones without a copy.
 *
 * They are undefined where they do not apply, on other backends than wasm or before registerTrainingKernels: compose the
 * update of tfjs's operations there.
 */

export type { AdamRule };

export interface MomentumRule {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

/**
 *     g ← gradient + weightDecay · w
 *     v ← momentum · v + g                  (no velocity yet: v = g)
 *     w ← w − learningRate · v              (nesterov: w − learningRate · (g + momentum · v))
 *
 * To the bit what tfjs's operations give one after the other. Without momentum there is no velocity.
 */
export function updateByMomentum(
  weights: tf.Tensor,
  gradient: tf.Tensor,
  velocity: tf.Tensor | undefined,
  rule: MomentumRule,
): { weights: tf.Tensor; velocity?: tf.Tensor } | undefined {
  const inputs = { weights, gradient, ...(velocity && { velocity }) };
  const results = run(momentumKernel, inputs, rule);
  if (!results) return undefined;
  const [updated, newVelocity] = results;
  return { weights: updated!, ...(newVelocity && { velocity: newVelocity }) };
}

/**
 *     g ← gradient + weightDecay · w            (decoupled: g = gradient, and w ← (1 − learningRate · weightDecay) · w)
 *     m ← beta1 · m + (1 − beta1) · g           (no moments yet: m = s = 0)
 *     s ← beta2 · s + (1 − beta2) · g²
 *     w ← w − learningRate · m / (1 − beta1^step) / (√(s / (1 − beta2^step)) + epsilon)
 */
export function updateByAdam(
  weights: tf.Tensor,
  gradient: tf.Tensor,
  moments: { readonly mean: tf.Tensor; readonly square: tf.Tensor } | undefined,
  rule: AdamRule,
): { weights: tf.Tensor; mean: tf.Tensor; square: tf.Tensor } | undefined {
  const inputs = { weights, gradient, ...moments };
  const results = run(adamKernel, inputs, rule);
  if (!results) return undefined;
  const [updated, mean, square] = results;
  return { weights: updated!, mean: mean!, square: square! };
}

/** As a kernel, so that tfjs keeps count of the tensors. */
function run(
  { kernelName }: tf.KernelConfig,
  inputs: tf.NamedTensorMap,
  rule: object,
): tf.Tensor[] | undefined {
  const registered = tf.getKernel(kernelName, tf.getBackend()) !== undefined;
  if (!registered || !isFloat(...Object.values(inputs))) return undefined;
  return tf.engine().runKernel(kernelName, inputs, { ...rule }) as tf.Tensor[];
}

type Inputs = Record<string, tf.TensorInfo>;

export const momentumKernel: tf.KernelConfig = {
  kernelName: "CloserlookMomentumUpdate",
  backendName: "wasm",
  kernelFunc({ inputs, backend, attrs }) {
    const { weights, gradient, velocity } = inputs as Inputs;
    const rule = attrs as unknown as MomentumRule;
    const [length, make] = outputsLike(backend as WasmBackend, weights!);
    const updated = make();
    const newVelocity = rule.momentum > 0 ? make() : undefined;
    const { engine, within } = tensorMemory(backend as WasmBackend);
    const read = [weights!, gradient!, ...(velocity ? [velocity] : [])];
    const written = [updated, ...(newVelocity ? [newVelocity] : [])];
    within(read, written, (address) => {
      const places = {
        length,
        weights: address(weights!),
        gradient: address(gradient!),
        newWeights: address(updated),
      };
      const state = newVelocity && {
        from: velocity ? address(velocity) : 0,
        to: address(newVelocity),
      };
      momentumUpdate(engine, places, state, rule);
    });
    return written;
  },
};

export const adamKernel: tf.KernelConfig = {
  kernelName: "CloserlookAdamUpdate",
  backendName: "wasm",
  kernelFunc({ inputs, backend, attrs }) {
    const { weights, gradient, mean, square } = inputs as Inputs;
    const [length, make] = outputsLike(backend as WasmBackend, weights!);
    const [updated, newMean, newSquare] = [make(), make(), make()];
    const { engine, within } = tensorMemory(backend as WasmBackend);
    const read = [weights!, gradient!, ...(mean && square ? [mean, square] : [])];
    within(read, [updated, newMean, newSquare], (address) => {
      const places = {
        length,
        weights: address(weights!),
        gradient: address(gradient!),
        newWeights: address(updated),
      };
      const moments = {
        mean: { from: mean ? address(mean) : 0, to: address(newMean) },
        square: { from: square ? address(square) : 0, to: address(newSquare) },
      };
      adamUpdate(engine, places, moments, attrs as unknown as AdamRule);
    });
    return [updated, newMean, newSquare];
  },
};

const outputsLike = (
  backend: WasmBackend,
  { shape }: tf.TensorInfo,
): [length: number, make: () => tf.TensorInfo] => [
  tf.util.sizeFromShape(shape),
  () => backend.makeOutput([...shape], "float32"),
];
