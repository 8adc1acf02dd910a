import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { permutation, Random } from "../../src/internal/random.js";
import { cca, type DftCcaResult, dftCca } from "../../src/similarity/index.js";
import { testSoundOnMaps } from "./canonicalProperties.js";
import {
  awkwardMaps,
  gaussian,
  gaussianMaps,
  type MapsArray,
  meanOf,
  numbersIn,
  orthonormal,
  reordered,
  sum,
  times,
} from "./data.js";

const maps = (
  shape: MapsArray["shape"],
  value: (example: number, row: number, column: number, channel: number) => number,
): MapsArray => {
  const [, height, width, channels] = shape;
  const data = Float64Array.from(
    { length: shape.reduce((product, size) => product * size) },
    (_, at) => {
      const position = Math.floor(at / channels);
      const image = Math.floor(position / width);
      return value(Math.floor(image / height), image % height, position % width, at % channels);
    },
  );
  return { data, shape };
};

const at = ({ data, shape: [, h, w, k] }: MapsArray, i: number, r: number, c: number, j: number) =>
  data[((i * h + r) * w + c) * k + j]!;

const flat = ({ data, shape: [n, h, w, c] }: MapsArray) => ({ data, shape: [n, h * w * c] });

/** Maps of the two sizes with something in common, enough examples for all channels. */
const related = fc
  .record({
    seed: fc.integer(),
    sizes: fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 1, max: 6 }))),
    channels: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  })
  .map(({ seed, sizes, channels }) => {
    const random = new Random(seed);
    const examples = 16;
    const [h, w, h2, w2] = sizes as [number, number, number, number];
    const shared = gaussianMaps(random, examples, 6, 6, 3);
    const side = (height: number, width: number, depth: number) =>
      maps(
        [examples, height, width, depth],
        (i, r, c, j) => at(shared, i, r, c, j) + random.normal(),
      );
    return { random, examples, x: side(h, w, channels[0]), y: side(h2, w2, channels[1]) };
  });

/** The map with `wanted` rows that has the same frequencies, those at ±Nyquist added up: by sums, along one axis. */
function lowPassed(x: MapsArray, wanted: number): MapsArray {
  const [examples, height, width, channels] = x.shape;
  if (wanted === height) return x;
  const kernel = (from: number, to: number) => {
    let value = 0;
    for (let f = -Math.floor(wanted / 2); f <= Math.floor(wanted / 2); f++) {
      value += Math.cos(2 * Math.PI * f * (to / wanted - from / height));
    }
    return value / wanted;
  };
  return maps([examples, wanted, width, channels], (i, r, c, j) => {
    let value = 0;
    for (let from = 0; from < height; from++) value += kernel(from, r) * at(x, i, from, c, j);
    return value;
  });
}

const turned = (x: MapsArray) =>
  maps([x.shape[0], x.shape[2], x.shape[1], x.shape[3]], (i, r, c, j) => at(x, i, c, r, j));

const expectSameCorrelations = (a: DftCcaResult, b: DftCcaResult, digits = 9) => {
  expect(a.similarity).toBeCloseTo(b.similarity, digits);
  expect(a.correlations).toBeAllclose(b.correlations, { atol: 10 ** -digits });
};

describe("dftCca", () => {
  test("a worked example of two positions: their sums agree, their differences have nothing in common", () => {
    const sums = [2, 0, -2, 0];
    const first = [1, -1, 1, -1];
    const second = [0, 1, 0, -1];
    const x = maps([4, 1, 2, 1], (i, _, c) => sums[i]! + (c === 0 ? first[i]! : -first[i]!));
    const y = maps([4, 1, 2, 1], (i, _, c) => sums[i]! + (c === 0 ? second[i]! : -second[i]!));
    const { similarity, frequencies, correlations } = dftCca(x, y);
    expect(similarity).toBeCloseTo(0.5, 15);
    expect(correlations).toBeAllclose([1, 0], { atol: 1e-15 });
    expect(
      frequencies.map(({ u, v, weight, similarity: s }) => [u, v, weight, Math.round(s)]),
    ).toEqual([
      [0, 0, 1, 1],
      [0, 1, 1, 0],
    ]);
  });

  test("a worked example of three positions: one complex frequency counts twice", () => {
    // The frequency 1 of (a, b, c) is a − (b + c)/2 + i(c − b)√3/2. Two examples ±p have one direction: correlation 1.
    const x = maps([2, 3, 1, 1], (i, r) => (i === 0 ? 1 : -1) * [1, 2, 4][r]!);
    const { frequencies, similarity, keptX, rankX } = dftCca(x, x);
    expect(similarity).toBeCloseTo(1, 15);
    expect(frequencies.map(({ u, v, weight }) => [u, v, weight])).toEqual([
      [0, 0, 1],
      [1, 0, 2],
    ]);
    expect([keptX, rankX]).toEqual([3, 3]);
  });

  test("a shift of the map turns phases and changes no correlation", () => {
    const random = new Random(1);
    const x = gaussianMaps(random, 12, 4, 5, 2);
    const moved = maps(x.shape, (i, r, c, j) => at(x, i, (r + 3) % 4, (c + 1) % 5, j));
    const { similarity } = dftCca(x, moved);
    expect(similarity).toBeCloseTo(1, 13);
  });

  test("weights sum to the number of positions, and each frequency or its conjugate is there", () => {
    for (let height = 1; height <= 9; height++) {
      for (let width = 1; width <= 9; width++) {
        const x = gaussianMaps(new Random(1), 3, height, width, 1);
        const { frequencies } = dftCca(x, x);
        expect(sum(frequencies.map(({ weight }) => weight))).toBe(height * width);
        const covered = new Set(
          frequencies.flatMap(({ u, v }) => [
            `${u} ${v}`,
            `${(height - u) % height} ${(width - v) % width}`,
          ]),
        );
        expect(covered.size).toBe(height * width);
      }
    }
  });

  test("of data closed under cyclic shifts it is the CCA of the flattened maps", () => {
    const shapes = [
      [2, 3],
      [3, 3],
      [4, 2],
      [1, 5],
      [4, 3],
    ] as const;
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...shapes), (seed, [height, width]) => {
        const random = new Random(seed);
        const positions = height * width;
        const base = 6;
        const [a, noise] = [2, 2].map((c) => gaussianMaps(random, base, height, width, c)) as [
          MapsArray,
          MapsArray,
        ];
        const closed = (value: (i: number, r: number, c: number, j: number) => number, k: number) =>
          maps([base * positions, height, width, k], (i, r, c, j) => {
            const shift = i % positions;
            const row = (r + Math.floor(shift / width)) % height;
            return value(Math.floor(i / positions), row, (c + (shift % width)) % width, j);
          });
        const x = closed((i, r, c, j) => at(a, i, r, c, j), 2);
        const y = closed((i, r, c, j) => at(a, i, r, c, j) + at(noise, i, r, c, j), 1);
        const { correlations, rankX } = dftCca(x, y);
        const flattened = cca(flat(x), flat(y));
        expect(rankX).toBe(flattened.rankX);
        expect(correlations).toBeAllclose(flattened.correlations, { atol: 1e-9 });
      }),
      { numRuns: 30 },
    );
  });

  test("maps of one position are compared as by cca", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const x = gaussianMaps(random, 10, 1, 1, 4);
        const y = gaussianMaps(random, 10, 1, 1, 2);
        const { frequencies: _, ...fields } = dftCca(x, y);
        const expected = cca(flat(x), flat(y));
        expect(numbersIn(fields)).toBeAllclose(numbersIn(expected), { atol: 1e-12 });
        expect(Object.keys(fields).sort()).toEqual(Object.keys(expected).sort());
      }),
    );
  });

  test("the frequency (0, 0) is the CCA of the mean over positions", () => {
    fc.assert(
      fc.property(related, ({ examples, x, y }) => {
        const pooled = (a: MapsArray) =>
          Array.from({ length: examples }, (_, i) =>
            Array.from({ length: a.shape[3] }, (_, j) => {
              let total = 0;
              for (let r = 0; r < a.shape[1]; r++) {
                for (let c = 0; c < a.shape[2]; c++) total += at(a, i, r, c, j);
              }
              return total / (a.shape[1] * a.shape[2]);
            }),
          );
        const [first] = dftCca(x, y).frequencies;
        expect([first!.u, first!.v]).toEqual([0, 0]);
        expect(first!.correlations).toBeAllclose(cca(pooled(x), pooled(y)).correlations, {
          atol: 1e-11,
        });
      }),
    );
  });

  testSoundOnMaps((x, y) => dftCca(x as MapsArray, y as MapsArray));
  describe("with part of the variance", () => {
    testSoundOnMaps((x, y) => dftCca(x as MapsArray, y as MapsArray, { variance: 0.8 }));
  });

  test("totals are those of the frequencies", () => {
    fc.assert(
      fc.property(awkwardMaps, ({ x, y }) => {
        const result = dftCca(x, y, { variance: 0.9 });
        const { frequencies } = result;
        const total = (value: (f: (typeof frequencies)[number]) => number) =>
          sum(frequencies.map((f) => f.weight * value(f)));
        const positions = total(() => 1);
        expect(result.similarity).toBeCloseTo(total((f) => f.similarity) / positions, 12);
        expect(result.varianceX).toBeCloseTo(total((f) => f.varianceX) / positions, 12);
        expect(result.keptX).toBe(total((f) => f.keptX));
        expect(result.rankY).toBe(total((f) => f.rankY));
        expect(result.correlations.length).toBe(total((f) => f.correlations.length));
        expect(sum(result.correlations)).toBeCloseTo(
          total((f) => sum(f.correlations)),
          9,
        );
        expect(result.degenerate).toBe(frequencies.some((f) => f.keptX + f.keptY > x.shape[0] - 1));
        for (const f of frequencies) {
          expect(f.similarity).toBeCloseTo(meanOf(f.correlations), 14);
          expect(f.correlations.length).toBe(Math.min(f.keptX, f.keptY));
          expect([f.keptX, f.rankX].every(Number.isInteger)).toBe(true);
        }
      }),
    );
  });

  test("is symmetric, and the two axes are alike", () => {
    fc.assert(
      fc.property(related, ({ x, y }) => {
        const result = dftCca(x, y);
        expectSameCorrelations(dftCca(y, x), result);
        expectSameCorrelations(dftCca(turned(x), turned(y)), result);
      }),
      { numRuns: 50 },
    );
  });

  test("is invariant to affine maps of the channels and to the order of examples", () => {
    fc.assert(
      fc.property(related, ({ random, examples, x, y }) => {
        const result = dftCca(x, y);
        const [, height, width, channels] = x.shape;
        const mixed = times(
          { data: x.data, shape: [examples * height * width, channels] },
          orthonormal(random, channels),
        );
        const moved = { data: mixed.data.map((v) => 5 * v + 3), shape: x.shape };
        expectSameCorrelations(dftCca(moved, y), result);
        const order = permutation(examples, random);
        expectSameCorrelations(dftCca(reordered(x, order), reordered(y, order)), result);
      }),
      { numRuns: 50 },
    );
  });

  test("any maps compared with themselves give 1 at each frequency that has variance", () => {
    fc.assert(
      fc.property(awkwardMaps, ({ x }) => {
        for (const { similarity, rankX } of dftCca(x, x).frequencies) {
          expect(similarity).toBeCloseTo(rankX > 0 ? 1 : 0, 9);
        }
      }),
    );
  });

  test("of unequal sizes the larger map is brought to the frequencies of the smaller one", () => {
    fc.assert(
      fc.property(related, ({ x, y }) => {
        const height = Math.min(x.shape[1], y.shape[1]);
        const width = Math.min(x.shape[2], y.shape[2]);
        const small = (a: MapsArray) => turned(lowPassed(turned(lowPassed(a, height)), width));
        const result = dftCca(x, y);
        expectSameCorrelations(dftCca(small(x), small(y)), result);
        expect(sum(result.frequencies.map(({ weight }) => weight))).toBe(height * width);
      }),
    );
  });

  test("variance keeps that fraction at each frequency, components that many", () => {
    // Channel 0 holds 90 % of the variance of each frequency: both channels are the same unit pulse, scaled.
    const x = maps([8, 3, 3, 2], (i, r, c, j) => {
      const pulse = r + c === 0 ? 1 : 0;
      const mine = i >> 1 === j ? (i % 2 === 0 ? 1 : -1) : 0;
      return pulse * mine * (j === 0 ? 3 : 1);
    });
    for (const f of dftCca(x, x, { variance: 0.85 }).frequencies) {
      expect([f.keptX, f.rankX]).toEqual([1, 2]);
      expect(f.varianceX).toBeCloseTo(0.9, 13);
    }
    for (const f of dftCca(x, x, { variance: 0.95 }).frequencies) expect(f.keptX).toBe(2);
    for (const f of dftCca(x, x, { components: 1 }).frequencies) expect(f.keptY).toBe(1);
    for (const f of dftCca(x, x, { components: 5 }).frequencies) expect(f.keptY).toBe(2);
  });

  test.each([
    [7, 6],
    [14, 13],
    [8, 8],
    [3, 1],
    [1, 9],
    [28, 5],
  ])(
    "maps of %d × %d that are the same everywhere have variance at frequency (0, 0) only",
    (height, width) => {
      const random = new Random(1);
      const values = gaussian(random, 10, 3).data;
      for (const [factor, offset] of [
        [1, 0],
        [1 / 3, 1e3],
        [1e-30, 0],
        [1e-3, 0.1],
      ] as const) {
        const x = maps(
          [10, height, width, 3],
          (i, _r, _c, j) => values[3 * i + j]! * factor + offset,
        );
        const { frequencies, rankX, similarity } = dftCca(
          x,
          gaussianMaps(random, 10, height, width, 2),
        );
        expect(rankX, `${factor} ${offset}`).toBe(3);
        expect(frequencies[0]!.rankX).toBe(3);
        expect(similarity).toBeLessThanOrEqual(1 / (height * width));
      }
    },
  );

  test("maps whose mean does not change have no variance at frequency (0, 0)", () => {
    const random = new Random(2);
    const values = gaussian(random, 1, 20).data;
    const x = maps([10, 4, 5, 1], () => 0);
    for (let i = 0; i < 10; i++) {
      permutation(20, random).forEach((from, to) => {
        x.data[20 * i + to] = values[from]!;
      });
    }
    const { frequencies, rankX } = dftCca(x, x);
    expect(frequencies[0]!.rankX).toBe(0);
    expect(frequencies[0]!.similarity).toBe(0);
    expect(rankX).toBe(19);
  });

  test("channels that vary over positions but not over examples are dead", () => {
    const random = new Random(3);
    const pattern = gaussian(random, 7, 6).data;
    const live = gaussianMaps(random, 10, 7, 6, 1);
    const y = gaussianMaps(random, 10, 7, 6, 2);
    const x = maps([10, 7, 6, 3], (i, r, c, j) =>
      j === 1 ? at(live, i, r, c, 0) : j === 0 ? 0.1 : 1e6 * pattern[6 * r + c]!,
    );
    const result = dftCca(x, y);
    expect(result.deadX).toEqual([0, 2]);
    expect(result.rankX).toBe(42);
    expectSameCorrelations(result, dftCca(live, y), 12);
    const bordered = maps([10, 7, 6, 1], (i, r, c) => (r * c === 0 ? 0 : at(live, i, r, c, 0)));
    expect(dftCca(bordered, y).deadX).toEqual([]);
    const dead = maps([10, 7, 6, 1], (_, r, c) => pattern[6 * r + c]!);
    const none = dftCca(dead, y);
    expect([none.similarity, none.rankX, none.chance]).toEqual([0, 0, 0]);
    expect(none.deadX).toEqual([0]);
  });

  test("units near the ends of the doubles, large means and patterns cost no digits", () => {
    const random = new Random(4);
    const whole = gaussianMaps(random, 12, 4, 3, 2);
    whole.data.forEach((value, i) => {
      whole.data[i] = Math.round(value * 1000);
    });
    const y = gaussianMaps(random, 12, 4, 3, 2);
    const expected = dftCca(whole, y);
    for (const scale of [1e-300, 1e-150, 1e150, 1e300, 1e304]) {
      const x = { ...whole, data: whole.data.map((value) => value * scale) };
      expectSameCorrelations(dftCca(x, y), expected, 12);
    }
    const pattern = permutation(24, random);
    const x = maps(
      whole.shape,
      (i, r, c, j) => at(whole, i, r, c, j) + 1e10 * pattern[(r * 3 + c) * 2 + j]!,
    );
    expectSameCorrelations(dftCca(x, y), expected, 12);
  });

  test("independent maps come out at chance, real and complex frequencies together", () => {
    const random = new Random(5);
    const results = Array.from({ length: 1500 }, () =>
      dftCca(gaussianMaps(random, 6, 3, 1, 1), gaussianMaps(random, 6, 3, 1, 1)),
    );
    // (real + 2 complex)/3, N = 5: Γ(5/2)/(√π·Γ(3)) = 3/8, and Γ(3/2)Γ(5)/Γ(11/2).
    const complex = (24 * Math.sqrt(Math.PI)) / 2 / 52.34277778455352;
    expect(results[0]!.chance).toBeCloseTo((3 / 8 + 2 * complex) / 3, 12);
    // Standard error 0.004.
    expect(meanOf(results.map(({ similarity }) => similarity))).toBeAllclose(results[0]!.chance, {
      atol: 0.013,
    });
    expect(results[0]!.chanceSquared).toBeCloseTo(1 / 5, 14);
  });

  test("leaves its arguments alone", () => {
    const x = gaussianMaps(new Random(6), 4, 3, 3, 2);
    const before = Float64Array.from(x.data);
    dftCca(x, x);
    expect(x.data).toEqual(before);
  });

  test("rejects options that do not exist or make no sense", () => {
    const x = gaussianMaps(new Random(7), 4, 2, 2, 1);
    const call = (options: object) => () => dftCca(x, x, options);
    expect(call({ as: "dft" })).toThrow(
      'dftCca: options must be made of variance, components, permutations, bootstrap, seed, level, got "as"',
    );
    expect(call({ variance: 2 })).toThrow(
      "dftCca: variance must be a finite number > 0 and <= 1, got 2",
    );
    expect(call({ components: 0 })).toThrow("dftCca: components must be an integer >= 1, got 0");
  });
});
