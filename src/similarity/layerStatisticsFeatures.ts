import type { NumericArray } from "../internal/matrix.js";
import type { MapsAs } from "./convSvcca.js";
import { type FrequencyGrid, type LaidOutLayer, mapSize } from "./layerStatisticsLayout.js";

/** What is kept of a layer of maps that are pooled or transformed, beside the moments of its feature matrices. */
export interface MapsReference {
  /** The first example: all others are counted from it, so that patterns which all share cost no digits. */
  readonly first: Float64Array;
  /** Largest difference from it in each channel, halved. */
  readonly sizes: Float64Array;
  /** Norm of all differences from it, halved. */
  norm: number;
}

/** Whether the features of a layer are counted from its first example. */
export const hasReference = ({ shape }: { shape: readonly number[] }, as: MapsAs | undefined) =>
  as === "dft" || (as === "pooled" && shape.length === 3);

export const emptyReference = (
  { shape }: { shape: readonly number[] },
  first: ArrayLike<number>,
): MapsReference => ({
  first: Float64Array.from(first),
  sizes: new Float64Array(shape.at(-1)!),
  norm: 0,
});

/** Writes rows of features into the blocks of a layer, one block for each of its feature matrices. */
export type FeatureReader = (
  data: NumericArray,
  firstRow: number,
  rows: number,
  blocks: readonly Float64Array[],
  at: number,
) => void;

/**
 * The features of a layer: its values; the mean over positions; or the Fourier transform, each frequency of each grid
 * by itself, as [real, imaginary] parts or, where it is its own conjugate, as real parts. Halved, so that a difference
 * of two doubles cannot overflow; transforms are divided by the number of positions.
 */
export function featureReader(
  layer: LaidOutLayer,
  as: MapsAs | undefined,
  reference: MapsReference | undefined,
): FeatureReader {
  if (!reference) {
    const columns = layer.shape.at(-1)!;
    return (data, firstRow, rows, [block], at) => {
      block!.set(data.subarray(firstRow * columns, (firstRow + rows) * columns), at * columns);
    };
  }
  const size = reference.first.length;
  const difference = new Float64Array(size);
  const write = as === "pooled" ? poolInto(layer) : transformInto(layer);
  return (data, firstRow, rows, blocks, at) => {
    for (let i = 0; i < rows; i++) {
      const from = (firstRow + i) * size;
      for (let k = 0; k < size; k++) {
        difference[k] = 0.5 * data[from + k]! - 0.5 * reference.first[k]!;
      }
      extendReference(reference, difference);
      write(difference, blocks, at + i);
    }
  };
}

function extendReference(reference: MapsReference, difference: Float64Array): void {
  const { sizes } = reference;
  let largest = 0;
  for (let k = 0; k < difference.length; ) {
    for (let channel = 0; channel < sizes.length; channel++, k++) {
      const size = Math.abs(difference[k]!);
      if (size > sizes[channel]!) sizes[channel] = size;
      if (size > largest) largest = size;
    }
  }
  if (largest === 0) return;
  let square = 0;
  for (const value of difference) square += (value / largest) ** 2;
  const norm = Math.hypot(reference.norm, largest * Math.sqrt(square));
  reference.norm = Math.min(Number.MAX_VALUE, norm);
}

type WriteExample = (example: Float64Array, blocks: readonly Float64Array[], row: number) => void;

function poolInto({ shape }: LaidOutLayer): WriteExample {
  const { height, width, channels } = mapSize(shape);
  const positions = height * width;
  return (example, [block], row) => {
    const at = row * channels;
    block!.fill(0, at, at + channels);
    for (let k = 0; k < example.length; ) {
      for (let j = 0; j < channels; j++, k++) block![at + j]! += example[k]! / positions;
    }
  };
}

function transformInto(layer: LaidOutLayer): WriteExample {
  const transforms = layer.grids.map((grid) => ({
    transform: transformOnto(layer, grid),
    first: grid.firstFeature - layer.firstFeature,
  }));
  return (example, blocks, row) => {
    for (const { transform, first } of transforms) transform(example, blocks, first, row);
  };
}

/** Sums over positions, since grids need only some frequencies; the axes one after the other. */
function transformOnto(
  { shape }: LaidOutLayer,
  { height: gridHeight, width: gridWidth, frequencies }: FrequencyGrid,
) {
  const { height, width, channels } = mapSize(shape);
  const half = Math.floor(gridWidth / 2) + 1;
  const alongWidth = waves(gridWidth, width);
  const alongHeight = waves(gridHeight, height);
  const rowsReal = new Float64Array(height * half * channels);
  const rowsImaginary = new Float64Array(height * half * channels);
  const real = new Float64Array(channels);
  const imaginary = new Float64Array(channels);
  return (
    example: Float64Array,
    blocks: readonly Float64Array[],
    firstBlock: number,
    row: number,
  ) => {
    rowsReal.fill(0);
    rowsImaginary.fill(0);
    for (let r = 0; r < height; r++) {
      for (let v = 0; v < half; v++) {
        const into = (r * half + v) * channels;
        for (let c = 0; c < width; c++) {
          const cosine = alongWidth.cosine[v * width + c]!;
          const sine = alongWidth.sine[v * width + c]!;
          const from = (r * width + c) * channels;
          for (let j = 0; j < channels; j++) {
            rowsReal[into + j]! += cosine * example[from + j]!;
            rowsImaginary[into + j]! -= sine * example[from + j]!;
          }
        }
      }
    }
    frequencies.forEach(({ u, v, weight }, k) => {
      real.fill(0);
      imaginary.fill(0);
      for (let r = 0; r < height; r++) {
        const cosine = alongHeight.cosine[u * height + r]!;
        const sine = alongHeight.sine[u * height + r]!;
        const from = (r * half + v) * channels;
        for (let j = 0; j < channels; j++) {
          real[j]! += cosine * rowsReal[from + j]! + sine * rowsImaginary[from + j]!;
          imaginary[j]! += cosine * rowsImaginary[from + j]! - sine * rowsReal[from + j]!;
        }
      }
      const block = blocks[firstBlock + k]!;
      block.set(real, row * weight * channels);
      if (weight === 2) block.set(imaginary, (row * weight + 1) * channels);
    });
  };
}

/**
 * exp(2πi f r/size)/size for each frequency f of a grid of `wanted` frequencies and each position r. What the smaller
 * grid cannot tell apart, ± its Nyquist frequency, is averaged.
 */
function waves(wanted: number, size: number) {
  const cosine = new Float64Array(wanted * size);
  const sine = new Float64Array(wanted * size);
  for (let k = 0; k < wanted; k++) {
    const signed = 2 * k < wanted ? k : k - wanted;
    const folded = size > wanted && 2 * k === wanted;
    for (let r = 0; r < size; r++) {
      const angle = (2 * Math.PI * ((signed * r) % size)) / size;
      cosine[k * size + r] = Math.cos(angle) / size;
      sine[k * size + r] = folded ? 0 : Math.sin(angle) / size;
    }
  }
  return { cosine, sine };
}
