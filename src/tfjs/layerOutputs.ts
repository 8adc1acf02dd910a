import * as tf from "@tensorflow/tfjs-core";
import { wrapCall } from "./layerCalls.js";
import type { ModelLayer } from "./model.js";

/** Keeps what layers of a model put out in the forward passes that it is asked to watch. */
export class LayerOutputs {
  readonly #where: string;
  readonly #layers: readonly ModelLayer[];
  readonly #kept = new Map<ModelLayer, tf.Tensor>();
  readonly #undo: readonly (() => void)[];
  #watching = false;

  /** @param layers - Layers of tf.layers, each once. */
  constructor(where: string, layers: readonly ModelLayer[]) {
    this.#where = where;
    this.#layers = layers;
    this.#undo = layers.map((layer) =>
      wrapCall(layer.source!, (run, inputs, kwargs) => {
        const output = run(inputs, kwargs);
        if (this.#watching) this.#keep(layer, output);
        return output;
      }),
    );
  }

  #keep(layer: ModelLayer, output: tf.Tensor | tf.Tensor[]): void {
    const outputs = Array.isArray(output) ? output : [output];
    if (this.#kept.has(layer) || outputs.length !== 1) {
      const fault = this.#kept.has(layer) ? "is used more than once" : "has several outputs";
      throw new RangeError(
        `${this.#where}: layer ${layer.name} ${fault}, so that it has no single output. Choose other layers`,
      );
    }
    this.#kept.set(layer, tf.keep(tf.clone(outputs[0]!)));
  }

  /** From here on outputs are kept. Those of an earlier pass that nobody took are disposed of. */
  watch(): void {
    this.#clear();
    this.#watching = true;
  }

  /** The outputs since `watch`, in the order of the layers; the caller disposes of them. */
  take(): tf.Tensor[] {
    this.#watching = false;
    const outputs = this.#layers.map((layer) => {
      const output = this.#kept.get(layer);
      if (!output) throw new RangeError(`${this.#where}: layer ${layer.name} was not run`);
      return output;
    });
    this.#kept.clear();
    return outputs;
  }

  /** Leaves the layers as they were, and nothing behind. */
  close(): void {
    this.#clear();
    this.#watching = false;
    for (const undo of this.#undo) undo();
  }

  #clear(): void {
    tf.dispose(Array.from(this.#kept.values()));
    this.#kept.clear();
  }
}
