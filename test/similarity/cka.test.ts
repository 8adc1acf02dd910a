import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { permutation, Random } from "../../src/internal/random.js";
import { type CkaOptions, cka } from "../../src/similarity/index.js";
import {
  awkward,
  centredOf,
  entry,
  gaussian,
  type Matrix,
  map,
  matrix,
  meanOf,
  numbersIn,
  orthonormal,
  plus,
  reordered,
  sum,
  times,
  transposeOf,
  wellConditioned,
} from "./data.js";

const column = (...values: number[]) => values.map((value) => [value]);

const everyKind: CkaOptions[] = [
  {},
  { debiased: true },
  { kernel: "rbf" },
  { kernel: "rbf", debiased: true },
  { kernel: "rbf", bandwidth: 0.2 },
];

const linearKernel = (x: Matrix) => times(centredOf(x), transposeOf(centredOf(x)));

function gaussianKernel(x: Matrix, bandwidth: number): Matrix {
  const n = x.shape[0];
  const squares = matrix(n, n, (i, j) => {
    let square = 0;
    for (let k = 0; k < x.shape[1]; k++) square += (entry(x, i, k) - entry(x, j, k)) ** 2;
    return square;
  });
  const sorted = Float64Array.from(squares.data).sort();
  const middle = (sorted[Math.ceil((n * n) / 2) - 1]! + sorted[Math.floor((n * n) / 2)]!) / 2;
  return map(squares, (square) => Math.exp(-square / (2 * bandwidth ** 2 * middle)));
}

/** HKH. */
const centredBothWays = (kernel: Matrix) => transposeOf(centredOf(transposeOf(centredOf(kernel))));

/** The unbiased estimator of HSIC in its three terms (Song et al. 2012, eq. 5), up to its factor. */
function unbiasedHsic(k: Matrix, l: Matrix): number {
  const n = k.shape[0];
  const [a, b] = [k, l].map((m) => map(m, (value, i, j) => (i === j ? 0 : value))) as [
    Matrix,
    Matrix,
  ];
  const ones = matrix(n, 1, () => 1);
  const traces = sum(a.data.map((value, at) => value * b.data[at]!));
  const cross = sum(times(a, times(b, ones)).data);
  return traces + (sum(a.data) * sum(b.data)) / ((n - 1) * (n - 2)) - (2 * cross) / (n - 2);
}

function byDefinition(k: Matrix, l: Matrix, debiased: boolean): number {
  const inner = (a: Matrix, b: Matrix) =>
    debiased
      ? unbiasedHsic(a, b)
      : sum(centredBothWays(a).data.map((value, at) => value * centredBothWays(b).data[at]!));
  return inner(k, l) / Math.sqrt(inner(k, k) * inner(l, l));
}

describe("cka", () => {
  test("two single neurons have their squared correlation", () => {
    // Centred: dot product 2, squared lengths 2 and 4.
    const { similarity } = cka(column(1, -1, 0, 0), column(1, -1, 1, -1));
    expect(similarity).toBeCloseTo(0.5, 15);
  });

  test("the debiased value of a worked example", () => {
    // d(x, y) = 2² − (4/2)·(1 + 1) + 2·4/(3·2) = 4/3; d(x, x) = 4 − 2·2 + 4/6 = 2/3; d(y, y) = 16 − 2·4 + 16/6 = 32/3.
    const { similarity, chance } = cka(column(3, 1, 2, 2), column(1, -1, 1, -1), {
      debiased: true,
    });
    expect(similarity).toBeCloseTo(4 / 3 / Math.sqrt((2 / 3) * (32 / 3)), 14);
    expect(chance).toBe(0);
  });

  test("the debiased value may be below 0", () => {
    const result = cka(column(1, -1, 0, 0), column(0, 0, 1, -1), { debiased: true });
    // d(x, y) = 0 − 0 + 2·2/6, d = 4 − 2·2 + 4/6: the same.
    expect(result.similarity).toBeCloseTo(1, 14);
    const values = Array.from({ length: 20 }, (_, seed) => {
      const random = new Random(seed);
      return cka(gaussian(random, 12, 4), gaussian(random, 12, 4), { debiased: true }).similarity;
    });
    expect(Math.min(...values)).toBeLessThan(-0.05);
  });

  test("the Gaussian kernel of a worked example", () => {
    // Squared distances 1, 4, 1 beside three zeros: of the nine numbers 0 0 0 1 1 1 1 4 4 the middle one is 1.
    const near = Math.exp(-1 / 2);
    const far = Math.exp(-4 / 2);
    const kernel = matrix(3, 3, (i, j) => [1, near, far][Math.abs(i - j)]!);
    const other = matrix(3, 3, (i, j) => [1, Math.exp(-1 / 2), Math.exp(-1 / 2)][Math.abs(i - j)]!);
    const triangle = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ];
    const { similarity } = cka(column(0, 1, 2), triangle, { kernel: "rbf", bandwidth: 1 });
    expect(similarity).toBeCloseTo(byDefinition(kernel, other, false), 14);
  });

  test("two examples always agree: they differ in one direction only", () => {
    for (const options of everyKind.filter(({ debiased }) => !debiased)) {
      expect(
        cka(
          column(1, 5),
          [
            [3, 3],
            [2, 0],
          ],
          options,
        ).similarity,
      ).toBeCloseTo(1, 14);
    }
  });

  test("is what its definition says", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 5, max: 15 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (seed, n, p, q) => {
          const random = new Random(seed);
          const x = gaussian(random, n, p);
          const y = plus(gaussian(random, n, q), times(x, gaussian(random, p, q)));
          for (const debiased of [false, true]) {
            const [k, l] = [linearKernel(x), linearKernel(y)];
            const linear = cka(x, y, { debiased }).similarity;
            expect(linear).toBeCloseTo(Math.min(1, byDefinition(k, l, debiased)), 8);
            for (const bandwidth of [0.5, 2]) {
              const [g, h] = [gaussianKernel(x, bandwidth), gaussianKernel(y, bandwidth)];
              const rbf = cka(x, y, { kernel: "rbf", bandwidth, debiased }).similarity;
              expect(rbf).toBeCloseTo(Math.min(1, byDefinition(g, h, debiased)), 8);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("more neurons than examples change the route, not the value", () => {
    // Zero neurons add nothing, but make the products over examples the smaller ones, on one side or on both.
    fc.assert(
      fc.property(wellConditioned, ({ rows, x, y }) => {
        const padded = (a: Matrix) =>
          matrix(rows, rows + 3, (i, j) => (j < a.shape[1] ? entry(a, i, j) : 0.1));
        for (const debiased of [false, true]) {
          const { similarity, chance } = cka(x, y, { debiased });
          for (const [a, b] of [
            [padded(x), y] as const,
            [x, padded(y)] as const,
            [padded(x), padded(y)] as const,
          ]) {
            const other = cka(a, b, { debiased });
            expect(other.similarity).toBeCloseTo(similarity, 12);
            expect(other.chance).toBeCloseTo(chance, 12);
          }
        }
      }),
    );
  });

  test("results are finite and in range for any finite data", () => {
    fc.assert(
      fc.property(awkward, fc.constantFrom(...everyKind), ({ x, y }, options) => {
        fc.pre(!options.debiased || x.shape[0] >= 4);
        let result: ReturnType<typeof cka>;
        try {
          result = cka(x, y, options);
        } catch (error) {
          expect((error as Error).message).toContain("more than half of the pairs are identical");
          return;
        }
        expect(numbersIn(result).filter((value) => !Number.isFinite(value))).toEqual([]);
        expect(result.similarity).toBeLessThanOrEqual(1);
        expect(result.chance).toBeLessThanOrEqual(1);
        expect(result.chance).toBeGreaterThanOrEqual(0);
        if (!options.debiased) expect(result.similarity).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 400 },
    );
  });

  test.each(everyKind)("%j is symmetric and 1 for equal data", (options) => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const { similarity, chance } = cka(x, y, options);
        const back = cka(y, x, options);
        expect(back.similarity).toBeCloseTo(similarity, 12);
        expect(back.chance).toBeCloseTo(chance, 12);
        expect(cka(x, x, options).similarity).toBeCloseTo(1, 12);
      }),
      { numRuns: 50 },
    );
  });

  test.each(everyKind)(
    "%j is invariant to turning, shifting and scaling, and to the order of examples",
    (options) => {
      fc.assert(
        fc.property(wellConditioned, ({ random, p, x, y, order }) => {
          const { similarity } = cka(x, y, options);
          const moved = map(times(x, orthonormal(random, p)), (v, _, j) => 7 * v - j);
          expect(cka(moved, y, options).similarity).toBeCloseTo(similarity, 10);
          const shuffled = cka(reordered(x, order), reordered(y, order), options);
          expect(shuffled.similarity).toBeCloseTo(similarity, 10);
        }),
        { numRuns: 50 },
      );
    },
  );

  test("units near the ends of the doubles and large means cost no digits", () => {
    const random = new Random(1);
    const x = map(gaussian(random, 20, 4), (value) => Math.round(1000 * value));
    const y = plus(x, gaussian(random, 20, 4));
    for (const options of everyKind) {
      const { similarity } = cka(x, y, options);
      for (const scale of [1e-12, 1e-150, 1e-300, 1e150, 1e300, 1e304]) {
        const scaled = map(x, (value) => value * scale);
        expect(cka(scaled, y, options).similarity, `${scale}`).toBeCloseTo(similarity, 11);
      }
      const moved = map(x, (value) => value + 1e12);
      expect(cka(moved, y, options).similarity).toBeCloseTo(similarity, 11);
    }
  });

  test("an example far from all others does not blur the distances between them", () => {
    const random = new Random(2);
    const x = gaussian(random, 20, 3);
    const y = plus(x, gaussian(random, 20, 3));
    // Whole distances, so that moving one example away is exact.
    const far = map(x, (value, i) => Math.round(value * 100) + (i === 0 ? 1e9 : 0));
    const k = gaussianKernel(far, 0.5);
    const { similarity } = cka(far, y, { kernel: "rbf" });
    expect(similarity).toBeCloseTo(byDefinition(k, gaussianKernel(y, 0.5), false), 9);
  });

  test("a wide Gaussian kernel is the linear one, a narrow one tells nothing", () => {
    const random = new Random(3);
    const x = gaussian(random, 15, 3);
    const y = plus(x, gaussian(random, 15, 3));
    // Centring leaves the same of −½‖a − b‖² as of the inner product.
    const wide = { kernel: "rbf", bandwidth: 1e6 } as const;
    expect(cka(x, y, wide).similarity).toBeCloseTo(cka(x, y).similarity, 11);
    const debiased = cka(x, y, { ...wide, debiased: true }).similarity;
    expect(debiased).toBeCloseTo(cka(x, y, { debiased: true }).similarity, 11);
    for (const bandwidth of [1e-3, 1e-200, 5e-324]) {
      expect(cka(x, y, { kernel: "rbf", bandwidth }).similarity, `${bandwidth}`).toBeCloseTo(1, 12);
      expect(cka(x, y, { kernel: "rbf", bandwidth, debiased: true }).similarity).toBe(0);
    }
  });

  test("chance is the mean over all orders of the examples", () => {
    // All 24 orders of four examples.
    const orders = [0, 1, 2, 3].flatMap((a) =>
      [0, 1, 2, 3].flatMap((b) =>
        [0, 1, 2, 3].map((c) => [a, b, c, 6 - a - b - c]).filter((o) => new Set(o).size === 4),
      ),
    );
    expect(orders).toHaveLength(24);
    const random = new Random(4);
    const x = gaussian(random, 4, 2);
    const y = gaussian(random, 4, 6);
    for (const options of everyKind) {
      const all = orders.map((order) => cka(x, reordered(y, order), options).similarity);
      expect(meanOf(all), JSON.stringify(options)).toBeCloseTo(cka(x, y, options).chance, 12);
    }
  });

  test("debiased, independent data average to 0; biased, they do not", () => {
    const random = new Random(5);
    const x = gaussian(random, 20, 30);
    const y = gaussian(random, 20, 30);
    const over = (options: CkaOptions) =>
      meanOf(
        Array.from(
          { length: 200 },
          () => cka(x, reordered(y, permutation(20, random)), options).similarity,
        ),
      );
    expect(Math.abs(over({ debiased: true }))).toBeLessThan(0.02);
    expect(over({})).toBeGreaterThan(0.5);
  });

  test("dead neurons are reported and a side without variance gives 0", () => {
    const random = new Random(6);
    const y = gaussian(random, 6, 2);
    const dead = matrix(6, 3, () => 0.1);
    for (const options of everyKind) {
      expect(cka(dead, y, options)).toEqual({
        similarity: 0,
        chance: 0,
        deadX: [0, 1, 2],
        deadY: [],
      });
      expect(cka(y, dead, options).similarity).toBe(0);
      expect(cka(dead, dead, options).similarity).toBe(0);
    }
    expect(
      cka(
        [
          [5, 1],
          [5, 2],
          [5, 4],
        ],
        column(1, 0, 4),
      ).deadX,
    ).toEqual([0]);
  });

  test("debiased, kernels that cancel exactly give 0, not their rounding errors", () => {
    // All pairs of examples are equally far apart: nothing is left off the diagonal.
    const simplex = matrix(6, 6, (i, j) => (i === j ? 0.1 : 0));
    const other = gaussian(new Random(7), 6, 3);
    expect(cka(simplex, other, { debiased: true }).similarity).toBe(0);
    expect(cka(simplex, simplex, { debiased: true }).similarity).toBe(0);
    const narrow = matrix(6, 5, (i, j) => entry(times(simplex, orthogonalToOnes), i, j));
    expect(cka(narrow, other, { debiased: true }).similarity).toBe(0);
  });

  test("rejects options that do not exist or make no sense", () => {
    const x = column(1, 2, 4, 7);
    const call = (options: object | null) => () => cka(x, x, options as object);
    expect(call({ sigma: 1 })).toThrow(
      'cka: options must be made of kernel, debiased, bandwidth, permutations, bootstrap, seed, level, got "sigma"',
    );
    expect(call({ kernel: "poly" })).toThrow(
      new RangeError('cka: kernel must be one of "linear", "rbf", got "poly"'),
    );
    expect(call({ kernel: null })).toThrow(TypeError);
    expect(call({ debiased: 1 })).toThrow(
      new TypeError("cka: debiased must be true or false, got 1"),
    );
    for (const bandwidth of [0, -1, Number.NaN, 1e7]) {
      expect(call({ kernel: "rbf", bandwidth })).toThrow(
        new RangeError(
          `cka: bandwidth must be a finite number > 0 and <= 1000000, got ${bandwidth}`,
        ),
      );
    }
    expect(call({ bandwidth: 1 })).toThrow(
      'cka: bandwidth must go with kernel: "rbf", got kernel: "linear"',
    );
  });

  test("rejects too few examples for the debiased estimate", () => {
    expect(() => cka(column(1, 2, 4), column(1, 3, 2), { debiased: true })).toThrow(
      new RangeError("cka: x must have at least 4 rows (examples) if debiased, got 3"),
    );
  });

  test("rejects mostly identical examples for the Gaussian kernel", () => {
    const x = column(1, 1, 1, 1, 2);
    expect(() => cka(x, x, { kernel: "rbf" })).toThrow(
      new RangeError(
        'cka: kernel "rbf" must have a positive median distance between examples, got 0: more than half of the pairs ' +
          'are identical. Use kernel: "linear"',
      ),
    );
    expect(cka(x, x).similarity).toBeCloseTo(1, 14);
  });
});

/** Orthonormal columns that are orthogonal to (1, …, 1): five coordinates of a simplex of six points (Helmert). */
const orthogonalToOnes = matrix(6, 5, (i, j) =>
  i <= j ? 1 / Math.sqrt((j + 1) * (j + 2)) : i === j + 1 ? -Math.sqrt((j + 1) / (j + 2)) : 0,
);
