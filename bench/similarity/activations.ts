import { open } from "node:fs/promises";
import { join } from "node:path";
import { randomInt, randomLcg, randomNormal } from "d3-random";

/** Activations of two random networks on the same examples. */
export interface Activations {
  readonly examples: number;
  /** Shape of one example in every layer: `[neurons]`, or `[height, width, channels]` of maps. */
  readonly layer: readonly number[];
  /** Number of layers of each network. */
  readonly layers: number;
}

/** The `.npy` files (float32) of either network, first layer first. */
export interface Files {
  readonly x: readonly string[];
  readonly y: readonly string[];
}

/** Enough inputs to mix, few enough to write gigabytes in seconds. */
const INPUTS_PER_NEURON = 8;
const LATENTS = 32;
/** Of a position of maps. */
const MAP_LATENTS = 16;
const CLASSES = 10;
const PILOT_EXAMPLES = 100;
const BLOCK_NUMBERS = 2 ** 20;

/** Neuron j is max(0, bias + Σ weight · input) over its own few inputs. */
interface Layer {
  readonly inputs: Uint32Array;
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/**
 * Writes what networks make of structured inputs, the same for the same arguments: examples are classes plus variation
 * along directions whose size falls by a power law, and each layer mixes and rectifies the one before. Unlike plain
 * noise such data have a few strong directions and a long tail, so that 99 % of the variance needs only some of them,
 * and the two networks are related without being equal.
 */
export async function writeActivations(folder: string, activations: Activations): Promise<Files> {
  const { examples, layer, layers } = activations;
  const shape = [examples, ...layer];
  const width = layer.reduce((a, b) => a * b);
  const example = latentExamples(layer);
  const networks = await Promise.all(
    ["x", "y"].map(async (name, i) => {
      const paths = Array.from({ length: layers }, (_, depth) =>
        join(folder, `${name}${depth}.npy`),
      );
      const files = await Promise.all(paths.map((path) => startNpy(path, "<f4", shape)));
      return { layers: randomNetwork(layer, layers, 10 + i), paths, files };
    }),
  );
  const blockRows = Math.max(1, Math.floor(BLOCK_NUMBERS / width));
  for (let from = 0; from < examples; from += blockRows) {
    const inputs = Array.from({ length: Math.min(blockRows, examples - from) }, example);
    for (const { layers, files } of networks) {
      let values = inputs;
      for (const [depth, layer] of layers.entries()) {
        values = values.map((row) => rectify(layer, row));
        // The first layer is in no file.
        await files[depth - 1]?.writeFile(bytesOf(inOne(values, width)));
      }
    }
  }
  await Promise.all(networks.flatMap(({ files }) => files.map((file) => file.close())));
  const [x, y] = networks.map(({ paths }) => paths);
  return { x: x!, y: y! };
}

function inOne(rows: readonly Float64Array[], width: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) result.set(row, i * width);
  return result;
}

/** Writes the centred Gram matrix of such activations (float64) as both `x` and `y`. */
export async function writeGram(folder: string, size: number): Promise<Files> {
  const shape = [size];
  const example = latentExamples(shape);
  const layers = randomNetwork(shape, 1, 10);
  const rows = Array.from({ length: 4 * size }, () =>
    layers.reduce((row, layer) => rectify(layer, row), example()),
  );
  const gram = new Float64Array(size * size);
  const mean = new Float64Array(size);
  for (const row of rows) for (let i = 0; i < size; i++) mean[i]! += row[i]! / rows.length;
  for (const row of rows) {
    for (let i = 0; i < size; i++) row[i]! -= mean[i]!;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) gram[i * size + j]! += row[i]! * row[j]!;
    }
  }
  const path = join(folder, "gram.npy");
  const file = await startNpy(path, "<f8", [size, size]);
  await file.writeFile(bytesOf(gram));
  await file.close();
  return { x: [path], y: [path] };
}

/** Inputs of the networks, one per call. */
function latentExamples(layer: readonly number[]): () => Float64Array {
  const normal = randomNormal.source(randomLcg(1))(0, 1);
  const positions = layer.slice(0, -1).reduce((a, b) => a * b, 1);
  const latents = layer.length > 1 ? MAP_LATENTS : LATENTS;
  const scale = Float64Array.from({ length: latents }, (_, i) => 1 / (1 + i));
  const classes = Array.from({ length: CLASSES }, () =>
    Float64Array.from({ length: latents * positions }, normal),
  );
  let made = 0;
  return () => {
    const centre = classes[made++ % CLASSES]!;
    return centre.map((value, i) => scale[i % latents]! * (value + normal()));
  };
}

/** A first layer that no file holds, then `layers` more, all of shape `layer`. */
function randomNetwork(layer: readonly number[], layers: number, seed: number): Layer[] {
  const maps = layer.length > 1;
  const channels = layer.at(-1)!;
  let pilot = Array.from({ length: PILOT_EXAMPLES }, latentExamples(layer));
  return Array.from({ length: layers + 1 }, (_, depth) => {
    const source = randomLcg(seed + depth / 128);
    const channelsBefore = depth > 0 ? channels : maps ? MAP_LATENTS : LATENTS;
    const kernel = randomLayer(channels, channelsBefore * (maps ? 9 : 1), source);
    const made = maps ? convolution(kernel, layer, channelsBefore) : kernel;
    normalise(made, pilot, channels);
    pilot = pilot.map((row) => rectify(made, row));
    return made;
  });
}

/** Batch normalisation on the pilot examples, folded into the weights: keeps neurons of deep layers alive. */
function normalise(layer: Layer, pilot: readonly Float64Array[], channels: number): void {
  const { weights, biases } = layer;
  const count = (pilot.length * biases.length) / channels;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (const row of pilot) {
    for (let j = 0; j < biases.length; j++) {
      const sum = weightedSum(layer, j, row);
      sums[j % channels]! += sum;
      squares[j % channels]! += sum * sum;
    }
  }
  for (let j = 0; j < biases.length; j++) {
    const mean = sums[j % channels]! / count;
    const deviation = Math.sqrt(squares[j % channels]! / count - mean ** 2);
    biases[j]! -= mean / deviation;
    for (let i = 0; i < INPUTS_PER_NEURON; i++) weights[j * INPUTS_PER_NEURON + i]! /= deviation;
  }
}

function randomLayer(neurons: number, inputsBefore: number, source: () => number): Layer {
  const normal = randomNormal.source(source);
  const size = neurons * INPUTS_PER_NEURON;
  return {
    inputs: Uint32Array.from({ length: size }, randomInt.source(source)(0, inputsBefore)),
    weights: Float64Array.from({ length: size }, normal(0, 1)),
    biases: Float64Array.from({ length: neurons }, normal(0.5, 1)),
  };
}

/** The 3 × 3 convolution of a kernel (whose inputs are offset · channels + channel), wrapped at the border. */
function convolution(kernel: Layer, layer: readonly number[], channelsBefore: number): Layer {
  const [height, width, channels] = layer as [number, number, number];
  const positions = height * width;
  const size = kernel.inputs.length;
  const inputs = new Uint32Array(positions * size);
  const weights = new Float64Array(positions * size);
  const biases = new Float64Array(positions * channels);
  for (let position = 0; position < positions; position++) {
    const row = Math.floor(position / width) + height - 1;
    const column = (position % width) + width - 1;
    kernel.inputs.forEach((input, i) => {
      const offset = Math.floor(input / channelsBefore);
      const r = (row + Math.floor(offset / 3)) % height;
      const c = (column + (offset % 3)) % width;
      inputs[position * size + i] = (r * width + c) * channelsBefore + (input % channelsBefore);
    });
    weights.set(kernel.weights, position * size);
    biases.set(kernel.biases, position * channels);
  }
  return { inputs, weights, biases };
}

function weightedSum({ inputs, weights }: Layer, neuron: number, row: Float64Array): number {
  let sum = 0;
  for (let i = 0, at = neuron * INPUTS_PER_NEURON; i < INPUTS_PER_NEURON; i++, at++) {
    sum += weights[at]! * row[inputs[at]!]!;
  }
  return sum;
}

function rectify(layer: Layer, row: Float64Array): Float64Array {
  const result = new Float64Array(layer.biases.length);
  for (let j = 0; j < result.length; j++) {
    result[j] = Math.max(0, layer.biases[j]! + weightedSum(layer, j, row));
  }
  return result;
}

const bytesOf = ({ buffer }: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>) =>
  new Uint8Array(buffer);

/** A `.npy` file whose header is written; the numbers are appended block by block, whatever their count. */
async function startNpy(path: string, dtype: "<f4" | "<f8", shape: readonly number[]) {
  const file = await open(path, "w");
  const fields = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  // Magic, version and length take 10 bytes; all of it together a multiple of 64.
  const length = Math.ceil((10 + fields.length + 1) / 64) * 64 - 10;
  const header = Buffer.from(`\x93NUMPY\x01\x00..${fields.padEnd(length - 1)}\n`, "latin1");
  header.writeUInt16LE(length, 8);
  await file.writeFile(header);
  return file;
}
