import { describe, expect, test } from "vitest";
import type { Dense } from "../../src/internal/matrix.js";
import { Random } from "../../src/internal/random.js";
import {
  bootstrapInterval,
  leftOutOf,
  type RemainingStatistic,
  remainingAlignment,
  remainingCorrelation,
  remainingKernelAlignment,
  remainingProjection,
} from "../../src/similarity/bootstrap.js";
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
import { normalQuantile, studentQuantile } from "../../src/similarity/quantiles.js";
import { checkResampling, type Examples, type Interval } from "../../src/similarity/resampling.js";
import {
  centredOf,
  gaussian,
  gaussianMaps,
  type MapsArray,
  type Matrix,
  matrix,
  meanOf,
  plus,
  reordered,
} from "./data.js";

const dense = ({ data, shape }: Matrix): Dense => ({ data, rows: shape[0], columns: shape[1] });

const centred = (a: Matrix) => dense(centredOf(a));

const basisOf = (a: Matrix) => linearAlgebra.thinSvd(centred(a)).left;

/** Columns up to the rank, for wide matrices. */
const firstColumns = (a: Dense, count: number): Dense => ({
  data: Float64Array.from(
    { length: a.rows * count },
    (_, at) => a.data[Math.floor(at / count) * a.columns + (at % count)]!,
  ),
  rows: a.rows,
  columns: count,
});

/** Kernel matrix, for the debiased estimate without its diagonal. */
const kernelOf = (a: Matrix, debiased = false): Dense => {
  const { data, rows, columns } = centred(a);
  const kernel = new Float64Array(rows * rows);
  for (let at = 0; at < kernel.length; at++) {
    const [i, j] = [Math.floor(at / rows), at % rows];
    if (debiased && i === j) continue;
    for (let k = 0; k < columns; k++)
      kernel[at]! += data[i * columns + k]! * data[j * columns + k]!;
  }
  return { data: kernel, rows, columns: rows };
};

const alone = (count: number): Examples => ({ count });

/** The matrix without some rows. */
const without = (a: Matrix, rows: ArrayLike<number>): Matrix => {
  const gone = new Set(Array.from(rows));
  const rest = Array.from({ length: a.shape[0] }, (_, i) => i).filter((i) => !gone.has(i));
  return {
    data: reordered(a, rest.concat([...gone])).data.slice(0, rest.length * a.shape[1]),
    shape: [rest.length, a.shape[1]],
  };
};

const related = (random: Random, rows: number, columns: number, noise = 1): [Matrix, Matrix] => {
  const x = gaussian(random, rows, columns);
  const y = gaussian(random, rows, columns);
  return [x, plus(x, { ...y, data: y.data.map((value) => noise * value) })];
};

const ofBases = (x: Matrix, y: Matrix, examples = alone(x.shape[0])) =>
  remainingCorrelation(
    [{ x: { basis: basisOf(x) }, y: { basis: basisOf(y) }, weight: 1 }],
    examples,
  );

const NONE = new Uint32Array(0);
const CHOICES = [NONE, [0], [3, 7], [1, 2, 5, 11], [0, 4, 8, 9, 10]].map((which) =>
  Uint32Array.from(which),
);

describe("bootstrapInterval", () => {
  test("of a mean it is the textbook's: s/√n, Student's t", () => {
    const random = new Random(1);
    const n = 40;
    const numbers = Array.from({ length: n }, () => 0.5 + 0.1 * random.normal());
    const total = numbers.reduce((sum, value) => sum + value, 0);
    const meanOfRest: RemainingStatistic = (left) =>
      left.map((which) => {
        const gone = Array.from(which, (i) => numbers[i]!);
        return (total - gone.reduce((sum, value) => sum + value, 0)) / (n - which.length);
      });
    const s = Math.sqrt(
      numbers.reduce((sum, value) => sum + (value - total / n) ** 2, 0) / (n - 1),
    );
    const { lower, upper, standardError, level } = bootstrapInterval(
      total / n,
      meanOfRest,
      alone(n),
      { bootstrap: 20_000, seed: 1, level: 0.9 },
    );
    // The standard deviation of 20 000 numbers is right to 0.5 %.
    expect(standardError).toBeAllclose(s / Math.sqrt(n), { rtol: 0.02 });
    expect(upper - total / n).toBeAllclose(1.6448536 * standardError, { rtol: 1e-3 });
    expect((lower + upper) / 2).toBeCloseTo(total / n, 12);
    expect(level).toBe(0.9);
  });

  test("two values by hand", () => {
    // Without 2 of 16 examples: 0.5 and 0.7, standard deviation 0.1·√2; √(14/2)·that; t with 1 degree of freedom is
    // 1 at the level ½.
    let calls = 0;
    const statistic: RemainingStatistic = (left) => left.map(() => (calls++ === 0 ? 0.5 : 0.7));
    const interval = bootstrapInterval(0.6, statistic, alone(16), {
      bootstrap: 2,
      seed: 0,
      level: 0.5,
    });
    expect(interval.standardError).toBeCloseTo(Math.sqrt(7) * Math.sqrt(0.02), 12);
    expect(interval.lower).toBeCloseTo(0.6 - Math.sqrt(0.14), 12);
    expect(interval.upper).toBeCloseTo(0.6 + Math.sqrt(0.14), 12);
  });

  test("ends stay in the range of the measure, and nothing that varies is 0 wide", () => {
    const statistic: RemainingStatistic = (left) => left.map((which) => which[0]! % 2);
    const options = { bootstrap: 20, seed: 0, level: 0.99 };
    expect(bootstrapInterval(0.5, statistic, alone(9), options)).toMatchObject({
      lower: 0,
      upper: 1,
    });
    expect(bootstrapInterval(0.5, statistic, alone(9), options, [-1, 1])).toMatchObject({
      lower: -1,
    });
  });

  test("identical data have the interval [1, 1]", () => {
    const x = gaussian(new Random(2), 30, 4);
    const interval = bootstrapInterval(1, ofBases(x, x), alone(30), {
      bootstrap: 20,
      seed: 1,
      level: 0.95,
    });
    expect(interval.lower).toBeCloseTo(1, 12);
    expect(interval.upper).toBe(1);
    expect(interval.standardError).toBeLessThan(1e-12);
  });

  test("an eighth of the examples is left out, each as often as any other, in ascending order", () => {
    expect([2, 3, 4, 5, 12, 20, 100].map(leftOutOf)).toEqual([1, 1, 1, 1, 2, 3, 13]);
    const counts = new Uint32Array(40);
    const statistic: RemainingStatistic = (left) =>
      left.map((which) => {
        expect(which.length).toBe(5);
        which.forEach((example, i) => {
          counts[example]!++;
          if (i > 0) expect(example).toBeGreaterThan(which[i - 1]!);
        });
        return 0;
      });
    bootstrapInterval(0, statistic, alone(40), { bootstrap: 4000, seed: 1, level: 0.95 });
    for (const count of counts) {
      expect(Math.abs(count - 500)).toBeLessThan(4.5 * Math.sqrt(4000 * 0.125 * 0.875));
    }
  });

  test("the same seed gives the same bits, another one others", () => {
    const [x, y] = related(new Random(3), 30, 3);
    const of = (seed: number) =>
      bootstrapInterval(0.7, ofBases(x, y), alone(30), { bootstrap: 40, seed, level: 0.95 });
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  test("95 % intervals cover the expected similarity, at 3 and at 12 examples per direction", () => {
    for (const examples of [18, 72]) {
      const random = new Random(4);
      const draw = () => related(random, examples, 6, 0.7);
      const expected = meanOf(Array.from({ length: 1000 }, () => cca(...draw()).similarity));
      const trials = 150;
      let covered = 0;
      for (let seed = 0; seed < trials; seed++) {
        const [x, y] = draw();
        const { lower, upper } = bootstrapInterval(
          cca(x, y).similarity,
          ofBases(x, y),
          alone(examples),
          { bootstrap: 60, seed, level: 0.95 },
        );
        if (lower <= expected && expected <= upper) covered++;
      }
      expect(covered / trials).toBeGreaterThan(0.9);
    }
  });
});

describe("statistics of the remaining examples", () => {
  const random = new Random(31);
  const [x] = related(random, 14, 3);
  const y = plus(gaussian(random, 14, 3), x);
  const narrow: Matrix = matrix(14, 2, (i, j) => y.data[i * 3 + j]!);

  const expectRest = (
    statistic: RemainingStatistic,
    measure: (rest: (a: Matrix) => Matrix) => number,
  ) => {
    expect(statistic(CHOICES)).toBeAllclose(
      CHOICES.map((which) => measure((a) => without(a, which))),
      { rtol: 1e-9 },
    );
  };

  test("correlations are those of the remaining data", () => {
    expectRest(ofBases(x, narrow), (rest) => cca(rest(x), rest(narrow)).similarity);
  });

  test("also where fewer examples remain than there are directions", () => {
    const wide = gaussian(random, 14, 12);
    expectRest(ofBases(wide, narrow), (rest) => cca(rest(wide), rest(narrow)).similarity);
    expectRest(ofBases(narrow, wide), (rest) => cca(rest(narrow), rest(wide)).similarity);
  });

  test("projection weights are those of the remaining data", () => {
    for (const [a, b] of [
      [x, narrow],
      [gaussian(random, 14, 11), narrow],
    ] as const) {
      const basis = firstColumns(basisOf(a), Math.min(13, a.shape[1]));
      const coordinates = linearAlgebra.crossProduct(centred(a), basis);
      expectRest(
        remainingProjection({ basis }, coordinates, { basis: basisOf(b) }, alone(14)),
        (rest) => pwcca(rest(a), rest(b)).similarity,
      );
    }
  });

  test("a ridge is that of all examples, less the part that was left out", () => {
    // One neuron a side: ρ = Σxy/√((Σx² + r n'/n Σ₀x²)(Σy² + …)), Σ₀ over all examples, r = ½.
    const a = gaussian(random, 14, 1);
    const b = plus(a, gaussian(random, 14, 1));
    const half = Float64Array.of(0.5);
    const pair = {
      x: { basis: basisOf(a), ridge: half },
      y: { basis: basisOf(b), ridge: half },
      weight: 1,
    };
    const dot = (u: Matrix, v: Matrix) =>
      u.data.reduce((sum, value, i) => sum + value * v.data[i]!, 0);
    const size = (u: Matrix) => dot(centredOf(u), centredOf(u));
    expectRest(remainingCorrelation([pair], alone(14)), (rest) => {
      const [u, v] = [centredOf(rest(a)), centredOf(rest(b))];
      const part = u.shape[0] / 14 / 2;
      const ridged = (dot(u, u) + part * size(a)) * (dot(v, v) + part * size(b));
      return Math.abs(dot(u, v)) / Math.sqrt(ridged);
    });
  });

  test.each([false, true])("CKA is that of the remaining data, debiased: %s", (debiased) => {
    const measure = (rest: (a: Matrix) => Matrix) =>
      cka(rest(x), rest(narrow), { debiased }).similarity;
    expectRest(remainingAlignment(centred(x), centred(narrow), debiased, alone(14)), measure);
    expectRest(
      remainingKernelAlignment(
        kernelOf(x, debiased),
        kernelOf(narrow, debiased),
        debiased,
        alone(14),
      ),
      measure,
    );
  });

  test("images are left out as a whole", () => {
    const examples: Examples = { count: 5, starts: Uint32Array.of(0, 3, 5, 8, 10, 14) };
    const which = [[1], [0, 4], [2, 3]].map((images) => Uint32Array.from(images));
    const rows = [
      [3, 4],
      [0, 1, 2, 10, 11, 12, 13],
      [5, 6, 7, 8, 9],
    ];
    const of = (measure: (x: Matrix, y: Matrix) => number) =>
      rows.map((gone) => measure(without(x, gone), without(narrow, gone)));
    expect(ofBases(x, narrow, examples)(which)).toBeAllclose(
      of((a, b) => cca(a, b).similarity),
      { rtol: 1e-9 },
    );
    for (const debiased of [false, true]) {
      const expected = of((a, b) => cka(a, b, { debiased }).similarity);
      const [a, b] = [centred(x), centred(narrow)];
      expect(remainingAlignment(a, b, debiased, examples)(which)).toBeAllclose(expected, {
        rtol: 1e-9,
      });
      const [k, l] = [kernelOf(x, debiased), kernelOf(narrow, debiased)];
      expect(remainingKernelAlignment(k, l, debiased, examples)(which)).toBeAllclose(expected, {
        rtol: 1e-9,
      });
    }
  });

  test("sides without directions or variance have similarity 0", () => {
    const none = { basis: { data: NONE as never, rows: 14, columns: 0 } };
    const pair = { x: none, y: { basis: basisOf(y) }, weight: 1 };
    expect(remainingCorrelation([pair], alone(14))(CHOICES)).toEqual([0, 0, 0, 0, 0]);
    const flat = { data: new Float64Array(14), rows: 14, columns: 1 };
    expect(remainingAlignment(flat, centred(x), false, alone(14))(CHOICES)).toEqual([
      0, 0, 0, 0, 0,
    ]);
    // All variance is in the example that is left out.
    const spike = matrix(14, 1, (i) => (i === 0 ? 1 : 0));
    expect(ofBases(spike, y)([Uint32Array.of(0)])).toEqual([0]);
  });
});

describe("intervals of the measures", () => {
  const random = new Random(51);
  const [x, y] = related(random, 24, 3);
  const options = { bootstrap: 30, seed: 3, level: 0.9 };
  const examples = alone(24);

  const expectSame = (interval: Interval, expected: Interval, rtol = 1e-9) =>
    expect(Object.values(interval)).toBeAllclose(Object.values(expected), { rtol });

  const fromScratch = (similarity: number, of: (rest: (a: Matrix) => Matrix) => number) =>
    bootstrapInterval(
      similarity,
      (left) => left.map((which) => of((a) => without(a, which))),
      examples,
      options,
      [-1, 1],
    );

  test.each([
    ["svcca", { variance: 1 }],
    ["cca", {}],
    ["pwcca", {}],
    ["cka", {}],
    ["cka", { debiased: true }],
  ] as const)("%s %o: as computed anew from the remaining examples", (name, own) => {
    const measure = { svcca, cca, pwcca, cka }[name];
    const { similarity, interval } = measure(x, y, { ...own, ...options } as never);
    const expected = fromScratch(
      similarity,
      (rest) => measure(rest(x), rest(y), own as never).similarity,
    );
    expectSame(interval!, expected);
    const grid = similarityGrid({ x }, { y }, { measure: name, ...own, ...options } as never);
    expectSame(grid.intervals![0]![0]!, interval!);
  });

  test("SVCCA keeps its directions: those of all examples", () => {
    // A third neuron of little variance, with nothing in common: left out of 2 directions, also where it varies most.
    const wide = matrix(24, 3, (i, j) => (j < 2 ? x.data[i * 3 + j]! : 1e-3 * random.normal()));
    const all = svcca(wide, y, { components: 2, ...options }).interval!;
    const two = svcca(
      matrix(24, 2, (i, j) => wide.data[i * 3 + j]!),
      y,
      { components: 2, ...options },
    ).interval!;
    expectSame(all, two, 1e-2);
  });

  test("rbf kernels keep their width", () => {
    const { similarity, interval } = cka(x, y, { kernel: "rbf", ...options });
    expect(interval!.standardError).toBeGreaterThan(0);
    expect(interval!.lower).toBeLessThan(similarity);
    expect(interval!.upper).toBeGreaterThan(similarity);
  });

  test("maps are left out with all their frequencies and positions", () => {
    const mapsX = gaussianMaps(random, 14, 4, 3, 2);
    const mapsY = gaussianMaps(random, 14, 2, 3, 1);
    const rest = (maps: MapsArray, which: ArrayLike<number>): MapsArray => {
      const size = maps.data.length / 14;
      const flat = without({ data: maps.data, shape: [14, size] }, which);
      return { data: flat.data, shape: [flat.shape[0], ...maps.shape.slice(1)] as never };
    };
    const asMaps = ({ data, shape: [count, height, width, channels] }: MapsArray) =>
      prepareMaps({ data, examples: count, height, width, channels }, { variance: 1 });
    const statistic = mapsMeasure(asMaps(mapsX), asMaps(mapsY)).remaining();
    expect(statistic(CHOICES)).toBeAllclose(
      CHOICES.map((which) => dftCca(rest(mapsX, which), rest(mapsY, which)).similarity),
      { rtol: 1e-8 },
    );
    const sameSize = gaussianMaps(random, 14, 4, 3, 2);
    for (const as of ["dft", "samples", "pooled"] as const) {
      const { similarity, interval } = convSvcca(mapsX, sameSize, { as, variance: 1, ...options });
      const expected = bootstrapInterval(
        similarity,
        (left) =>
          left.map(
            (which) =>
              convSvcca(rest(mapsX, which), rest(sameSize, which), { as, variance: 1 }).similarity,
          ),
        alone(14),
        options,
      );
      expectSame(interval!, expected, 1e-7);
      const grid = similarityGrid({ a: mapsX }, { b: sameSize }, { as, variance: 1, ...options });
      expectSame(grid.intervals![0]![0]!, interval!);
    }
  });

  test("without the option there is no interval; too few examples are an error", () => {
    expect(svcca(x, y)).not.toHaveProperty("interval");
    expect(similarityGrid({ x }, { y })).not.toHaveProperty("intervals");
    const few = (count: number) =>
      without(
        x,
        Uint32Array.from({ length: 24 - count }, (_, i) => i),
      );
    expect(() => svcca(few(2), few(2), options)).toThrow(
      "svcca: x must have at least 3 examples with bootstrap, got 2",
    );
    expect(svcca(few(3), few(3), options).interval).toMatchObject({ upper: 1 });
    expect(() => cka(few(4), few(4), { debiased: true, ...options })).toThrow(
      "cka: x must have at least 5 examples with bootstrap, got 4",
    );
    const dead = matrix(24, 2, () => 3);
    for (const measure of [svcca, cca, pwcca, cka]) {
      expect(measure(dead, y, options).interval).toEqual({
        lower: 0,
        upper: 0,
        level: 0.9,
        standardError: 0,
      });
    }
  });
});

describe("checkResampling", () => {
  test("nothing asked for is nothing done", () => {
    expect(checkResampling("svcca", {})).toEqual({
      permutations: 0,
      bootstrap: 0,
      seed: 0,
      level: 0.95,
    });
  });

  test.each([
    [{ permutations: 9 }, TypeError, "svcca: seed must be given with permutations, got undefined"],
    [{ bootstrap: 9 }, TypeError, "svcca: seed must be given with bootstrap, got undefined"],
    [{ seed: 1 }, TypeError, "svcca: seed must go with permutations or bootstrap, got neither"],
    [
      { permutations: 9, seed: 1, level: 0.9 },
      TypeError,
      "svcca: level must go with bootstrap, got no bootstrap",
    ],
    [{ permutations: 0, seed: 1 }, RangeError, "permutations must be an integer >= 1, got 0"],
    [{ bootstrap: 1, seed: 1 }, RangeError, "bootstrap must be an integer >= 2, got 1"],
    [{ bootstrap: 9, seed: 0.5 }, RangeError, "seed must be an integer, got 0.5"],
    [
      { bootstrap: 9, seed: 1, level: 1 },
      RangeError,
      "level must be a finite number > 0 and < 1, got 1",
    ],
  ])("%o is an error", (options, kind, message) => {
    const check = () => checkResampling("svcca", options);
    expect(check).toThrow(kind);
    expect(check).toThrow(message);
  });
});

describe("quantiles", () => {
  test("of the normal distribution", () => {
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 13);
    expect(normalQuantile(0.9995)).toBeCloseTo(3.290526731491926, 11);
  });

  test("of Student's t", () => {
    // tan(0.475π); √(2·0.95²/(1 − 0.95²)) for 2 degrees of freedom.
    expect(studentQuantile(0.975, 1)).toBeAllclose(Math.tan(0.475 * Math.PI), { rtol: 1e-11 });
    expect(studentQuantile(0.975, 2)).toBeAllclose(Math.sqrt((2 * 0.95 ** 2) / (1 - 0.95 ** 2)), {
      rtol: 1e-11,
    });
    expect(studentQuantile(0.975, 10)).toBeCloseTo(2.2281388519649385, 10);
    expect(studentQuantile(0.5, 3)).toBeCloseTo(0, 10);
  });
});
