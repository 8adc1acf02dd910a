import * as tf from "@tensorflow/tfjs-core";
import { checkInteger, checkOptions, rangeError, typeError } from "../internal/checks.js";
import { batchOf, checkInputShape, type Inputs, readInputs } from "./examples.js";
import { type LayerMatch, matchLayers } from "./layerMatch.js";
import { LayerOutputs } from "./layerOutputs.js";
import type { Model, ModelLayer } from "./model.js";
import { openModel } from "./openModel.js";

export interface CaptureOptions {
  /** Layers whose outputs are wanted. @defaultValue every layer that has weights */
  layers?: LayerMatch;
  /** Examples per forward pass; it does not change the result. @defaultValue 500 */
  batchSize?: number;
}

/** A layer's outputs for all examples, row-major, `[examples, …]`. */
export interface Activations {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * Outputs of a model's layers for given inputs, in evaluation mode (dropout off, batch norm by its moving statistics).
 *
 * An output is what the layer hands on, so it includes the layer's own `activation`: `conv2d({ activation: "relu" })`
 * gives maps after the ReLU. In a model that has batch norm and ReLU as layers of their own, ask for the ReLU layers to get
 * what the paper compares: `layers: ["relu1", "relu2", "fc1", "fc2", "logits"]`, say, or `/^relu|^fc/`. The last layer
 * gives the logits. The results go as they are into the similarity functions (maps into `convSvcca` and `dftCca`).
 *
 * Inputs are run in batches, and outputs are copied to the host batch by batch, so that the device holds one batch of the
 * chosen layers; no tensor is left behind. Layers of nested models can be chosen (`nested/layer`).
 *
 * @param model - A tf.layers model.
 * @param x - Inputs `[examples, …]`.
 * @param options - See {@link CaptureOptions}.
 * @returns Outputs by layer name, in the model's order.
 * @throws TypeError if the model is not of tf.layers; RangeError if no layer matches, the inputs do not fit, or a chosen
 * layer is used more than once in a forward pass, or has several outputs, since there is no single output then. All as a
 * rejected promise.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { captureActivations, weightsOf } from "closerlook/tfjs";
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 1, inputShape: [1], activation: "relu", name: "fc1" }),
 *     tf.layers.dense({ units: 2, name: "logits" }),
 *   ],
 * });
 * weightsOf(model).write([1, 0, -1, 1, 0, 0]);
 * const x = { data: Float32Array.of(-3, 2), shape: [2, 1] };
 * const { fc1, logits } = await captureActivations(model, x);
 * Array.from(fc1.data); // [0, 2]
 * logits.shape; // [2, 2]
 * ```
 */
export async function captureActivations(
  model: Model,
  x: Inputs,
  options: CaptureOptions = {},
): Promise<Record<string, Activations>> {
  const where = "captureActivations";
  checkOptions(where, options, ["layers", "batchSize"]);
  const { layers = ({ variables }: ModelLayer) => variables.length > 0, batchSize = 500 } = options;
  checkInteger(where, "batchSize", batchSize, { min: 1 });
  const weights = openModel(where, model);
  if (weights.layers.some((layer) => !layer.source)) {
    throw typeError(where, "model", "a tf.layers model, whose layers can be told apart", model);
  }
  const chosen = matchLayers(where, "layers", weights.layers, layers);
  const examples = await readInputs(where, "x", x);
  checkInputShape(where, weights, examples);

  const results = new Map<string, { data: Float32Array; shape: number[] }>();
  const layerOutputs = new LayerOutputs(where, chosen);
  try {
    for (let from = 0; from < examples.count; from += batchSize) {
      const to = Math.min(from + batchSize, examples.count);
      layerOutputs.watch();
      tf.tidy(() => void weights.apply(batchOf(examples, from, to), { training: false }));
      const outputs = layerOutputs.take();
      try {
        for (const [i, output] of outputs.entries()) {
          const { name } = chosen[i]!;
          const [rows, ...shape] = output.shape as [number, ...number[]];
          if (rows !== to - from) {
            const must = `one row for each of ${to - from} examples`;
            throw rangeError(where, `the output of layer ${name}`, must, output.shape);
          }
          const size = output.size / rows;
          const result = results.get(name) ?? {
            data: new Float32Array(examples.count * size),
            shape: [examples.count, ...shape],
          };
          results.set(name, result);
          result.data.set(await output.data(), from * size);
        }
      } finally {
        tf.dispose(outputs);
      }
    }
  } finally {
    layerOutputs.close();
  }
  return Object.fromEntries(results);
}
