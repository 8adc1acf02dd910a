import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { permutation, Random } from "../../src/internal/random.js";
import { type RsaOptions, rsa } from "../../src/similarity/index.js";
import { averageRanks, kendallTauB, ranksOf } from "../../src/similarity/ranks.js";
import {
  awkward,
  entry,
  gaussian,
  type Matrix,
  map,
  matrix,
  meanOf,
  numbersIn,
  orthonormal,
  reordered,
  sum,
  times,
  wellConditioned,
} from "./data.js";

const DISTANCES = ["squaredEuclidean", "euclidean", "correlation", "cosine"] as const;
const COMPARATORS = ["pearson", "spearman", "kendall", "cosine"] as const;
const everyChoice = DISTANCES.flatMap((distance) =>
  COMPARATORS.map((compare) => ({ distance, compare })),
);

const pearson = (a: readonly number[], b: readonly number[], centred = true) => {
  const [meanA, meanB] = centred ? [meanOf(a), meanOf(b)] : [0, 0];
  const product = (u: readonly number[], mu: number, v: readonly number[], mv: number) =>
    sum(u.map((value, i) => (value - mu) * (v[i]! - mv)));
  return (
    product(a, meanA, b, meanB) /
    Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB))
  );
};

/** By the definitions, without any of the shortcuts. */
const plainDistance: Record<(typeof DISTANCES)[number], (a: number[], b: number[]) => number> = {
  squaredEuclidean: (a, b) => sum(a.map((value, k) => (value - b[k]!) ** 2)),
  euclidean: (a, b) => Math.hypot(...a.map((value, k) => value - b[k]!)),
  correlation: (a, b) => 1 - pearson(a, b),
  cosine: (a, b) => 1 - pearson(a, b, false),
};
const plainRanks = (values: readonly number[]) =>
  values.map(
    (value) =>
      1 +
      values.filter((v) => v < value).length +
      (values.filter((v) => v === value).length - 1) / 2,
  );
const plainTauB = (a: readonly number[], b: readonly number[]) => {
  let [difference, untiedA, untiedB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [signA, signB] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      difference += signA * signB;
      untiedA += Math.abs(signA);
      untiedB += Math.abs(signB);
    }
  }
  return difference / Math.sqrt(untiedA * untiedB);
};
const plainComparison: Record<(typeof COMPARATORS)[number], (a: number[], b: number[]) => number> =
  {
    pearson: (a, b) => pearson(a, b),
    spearman: (a, b) => pearson(plainRanks(a), plainRanks(b)),
    kendall: plainTauB,
    cosine: (a, b) => pearson(a, b, false),
  };

const rowsOf = (x: Matrix) =>
  Array.from({ length: x.shape[0] }, (_, i) =>
    Array.from({ length: x.shape[1] }, (_, j) => entry(x, i, j)),
  );
function plainRsa(x: Matrix, y: Matrix, { distance, compare }: Required<RsaOptions>): number {
  const distancesOf = (a: Matrix) => {
    const rows = rowsOf(a);
    return rows.flatMap((row, i) =>
      rows.slice(0, i).map((other) => plainDistance[distance](row, other)),
    );
  };
  return plainComparison[compare](distancesOf(x), distancesOf(y));
}

/** One neuron; distances 1, 3, 2 and 1, 4, 3. */
const line = [[0], [1], [3]];
const other = [[0], [1], [4]];

describe("rsa", () => {
  test.each([
    ["pearson", 3 / Math.sqrt(2 * (14 / 3))],
    ["spearman", 1],
    ["kendall", 1],
    ["cosine", (1 + 12 + 6) / Math.sqrt(14 * 26)],
  ] as const)("a worked example of Euclidean distances, compared by %s", (compare, value) => {
    const result = rsa(line, other, { distance: "euclidean", compare });
    expect(result.similarity).toBeCloseTo(value, 14);
    expect(result.pairs).toBe(3);
  });

  test("a worked example of ties: distances 2, 1, 1 against 1, 3, 2", () => {
    const tied = [[0], [2], [1]];
    // Of three pairs of distances two are discordant and one is tied on one side.
    expect(rsa(line, tied, { compare: "kendall" }).similarity).toBeCloseTo(-2 / Math.sqrt(6), 15);
    // Ranks 1, 3, 2 and 3, 1.5, 1.5.
    expect(rsa(line, tied).similarity).toBeCloseTo(-1.5 / Math.sqrt(2 * 1.5), 15);
  });

  test("a worked example of patterns: 90°, 180° and 90° apart", () => {
    const x = [
      [1, 0],
      [0, 5],
      [-3, 0],
    ];
    // Cosine distances 1, 2, 1 against Euclidean 1, 3, 2.
    const { similarity } = rsa(
      x,
      [
        [1, 0],
        [0, 5],
        [-3, 0],
      ],
      { distance: "cosine", compare: "cosine" },
    );
    expect(similarity).toBe(1);
    // With two neurons every correlation is 1 or −1: distances 2, 0, 2.
    const result = rsa(
      x,
      x.map(([a, b]) => [a! + 7, b! + 7]),
      { distance: "correlation", compare: "pearson" },
    );
    expect(result.similarity).toBeCloseTo(1, 15);
  });

  test("squared Euclidean distances by rank are the default", () => {
    const random = new Random(1);
    const [x, y] = [gaussian(random, 12, 3), gaussian(random, 12, 5)];
    const options = { distance: "squaredEuclidean", compare: "spearman" } as const;
    expect(rsa(x, y)).toEqual(rsa(x, y, options));
    expect(rsa(x, y).similarity).not.toBe(rsa(x, y, { compare: "pearson" }).similarity);
  });

  test.each(everyChoice)("$distance and $compare agree with their definitions", (choice) => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 3, max: 9 }),
        fc.integer({ min: 3, max: 6 }),
        fc.boolean(),
        (seed, rows, columns, rounded) => {
          const random = new Random(seed);
          // Few distinct numbers make many ties; small whole numbers keep the plain distances exact.
          const draw = () =>
            rounded && !["correlation", "cosine"].includes(choice.distance)
              ? random.integer(3)
              : random.normal() + 0.3;
          const x = matrix(rows, columns, draw);
          const y = matrix(rows, columns + 1, draw);
          const { similarity, constantX, constantY } = rsa(x, y, choice);
          if (constantX || constantY) return;
          expect(similarity).toBeAllclose(plainRsa(x, y, choice), { atol: 1e-12 });
        },
      ),
      { numRuns: 60 },
    );
  });

  test("results are finite and in range for any data", () => {
    fc.assert(
      fc.property(awkward, fc.constantFrom(...everyChoice), ({ x, y }, choice) => {
        if (x.shape[0] < 3) return;
        const result = rsa(x, y, choice);
        expect(numbersIn(result).every(Number.isFinite)).toBe(true);
        const least = choice.compare === "cosine" ? 0 : -1;
        expect(result.similarity).toBeGreaterThanOrEqual(least);
        expect(result.similarity).toBeLessThanOrEqual(1);
        if ((result.constantX || result.constantY) && choice.compare !== "cosine") {
          expect(result.similarity).toBe(0);
        }
        const itself = rsa(x, x, choice);
        const defined = choice.compare === "cosine" ? itself.similarity > 0 : !itself.constantX;
        expect(itself.similarity).toBeCloseTo(defined ? 1 : 0, 12);
      }),
      { numRuns: 600 },
    );
  });

  test("is symmetric, and invariant to the order of examples", () => {
    fc.assert(
      fc.property(wellConditioned, fc.constantFrom(...everyChoice), (data, choice) => {
        const { x, y, order, p, q } = data;
        // Two neurons, or one, have correlations that are all ±1, or none.
        if (choice.distance === "correlation" && Math.min(p, q) < 3) return;
        const result = rsa(x, y, choice);
        const back = rsa(y, x, choice);
        expect(back.similarity).toBeAllclose(result.similarity, { atol: 1e-13 });
        const shuffled = rsa(reordered(x, order), reordered(y, order), choice);
        expect(shuffled.similarity).toBeAllclose(result.similarity, { atol: 1e-12 });
      }),
    );
  });

  test.each(COMPARATORS)(
    "Euclidean distances compared by %s see no rotation, shift or scale",
    (compare) => {
      fc.assert(
        fc.property(wellConditioned, ({ random, p, x, y }) => {
          const { similarity } = rsa(x, y, { compare });
          const moved = map(times(x, orthonormal(random, p)), (v, _, j) => 3 * v - 5 * j);
          expect(rsa(moved, y, { compare }).similarity).toBeAllclose(similarity, { atol: 1e-10 });
        }),
        { numRuns: 30 },
      );
    },
  );

  test("correlation distances see no shift and scale of an example, cosine distances no scale", () => {
    const random = new Random(4);
    const [x, y] = [gaussian(random, 10, 6), gaussian(random, 10, 4)];
    const scaled = map(x, (value, i) => value * 10 ** (20 * (i - 5)));
    const shifted = map(x, (value, i) => (value + i) * 2 ** i);
    for (const compare of COMPARATORS) {
      for (const [distance, changed] of [
        ["cosine", scaled],
        ["correlation", scaled],
        ["correlation", shifted],
      ] as const) {
        const { similarity } = rsa(x, y, { distance, compare });
        const after = rsa(changed, y, { distance, compare }).similarity;
        expect(after, `${distance}, ${compare}`).toBeAllclose(similarity, { atol: 1e-12 });
      }
    }
  });

  test("equal distances are ties, whatever rounding makes of them", () => {
    // Labels of three classes: all distances within a class are 0, all others √2. Half of the examples are far out.
    const labels = matrix(30, 3, (i, j) => (i % 3 === j ? 1 : 0));
    const noise = gaussian(new Random(5), 30, 40);
    const turned = times(
      map(labels, (value, _, j) => 0.1 * value + j / 3),
      orthonormal(new Random(6), 3),
    );
    for (const compare of ["spearman", "kendall"] as const) {
      const { similarity } = rsa(labels, noise, { compare });
      expect(rsa(turned, noise, { compare }).similarity).toBeAllclose(similarity, { atol: 1e-13 });
      expect(rsa(labels, turned, { compare }).similarity).toBeCloseTo(1, 14);
      const scaled = map(labels, (value, i) => value * 3 ** (i % 7));
      for (const distance of ["cosine"] as const) {
        expect(rsa(scaled, labels, { distance, compare }).similarity).toBeCloseTo(1, 14);
      }
    }
  });

  test("chance is the mean over all orders of the examples of one side", () => {
    const random = new Random(7);
    const x = gaussian(random, 5, 2);
    const y = matrix(5, 3, () => random.integer(3));
    const orders = (items: number[]): number[][] =>
      items.length === 0
        ? [[]]
        : items.flatMap((item) =>
            orders(items.filter((rest) => rest !== item)).map((tail) => [item, ...tail]),
          );
    for (const choice of everyChoice) {
      const values = orders([0, 1, 2, 3, 4]).map((order) => rsa(x, reordered(y, order), choice));
      const mean = meanOf(values.map(({ similarity }) => similarity));
      expect(values[0]!.chance, choice.compare).toBeAllclose(mean, { atol: 1e-14 });
      expect(values[0]!.chance > 0).toBe(choice.compare === "cosine");
    }
  });

  test("a matrix of equal distances has nothing to compare", () => {
    const simplex = matrix(6, 6, (i, j) => (i === j ? 1 : 0));
    const turned = times(simplex, orthonormal(new Random(8), 6));
    const x = gaussian(new Random(9), 6, 3);
    for (const constant of [simplex, turned, map(x, () => 0.1)]) {
      for (const compare of ["pearson", "spearman", "kendall"] as const) {
        expect(rsa(constant, x, { compare })).toMatchObject({
          similarity: 0,
          constantX: true,
          constantY: false,
        });
        expect(rsa(x, constant, { compare })).toMatchObject({ similarity: 0, constantY: true });
      }
    }
    // The angle between lists of distances is defined, unless one of them is zero.
    expect(rsa(simplex, turned, { compare: "cosine" }).similarity).toBeCloseTo(1, 14);
    const dead = map(x, () => 0.1);
    expect(rsa(dead, x, { compare: "cosine" })).toMatchObject({
      similarity: 0,
      chance: 0,
      constantX: true,
      deadX: [0, 1, 2],
    });
  });

  test("examples without a pattern are at distance 1 from every other", () => {
    const random = new Random(10);
    const x = gaussian(random, 6, 4);
    const y = gaussian(random, 6, 4);
    const spoilt = map(x, (value, i) => (i === 1 || i === 4 ? 0.1 * i : value));
    const result = rsa(spoilt, y, { distance: "correlation", compare: "cosine" });
    expect([result.flatX, result.flatY]).toEqual([[1, 4], []]);
    const rows = [rowsOf(spoilt), rowsOf(y)] as const;
    const [a, b] = rows.map((side) =>
      side.flatMap((row, i) =>
        side.slice(0, i).map((next) => {
          const flat = [row, next].some((r) => r.every((value) => value === r[0]));
          return flat ? 1 : plainDistance.correlation(row, next);
        }),
      ),
    );
    expect(result.similarity).toBeCloseTo(pearson(a!, b!, false), 13);
    // Only zero has no direction.
    expect(rsa(spoilt, y, { distance: "cosine" }).flatX).toEqual([]);
    const silent = map(x, (value, i) => (i === 2 ? 0 : value));
    expect(rsa(y, silent, { distance: "cosine" }).flatY).toEqual([2]);
    expect(rsa(y, silent, { distance: "euclidean" }).flatY).toEqual([]);
    // One neuron has no patterns at all.
    expect(rsa(line, other, { distance: "correlation" })).toMatchObject({
      similarity: 0,
      constantX: true,
      flatX: [0, 1, 2],
    });
  });

  test("dead neurons are reported and do not count for Euclidean distances", () => {
    const random = new Random(11);
    const [x, y] = [gaussian(random, 8, 2), gaussian(random, 8, 3)];
    const padded = matrix(8, 4, (i, j) => (j < 2 ? entry(x, i, j) : 1 / 3));
    const result = rsa(padded, y);
    expect([result.deadX, result.deadY]).toEqual([[2, 3], []]);
    expect(result.similarity).toBeCloseTo(rsa(x, y).similarity, 14);
    expect(rsa(padded, y, { distance: "cosine" }).deadX).toEqual([2, 3]);
  });

  test("large means and close examples do not spoil small distances", () => {
    const random = new Random(12);
    // Pairs of examples 1e-6 apart, and 1e9 from zero: a power of two, so that the shift itself is exact.
    const x = matrix(
      12,
      3,
      (i, j) => Math.round(1e3 * Math.sin(i >> 1) + j) + (i % 2) * (j + 1) * 2 ** -20,
    );
    const shifted = map(x, (value) => value + 2 ** 30);
    const y = gaussian(random, 12, 3);
    for (const compare of COMPARATORS) {
      expect(rsa(shifted, y, { compare }).similarity).toBeAllclose(
        rsa(x, y, { compare }).similarity,
        {
          atol: 1e-12,
        },
      );
    }
  });

  test("refuses fewer than 3 examples and unknown options", () => {
    expect(() => rsa([[1], [2]], [[1], [2]])).toThrow(
      new RangeError("rsa: x must be a matrix of at least 3 rows (examples), got 2"),
    );
    expect(() => rsa(line, line, { compare: "tau" as "kendall" })).toThrow(
      'rsa: compare must be one of "pearson", "spearman", "kendall", "cosine", got "tau"',
    );
    expect(() => rsa(line, line, { distance: "L1" as "cosine" })).toThrow(
      'rsa: distance must be one of "squaredEuclidean", "euclidean", "correlation", "cosine", got "L1"',
    );
    expect(() => rsa(line, line, { metric: "cosine" } as RsaOptions)).toThrow(
      'rsa: options must be made of distance, compare, got "metric"',
    );
    expect(() => rsa(line, [[1], [2]])).toThrow("x and y must have the same number of rows");
  });
});

describe("ranks", () => {
  test("tied numbers share the mean of their ranks", () => {
    const values = Float64Array.of(5, 0, 2, 0, 2 * (1 + 1e-13), 7);
    expect(Array.from(averageRanks(ranksOf(values)))).toEqual([5, 1.5, 3.5, 1.5, 3.5, 6]);
  });

  test("a chain of nearly equal numbers does not become one tie", () => {
    const chain = Float64Array.from({ length: 40 }, (_, i) => 1 + i * 4e-12);
    expect(ranksOf(chain).sizes.length).toBeGreaterThan(5);
  });

  test("Kendall's τ-b by sorting is that by counting pairs", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(6), fc.nat(4)), { minLength: 2, maxLength: 60 }),
        (pairs) => {
          const [a, b] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
          const tau = kendallTauB(ranksOf(Float64Array.from(a)), ranksOf(Float64Array.from(b)));
          const expected = plainTauB(a, b);
          expect(tau).toBeCloseTo(Number.isNaN(expected) ? 0 : expected, 13);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("Kendall's τ-b of many numbers: two pairs exchanged", () => {
    const count = 20_000;
    const up = Float64Array.from({ length: count }, (_, i) => i);
    const exchanged = up.slice();
    exchanged.set([1, 0], 0);
    exchanged.set([count - 1, count - 2], count - 2);
    const order = permutation(count, new Random(1));
    const shuffle = (values: Float64Array) => ranksOf(values.map((_, i) => values[order[i]!]!));
    const all = (count * (count - 1)) / 2;
    expect(kendallTauB(shuffle(up), shuffle(exchanged))).toBeCloseTo(1 - 4 / all, 15);
  });
});
