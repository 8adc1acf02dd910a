import type { layers as tfLayers } from "@tensorflow/tfjs-layers";
import type { Random } from "../internal/random.js";
import type { ModelLayer } from "./model.js";

type Seeded = tfLayers.Layer & { seed?: number };

/**
 * Gives dropout layers a new mask for each update from one random sequence. On its own, tf.layers draws unseeded masks,
 * or with a seed the same mask in every update.
 */
export class DropoutSeeds {
  readonly #random: Random;
  readonly #layers: readonly { layer: Seeded; seed: number | undefined }[];

  constructor(layers: readonly ModelLayer[], random: Random) {
    this.#random = random;
    this.#layers = layers.flatMap(({ className, source }) => {
      if (!source || !/^(Spatial)?Dropout(1D)?$/.test(className)) return [];
      const layer: Seeded = source;
      return [{ layer, seed: layer.seed }];
    });
  }

  next(): void {
    for (const { layer } of this.#layers) layer.seed = this.#random.integer(2 ** 32);
  }

  restore(): void {
    // Without a seed the property is there and undefined, as the layer's constructor leaves it.
    for (const { layer, seed } of this.#layers) Object.assign(layer, { seed });
  }
}
