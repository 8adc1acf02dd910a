import type { ShapedArray } from "../internal/matrix.js";
import { remainingCorrelation } from "./bootstrap.js";
import { bothMethods, type CanonicalResult, clip, mean, overlap } from "./canonical.js";
import { type Chance, chanceLevel } from "./chance.js";
import { linearAlgebra, type MapsOperand } from "./linearAlgebra.js";
import { type Maps, toMapsPair } from "./matrix.js";
import { shuffledCorrelation } from "./permutations.js";
import { type Reduced, reduce, type Truncation } from "./reduce.js";
import { checkResampling, RESAMPLING_OPTIONS, type ResamplingOptions } from "./resampling.js";
import {
  atFrequency,
  type Frequency,
  frequencies,
  mapsOperand,
  type Spectrum,
  spectrumOf,
} from "./spectrum.js";
import { type SvccaOptions, svccaTruncation } from "./svcca.js";
import { type ResampledMeasure, withUncertainty } from "./uncertainty.js";

export interface DftCcaOptions extends SvccaOptions {
  /**
   * Fraction of the variance that each side keeps at each frequency, in (0, 1]; 1 is CCA, 0.99 the SVCCA of the paper.
   * @defaultValue 1
   */
  readonly variance?: number;
}

/** The comparison at one frequency. */
export interface FrequencyCorrelations
  extends Frequency,
    Pick<
      CanonicalResult,
      | "similarity"
      | "correlations"
      | "keptX"
      | "keptY"
      | "rankX"
      | "rankY"
      | "varianceX"
      | "varianceY"
      | "method"
    > {}

/**
 * The fields of {@link CanonicalResult} over all frequencies together: `correlations` holds every correlation of the
 * height × width frequencies (those of a conjugate pair twice), kept and ranks are sums, and `similarity` is the mean
 * over frequencies of each one's mean correlation, which differs from the mean of `correlations` where the number of
 * kept directions varies between frequencies. `degenerate` says that it holds for some frequency.
 */
export interface DftCcaResult extends CanonicalResult {
  /** One of each conjugate pair of frequencies; the weights sum to height × width. */
  readonly frequencies: readonly FrequencyCorrelations[];
}

/**
 * CCA of convolutional maps in the Fourier domain: one (complex) CCA of the channels for each spatial frequency.
 *
 *     F(u, v) = Σ_{r,c} x(r, c) exp(−2πi (ur/height + vc/width)),     an [examples, channels] matrix
 *     similarity = 1/(height·width) Σ_{u,v} mean(ρ(u, v))
 *
 * Far cheaper than CCA of flattened maps, and equal to it for data that are closed under cyclic shifts. Real maps
 * have ρ(u, v) = ρ(−u, −v), so that one of each pair is computed and counts through its `weight`. Any height and
 * width. **Unequal sizes**: along each axis only the frequencies of the smaller map are compared; where its size is
 * even, the larger map's frequencies at ± its Nyquist frequency are added up, since the smaller map cannot tell them
 * apart. A 1 × 1 map is compared with the mean of the other. Maps without variance give similarity 0.
 *
 * @param x - Maps `[examples, height, width, channels]`.
 * @param y - Maps of the same examples, in the same order; height, width and channels may differ.
 * @throws RangeError if the numbers of examples differ, there are fewer than 2, or a value is not finite; TypeError if
 * an argument is not an array with a shape.
 * @example
 * ```ts
 * import { dftCca } from "closerlook/similarity";
 *
 * const x = { data: Float32Array.from({ length: 8 * 9 }, (_, i) => Math.sin(i * i)), shape: [8, 3, 3, 1] };
 * dftCca(x, x).similarity; // 1
 * dftCca(x, x).frequencies.length; // 5 — of the 9 frequencies, 4 pairs are conjugates
 * ```
 * @see Raghu et al. 2017, section 4 and appendix; Gotmare et al. 2019, section 2.2.
 */
export function dftCca(
  x: ShapedArray,
  y: ShapedArray,
  options: DftCcaOptions & ResamplingOptions = {},
): DftCcaResult {
  const truncation = svccaTruncation("dftCca", options, 1, RESAMPLING_OPTIONS);
  const resampling = checkResampling("dftCca", options);
  const [a, b] = toMapsPair("dftCca", x, y);
  const [sideX, sideY] = [prepareMaps(a, truncation), prepareMaps(b, truncation)];
  const result = compareMaps(sideX, sideY);
  const examples = { count: a.examples };
  const measure = mapsMeasure(sideX, sideY);
  return withUncertainty("dftCca", result, examples, resampling, measure);
}

/** The activations at one frequency, reduced to the directions that take part. */
interface PreparedFrequency {
  readonly reduced: Reduced;
  /** In the real form of a complex matrix, where everything occurs twice. */
  readonly paired: boolean;
}

/** Maps in the Fourier domain; the reduced frequencies for each size of grid are computed when first asked for. */
export interface PreparedMaps
  extends Pick<MapsOperand, "examples" | "height" | "width" | "channels"> {
  readonly operand: MapsOperand;
  /** Channels that are the same for every example. */
  readonly dead: readonly number[];
  readonly truncation: Truncation;
  frequency(frequency: Frequency, height: number, width: number): PreparedFrequency;
}

export function prepareMaps(maps: Maps, truncation: Truncation): PreparedMaps {
  const { examples, height, width, channels } = maps;
  const operand = mapsOperand(maps);
  let spectrum: Spectrum | undefined;
  const known = new Map<string, PreparedFrequency>();
  return {
    ...{ examples, height, width, channels, operand, dead: operand.dead },
    truncation,
    frequency(frequency, height, width) {
      const key = `${frequency.u} ${frequency.v} of ${height} ${width}`;
      let prepared = known.get(key);
      if (!prepared) {
        spectrum ??= spectrumOf(maps);
        const { centred, noise, paired } = atFrequency(spectrum, frequency, height, width);
        prepared = { reduced: reduce(centred, truncation, { noise, paired }), paired };
        known.set(key, prepared);
      }
      return prepared;
    },
  };
}

export function compareMaps(x: PreparedMaps, y: PreparedMaps): DftCcaResult {
  const { examples } = x;
  const height = Math.min(x.height, y.height);
  const width = Math.min(x.width, y.width);
  const all = frequencies(height, width);
  const quick = wellConditioned(x, y, all);
  const compared = all.map(
    (frequency, i) =>
      quick[i] ??
      compareFrequency(
        frequency,
        x.frequency(frequency, height, width),
        y.frequency(frequency, height, width),
      ),
  );
  return { ...overFrequencies(compared, examples), deadX: x.dead, deadY: y.dead };
}

/** What all frequencies say together. */
export function overFrequencies(
  compared: readonly FrequencyCorrelations[],
  examples: number,
): Omit<DftCcaResult, "deadX" | "deadY"> {
  const sum = (value: (one: FrequencyCorrelations) => number) =>
    compared.reduce((total, one) => total + one.weight * value(one), 0);
  const positions = sum(() => 1);
  const average = (value: (one: FrequencyCorrelations) => number) => sum(value) / positions;
  const chances = new Map<FrequencyCorrelations, Chance>(
    compared.map((one) => {
      const field = one.weight === 1 ? "real" : "complex";
      return [one, chanceLevel(examples, one.keptX, one.keptY, field)];
    }),
  );
  const correlations = Float64Array.from(
    compared.flatMap((one) =>
      Array(one.weight)
        .fill([...one.correlations])
        .flat(),
    ),
  );
  return {
    similarity: clip(average((one) => one.similarity)),
    correlations: correlations.sort().reverse(),
    keptX: sum((one) => one.keptX),
    keptY: sum((one) => one.keptY),
    rankX: sum((one) => one.rankX),
    rankY: sum((one) => one.rankY),
    varianceX: average((one) => one.varianceX),
    varianceY: average((one) => one.varianceY),
    chance: average((one) => chances.get(one)!.mean),
    chanceSquared: average((one) => chances.get(one)!.meanSquare),
    degenerate: compared.some((one) => one.keptX + one.keptY > examples - 1),
    method: compared.some(({ method }) => method === "qr") ? "qr" : "gram",
    frequencies: compared,
  };
}

/** The mean over frequencies of shuffled and of remaining images, which take all their frequencies along. */
export function mapsMeasure(x: PreparedMaps, y: PreparedMaps): ResampledMeasure {
  const height = Math.min(x.height, y.height);
  const width = Math.min(x.width, y.width);
  const examples = { count: x.examples };
  const pairs = () =>
    frequencies(height, width).map((frequency) => ({
      x: x.frequency(frequency, height, width).reduced,
      y: y.frequency(frequency, height, width).reduced,
      weight: frequency.weight / (height * width),
    }));
  return {
    shuffled: () =>
      shuffledCorrelation(
        pairs().map((pair) => ({ ...pair, x: pair.x.basis, y: pair.y.basis })),
        examples,
      ),
    remaining: () => remainingCorrelation(pairs(), examples),
  };
}

/** Maps of one size, where both sides are conditioned well, need no bases of their frequencies. */
function wellConditioned(
  x: PreparedMaps,
  y: PreparedMaps,
  all: readonly Frequency[],
): (FrequencyCorrelations | undefined)[] {
  if (x.height !== y.height || x.width !== y.width) return [];
  const { variance = 1, components = 0 } = x.truncation;
  const found = linearAlgebra.frequencyCca(x.operand, y.operand, all, { variance, components });
  return found.map((one, i) => {
    if (!one) return undefined;
    const correlations = one.correlations.map(clip);
    const ranks = { rankX: x.channels, rankY: y.channels, method: "gram" as const };
    return { ...all[i]!, ...one, ...ranks, similarity: mean(correlations), correlations };
  });
}

function compareFrequency(
  frequency: Frequency,
  x: PreparedFrequency,
  y: PreparedFrequency,
): FrequencyCorrelations {
  const all = linearAlgebra.singularValues(overlap(x.reduced, y.reduced, 0)).map(clip);
  // The real form has every correlation twice.
  const times = x.paired ? 2 : 1;
  const correlations = all.filter((_, i) => i % times === 0);
  return {
    ...frequency,
    similarity: mean(correlations),
    correlations,
    keptX: x.reduced.kept / times,
    keptY: y.reduced.kept / times,
    rankX: x.reduced.rank / times,
    rankY: y.reduced.rank / times,
    varianceX: x.reduced.variance,
    varianceY: y.reduced.variance,
    method: bothMethods(x.reduced, y.reduced),
  };
}
