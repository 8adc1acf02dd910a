import type { RealMatrix } from "../internal/matrix.js";
import { type Centred, type CentredOperand, centre, centredOperand } from "./centre.js";
import { discreteFourierTransform } from "./fourier.js";
import type { MapsOperand } from "./linearAlgebra.js";
import type { Maps } from "./matrix.js";

/**
 * The two-dimensional discrete Fourier transform, over height and width, of maps that are centred over the examples,
 * up to a common factor. Real maps have conjugate values at (u, v) and (−u, −v), so that only the frequencies
 * 0 ≤ v ≤ width/2 are stored: `real[u · halfWidth + v]` is an `[examples, channels]` matrix.
 */
export interface Spectrum {
  readonly examples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly real: readonly Float64Array[];
  readonly imaginary: readonly Float64Array[];
  /** Channels that are the same for every example. */
  readonly dead: readonly number[];
  /** Rounding errors of the transform, as the size that a singular value of one frequency can get from them. */
  readonly noise: number;
}

/** One frequency of a grid, in the order of the FFT: 0 ≤ u < height, 0 ≤ v < width. */
export interface Frequency {
  readonly u: number;
  readonly v: number;
  /** 2 where (−u, −v) is another frequency of the grid, with the same correlations; else 1. */
  readonly weight: 1 | 2;
}

const halfOf = (width: number) => Math.floor(width / 2) + 1;

/**
 * Maps as the kernels transform them. The transform is linear, so that centring can come first: it takes large means and
 * patterns that all examples share out of the transform, where they would cost digits, and brings the numbers into a
 * safe range.
 */
export function mapsOperand(maps: Maps): MapsOperand & { readonly dead: readonly number[] } {
  const { examples, height, width, channels } = maps;
  const centred = centredOperand(positionsOf(maps));
  const { means, rests, scale } = centred.shift;
  const sizes = new Float64Array(channels);
  let squares = 0;
  centred.spreads.forEach((spread, at) => {
    sizes[at % channels] = Math.max(sizes[at % channels]!, spread);
    squares += (spread * scale) ** 2;
  });
  const scales = sizes.map((size) => (size > 0 ? 2 ** -Math.floor(Math.log2(size)) : 1));
  return {
    ...{ data: centred.data, examples, height, width, channels, means, rests, scales },
    inverses: scales.map((factor) => scale / factor),
    noise: transformNoise(Math.sqrt(examples * squares), height * width),
    dead: deadChannels(centred, channels),
  };
}

export function spectrumOf(maps: Maps): Spectrum {
  const { examples, height, width, channels } = maps;
  const centred = centreMaps(maps);
  const half = halfOf(width);
  const size = examples * channels;
  const allocate = () => Array.from({ length: height * half }, () => new Float64Array(size));
  const real = allocate();
  const imaginary = allocate();
  const alongWidth = discreteFourierTransform(width);
  const alongHeight = discreteFourierTransform(height);
  const row = new Float64Array(2 * width);
  const rowSpectrum = new Float64Array(2 * width);
  const column = new Float64Array(2 * height);
  const columnSpectrum = new Float64Array(2 * height);
  const rows = new Float64Array(2 * height * half);
  for (let image = 0; image < examples; image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let r = 0; r < height; r++) {
        const at = (image * height + r) * width * channels + channel;
        for (let c = 0; c < width; c++) row[2 * c] = centred.data[at + c * channels]!;
        alongWidth(row, rowSpectrum);
        rows.set(rowSpectrum.subarray(0, 2 * half), 2 * r * half);
      }
      for (let v = 0; v < half; v++) {
        for (let r = 0; r < height; r++) {
          column[2 * r] = rows[2 * (r * half + v)]!;
          column[2 * r + 1] = rows[2 * (r * half + v) + 1]!;
        }
        alongHeight(column, columnSpectrum);
        for (let u = 0; u < height; u++) {
          real[u * half + v]![image * channels + channel] = columnSpectrum[2 * u]!;
          imaginary[u * half + v]![image * channels + channel] = columnSpectrum[2 * u + 1]!;
        }
      }
    }
  }
  return {
    examples,
    height,
    width,
    channels,
    real,
    imaginary,
    dead: deadChannels(centred, channels),
    noise: transformNoise(normOf(centred), height * width),
  };
}

/** Each position of each channel centred over the examples, in place. */
export const centreMaps = (maps: Maps): Centred => centre(positionsOf(maps));

const positionsOf = ({ data, examples, height, width, channels }: Maps): RealMatrix => ({
  data,
  rows: examples,
  columns: height * width * channels,
});

/** Channels that are dead at every position. */
function deadChannels({ dead, columns }: CentredOperand, channels: number): number[] {
  const deadPositions = new Uint32Array(channels);
  for (const column of dead) deadPositions[column % channels]!++;
  return Array.from(deadPositions.keys()).filter(
    (channel) => deadPositions[channel] === columns / channels,
  );
}

/**
 * By Parseval all frequencies together have the norm √positions·‖x‖; each carries a few ε of it as rounding. Without
 * this floor a frequency that is empty in exact arithmetic (maps without structure there) would count as full rank.
 */
function transformNoise(norm: number, positions: number): number {
  return 8 * Number.EPSILON * Math.sqrt(positions) * norm;
}

const normOf = ({ data }: Centred): number =>
  Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));

/** The frequencies of a height × width grid, one of each conjugate pair. */
export function frequencies(height: number, width: number): Frequency[] {
  const list: Frequency[] = [];
  for (let u = 0; u < height; u++) {
    for (let v = 0; v < halfOf(width); v++) {
      const otherU = (height - u) % height;
      const otherV = (width - v) % width;
      const ownColumn = otherV === v;
      if (ownColumn && otherU < u) continue;
      list.push({ u, v, weight: ownColumn && otherU === u ? 1 : 2 });
    }
  }
  return list;
}

/**
 * The signed frequencies of a map of `size` that fall on index `k` of a smaller grid of `wanted` frequencies: the
 * same frequency, and at the Nyquist frequency of an even smaller grid both +wanted/2 and −wanted/2, which that grid
 * cannot tell apart.
 */
function sources(k: number, wanted: number, size: number): number[] {
  const signed = k <= (wanted - 1) / 2 ? k : k - wanted;
  return size > wanted && 2 * k === wanted ? [-signed, signed] : [signed];
}

/** The centred activations of one frequency, in the real form of the complex matrix, with the transform's noise. */
export interface FrequencyActivations {
  readonly centred: Centred;
  readonly noise: number;
  /** Complex, so that each singular value occurs twice. */
  readonly paired: boolean;
}

/**
 * The activations at one frequency of a (possibly smaller) height × width grid. A frequency that is its own conjugate
 * is real: `[examples, channels]`. Any other is A + iB, given as the real [[A, −B], [B, A]].
 */
export function atFrequency(
  spectrum: Spectrum,
  { u, v, weight }: Frequency,
  height: number,
  width: number,
): FrequencyActivations {
  const { examples, channels } = spectrum;
  const real = new Float64Array(examples * channels);
  const imaginary = new Float64Array(examples * channels);
  for (const signedU of sources(u, height, spectrum.height)) {
    for (const signedV of sources(v, width, spectrum.width)) {
      addFrequency(spectrum, signedU, signedV, real, imaginary);
    }
  }
  const a = centre({ data: real, rows: examples, columns: channels });
  if (weight === 1) {
    return { centred: a, noise: spectrum.noise * 2 ** -a.exponent, paired: false };
  }
  const b = centre({ data: imaginary, rows: examples, columns: channels });
  const exponent = Math.max(a.exponent, b.exponent);
  const factorA = 2 ** (a.exponent - exponent);
  const factorB = 2 ** (b.exponent - exponent);
  const data = new Float64Array(4 * examples * channels);
  for (let i = 0; i < examples; i++) {
    for (let j = 0; j < channels; j++) {
      const partA = a.data[i * channels + j]! * factorA;
      const partB = b.data[i * channels + j]! * factorB;
      const top = i * 2 * channels + j;
      const bottom = (examples + i) * 2 * channels + j;
      data[top] = partA;
      data[top + channels] = -partB;
      data[bottom] = partB;
      data[bottom + channels] = partA;
    }
  }
  const deadChannels = a.dead.filter((channel) => b.dead.includes(channel));
  const dead = [...deadChannels, ...deadChannels.map((channel) => channel + channels)];
  return {
    centred: { data, rows: 2 * examples, columns: 2 * channels, exponent, dead },
    noise: spectrum.noise * 2 ** -exponent,
    paired: true,
  };
}

/** Adds F(u, v) of a signed frequency; the stored half holds it or its conjugate. */
function addFrequency(
  { height, width, real, imaginary }: Spectrum,
  u: number,
  v: number,
  intoReal: Float64Array,
  intoImaginary: Float64Array,
): void {
  const half = halfOf(width);
  const wrap = (k: number, size: number) => ((k % size) + size) % size;
  const stored = wrap(v, width) < half;
  const at = stored
    ? wrap(u, height) * half + wrap(v, width)
    : wrap(-u, height) * half + wrap(-v, width);
  const sign = stored ? 1 : -1;
  const re = real[at]!;
  const im = imaginary[at]!;
  for (let i = 0; i < re.length; i++) {
    intoReal[i]! += re[i]!;
    intoImaginary[i]! += sign * im[i]!;
  }
}
