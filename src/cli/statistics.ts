import type { OpenArray } from "../node/index.js";

/** What the numbers of an array are like. */
export interface Statistics {
  /** Of the finite numbers; absent if there are none. */
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  /** NaN and infinities. */
  readonly nonFinite: number;
  /** Neurons (last axis) that are the same for every example; absent for arrays without examples and neurons. */
  readonly dead?: number;
}

/** Goes through an array once, in batches, so that its size does not matter. */
export async function statisticsOf(
  array: OpenArray,
  onProgress: (done: number, total: number) => void,
): Promise<Statistics> {
  const { shape } = array;
  const neurons = shape.length > 1 ? shape.at(-1)! : 1;
  const first = new Array<number | bigint>(neurons);
  const varies = new Uint8Array(neurons);
  let [min, max, mean, finite, nonFinite] = [Infinity, -Infinity, 0, 0, 0];
  let rows = 0;
  let seen = 0;
  for await (const { data, shape: batch } of array.batches()) {
    for (let at = 0; at < data.length; at++, seen++) {
      const stored = data[at]!;
      // Large integers differ where their roundings to double are equal.
      const neuron = at % neurons;
      if (seen < neurons) first[neuron] = stored;
      else if (stored !== first[neuron]) varies[neuron] = 1;
      const value = Number(stored);
      if (!Number.isFinite(value)) {
        nonFinite++;
        continue;
      }
      if (value < min) min = value;
      if (value > max) max = value;
      // A sum could overflow.
      mean += (value - mean) / ++finite;
    }
    rows += batch[0] ?? 1;
    onProgress(rows, shape[0] ?? 1);
  }
  const hasNeurons = shape.length > 1 && rows > 1 && neurons > 0;
  return {
    ...(finite > 0 && { min, max, mean }),
    nonFinite,
    ...(hasNeurons && { dead: varies.filter((differs) => differs === 0).length }),
  };
}
