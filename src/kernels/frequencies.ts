import type { Arena } from "./arena.js";
import type { FrequencyCca, MapsOperand, SpatialFrequency } from "./linearAlgebra.js";
import type { Processor } from "./processor.js";

/** Numbers of images that are copied in at a time. */
const MAX_CHUNK = 2 ** 22;
/** Bytes that the transforms of a group of frequencies may take. */
const MAX_PLANES = 2 ** 28;

/** Canonical correlations of maps in the Fourier domain by the kernels. */
export function frequenciesOf(processor: Processor, arena: Arena) {
  const { jobs } = processor;

  /** See {@link LinearAlgebra.frequencyCca}. */
  function frequencyCca(
    x: MapsOperand,
    y: MapsOperand,
    frequencies: readonly SpatialFrequency[],
    { variance, components }: { readonly variance: number; readonly components: number },
  ): (FrequencyCca | undefined)[] {
    const n = x.examples;
    const [p, q] = [x.channels, y.channels];
    if (n <= Math.max(p, q)) return frequencies.map(() => undefined);
    const group = Math.max(1, Math.floor(MAX_PLANES / (16 * n * (p + q))));
    const count = jobs.frequencyCcaResults!(p, q);
    const scratchBytes = jobs.frequencyCcaScratchBytes!(p, q) >>> 0;
    const results: (FrequencyCca | undefined)[] = [];
    for (let first = 0; first < frequencies.length; first += group) {
      arena.within(() => {
        const wanted = frequencies.slice(first, first + group);
        const planesX = transform(x, wanted);
        const planesY = transform(y, wanted);
        const into = arena.doubles(count * wanted.length);
        processor.run(
          "frequencyCca",
          [planesX, p, x.noise, planesY, q, y.noise, n, variance, components, into],
          wanted.length,
          arena.bytes(scratchBytes * Math.min(processor.threads, wanted.length)),
          scratchBytes,
        );
        for (let i = 0; i < wanted.length; i++) {
          results.push(resultOf(arena.take(into + 8 * count * i, count)));
        }
      });
    }
    return results;
  }

  /** Address of the planes of the frequencies: for each [examples][channels] real, then as many imaginary parts. */
  function transform(
    { data, examples, height, width, channels, means, rests, scales, inverses }: MapsOperand,
    frequencies: readonly SpatialFrequency[],
  ): number {
    const size = height * width * channels;
    const bytes = data.BYTES_PER_ELEMENT;
    const planes = arena.doubles(2 * examples * channels * frequencies.length);
    arena.within(() => {
      const offsets = arena.doubles(2 * size);
      arena.view(offsets, size).set(means);
      arena.view(offsets + 8 * size, size).set(rests);
      const factors = arena.doubles(2 * channels);
      arena.view(factors, channels).set(scales);
      arena.view(factors + 8 * channels, channels).set(inverses);
      const waves = arena.put(Float64Array.from([...wavesOf(width), ...wavesOf(height)]));
      const list = arena.bytes(8 * frequencies.length);
      const pairs = frequencies.flatMap(({ u, v }) => [u, v]);
      new Int32Array(processor.memory.buffer, list, pairs.length).set(pairs);
      const chunk = Math.min(examples, Math.max(1, Math.floor(MAX_CHUNK / size)));
      const raw = arena.bytes(chunk * size * bytes);
      const scratchBytes = jobs.transformScratchBytes!(height, width, channels);
      const scratch = arena.bytes(scratchBytes * processor.threads);
      for (let first = 0; first < examples; first += chunk) {
        const images = Math.min(chunk, examples - first);
        const part = data.subarray(first * size, (first + images) * size);
        (bytes === 4 ? arena.floatView(raw, part.length) : arena.view(raw, part.length)).set(part);
        processor.run(
          "transformImage",
          [
            ...[raw, bytes, first, examples, height, width, channels],
            ...[offsets, factors, waves, list, frequencies.length, planes],
          ],
          images,
          scratch,
          scratchBytes,
        );
      }
    });
    return planes;
  }

  return { frequencyCca };
}

/** A status, what was kept, and the correlations. */
function resultOf(numbers: Float64Array): FrequencyCca | undefined {
  const [status, keptX, keptY, varianceX, varianceY] = numbers as unknown as number[];
  if (status !== 0) return undefined;
  const correlations = numbers.slice(5, 5 + Math.min(keptX!, keptY!));
  return {
    keptX: keptX!,
    keptY: keptY!,
    varianceX: varianceX!,
    varianceY: varianceY!,
    correlations,
  };
}

/** cos, then sin, of 2πk/length. */
function wavesOf(length: number): number[] {
  const angles = Array.from({ length }, (_, k) => (2 * Math.PI * k) / length);
  return [...angles.map(Math.cos), ...angles.map(Math.sin)];
}
