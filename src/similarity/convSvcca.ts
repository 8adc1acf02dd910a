import { checkInteger, checkOneOf } from "../internal/checks.js";
import type { Dense, RealMatrix, ShapedArray } from "../internal/matrix.js";
import { type CanonicalResult, canonicalResult, prepare } from "./canonical.js";
import { compareMaps, type DftCcaResult, mapsMeasure, prepareMaps } from "./dftCca.js";
import { scaleColumns } from "./linearAlgebra.js";
import { type Maps, toMapsPair } from "./matrix.js";
import {
  checkResampling,
  type Examples,
  RESAMPLING_OPTIONS,
  type ResamplingOptions,
} from "./resampling.js";
import { centreMaps } from "./spectrum.js";
import { type SvccaOptions, svccaTruncation } from "./svcca.js";
import { canonicalMeasure, withUncertainty } from "./uncertainty.js";

/** How convolutional maps become data points and neurons. */
export type MapsAs = "dft" | "samples" | "pooled";

export interface ConvSvccaOptions extends SvccaOptions {
  /**
   * - `"dft"`: one SVCCA for each spatial frequency, see {@link dftCca}; any two sizes.
   * - `"samples"`: every position of every example is a data point, channels are neurons; equal sizes only.
   * - `"pooled"`: the mean over all positions; any two sizes.
   *
   * There is no default, since the three answer different questions.
   */
  readonly as: MapsAs;
  /**
   * With `"samples"`: keep every `stride`-th position of each example. The first one moves on with the example, so
   * that every position is used whatever the width.
   * @defaultValue 1
   */
  readonly stride?: number;
}

/**
 * SVCCA of convolutional maps, read in one of three ways.
 *
 * With `"samples"` neighbouring positions are not independent examples: `chance` is then too low. `degenerate`
 * counts positions as examples too. `permutations` and `bootstrap` take images as examples, however they are read.
 * `"pooled"` is the frequency (0, 0) of `"dft"`. `variance` (default 0.99) and `components` as in {@link svcca}.
 *
 * @param x - Maps `[examples, height, width, channels]`.
 * @param y - Maps of the same examples, in the same order; channels may differ, and except for `"samples"` the size.
 * @returns The fields of {@link svcca}; with `"dft"` also those of {@link dftCca}.
 * @throws RangeError or TypeError as {@link dftCca}, and if `as` is missing or the sizes differ with `"samples"`.
 * @example
 * ```ts
 * import { convSvcca } from "closerlook/similarity";
 *
 * const x = { data: Float32Array.from({ length: 8 * 9 }, (_, i) => Math.sin(i * i)), shape: [8, 3, 3, 1] };
 * convSvcca(x, x, { as: "pooled" }).similarity; // 1
 * convSvcca(x, x, { as: "samples" }).keptX; // 1
 * ```
 * @see Raghu et al. 2017, section 4; Gotmare et al. 2019, section 2.2.
 */
export function convSvcca(
  x: ShapedArray,
  y: ShapedArray,
  options: ConvSvccaOptions & ResamplingOptions & { readonly as: "dft" },
): DftCcaResult;
export function convSvcca(
  x: ShapedArray,
  y: ShapedArray,
  options: ConvSvccaOptions & ResamplingOptions,
): CanonicalResult;
export function convSvcca(
  x: ShapedArray,
  y: ShapedArray,
  options: ConvSvccaOptions & ResamplingOptions,
): CanonicalResult | DftCcaResult {
  const as = checkOneOf("convSvcca", "as", options?.as, ["dft", "samples", "pooled"]);
  const truncation = svccaTruncation("convSvcca", options, 0.99, [
    "as",
    "stride",
    ...RESAMPLING_OPTIONS,
  ]);
  const resampling = checkResampling("convSvcca", options);
  const { stride = 1 } = options;
  checkInteger("convSvcca", "stride", stride, { min: 1 });
  if (stride !== 1 && as !== "samples") {
    throw new TypeError(`convSvcca: stride must go with as: "samples", got as: "${as}"`);
  }
  const [a, b] = toMapsPair("convSvcca", x, y);
  if (as === "dft") {
    const [sideX, sideY] = [prepareMaps(a, truncation), prepareMaps(b, truncation)];
    const examples = { count: a.examples };
    const result = compareMaps(sideX, sideY);
    return withUncertainty("convSvcca", result, examples, resampling, mapsMeasure(sideX, sideY));
  }
  if (as === "samples") checkSameSize("convSvcca", a, b);
  const flatten = (maps: Maps) => (as === "pooled" ? pooled(maps) : samples(maps, stride));
  const denseA = flatten(a);
  const denseB = flatten(b);
  if (denseA.rows < 2) {
    throw new RangeError(
      `convSvcca: stride must leave at least 2 positions, got ${stride} and ${denseA.rows} positions`,
    );
  }
  const [sideX, sideY] = [prepare(denseA, truncation), prepare(denseB, truncation)];
  const examples = as === "pooled" ? { count: a.examples } : imagesOf(a, stride);
  const measure = canonicalMeasure(sideX, sideY, examples);
  const result = canonicalResult(sideX, sideY);
  return withUncertainty("convSvcca", result, examples, resampling, measure);
}

function checkSameSize(where: string, x: Maps, y: Maps): void {
  if (x.height === y.height && x.width === y.width) return;
  throw new RangeError(
    `${where}: x and y must have maps of the same size for as: "samples", got ${x.height}×${x.width} and ` +
      `${y.height}×${y.width}. Use as: "dft" or as: "pooled"`,
  );
}

/**
 * Mean over all positions, `[examples, channels]`, centred and up to a common factor. A channel whose means are nothing
 * but rounding (the same values in another order, or normalised in each example) is 0 everywhere: dead.
 */
export function pooled(maps: Maps): Dense {
  const { examples, height, width, channels } = maps;
  const { data } = centreMaps(maps);
  const positions = height * width;
  const means = new Float64Array(examples * channels);
  const sizes = new Float64Array(channels);
  const largest = new Float64Array(channels);
  for (let example = 0, at = 0; example < examples; example++) {
    const row = example * channels;
    for (let position = 0; position < positions; position++) {
      for (let channel = 0; channel < channels; channel++, at++) {
        means[row + channel]! += data[at]! / positions;
        sizes[channel] = Math.max(sizes[channel]!, Math.abs(data[at]!));
      }
    }
    for (let channel = 0; channel < channels; channel++) {
      largest[channel] = Math.max(largest[channel]!, Math.abs(means[row + channel]!));
    }
  }
  const result = { data: means, rows: examples, columns: channels };
  const noise = positions * Number.EPSILON;
  scaleColumns(result, (channel) => (largest[channel]! > noise * sizes[channel]! ? 1 : 0));
  return result;
}

/** Positions as data points, `[examples · positions kept, channels]`. */
export function samples({ data, examples, height, width, channels }: Maps, stride = 1): RealMatrix {
  const positions = height * width;
  if (stride === 1) return { data, rows: examples * positions, columns: channels };
  const rows: (Float64Array | Float32Array)[] = [];
  for (let example = 0; example < examples; example++) {
    for (let position = example % stride; position < positions; position += stride) {
      const at = (example * positions + position) * channels;
      rows.push(data.subarray(at, at + channels));
    }
  }
  const result = new Float64Array(rows.length * channels);
  rows.forEach((row, i) => {
    result.set(row, i * channels);
  });
  return { data: result, rows: rows.length, columns: channels };
}

/**
 * Which rows of {@link samples} are of one image. With a stride, images that begin at the same position have the same
 * positions, and are exchanged with each other only.
 */
export function imagesOf({ examples, height, width }: Maps, stride = 1): Examples {
  const starts = new Uint32Array(examples + 1);
  for (let example = 0; example < examples; example++) {
    const rows = Math.max(0, Math.ceil((height * width - (example % stride)) / stride));
    starts[example + 1] = starts[example]! + rows;
  }
  return {
    count: examples,
    starts,
    ...(stride > 1 && { kinds: Uint32Array.from({ length: examples }, (_, i) => i % stride) }),
  };
}
