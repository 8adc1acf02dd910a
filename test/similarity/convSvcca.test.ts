import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { permutation, Random } from "../../src/internal/random.js";
import {
  type ConvSvccaOptions,
  cca,
  convSvcca,
  dftCca,
  svcca,
} from "../../src/similarity/index.js";
import { testSoundOnMaps } from "./canonicalProperties.js";
import { gaussian, gaussianMaps, type MapsArray, reordered } from "./data.js";

const positionsAsRows = ({ data, shape: [n, h, w, c] }: MapsArray) => ({
  data,
  shape: [n * h * w, c],
});

function pooledRows({ data, shape: [n, h, w, c] }: MapsArray): number[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: c }, (_, j) => {
      let total = 0;
      for (let p = 0; p < h * w; p++) total += data[(i * h * w + p) * c + j]!;
      return total / (h * w);
    }),
  );
}

const modes: ConvSvccaOptions[] = [{ as: "dft" }, { as: "samples" }, { as: "pooled" }];

describe("convSvcca", () => {
  test("a worked example: positions agree one by one, means do not", () => {
    // Per example the positions (a, b); y has the same numbers in the other order.
    const x = { data: Float64Array.of(3, 1, -1, -1, 0, -2), shape: [3, 1, 2, 1] };
    const y = { data: Float64Array.of(1, 3, -1, -1, -2, 0), shape: [3, 1, 2, 1] };
    // Means 2, −1, −1 on both sides.
    expect(convSvcca(x, y, { as: "pooled" }).similarity).toBeCloseTo(1, 15);
    // Over the six positions: Σxy = 3 + 3 + 1 + 1 + 0 + 0 = 8, Σx² = 16.
    expect(convSvcca(x, y, { as: "samples" }).similarity).toBeCloseTo(8 / 16, 15);
    // Sums agree, differences are opposite: 1 at both frequencies.
    expect(convSvcca(x, y, { as: "dft" }).similarity).toBeCloseTo(1, 15);
  });

  test("each way is what its name says", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const x = gaussianMaps(random, 10, 3, 4, 3);
        const y = gaussianMaps(random, 10, 3, 4, 2);
        for (const options of [{}, { variance: 0.7 }, { components: 2 }]) {
          const positions = convSvcca(x, y, { as: "samples", ...options });
          expect(positions).toEqual(svcca(positionsAsRows(x), positionsAsRows(y), options));
          const means = convSvcca(x, y, { as: "pooled", ...options });
          const expected = svcca(pooledRows(x), pooledRows(y), options);
          expect(means.correlations).toBeAllclose(expected.correlations, { atol: 1e-11 });
          expect([means.keptX, means.keptY]).toEqual([expected.keptX, expected.keptY]);
          const frequencies = convSvcca(x, y, { as: "dft", ...options });
          const variance = "components" in options ? options : { variance: 0.99, ...options };
          expect(frequencies).toEqual(dftCca(x, y, variance));
        }
      }),
      { numRuns: 30 },
    );
  });

  test("pooled is the frequency (0, 0), for any two sizes", () => {
    const size = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(fc.integer(), size, size, size, size, (seed, h, w, h2, w2) => {
        const random = new Random(seed);
        const x = gaussianMaps(random, 12, h, w, 3);
        const y = gaussianMaps(random, 12, h2, w2, 2);
        const pooled = convSvcca(x, y, { as: "pooled" });
        const [first] = dftCca(x, y, { variance: 0.99 }).frequencies;
        expect(pooled.correlations).toBeAllclose(first!.correlations, { atol: 1e-11 });
        expect([pooled.rankX, pooled.keptX]).toEqual([first!.rankX, first!.keptX]);
        expect(pooled.varianceX).toBeCloseTo(first!.varianceX, 11);
      }),
    );
  });

  for (const options of modes) {
    describe(`as ${options.as}`, () => {
      if (options.as !== "samples") testSoundOnMaps((x, y) => convSvcca(x, y, options));

      test("is symmetric, and invariant to the order of examples", () => {
        fc.assert(
          fc.property(fc.integer(), (seed) => {
            const random = new Random(seed);
            const x = gaussianMaps(random, 14, 2, 3, 3);
            const y = gaussianMaps(random, 14, 2, 3, 2);
            const order = permutation(14, random);
            const all = { ...options, variance: 1 };
            const { similarity } = convSvcca(x, y, all);
            expect(convSvcca(y, x, all).similarity).toBeCloseTo(similarity, 10);
            const shuffled = convSvcca(reordered(x, order), reordered(y, order), all);
            expect(shuffled.similarity).toBeCloseTo(similarity, 10);
            expect(convSvcca(x, x, options).similarity).toBeCloseTo(1, 10);
          }),
          { numRuns: 50 },
        );
      });
    });
  }

  test("a stride takes every n-th position, one further on in each example", () => {
    const random = new Random(1);
    const examples = 6;
    const x = gaussianMaps(random, examples, 2, 3, 2);
    const y = gaussianMaps(random, examples, 2, 3, 2);
    for (const stride of [2, 3, 4, 5]) {
      const pick = ({ data }: MapsArray) =>
        Array.from({ length: examples }, (_, i) =>
          [0, 1, 2, 3, 4, 5]
            .filter(
              (position) => position >= i % stride && (position - (i % stride)) % stride === 0,
            )
            .map((position) => Array.from(data.subarray((i * 6 + position) * 2).subarray(0, 2))),
        ).flat();
      const result = convSvcca(x, y, { as: "samples", stride });
      expect(result).toEqual(svcca(pick(x), pick(y)));
    }
  });

  test("channels that are pooled to rounding errors are dead", () => {
    const random = new Random(2);
    const values = gaussian(random, 1, 42).data;
    const x = gaussianMaps(random, 12, 7, 6, 3);
    for (let i = 0; i < 12; i++) {
      // Channel 0: the same numbers in another order; channel 1: normalised to mean 0 in each example.
      permutation(42, random).forEach((from, to) => {
        x.data[(i * 42 + to) * 3] = values[from]!;
      });
      let mean = 0;
      for (let p = 0; p < 42; p++) mean += x.data[(i * 42 + p) * 3 + 1]! / 42;
      for (let p = 0; p < 42; p++) x.data[(i * 42 + p) * 3 + 1]! -= mean;
    }
    const y = gaussianMaps(random, 12, 2, 2, 4);
    const result = convSvcca(x, y, { as: "pooled" });
    expect(result.deadX).toEqual([0, 1]);
    expect([result.rankX, result.rankY]).toEqual([1, 4]);
    const live = pooledRows(x).map((row) => [row[2]!]);
    expect(result.similarity).toBeCloseTo(svcca(live, pooledRows(y)).similarity, 12);
  });

  test("pooled, large means and patterns cost no digits", () => {
    const random = new Random(3);
    const whole = gaussianMaps(random, 12, 4, 3, 2);
    const pattern = permutation(24, random);
    whole.data.forEach((value, i) => {
      whole.data[i] = Math.round(value * 1000);
    });
    const moved = { ...whole, data: whole.data.map((value, i) => value + 1e10 * pattern[i % 24]!) };
    const y = gaussianMaps(random, 12, 4, 3, 3);
    const options = { as: "pooled", variance: 1 } as const;
    expect(convSvcca(moved, y, options).correlations).toBeAllclose(
      convSvcca(whole, y, options).correlations,
      { atol: 1e-12 },
    );
  });

  test("as samples, dead channels and all-dead maps are data, not errors", () => {
    const random = new Random(4);
    const x = gaussianMaps(random, 5, 2, 2, 2);
    const dead = { data: new Float64Array(40).fill(0.1), shape: [5, 2, 2, 2] };
    const result = convSvcca(dead, x, { as: "samples" });
    expect([result.similarity, result.rankX, result.deadX]).toEqual([0, 0, [0, 1]]);
    expect(convSvcca(x, x, { as: "samples", variance: 1 })).toEqual(
      cca(positionsAsRows(x), positionsAsRows(x)),
    );
  });

  test("there is no default for as", () => {
    const x = gaussianMaps(new Random(5), 4, 2, 2, 1);
    const message = 'convSvcca: as must be one of "dft", "samples", "pooled", got ';
    expect(() => convSvcca(x, x, {} as never)).toThrow(new TypeError(`${message}undefined`));
    expect(() => convSvcca(x, x, undefined as never)).toThrow(new TypeError(`${message}undefined`));
    expect(() => convSvcca(x, x, { as: "flat" } as never)).toThrow(
      new RangeError(`${message}"flat"`),
    );
  });

  test("rejects options that do not exist or make no sense", () => {
    const x = gaussianMaps(new Random(6), 4, 2, 2, 1);
    const call = (options: object) => () => convSvcca(x, x, options as ConvSvccaOptions);
    expect(call({ as: "dft", pool: 2 })).toThrow(
      'convSvcca: options must be made of variance, components, as, stride, permutations, bootstrap, seed, level, got "pool"',
    );
    expect(call({ as: "dft", variance: 0 })).toThrow("convSvcca: variance must be");
    for (const stride of [0, 1.5, -1]) {
      expect(call({ as: "samples", stride })).toThrow(
        new RangeError(`convSvcca: stride must be an integer >= 1, got ${stride}`),
      );
    }
    expect(call({ as: "pooled", stride: 2 })).toThrow(
      'convSvcca: stride must go with as: "samples", got as: "pooled"',
    );
    expect(call({ as: "samples", stride: 100 })).not.toThrow();
    const two = gaussianMaps(new Random(7), 2, 1, 1, 1);
    expect(() => convSvcca(two, two, { as: "samples", stride: 2 })).toThrow(
      /^convSvcca: stride must leave at least 2 positions, got 2 and 1 position/,
    );
  });

  test("positions of maps of different size cannot be samples", () => {
    const random = new Random(8);
    const call = () =>
      convSvcca(gaussianMaps(random, 4, 2, 3, 1), gaussianMaps(random, 4, 3, 2, 1), {
        as: "samples",
      });
    expect(call).toThrow(
      new RangeError(
        'convSvcca: x and y must have maps of the same size for as: "samples", got 2×3 and 3×2. Use as: "dft" or ' +
          'as: "pooled"',
      ),
    );
  });
});
