import * as tf from "@tensorflow/tfjs-core";
import {
  checkInteger,
  checkOneOf,
  checkOptions,
  checkSignal,
  rangeError,
} from "../internal/checks.js";
import { EventLoop } from "./eventLoop.js";
import { batchOf, checkInputShape, type Examples, type Inputs, readInputs } from "./examples.js";
import { keepVariables } from "./keepVariables.js";
import { wrapCall } from "./layerCalls.js";
import type { Model } from "./model.js";
import { type OpenModel, openModel } from "./openModel.js";
import type { BatchNormalization } from "./wasmKernels/batchNormalization.js";

/** How the statistics of batches become one (see {@link refreshBatchNorm}). */
export type BatchNormStatistics = "pooled" | "moving";

export interface RefreshBatchNormOptions {
  /** Inputs per forward pass, an integer >= 1. @defaultValue 100 */
  batchSize?: number;
  /** How the statistics of the batches become one. @defaultValue "pooled" */
  statistics?: BatchNormStatistics;
  /** Ends the pass after the batch that is under way. */
  signal?: AbortSignal;
}

/**
 * Recomputes the moving statistics of a model's batch norm for its present weights, by one pass over inputs. A network
 * that has not been trained step by step, such as a point of a curve or of a plane or an average of networks, has weights but no
 * statistics: those of its neighbours, or means of them, are wrong for it.
 *
 *     pooled:   μ = Σ_i b_i μ_i / n,    σ² = Σ_i b_i (σ_i² + μ_i²) / n − μ²
 *     moving:   μ = Σ_i b_i μ_i / n,    σ² = Σ_i b_i σ_i² N_i / (N_i − 1) / n        PyTorch's cumulative averages
 *
 * Batch i has b_i of the n examples, mean μ_i and variance σ_i² of each channel, over N_i numbers. The sums are in double
 * precision. Nothing else of the model changes, and nothing of the earlier statistics is left in the new ones.
 *
 * The pass normalises by the batch as training does, with dropout off. At the first batch norm, `"pooled"` gives the mean and the
 * variance of all inputs, whatever the order and the size of the batches. A batch norm above another one sees what that one has normalised by
 * the batch: there the result depends on the batches, less so for large ones; it is exact with all inputs in one batch.
 * Give inputs as the network is to meet them: un-augmented, in a fixed order.
 *
 * A layer that is not trainable (`freezeLayers`) keeps its statistics and normalises by them, here as in training.
 * Without batch norm there is nothing to do. A model of one's own `{ variables, apply }` has no layers that could be told
 * apart: nothing is done, its statistics are its own business.
 *
 * @param model - A tf.layers model, or `{ variables, apply }`.
 * @param x - Inputs `[examples, …]`.
 * @param options - See {@link RefreshBatchNormOptions}.
 * @throws RangeError or TypeError, as a rejected promise, if model and inputs do not fit together, an input is not finite, an option
 * is out of range, statistics become infinite, or with `"moving"` a channel has a single number in a batch;
 * the signal's reason if it is aborted. The model is then as it was.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { refreshBatchNorm, weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({ layers: [tf.layers.batchNormalization({ inputShape: [1] })] });
 * await refreshBatchNorm(model, { data: Float32Array.of(1, 2, 3, 6), shape: [4, 1] }, { batchSize: 3 });
 * Array.from(weightsOf(model).read()); // [1, 0, 3, 3.5] — scale, offset, mean, variance
 * ```
 * @see Izmailov et al. 2018, section 3.2, for averages; Garipov et al. 2018 for curves.
 */
export async function refreshBatchNorm(
  model: Model,
  x: Inputs,
  options: RefreshBatchNormOptions = {},
): Promise<void> {
  const where = "refreshBatchNorm";
  checkOptions(where, options, ["batchSize", "statistics", "signal"]);
  const { signal, ...rest } = options;
  checkSignal(where, signal);
  const weights = openModel(where, model);
  const refresh = await planRefresh(where, weights, { x, ...rest });
  const restore = keepVariables(weights.variables);
  try {
    await refresh(signal);
    for (const { name, source } of refreshedLayers(weights)) {
      const { movingMean, movingVariance } = source;
      for (const value of [...movingMean.read().dataSync(), ...movingVariance.read().dataSync()]) {
        if (Number.isFinite(value)) continue;
        throw rangeError(where, `the statistics of ${name}`, "finite", value);
      }
    }
  } catch (error) {
    restore();
    throw error;
  }
}

/** Inputs to recompute batch-norm statistics from, and how. */
export interface BatchNormInputs extends Omit<RefreshBatchNormOptions, "signal"> {
  /** Inputs `[examples, …]`, un-augmented. */
  x: Inputs;
}

/** Checks and reads everything once; the result refreshes the statistics, at whatever weights the model then has. */
export async function planRefresh(
  where: string,
  weights: OpenModel,
  { x, batchSize = 100, statistics = "pooled" }: BatchNormInputs,
): Promise<(signal?: AbortSignal) => Promise<void>> {
  checkInteger(where, "batchSize", batchSize, { min: 1 });
  checkOneOf(where, "statistics", statistics, ["pooled", "moving"]);
  const examples = await readInputs(where, "x", x);
  checkInputShape(where, weights, examples);
  return async (signal) => {
    const layers = refreshedLayers(weights);
    if (layers.length === 0) return;
    const moments = layers.map((): Moments[] => []);
    const eventLoop = new EventLoop();
    try {
      for (let from = 0; from < examples.count; from += batchSize) {
        await eventLoop.turn();
        signal?.throwIfAborted();
        const to = Math.min(from + batchSize, examples.count);
        await runBatch(weights, layers, examples, [from, to], moments);
      }
    } finally {
      eventLoop.close();
    }
    for (const [i, { name, source }] of layers.entries()) {
      // A layer that does not take part has no moments.
      if (moments[i]!.length === 0) continue;
      const { mean, variance } = together(where, name, moments[i]!, statistics);
      tf.tidy(() => {
        source.movingMean.write(tf.tensor1d(mean));
        source.movingVariance.write(tf.tensor1d(variance));
      });
    }
  };
}

/** A batch-norm layer whose statistics follow its inputs. */
interface NormLayer {
  readonly name: string;
  readonly source: BatchNormalization;
}

/** The batch-norm layers that a pass in training mode would move the statistics of. */
export const refreshedLayers = ({ layers }: OpenModel): NormLayer[] =>
  layers.flatMap(({ name, className, variables, source }) => {
    if (className !== "BatchNormalization" || !source) return [];
    // One with neither scale nor offset has nothing but its own flag to tell.
    const isTrainable =
      variables.length > 2 ? variables.some(({ trainable }) => trainable) : source.trainable;
    return isTrainable ? [{ name, source: source as BatchNormalization }] : [];
  });

/** Mean and variance of each channel over a batch. */
interface Moments {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
  /** Numbers in each channel. */
  readonly count: number;
}

/** One forward pass, in which each layer normalises by the batch; adds the moments of its inputs. */
async function runBatch(
  weights: OpenModel,
  layers: readonly NormLayer[],
  examples: Examples,
  [from, to]: readonly [number, number],
  moments: readonly Moments[][],
): Promise<void> {
  const kept: { layer: number; mean: tf.Tensor; variance: tf.Tensor; count: number }[] = [];
  const undo = layers.map(({ source }, layer) =>
    wrapCall(source, (run, inputs, kwargs) => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const channels = source.axis < 0 ? source.axis + x.rank : source.axis;
      const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== channels);
      const { mean, variance } = tf.moments(x, others);
      kept.push({
        layer,
        mean: tf.keep(mean),
        variance: tf.keep(variance),
        count: x.size / mean.size,
      });
      // In evaluation mode the layer normalises by what it takes for moving averages, with or without scale and offset.
      source.movingMean.write(mean);
      source.movingVariance.write(variance);
      return run(inputs, { ...kwargs, training: false });
    }),
  );
  try {
    tf.tidy(() => void weights.apply(batchOf(examples, from, to), { training: false }));
  } finally {
    for (const restore of undo) restore();
    // Read also after an error, since whoever made the tensors disposes of them.
    const read = kept.map(async ({ layer, mean, variance, count }) => {
      const [means, variances] = await Promise.all([mean.data(), variance.data()]);
      tf.dispose([mean, variance]);
      moments[layer]!.push({ mean: means, variance: variances, count });
    });
    await Promise.all(read);
  }
}

/** The statistics of all batches, in double precision. */
function together(
  where: string,
  name: string,
  batches: readonly Moments[],
  statistics: BatchNormStatistics,
): { mean: Float32Array; variance: Float32Array } {
  const channels = batches[0]!.mean.length;
  const total = batches.reduce((sum, { count }) => sum + count, 0);
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (const batch of batches) {
    for (let c = 0; c < channels; c++) mean[c]! += (batch.mean[c]! * batch.count) / total;
  }
  for (const batch of batches) {
    const { count } = batch;
    if (statistics === "moving" && count < 2) {
      const hint = 'Choose a batchSize that leaves no single example, or statistics: "pooled"';
      throw rangeError(
        where,
        `the numbers of a channel of ${name} in a batch`,
        ">= 2",
        count,
        hint,
      );
    }
    for (let c = 0; c < channels; c++) {
      const square =
        statistics === "pooled"
          ? // The same as E x² − μ² without its cancellation.
            batch.variance[c]! + (batch.mean[c]! - mean[c]!) ** 2
          : (batch.variance[c]! * count) / (count - 1);
      variance[c]! += (square * count) / total;
    }
  }
  return { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
}
