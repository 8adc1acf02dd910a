import { describe, expect, test } from "vitest";
import type { Dense } from "../../src/internal/matrix.js";
import { Random } from "../../src/internal/random.js";
import { imagesOf } from "../../src/similarity/convSvcca.js";
import { mapsMeasure, prepareMaps } from "../../src/similarity/dftCca.js";
import {
  cca,
  cka,
  convSvcca,
  dftCca,
  pwcca,
  similarityGrid,
  svcca,
} from "../../src/similarity/index.js";
import { linearAlgebra } from "../../src/similarity/linearAlgebra.js";
import {
  permutationPValue,
  type ShuffledStatistic,
  shuffledAlignment,
  shuffledCorrelation,
  shuffledKernelAlignment,
  shuffledProjection,
} from "../../src/similarity/permutations.js";
import type { Examples } from "../../src/similarity/resampling.js";
import {
  centredOf,
  gaussian,
  gaussianMaps,
  type MapsArray,
  type Matrix,
  matrix,
  reordered,
} from "./data.js";

const dense = ({ data, shape }: Matrix): Dense => ({ data, rows: shape[0], columns: shape[1] });

const centred = (a: Matrix) => dense(centredOf(a));

const basisOf = (a: Matrix) => linearAlgebra.thinSvd(centred(a)).left;

const kernelOf = (a: Matrix): Dense => {
  const { data, rows, columns } = centred(a);
  return linearAlgebra.crossProduct(
    ...([0, 1].map(() => ({
      data: Float64Array.from(
        data,
        (_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!,
      ),
      rows: columns,
      columns: rows,
    })) as [Dense, Dense]),
  );
};

const alone = (count: number): Examples => ({ count });

/** All orders of 0 … n − 1, the identity first. */
function allOrders(n: number): Uint32Array[] {
  if (n === 0) return [new Uint32Array(0)];
  return allOrders(n - 1)
    .flatMap((rest) =>
      Array.from({ length: n }, (_, at) =>
        Uint32Array.from([...rest.slice(0, at), n - 1, ...rest.slice(at)]),
      ),
    )
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

const ofBases = (x: Matrix, y: Matrix, examples = alone(x.shape[0])) =>
  shuffledCorrelation([{ x: basisOf(x), y: basisOf(y), weight: 1 }], examples);

/** Largest distance between the distribution of p-values and the uniform one on 1/(B + 1), …, 1. */
function distanceFromUniform(pValues: readonly number[], permutations: number): number {
  const steps = Array.from({ length: permutations + 1 }, (_, i) => (i + 1) / (permutations + 1));
  const below = (p: number) => pValues.filter((value) => value <= p + 1e-12).length;
  return Math.max(...steps.map((p) => Math.abs(below(p) / pValues.length - p)));
}

/** p-values of `trials` data sets, and their distance from the uniform distribution. */
const manyPValues = (
  trials: number,
  permutations: number,
  data: (random: Random) => { statistic: ShuffledStatistic; examples: Examples },
) => {
  const random = new Random(11);
  return Array.from({ length: trials }, (_, seed) => {
    const { statistic, examples } = data(random);
    return permutationPValue(statistic, examples, { permutations, seed });
  });
};

describe("permutationPValue", () => {
  test("three examples in one direction: 2 of the 6 orders are as similar as the data", () => {
    const x = matrix(3, 1, (i) => i);
    // ρ = 1 as it is and turned round, ½ with two neighbours exchanged or all moved on.
    const values = ofBases(x, x)(allOrders(3));
    expect(values).toBeAllclose([1, 0.5, 0.5, 0.5, 0.5, 1], { rtol: 1e-12 });
    const p = permutationPValue(ofBases(x, x), alone(3), { permutations: 4000, seed: 1 });
    // 1/3, with a standard error of √(2/9/4000).
    expect(Math.abs(p - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / 4000));
  });

  test("random shuffles approach the share of all 120 orders of 5 examples", () => {
    const random = new Random(2);
    const x = gaussian(random, 5, 1);
    const y = gaussian(random, 5, 2);
    const statistic = ofBases(x, y);
    const values = allOrders(5).map((order) => cca(x, reordered(y, order)).similarity);
    const exact = values.filter((value) => value >= values[0]! - 1e-10).length / 120;
    const p = permutationPValue(statistic, alone(5), { permutations: 4000, seed: 3 });
    expect(Math.abs(p - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / 4000));
  });

  test("the count is that of a hand count: (1 + as similar)/(1 + shuffles)", () => {
    // The identity has 5; of the shuffles the 3rd, 6th, 9th … is as similar.
    let calls = 0;
    const statistic: ShuffledStatistic = (orders) =>
      orders.map(() => {
        const value = calls % 3 === 0 ? 5 : 1;
        calls++;
        return value;
      });
    expect(permutationPValue(statistic, alone(4), { permutations: 29, seed: 0 })).toBe(10 / 30);
  });

  test("rounding does not decide ties: what is the same in every order has p = 1", () => {
    const random = new Random(4);
    // 7 directions on either side are all that 8 examples have: every correlation is 1.
    const full = ofBases(gaussian(random, 8, 7), gaussian(random, 8, 7));
    expect(permutationPValue(full, alone(8), { permutations: 50, seed: 1 })).toBe(1);
    const none = shuffledAlignment(
      { data: new Float64Array(8), rows: 8, columns: 1 },
      centred(gaussian(random, 8, 2)),
      false,
      alone(8),
    );
    expect(permutationPValue(none, alone(8), { permutations: 50, seed: 1 })).toBe(1);
  });

  test("identical data have the smallest p-value that there is", () => {
    const x = gaussian(new Random(5), 30, 4);
    expect(permutationPValue(ofBases(x, x), alone(30), { permutations: 199, seed: 1 })).toBe(
      1 / 200,
    );
  });

  test("the same seed gives the same bits, whatever the number of shuffles before; another seed others", () => {
    const random = new Random(6);
    const seen: string[][] = [];
    const watch = (permutations: number, seed: number) => {
      const orders: string[] = [];
      const statistic: ShuffledStatistic = (some) => some.map((order) => orders.push(order.join()));
      permutationPValue(statistic, alone(10), { permutations, seed });
      seen.push(orders);
    };
    watch(40, 7);
    watch(40, 7);
    watch(20, 7);
    watch(40, 8);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]!.slice(0, 21));
    expect(seen[3]!.slice(1)).not.toEqual(seen[0]!.slice(1));
    expect(seen[0]![0]).toBe("0,1,2,3,4,5,6,7,8,9");
    const x = gaussian(random, 20, 3);
    const y = gaussian(random, 20, 3);
    const p = () => permutationPValue(ofBases(x, y), alone(20), { permutations: 99, seed: 1 });
    expect(p()).toBe(p());
  });

  test("p-values of unrelated data are uniform for every measure", () => {
    const trials = 300;
    const statistics: ((x: Matrix, y: Matrix) => ShuffledStatistic)[] = [
      ofBases,
      (x, y) =>
        shuffledProjection(
          basisOf(x),
          linearAlgebra.crossProduct(centred(x), basisOf(x)),
          basisOf(y),
          alone(12),
        ),
      (x, y) => shuffledAlignment(centred(x), centred(y), false, alone(12)),
      (x, y) => shuffledAlignment(centred(x), centred(y), true, alone(12)),
      (x, y) => shuffledKernelAlignment(kernelOf(x), kernelOf(y), alone(12)),
    ];
    for (const of of statistics) {
      const pValues = manyPValues(trials, 39, (random) => {
        // Skewed and heavy-tailed: the test is exact for any distribution.
        const skewed = (columns: number) =>
          matrix(12, columns, () => Math.exp(1.5 * random.normal()));
        return { statistic: of(skewed(2), skewed(3)), examples: alone(12) };
      });
      // Kolmogorov–Smirnov at 0.1 %.
      expect(distanceFromUniform(pValues, 39)).toBeLessThan(1.95 / Math.sqrt(trials));
    }
  });

  test("related data are found", () => {
    const pValues = manyPValues(40, 99, (random) => {
      const x = gaussian(random, 40, 3);
      const y = matrix(40, 3, (i, j) => x.data[i * 3 + j]! + random.normal());
      return { statistic: ofBases(x, y), examples: alone(40) };
    });
    expect(pValues.filter((p) => p <= 0.05).length).toBeGreaterThan(36);
  });
});

describe("examples of several rows", () => {
  /** Positions of one image are nearly equal: 12 images of 4 positions. */
  const images = (random: Random, columns: number) => {
    const means = gaussian(random, 12, columns);
    return matrix(
      48,
      columns,
      (i, j) => means.data[(i >> 2) * columns + j]! + 0.3 * random.normal(),
    );
  };
  const grouped: Examples = {
    count: 12,
    starts: Uint32Array.from({ length: 13 }, (_, i) => 4 * i),
  };

  test("images move as a whole", () => {
    const y = matrix(6, 1, (i) => i);
    const examples = { count: 3, starts: Uint32Array.of(0, 2, 4, 6) };
    const x = matrix(6, 1, (i) => (i === 0 ? 1 : 0));
    // xᵀPy takes out the row that comes first: rows 2k of y for the images k.
    const first = allOrders(3).map((order) => order[0]!);
    const values = shuffledAlignment(dense(x), dense(y), false, examples)(allOrders(3));
    expect(values).toEqual(first.map((image) => (2 * image) ** 2));
  });

  test("shuffling images keeps unrelated images uniform; shuffling positions would not", () => {
    const trials = 200;
    const pValues = (examples: Examples) =>
      manyPValues(trials, 39, (random) => ({
        statistic: ofBases(images(random, 2), images(random, 2), examples),
        examples,
      }));
    const bound = 1.95 / Math.sqrt(trials);
    expect(distanceFromUniform(pValues(grouped), 39)).toBeLessThan(bound);
    expect(distanceFromUniform(pValues(alone(48)), 39)).toBeGreaterThan(3 * bound);
  });

  test("only images of one kind are exchanged", () => {
    const examples: Examples = {
      count: 4,
      starts: Uint32Array.of(0, 2, 5, 7, 10),
      kinds: [0, 1, 0, 1],
    };
    const seen = new Set<string>();
    permutationPValue((orders) => orders.map((order) => seen.add(order.join()).size), examples, {
      permutations: 200,
      seed: 1,
    });
    expect([...seen].sort()).toEqual(["0,1,2,3", "0,3,2,1", "2,1,0,3", "2,3,0,1"]);
  });

  test("the real form of a complex matrix moves in both halves", () => {
    // Two examples a + ib as rows (a, b) above one another: exchanging them exchanges rows 0, 1 and rows 2, 3.
    const y = matrix(4, 1, (i) => 2 ** i);
    const rows = [0, 1, 2, 3].map((row) => matrix(4, 1, (i) => (i === row ? 1 : 0)));
    const values = rows.map(
      (x) => shuffledAlignment(dense(x), dense(y), false, alone(2))([Uint32Array.of(1, 0)])[0],
    );
    expect(values).toEqual([2 ** 2, 1 ** 2, 8 ** 2, 4 ** 2]);
  });
});

describe("statistics of shuffled examples", () => {
  const random = new Random(21);
  const x = gaussian(random, 5, 2);
  const y = gaussian(random, 5, 3);
  const orders = allOrders(5);
  const ofAll = (measure: (y: Matrix) => number) =>
    orders.map((order) => measure(reordered(y, order)));

  test("correlations are those of the shuffled data in all 120 orders", () => {
    expect(ofBases(x, y)(orders)).toBeAllclose(
      ofAll((shuffled) => cca(x, shuffled).similarity),
      { rtol: 1e-9 },
    );
  });

  test("several pairs of bases count by their weights", () => {
    const pair = { x: basisOf(x), y: basisOf(y) };
    const single = shuffledCorrelation([{ ...pair, weight: 1 }], alone(5))(orders);
    const both = shuffledCorrelation(
      [
        { ...pair, weight: 0.5 },
        { ...pair, weight: 2 },
      ],
      alone(5),
    )(orders);
    expect(both).toBeAllclose(
      single.map((value) => 2.5 * value),
      { rtol: 1e-12 },
    );
  });

  test("projection weights follow the shuffled directions", () => {
    const wide = gaussian(random, 7, 3);
    const narrow = gaussian(random, 7, 2);
    const basis = basisOf(wide);
    const coordinates = linearAlgebra.crossProduct(centred(wide), basis);
    const some = allOrders(5).map((order) => Uint32Array.from([...order, 5, 6]));
    expect(shuffledProjection(basis, coordinates, basisOf(narrow), alone(7))(some)).toBeAllclose(
      some.map((order) => pwcca(wide, reordered(narrow, order)).similarity),
      { rtol: 1e-9 },
    );
  });

  test.each([
    ["linear", false],
    ["debiased", true],
  ])("%s CKA and its kernels grow as the measure does", (_, debiased) => {
    const measured = ofAll((shuffled) => cka(x, shuffled, { debiased }).similarity);
    const statistic = shuffledAlignment(centred(x), centred(y), debiased, alone(5))(orders);
    const slope = (values: readonly number[]) => values.map((value) => value - values[0]!);
    const [a, b] = [slope(measured), slope(statistic)];
    const largest = b.reduce((at, value, i) => (Math.abs(value) > Math.abs(b[at]!) ? i : at), 0);
    const factor = a[largest]! / b[largest]!;
    expect(factor).toBeGreaterThan(0);
    expect(a).toBeAllclose(
      b.map((value) => value * factor),
      { rtol: 1e-8, atol: 1e-10 },
    );
  });

  test("kernel matrices give the numbers of the features", () => {
    expect(shuffledKernelAlignment(kernelOf(x), kernelOf(y), alone(5))(orders)).toBeAllclose(
      shuffledAlignment(centred(x), centred(y), false, alone(5))(orders),
      { rtol: 1e-9 },
    );
  });

  test("kernels of images move in blocks", () => {
    const examples: Examples = { count: 3, starts: Uint32Array.of(0, 2, 4, 6) };
    const a = gaussian(random, 6, 2);
    const b = gaussian(random, 6, 2);
    expect(shuffledKernelAlignment(kernelOf(a), kernelOf(b), examples)(allOrders(3))).toBeAllclose(
      shuffledAlignment(centred(a), centred(b), false, examples)(allOrders(3)),
      { rtol: 1e-9 },
    );
  });

  test("a side without directions has statistic 0", () => {
    const none = { data: new Float64Array(0), rows: 5, columns: 0 };
    const pairs = [{ x: none, y: basisOf(y), weight: 1 }];
    expect(shuffledCorrelation(pairs, alone(5))(orders.slice(0, 2))).toEqual([0, 0]);
  });
});

/** Maps as the measures read them. */
const mapsOf = ({ data, shape: [examples, height, width, channels] }: MapsArray) => ({
  data,
  examples,
  height,
  width,
  channels,
});

describe("p-values of the measures", () => {
  const random = new Random(41);
  const x = gaussian(random, 20, 3);
  const y = matrix(20, 2, (i, j) => x.data[i * 3 + j]! + 2 * random.normal());
  const options = { permutations: 99, seed: 5 };
  const mapsX = gaussianMaps(random, 12, 4, 3, 2);
  const mapsY = gaussianMaps(random, 12, 2, 3, 1);

  /** The p-value from the similarities of the data in the orders that the seed gives. */
  function fromScratch(count: number, similarity: (order: Uint32Array) => number): number {
    const statistic: ShuffledStatistic = (orders) => orders.map(similarity);
    return permutationPValue(statistic, alone(count), options);
  }

  test.each([
    ["svcca", { variance: 0.8 }],
    ["svcca", {}],
    ["cca", {}],
    ["cca", { regularization: 0.1 }],
    ["pwcca", {}],
    ["pwcca", { regularization: 0.1 }],
    ["cka", {}],
    ["cka", { debiased: true }],
    ["cka", { kernel: "rbf" }],
    ["cka", { kernel: "rbf", debiased: true }],
  ] as const)("%s %o counts the similarities of shuffled data", (name, own) => {
    const measure = { svcca, cca, pwcca, cka }[name];
    const of = (shuffled: Matrix) => measure(x, shuffled, own as never).similarity;
    const { pValue } = measure(x, y, { ...own, ...options } as never);
    expect(pValue).toBe(fromScratch(20, (order) => of(reordered(y, order))));
  });

  test("cka of a wide and a narrow side, through kernel matrices", () => {
    const wide = matrix(20, 25, (i, j) => x.data[i * 3 + (j % 3)]! + 3 * random.normal());
    for (const debiased of [false, true]) {
      const { pValue } = cka(wide, y, { debiased, ...options });
      expect(pValue).toBe(
        fromScratch(20, (order) => cka(wide, reordered(y, order), { debiased }).similarity),
      );
      expect(cka(y, wide, { debiased, ...options }).pValue).toBeGreaterThan(0);
    }
  });

  test("maps move with all their frequencies", () => {
    const orders = [0, 1, 2].map((shift) =>
      Uint32Array.from(mapsX.data.slice(0, 12).keys(), (i) => (5 * i + shift) % 12),
    );
    const statistic = mapsMeasure(
      prepareMaps(mapsOf(mapsX), { variance: 1 }),
      prepareMaps(mapsOf(mapsY), { variance: 1 }),
    ).shuffled();
    expect(statistic(orders)).toBeAllclose(
      orders.map((order) => dftCca(mapsX, reordered(mapsY, order)).similarity),
      { rtol: 1e-8 },
    );
    expect(dftCca(mapsX, mapsY, options).pValue).toBe(
      fromScratch(12, (order) => dftCca(mapsX, reordered(mapsY, order)).similarity),
    );
  });

  test("convSvcca shuffles images, however it reads them", () => {
    const sameSize = gaussianMaps(random, 12, 4, 3, 2);
    for (const as of ["dft", "samples", "pooled"] as const) {
      const { pValue } = convSvcca(mapsX, sameSize, { as, ...options });
      const of = (order: Uint32Array) =>
        convSvcca(mapsX, reordered(sameSize, order), { as }).similarity;
      expect(pValue).toBe(fromScratch(12, of));
    }
  });

  test("with a stride, images stand in for those with the same positions", () => {
    const maps = { data: new Float64Array(0), examples: 5, height: 2, width: 2, channels: 3 };
    const { count, starts, kinds } = imagesOf(maps, 3);
    expect(count).toBe(5);
    // Of 4 positions: 0 and 3; 1; 2; and again.
    expect(Array.from(starts!)).toEqual([0, 2, 3, 4, 6, 7]);
    expect(Array.from(kinds!)).toEqual([0, 1, 2, 0, 1]);
    expect(Array.from(imagesOf({ ...maps, height: 1, width: 1 }, 2).starts!)).toEqual([
      0, 1, 1, 2, 2, 3,
    ]);
    const strided = { as: "samples", stride: 5 } as const;
    const { pValue } = convSvcca(mapsX, mapsX, { ...strided, ...options });
    expect(pValue).toBeLessThan(0.05);
  });

  test.each([
    [{ measure: "svcca" }, svcca],
    [{ measure: "cca", regularization: 0.1 }, cca],
    [{ measure: "pwcca" }, pwcca],
    [{ measure: "cka", debiased: true }, cka],
  ] as const)("a grid has those of its cells: %o", (own, measure) => {
    const grid = similarityGrid({ x, y }, { y, x }, { ...own, ...options });
    const { measure: _, ...rest } = own;
    for (const [i, row] of [x, y].entries()) {
      for (const [j, column] of [y, x].entries()) {
        const cell = measure(row, column, { ...rest, ...options } as never);
        expect(grid.pValues![i]![j]).toBe(cell.pValue);
      }
    }
  });

  test("a grid of maps shuffles images", () => {
    const sameSize = gaussianMaps(random, 12, 4, 3, 2);
    for (const as of ["dft", "samples", "pooled"] as const) {
      const grid = similarityGrid({ a: mapsX }, { b: sameSize }, { as, ...options });
      const { pValue } = convSvcca(mapsX, sameSize, { as, ...options });
      expect(grid.pValues).toEqual([[pValue]]);
    }
    const positions = gaussian(random, 12 * 12, 2);
    const mixed = similarityGrid(
      { a: positions },
      { b: sameSize },
      { as: "samples", measure: "cka", ...options },
    );
    const images = imagesOf(mapsOf(sameSize));
    const flat = matrix(144, 2, (i, j) => sameSize.data[2 * i + j]!);
    expect(mixed.pValues![0]![0]).toBe(
      permutationPValue(
        shuffledAlignment(centred(positions), centred(flat), false, images),
        images,
        options,
      ),
    );
  });

  test("layers whose positions belong to different numbers of images have nothing to shuffle", () => {
    const other = gaussianMaps(random, 6, 4, 6, 1);
    expect(() => similarityGrid({ a: mapsX }, { b: other }, { as: "samples", ...options })).toThrow(
      'similarityGrid: layer "a" and layer "b" must have the same number of images, got 12 and 6',
    );
  });

  test("without the option there is no p-value; data without variance have p = 1", () => {
    expect(svcca(x, y)).not.toHaveProperty("pValue");
    expect(similarityGrid({ x }, { y })).not.toHaveProperty("pValues");
    const dead = matrix(20, 2, () => 3);
    for (const measure of [svcca, cca, pwcca, cka]) {
      expect(measure(dead, y, options).pValue).toBe(1);
      expect(measure(x, dead, options).pValue).toBe(1);
    }
    expect(similarityGrid({ dead, x }, { y }, options).pValues![0]).toEqual([1]);
  });

  test("a misplaced seed is an error everywhere", () => {
    const calls = [
      () => svcca(x, y, { permutations: 9 }),
      () => cca(x, y, { seed: 1 }),
      () => pwcca(x, y, { permutations: 9 }),
      () => cka(x, y, { bootstrap: 9 }),
      () => dftCca(mapsX, mapsY, { permutations: 9 }),
      () => convSvcca(mapsX, mapsY, { as: "pooled", permutations: 9 }),
      () => similarityGrid({ x }, { y }, { permutations: 9 }),
    ];
    for (const call of calls) expect(call).toThrow(/seed must (be given with|go with)/);
    expect(() =>
      similarityGrid({ x }, { y }, { measure: "procrustes", permutations: 9 } as never),
    ).toThrow("options must be made of measure, as, onProgress");
  });
});
