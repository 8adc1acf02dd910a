import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { permutation, Random } from "../../src/internal/random.js";
import { readArrays, writeArrays } from "../../src/node/index.js";
import {
  cca,
  cka,
  dftCca,
  type MatrixLike,
  procrustes,
  pwcca,
  type ShapedArray,
  similarityGrid,
  svcca,
} from "../../src/similarity/index.js";
import {
  type LayerStatistics,
  type LayerStatisticsOptions,
  layerStatistics,
  layerStatisticsFrom,
} from "../../src/similarity/layerStatistics.js";
import type { LayerStatisticsMeasure } from "../../src/similarity/layerStatisticsMeasures.js";
import { temporaryFolder } from "../node/temporaryFolder.js";
import {
  awkward,
  entry,
  gaussian,
  gaussianMaps,
  type MapsArray,
  type Matrix,
  map,
  matrix,
  numbersIn,
  plus,
  reordered,
  times,
  wellConditioned,
} from "./data.js";

type Layered = Readonly<Record<string, ShapedArray>>;

/** A measure of statistics and the same in memory. */
const measures: [LayerStatisticsMeasure, (x: MatrixLike, y: MatrixLike) => object][] = [
  [{}, svcca],
  [{ measure: "svcca", variance: 0.7 }, (x, y) => svcca(x, y, { variance: 0.7 })],
  [{ components: 1 }, (x, y) => svcca(x, y, { components: 1 })],
  [{ measure: "cca" }, cca],
  [{ measure: "cca", regularization: 0.1 }, (x, y) => cca(x, y, { regularization: 0.1 })],
  [{ measure: "pwcca" }, pwcca],
  [{ measure: "pwcca", regularization: 0.1 }, (x, y) => pwcca(x, y, { regularization: 0.1 })],
  [{ measure: "cka" }, cka],
  [{ measure: "cka", debiased: true }, (x, y) => cka(x, y, { debiased: true })],
  [{ measure: "procrustes" }, procrustes],
];

function rowsOf<T extends ShapedArray>(a: T, from: number, to: number): ShapedArray {
  const size = a.data.length / a.shape[0]!;
  return {
    data: a.data.subarray(from * size, to * size) as Float64Array,
    shape: [to - from, ...a.shape.slice(1)],
  };
}

const rowsOfAll = (layers: Layered, from: number, to: number): Layered =>
  Object.fromEntries(Object.entries(layers).map(([name, a]) => [name, rowsOf(a, from, to)]));

/** Feeds examples from `from` up to `to`, in batches whose sizes `next` gives. */
function feed(
  statistics: LayerStatistics,
  x: Layered,
  y: Layered,
  next: () => number,
  from = 0,
  to = Object.values(x)[0]!.shape[0]!,
): LayerStatistics {
  for (let at = from; at < to; ) {
    const end = Math.min(to, at + next());
    statistics.add({ x: rowsOfAll(x, at, end), y: rowsOfAll(y, at, end) });
    at = end;
  }
  return statistics;
}

const pair = () => layerStatistics({ x: ["a"], y: ["b"] });

const gather = (x: ShapedArray, y: ShapedArray, next: () => number) =>
  feed(pair(), { a: x }, { b: y }, next);

const compare = (statistics: LayerStatistics, options: LayerStatisticsMeasure): object =>
  (statistics.compare as (x: string, y: string, o: LayerStatisticsMeasure) => object)(
    "a",
    "b",
    options,
  );

/** All fields, numbers to 1e-9 of 1 or of themselves. */
function expectSame(received: object, expected: object, tolerance = 1e-9): void {
  expect(Object.keys(received).sort()).toEqual(Object.keys(expected).sort());
  for (const [field, value] of Object.entries(expected)) {
    const got = (received as Record<string, unknown>)[field];
    if (typeof value === "number" || ArrayBuffer.isView(value)) {
      const numbers = (of: unknown) => (typeof of === "number" ? [of] : (of as Float64Array));
      expect(numbers(got), field).toBeAllclose(numbers(value), {
        rtol: tolerance,
        atol: tolerance,
      });
    } else if (field === "method") {
      // In memory ill-conditioned sides take another way; statistics have only one.
      expect(got).toBe("gram");
    } else expect(got, field).toEqual(value);
  }
}

const EXAMPLES = 90;
const random = new Random(4);
const x0 = gaussian(random, EXAMPLES, 6);
const y0 = plus(gaussian(random, EXAMPLES, 4), times(x0, gaussian(random, 6, 4)));
const someRows = (seed: number, most = 40) => {
  const sizes = new Random(seed);
  return () => 1 + sizes.integer(most);
};

describe("layerStatistics", () => {
  test("a worked example", () => {
    // Centred: x = (1, −1, 0, 0), y = (1, −1, 1, −1): product 2, squares 2 and 4.
    const statistics = pair();
    statistics.add({ x: { a: [[6]] }, y: { b: [[1]] } });
    statistics.add({ x: { a: [[4], [5], [5]] }, y: { b: [[-1], [1], [-1]] } });
    expect(statistics.examples).toBe(4);
    expect(statistics.x).toEqual(["a"]);
    expect(statistics.y).toEqual(["b"]);
    expect(statistics.compare("a", "b", { measure: "cka" }).similarity).toBeCloseTo(0.5, 15);
    expect(statistics.compare("a", "b", { measure: "cca" }).similarity).toBeCloseTo(
      Math.SQRT1_2,
      15,
    );
    // |x|² + |y|² − 2|xᵀy| = 2 + 4 − 4.
    expect(statistics.compare("a", "b", { measure: "procrustes" }).squared).toBeCloseTo(2, 14);
    expect(statistics.grid({ measure: "cka" })).toEqual({
      measure: "cka",
      rows: ["a"],
      columns: ["b"],
      values: [[expect.closeTo(0.5, 15)]],
      chance: [[expect.closeTo(1 / 3, 15)]],
    });
  });

  test.each(measures)("%j has every field of the measure in memory", (options, inMemory) => {
    fc.assert(
      fc.property(wellConditioned, fc.nat(), ({ x, y }, seed) => {
        expectSame(compare(gather(x, y, someRows(seed, 9)), options), inMemory(x, y));
      }),
      { numRuns: 40 },
    );
  });

  /** What activations can be like, of x; each is a challenge to sums of squares. */
  const difficult: [string, (value: number, i: number, j: number) => number][] = [
    ["large means", (v, _, j) => v + 1e6 * (j + 1)],
    ["means of 1e8 standard deviations", (v) => v - 1e8],
    ["tiny units", (v) => v * 1e-12],
    ["huge units", (v) => v * 1e12],
    ["units near the smallest double", (v) => v * 1e-300],
    ["units near the largest double", (v) => v * 1e300],
    ["numbers up to the largest double", (v) => 1.7e308 * Math.sin(v)],
    ["dead neurons", (v, _, j) => (j % 2 === 0 ? 0.1 : v)],
    ["no variation at all", () => 1 / 3],
    ["first examples without variation", (v, i) => (i < 50 ? -2 : v)],
    ["first examples far from the others", (v, i) => (i < 10 ? v : v + 100)],
    ["first examples much smaller than the others", (v, i) => (i < 10 ? v * 1e-200 : v)],
    ["first examples much larger than the others", (v, i) => (i < 45 ? v * 1e3 : v)],
    ["a drift", (v, i) => v + i],
    ["few values", (v) => Math.sign(v)],
  ];

  describe.each(difficult)("%s cost no digits", (_, change) => {
    const x = map(x0, change);
    test.each(measures)("%j", (options, inMemory) => {
      for (const [a, b] of [
        [x, y0],
        [y0, x],
      ] as const) {
        for (const size of [1, 7, EXAMPLES]) {
          const statistics = gather(a, b, () => size);
          expectSame(compare(statistics, options), inMemory(a, b));
        }
      }
    });
  });

  test("sorted neurons, the first batch of which is the low end of all", () => {
    const x = matrix(EXAMPLES, 3, (i, j) => [i, i ** 2 / 50, Math.sqrt(i)][j]! + entry(x0, i, j));
    for (const [options, inMemory] of measures) {
      expectSame(
        compare(
          gather(x, y0, () => 5),
          options,
        ),
        inMemory(x, y0),
      );
    }
  });

  test("fewer examples than neurons", () => {
    const x = gaussian(random, 12, 20);
    const y = gaussian(random, 12, 5);
    for (const [options, inMemory] of measures) {
      if (options.measure === "pwcca" && !options.regularization) continue;
      expectSame(
        compare(
          gather(x, y, () => 5),
          options,
        ),
        inMemory(x, y),
      );
    }
    // Degenerate: weights of equal correlations are open, their sum is not.
    const weighted = gather(x, y, () => 5).compare("a", "b", { measure: "pwcca" });
    expect(weighted.similarity).toBeCloseTo(1, 9);
    expect(weighted.degenerate).toBe(true);
  });

  test("duplicated neurons: all that does not divide by their variance", () => {
    const x = map(x0, (_, i, j) => entry(x0, i, j >> 1));
    const statistics = gather(x, y0, () => 20);
    for (const [options, inMemory] of measures) {
      if (options.measure === "cca" || options.measure === "pwcca") continue;
      expectSame(compare(statistics, options), inMemory(x, y0));
    }
  });

  test("any finite data: the number in memory, or an error that says why not", () => {
    const open: LayerStatisticsMeasure[] = [
      {},
      { measure: "cca" },
      { measure: "cca", regularization: 0.1 },
      { measure: "cka" },
      { measure: "cka", debiased: true },
      { measure: "procrustes" },
    ];
    let compared = 0;
    fc.assert(
      fc.property(awkward, fc.nat(), ({ x, y }, seed) => {
        const statistics = gather(x, y, someRows(seed, 4));
        for (const options of open) {
          if ("debiased" in options && x.shape[0] < 4) continue;
          let result: object;
          try {
            result = compare(statistics, options);
          } catch (error) {
            expect((error as Error).message).toMatch(/must have (at least|examples of like size)/);
            continue;
          }
          compared++;
          const expected = measures.find(
            ([other]) => JSON.stringify(other) === JSON.stringify(options),
          )![1](x, y) as { similarity: number; normalized: number; deadX: number[] };
          expect(numbersIn(result).some(Number.isNaN)).toBe(false);
          const { similarity, normalized, deadX } = result as typeof expected;
          expect(similarity ?? normalized).toBeCloseTo(
            expected.similarity ?? expected.normalized,
            9,
          );
          expect(deadX).toEqual(expected.deadX);
        }
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(1000);
  });

  test("a grid is what the measure in memory gives, cell by cell", () => {
    const x = { one: x0, two: gaussian(random, EXAMPLES, 3) };
    const y = { one: y0, two: x0, dead: map(y0, () => 7) };
    const statistics = feed(
      layerStatistics({ x: ["two", "one"], y: ["dead", "two", "one"] }),
      x,
      y,
      () => 8,
    );
    for (const [options] of measures) {
      const received = statistics.grid(options);
      const expected = similarityGrid(
        { two: x.two, one: x.one },
        { dead: y.dead, two: y.two, one: y.one },
        options,
      );
      expect(received).toMatchObject({ rows: ["two", "one"], columns: ["dead", "two", "one"] });
      expect(received.measure).toBe(expected.measure);
      expect(received.values).toBeAllclose(expected.values, { atol: 1e-12 });
      expect("chance" in received).toBe("chance" in expected);
      if (expected.chance) expect(received.chance!).toBeAllclose(expected.chance, { atol: 1e-12 });
    }
  });
});

describe("batches", () => {
  // More rows than are multiplied together at once.
  const many = 2500;
  const x = gaussian(random, many, 5);
  const y = plus(gaussian(random, many, 3), times(x, gaussian(random, 5, 3)));

  test("of any sizes give the same bits", () => {
    const whole = JSON.stringify(gather(x, y, () => many));
    for (const seed of [1, 2, 3]) {
      expect(JSON.stringify(gather(x, y, someRows(seed, 1500)))).toBe(whole);
    }
    expect(JSON.stringify(gather(x, y, () => 1))).toBe(whole);
  });

  test("of many examples are right", () => {
    const statistics = gather(x, y, () => 700);
    for (const [options, inMemory] of measures) {
      expectSame(compare(statistics, options), inMemory(x, y), 1e-11);
    }
  });

  test("in single precision, as integers, as rows and as Map are read as they are", () => {
    const small = map(x0, (v) => Math.round(10 * v));
    const expected = JSON.stringify(gather(small, y0, () => EXAMPLES));
    const rows = Array.from({ length: EXAMPLES }, (_, i) =>
      Array.from({ length: 6 }, (__, j) => entry(small, i, j)),
    );
    for (const a of [
      { ...small, data: Float32Array.from(small.data) },
      { ...small, data: Int16Array.from(small.data) },
      rows,
    ]) {
      const statistics = pair();
      statistics.add({ x: new Map([["a", a]]), y: { b: y0 } });
      expect(JSON.stringify(statistics)).toBe(expected);
    }
    const single = { ...x, data: Float32Array.from(x.data) };
    const double = { ...x, data: Float64Array.from(single.data) };
    expect(JSON.stringify(gather(single, y, () => many))).toBe(
      JSON.stringify(gather(double, y, () => 13)),
    );
  });

  test("are not changed, and may be overwritten afterwards", () => {
    const [a, b] = [x0.data.slice(), y0.data.slice()];
    const statistics = pair();
    const batch = { data: a, shape: x0.shape };
    statistics.add({ x: { a: batch }, y: { b: { data: b, shape: y0.shape } } });
    expect(a).toEqual(x0.data);
    a.fill(0);
    b.fill(0);
    expectSame(statistics.compare("a", "b"), svcca(x0, y0));
  });

  test("may be added after the numbers have been read", () => {
    const statistics = pair();
    for (let at = 0; at < EXAMPLES; at += 10) {
      feed(statistics, { a: x0 }, { b: y0 }, () => 10, at, at + 10);
      expectSame(
        compare(statistics, { measure: "cka", debiased: true }),
        cka(rowsOf(x0, 0, at + 10), rowsOf(y0, 0, at + 10), { debiased: true }),
      );
    }
  });
});

describe("merge", () => {
  const cuts = [0, 1, 20, 50, EXAMPLES];
  const shards = (x: Matrix, y: Matrix) =>
    cuts.slice(1).map((end, i) => feed(pair(), { a: x }, { b: y }, () => 7, cuts[i]!, end));

  test("gives what one accumulator of all examples gives, in any order and grouping", () => {
    // Shards with means, units and dead neurons of their own.
    const x = map(x0, (v, i, j) => (i < 20 ? (j === 1 ? 0 : v * 1e-6) : i < 50 ? v - 100 : v));
    for (const seed of [1, 2, 3, 4]) {
      const parts = shards(x, y0);
      const [a, b, c, d] = Array.from(permutation(4, new Random(seed)), (k) => parts[k]!) as [
        LayerStatistics,
        LayerStatistics,
        LayerStatistics,
        LayerStatistics,
      ];
      const merged = a.merge(b).merge(c.merge(d));
      expect(merged).toBe(a);
      expect(merged.examples).toBe(EXAMPLES);
      for (const [options, inMemory] of measures) {
        expectSame(compare(merged, options), inMemory(x, y0));
      }
    }
  });

  test("leaves the other as it was", () => {
    const [first, second] = shards(x0, y0) as [LayerStatistics, LayerStatistics];
    const before = JSON.stringify(second);
    first.merge(second);
    feed(first, { a: x0 }, { b: y0 }, () => 7);
    expect(JSON.stringify(second)).toBe(before);
  });

  test("with an empty one changes nothing, on either side", () => {
    const full = gather(x0, y0, () => 9);
    const before = JSON.stringify(full);
    expect(JSON.stringify(full.merge(pair()))).toBe(before);
    expect(JSON.stringify(pair().merge(full))).toBe(before);
    expect(pair().merge(pair()).examples).toBe(0);
  });

  test("goes on afterwards", () => {
    const [first, second, third] = shards(x0, y0);
    const merged = pair().merge(second!).merge(third!);
    feed(merged, { a: x0 }, { b: y0 }, () => 3, 50, EXAMPLES);
    expectSame(compare(merged.merge(first!), { measure: "cca" }), cca(x0, y0));
  });

  test("keeps units apart that differ by the whole range of doubles", () => {
    const x = map(x0, (v, i) => (i < 45 ? v * 1e-300 : v * 1e300));
    const merged = feed(pair(), { a: x }, { b: y0 }, () => 9, 0, 45).merge(
      feed(pair(), { a: x }, { b: y0 }, () => 9, 45),
    );
    for (const [options, inMemory] of measures) {
      expectSame(compare(merged, options), inMemory(x, y0));
    }
  });
});

describe("saved statistics", () => {
  const folder = temporaryFolder();
  const build = () => {
    const statistics = layerStatistics({ x: ["a", "1"], y: ["b/ü"] });
    feed(statistics, { a: x0, 1: map(x0, (v) => v * 1e-200) }, { "b/ü": y0 }, () => 11);
    return statistics;
  };

  test("come back from JSON bit for bit, and go on", () => {
    const statistics = build();
    const again = layerStatisticsFrom(JSON.parse(JSON.stringify(statistics)));
    expect(JSON.stringify(again)).toBe(JSON.stringify(statistics));
    for (const [options] of measures) expect(again.grid(options)).toEqual(statistics.grid(options));
    expect(again).toMatchObject({ examples: EXAMPLES, x: ["a", "1"], y: ["b/ü"] });
    for (const one of [again, statistics]) {
      feed(one, { a: x0, 1: x0 }, { "b/ü": y0 }, () => 50);
    }
    expect(JSON.stringify(again)).toBe(JSON.stringify(statistics));
  });

  test("come back from an .npz file bit for bit", async () => {
    const statistics = build();
    const file = folder("statistics.npz");
    await writeArrays(file, statistics.toArrays());
    const again = layerStatisticsFrom(await readArrays(file));
    expect(JSON.stringify(again)).toBe(JSON.stringify(statistics));
  });

  test("have arrays that other programs can read", () => {
    const { "x0.mean": mean, "x0.shift": shift, "x0-y0.scatter": scatter } = build().toArrays();
    const column = Array.from({ length: EXAMPLES }, (_, i) => entry(x0, i, 2));
    const average = column.reduce((sum, value) => sum + value, 0) / EXAMPLES;
    const { features } = build().toJSON();
    const unit = 2 ** features[0]!.exponent;
    expect(shift!.data[2]! + Number(mean!.data[2]) * unit).toBeCloseTo(average, 14);
    expect(scatter!.shape).toEqual([6, 4]);
  });

  test("before the first batch, with ids and of maps", () => {
    const empty = layerStatistics({ x: ["a"], y: ["b"], as: "dft" });
    const text = JSON.stringify(empty);
    expect(JSON.stringify(layerStatisticsFrom(JSON.parse(text)))).toBe(text);
    empty.add({
      x: { a: gaussianMaps(random, 9, 3, 4, 2) },
      y: { b: gaussianMaps(random, 9, 2, 2, 3) },
      ids: Array.from({ length: 9 }, (_, i) => `image ${i}`),
    });
    for (const saved of [JSON.parse(JSON.stringify(empty)), empty.toArrays()]) {
      const again = layerStatisticsFrom(saved);
      expect(JSON.stringify(again)).toBe(JSON.stringify(empty));
      expect(again.grid()).toEqual(empty.grid());
    }
  });

  test("that were damaged are refused", () => {
    const good = () => JSON.parse(JSON.stringify(gather(x0, y0, () => 30)));
    const spoil = (change: (json: ReturnType<typeof good>) => void) => () => {
      const json = good();
      change(json);
      layerStatisticsFrom(json);
    };
    expect(spoil(() => {})).not.toThrow();
    const cases: [(json: ReturnType<typeof good>) => void, string][] = [
      [(j) => (j.version = 2), "layerStatisticsFrom: version must be 1, got 2"],
      [(j) => (j.format = "x"), "format must be"],
      [(j) => (j.as = "dct"), "as must be one of"],
      [(j) => (j.examples = -1), "examples must be an integer >= 0"],
      [(j) => (j.examples = 0), "examples must be an integer >= 1"],
      [(j) => (j.rows = 1.5), "rows must be an integer >= 90"],
      [(j) => (j.x = []), "x must be a list of layers"],
      [(j) => (j.y[0].name = 1), "y[0].name must be a text, got 1"],
      [(j) => (j.x[0].shape = [7]), "x0.shift must be a float64 array of shape [7], got [6]"],
      [(j) => (j.x[0].shape = [2 ** 20]), "arrays must be of 1048576 numbers or more"],
      [(j) => (j.x[0].shape = [1e9]), 'shape of x["a"] must be an integer >= 1 and <= 1048576'],
      [(j) => (j.features = []), "features must be a list of 2, got []"],
      [(j) => (j.features[1].exponent = 1e5), "features[1].exponent must be an integer"],
      [(j) => (j.features[0].squares = [1]), "features[0].squares must be 2 numbers"],
      [(j) => delete j.arrays["x0-y0.scatter"], "x0-y0.scatter must be there, got undefined"],
      [(j) => (j.arrays["x0.mean"].data = "?"), "x0.mean.data must be base64 text"],
      [(j) => (j.arrays["x0.mean"].data = "AAAA"), "x0.mean.data must be whole numbers long"],
      [(j) => (j.arrays["x0.mean"].shape = [3, 2]), "x0.mean must be a float64 array of shape [6]"],
      [(j) => (j.arrays["x0.mean"].data = "AAAAAAAA8H8=".repeat(6)), "x0.mean"],
      [swap, "x0.minimum must be at most the maximum"],
      [(j) => (j.arrays["x0.scatter"].data = shifted(j.arrays["x0.scatter"].data)), "x0.scatter"],
    ];
    for (const [change, message] of cases) expect(spoil(change)).toThrow(message);
    expect(() => layerStatisticsFrom("{}" as never)).toThrow("Pass JSON.parse(text)");
    expect(() => layerStatisticsFrom({} as never)).toThrow(TypeError);
    expect(() => layerStatisticsFrom(null as never)).toThrow(TypeError);
    const arrays = gather(x0, y0, () => 30).toArrays();
    const bytes = arrays.layerStatistics!;
    const cut = { ...bytes, data: (bytes.data as Uint8Array).subarray(1) };
    expect(() => layerStatisticsFrom({ ...arrays, layerStatistics: cut })).toThrow(
      "layerStatistics must be the UTF-8 text of a JSON object",
    );

    function swap({ arrays }: ReturnType<typeof good>): void {
      [arrays["x0.minimum"], arrays["x0.maximum"]] = [arrays["x0.maximum"], arrays["x0.minimum"]];
    }
    /** Another order of the same numbers: no longer symmetric. */
    function shifted(base64: string): string {
      const bytes = Buffer.from(base64, "base64");
      return Buffer.concat([bytes.subarray(8), bytes.subarray(0, 8)]).toString("base64");
    }
  });
});

/** Any place of a JSON value set to something else, or taken away. */
function damage(value: unknown, chance: Random): void {
  let node = value as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(node);
    const key = keys[chance.integer(keys.length)]!;
    const inner = node[key];
    if (typeof inner === "object" && inner !== null && Object.keys(inner).length > 0) {
      if (chance.uniform() < 0.8) {
        node = inner as Record<string, unknown>;
        continue;
      }
    }
    const junk = [null, 0, -1, 1.5, 1e300, "x", "AAAA", [], {}, [1, 2], true, 2 ** 21, -1200, 1100];
    if (typeof inner === "string" && inner.length > 8 && chance.uniform() < 0.6) {
      const at = chance.integer(inner.length);
      node[key] = `${inner.slice(0, at)}+${inner.slice(at + 1)}`;
    } else if (chance.uniform() < 0.2) delete node[key];
    else node[key] = junk[chance.integer(junk.length)];
    return;
  }
}

test("statistics damaged anywhere are refused, or give numbers", () => {
  const chance = new Random(12);
  const maps = gaussianMaps(chance, 9, 3, 2, 2);
  const texts = ([undefined, "dft", "pooled"] as const).map((as) => {
    const statistics = layerStatistics({ x: ["a", "c"], y: ["b"], ...(as && { as }) });
    const [a, c] = [as ? maps : gaussian(chance, 9, 3), gaussian(chance, 9, 2)];
    statistics.add({ x: { a, c }, y: { b: c }, ids: Array.from({ length: 9 }, (_, i) => i) });
    return JSON.stringify(statistics);
  });
  let refused = 0;
  for (let k = 0; k < 1500; k++) {
    const json = JSON.parse(texts[k % 3]!);
    damage(json, chance);
    for (const options of [{}, { measure: "cka" }, { measure: "procrustes" }] as const) {
      try {
        const { values } = layerStatisticsFrom(json).grid(options);
        expect(values.flat().some(Number.isNaN)).toBe(false);
      } catch (error) {
        refused++;
        expect((error as Error).message).toMatch(/^layerStatistics(From|\.grid): /);
      }
    }
  }
  expect(refused).toBeGreaterThan(1000);
});

describe("maps", () => {
  const n = 40;
  const mapsX = gaussianMaps(random, n, 4, 5, 3);
  const mapsY = gaussianMaps(random, n, 6, 4, 2);
  mapsY.data.forEach((value, at) => {
    mapsY.data[at] = value + mapsX.data[at % mapsX.data.length]!;
  });
  /** @param change - Also knows the place within the example. */
  const moved = (
    a: MapsArray,
    change: (value: number, at: number, place: number) => number,
  ): MapsArray => ({
    ...a,
    data: a.data.map((value, at) => change(value, at, at % (a.data.length / n))),
  });
  const gatherMaps = (
    as: LayerStatisticsOptions["as"],
    x: Layered,
    y: Layered,
    next = someRows(3, 9),
    ...range: [number?, number?]
  ) =>
    feed(
      layerStatistics({ x: Object.keys(x), y: Object.keys(y), ...(as && { as }) }),
      x,
      y,
      next,
      ...range,
    );
  const expectGrid = (
    statistics: LayerStatistics,
    as: LayerStatisticsOptions["as"],
    x: Layered,
    y: Layered,
    options: readonly LayerStatisticsMeasure[],
  ) => {
    for (const one of options) {
      const expected = similarityGrid(x, y, { ...one, ...(as && { as }) });
      const received = statistics.grid(one);
      expect(received.values).toBeAllclose(expected.values, { atol: 1e-9 });
      if (expected.chance) expect(received.chance!).toBeAllclose(expected.chance, { atol: 1e-9 });
    }
  };
  const any = measures.map(([options]) => options);

  test.each([
    ["as they are", (v: number) => v],
    [
      "with large means and a pattern",
      (v: number, _: number, place: number) => v + 1e7 * (place + 1),
    ],
    ["in huge units", (v: number) => 1.7e308 * Math.sin(v)],
    ["in tiny units", (v: number) => v * 1e-290],
  ])("%s: pooled, as samples and in the Fourier domain", (_, change) => {
    const x = { maps: moved(mapsX, change), matrix: gaussian(random, n, 4) };
    const y = { larger: moved(mapsY, change), same: moved(mapsX, (v) => v ** 3), matrix: x.matrix };
    expectGrid(gatherMaps("pooled", x, y), "pooled", x, y, any);
    expectGrid(gatherMaps("dft", x, y), "dft", x, y, [{}, { variance: 0.8 }, { measure: "cca" }]);
    // A pattern over positions would be variance of the samples.
    const level = moved(mapsX, (v) => change(v, 0, 0));
    const samples = { x: { maps: level }, y: { same: y.same } };
    expectGrid(gatherMaps("samples", samples.x, samples.y), "samples", samples.x, samples.y, any);
  });

  test("every field of dftCca, also with folded Nyquist frequencies", () => {
    for (const [x, y] of [
      [mapsX, mapsY],
      [mapsY, mapsX],
      [gaussianMaps(random, n, 6, 6, 2), gaussianMaps(random, n, 4, 3, 3)],
    ] as const) {
      const statistics = gatherMaps("dft", { a: x }, { b: y });
      const received = statistics.compare("a", "b", { measure: "cca" });
      const { frequencies, ...expected } = dftCca(x, y);
      const { frequencies: receivedFrequencies, ...fields } = received as typeof received &
        ReturnType<typeof dftCca>;
      expectSame(fields, expected);
      frequencies.forEach((one, k) => {
        expectSame(receivedFrequencies[k]!, one);
      });
    }
  });

  test("merge, though each shard counts from its own first example", () => {
    const x = { a: moved(mapsX, (v, at) => v + 1000 * (at % 7)), m: gaussian(random, n, 3) };
    const y = { b: mapsY };
    for (const as of ["pooled", "dft"] as const) {
      const [first, second, third] = [
        [0, 1],
        [1, 25],
        [25, n],
      ].map(([from, to]) => gatherMaps(as, x, y, () => 4, from, to)) as [
        LayerStatistics,
        LayerStatistics,
        LayerStatistics,
      ];
      const merged = first.merge(layerStatisticsFrom(third.toArrays())).merge(second);
      expectGrid(merged, as, x, y, as === "dft" ? [{}, { measure: "cca" }] : any);
    }
  });

  test("channels that are dead, or whose means are nothing but rounding", () => {
    const x = moved(mapsX, (v, at) => (at % 3 === 1 ? 0.3 : v));
    // The same values in another order of positions in each example: the same mean.
    const shuffled = moved(mapsX, (v, at) => {
      const [position, example] = [Math.floor(at / 3) % 20, Math.floor(at / 60)];
      return at % 3 === 2 ? Math.sin((position + example) % 20) : v;
    });
    const statistics = gatherMaps("pooled", { x, shuffled }, { y: mapsY });
    expect(statistics.compare("x", "y").deadX).toEqual([1]);
    expect(statistics.compare("shuffled", "y").deadX).toEqual([2]);
    expect(statistics.compare("shuffled", "y", { measure: "cca" }).rankX).toBe(2);
    expectGrid(statistics, "pooled", { x, shuffled }, { y: mapsY }, any);
    const spectra = gatherMaps("dft", { x }, { y: mapsY });
    expect(spectra.compare("x", "y").deadX).toEqual([1]);
    expectGrid(spectra, "dft", { x }, { y: mapsY }, [{}, { measure: "cca" }]);
    // The same at all positions: only the frequency 0 has anything of it but rounding.
    const flat = moved(mapsX, (v, at) => (at % 3 === 0 ? Math.sin(1 + Math.floor(at / 60)) : v));
    const mixed = gatherMaps("dft", { flat }, { y: mapsY });
    expect(mixed.compare("flat", "y", { measure: "cca" }).rankX).toBe(3 + 2 * 15);
    expectGrid(mixed, "dft", { flat }, { y: mapsY }, [{}, { measure: "cca" }]);
    const dead = moved(mapsX, () => 5);
    expect(gatherMaps("dft", { dead }, { y: mapsY }).grid().values).toEqual([[0]]);
    expect(
      gatherMaps("pooled", { dead }, { y: mapsY }).grid({ measure: "cka", debiased: true }).values,
    ).toEqual([[0]]);
  });

  test("pooled distances are in the units of the activations", () => {
    const mean = matrix(n, 3, (i, j) => {
      let sum = 0;
      for (let p = 0; p < 20; p++) sum += mapsX.data[(i * 20 + p) * 3 + j]!;
      return sum / 20;
    });
    const other = gaussian(random, n, 3);
    const statistics = gatherMaps("pooled", { a: mapsX }, { b: other });
    const expected = procrustes(mean, other);
    expectSame(statistics.compare("a", "b", { measure: "procrustes" }), expected);
  });

  test("counts images and, as samples, compares positions", () => {
    const statistics = gatherMaps("samples", { a: mapsX }, { b: mapsX });
    expect(statistics.examples).toBe(n);
    expect(statistics.compare("a", "b").chanceSquared).toBeCloseTo(3 / (20 * n - 1), 15);
  });
});

describe("ids", () => {
  const add = (statistics: LayerStatistics, ids: unknown, rows = 3) =>
    statistics.add({
      x: { a: gaussian(random, rows, 2) },
      y: { b: gaussian(random, rows, 2) },
      ids,
    } as never);

  test("of any kind, equal when their texts are", () => {
    const statistics = pair();
    add(statistics, [1, "two", 3n]);
    add(statistics, Int32Array.of(4, 5, 6));
    add(statistics, { x: BigInt64Array.of(7n, 8n, 9n), y: ["7", "8", "9"] });
    expect(statistics.examples).toBe(9);
    expect(() => add(statistics, [10, 11, "3"])).toThrow(
      'layerStatistics.add: ids[2] must be of an example that has not come before, got "3"',
    );
    expect(() => add(statistics, [10, 11, 10])).toThrow("ids[2] must be of an example");
    // What was refused left nothing behind.
    add(statistics, [10, 11, 12]);
    expect(statistics.examples).toBe(12);
  });

  test("in another order for the two models are refused", () => {
    expect(() => add(pair(), { x: [1, 2, 3], y: [1, 3, 2] })).toThrow(
      new RangeError(
        "layerStatistics.add: ids.x and ids.y must be the same in the same order, got 2 and 3 at [1]",
      ),
    );
  });

  test("must be as many as examples, and texts or numbers", () => {
    expect(() => add(pair(), [1, 2])).toThrow(
      "layerStatistics.add: ids must be 3 ids, one for each example, got 2",
    );
    expect(() => add(pair(), [1, 2, null])).toThrow("ids[2] must be a text or a number, got null");
    expect(() => add(pair(), "abc")).toThrow(TypeError);
    expect(() => add(pair(), { x: [1, 2, 3] })).toThrow(
      "ids.y must be an array of texts or numbers",
    );
  });

  test("come with every batch or with none", () => {
    const statistics = pair();
    add(statistics, [1, 2, 3]);
    expect(() => add(statistics, undefined)).toThrow(
      "layerStatistics.add: ids must come with every batch or with none, got none after 3 examples with",
    );
    const other = pair();
    add(other, undefined);
    expect(() => add(other, [4, 5, 6])).toThrow("got some after 3 examples without");
    expect(() => statistics.merge(other)).toThrow(
      "layerStatistics.merge: both or none must have been given ids, got ids in one of them",
    );
  });

  test("in two shards are refused, also when saved in between", () => {
    const [one, two, three] = [pair(), pair(), pair()];
    add(one, [1, 2, 3]);
    add(two, [4, 5, 6]);
    add(three, [7, 3, 8]);
    one.merge(layerStatisticsFrom(JSON.parse(JSON.stringify(two))));
    for (const other of [three, layerStatisticsFrom(three.toArrays())]) {
      expect(() => one.merge(other)).toThrow(
        "layerStatistics.merge: other must hold other examples, got some with the same ids",
      );
    }
    expect(one.examples).toBe(6);
    expect(() => add(one, [9, 10, 5])).toThrow("ids[2]");
    add(one, [7, 9, 8]);
  });

  test("have hashes of their own", () => {
    const statistics = pair();
    for (let from = 0; from < 200_000; from += 10_000) {
      const ids = Array.from({ length: 10_000 }, (_, i) => from + i);
      add(statistics, ids, 10_000);
    }
    expect(statistics.examples).toBe(200_000);
    expect(() => add(statistics, [200_000, 200_001, 199_999])).toThrow("ids[2]");
  });
});

describe("errors of layerStatistics", () => {
  test("names", () => {
    expect(() => layerStatistics({ x: ["a"], y: [] })).toThrow(
      new RangeError("layerStatistics: y must have at least 1 layer"),
    );
    expect(() => layerStatistics({ x: ["a", "a"], y: ["b"] })).toThrow(
      'layerStatistics: x must be of different names, got "a"',
    );
    expect(() => layerStatistics({ x: "a", y: ["b"] } as never)).toThrow(TypeError);
    expect(() => layerStatistics({ x: ["a"] } as never)).toThrow(TypeError);
    expect(() => layerStatistics({ x: ["a"], y: ["b"], as: "fft" } as never)).toThrow(
      'layerStatistics: as must be one of "dft", "samples", "pooled", got "fft"',
    );
    expect(() => layerStatistics({ x: ["a"], y: ["b"], z: [] } as never)).toThrow(
      'layerStatistics: options must be made of x, y, as, got "z"',
    );
  });

  test("layers that are missing, unknown or of another size or number of examples", () => {
    const statistics = layerStatistics({ x: ["a", "c"], y: ["b"] });
    const add = (x: object, y: object) => () => statistics.add({ x, y } as never);
    const [two, three] = [gaussian(random, 2, 3), gaussian(random, 3, 3)];
    expect(add({ a: two }, { b: two })).toThrow(
      'layerStatistics.add: x must be made of all layers a, c, got ["a"]',
    );
    expect(add({ a: two, c: two, d: two }, { b: two })).toThrow(
      'layerStatistics.add: x must be made of the layers a, c, got "d"',
    );
    expect(add({ a: two, c: three }, { b: two })).toThrow(
      'layerStatistics.add: x["a"] and x["c"] must have the same number of rows (examples), got 2 and 3',
    );
    expect(add({ a: two, c: two }, { b: three })).toThrow('x["a"] and y["b"] must have the same');
    expect(add([], { b: two })).toThrow("x must be an object or Map of layers by name");
    expect(
      add(
        { a: two, c: two },
        {
          b: [
            [1, Number.NaN],
            [1, 2],
          ],
        },
      ),
    ).toThrow('layerStatistics.add: y["b"] must be finite everywhere, got NaN at [0, 1]');
    expect(add({ a: two, c: two }, { b: { data: Float64Array.of(1, 2), shape: [2] } })).toThrow(
      'y["b"] must be of shape [examples, neurons] or [examples, height, width, channels], got [2]',
    );
    expect(add({ a: two, c: two }, { b: { data: new Float64Array(0), shape: [0, 3] } })).toThrow(
      'y["b"] must be of at least 1 example and 1 neuron',
    );
    expect(statistics.examples).toBe(0);
    add({ a: two, c: two }, { b: two })();
    expect(add({ a: gaussian(random, 2, 4), c: two }, { b: two })).toThrow(
      'layerStatistics.add: x["a"] must have the shape [examples, 3] of earlier batches, got [2, 4]',
    );
    expect(statistics.examples).toBe(2);
  });

  test("maps", () => {
    const maps = gaussianMaps(random, 5, 2, 2, 3);
    const add = (as: LayerStatisticsOptions["as"], b: ShapedArray) => {
      const statistics = layerStatistics({ x: ["a"], y: ["b"], ...(as && { as }) });
      statistics.add({ x: { a: maps }, y: { b } });
      return statistics;
    };
    expect(() => add(undefined, maps)).toThrow(
      new TypeError(
        'layerStatistics: as must be "dft", "samples" or "pooled" for maps such as x["a"], got undefined',
      ),
    );
    expect(() => add("samples", gaussianMaps(random, 5, 1, 4, 3))).toThrow(
      'layerStatistics.add: x["a"] and y["b"] must have maps of the same size for as: "samples", got 2×2 and 1×4',
    );
    const spectra = add("dft", maps);
    expect(() => spectra.grid({ measure: "cka" })).toThrow(
      'layerStatistics.grid: as must be "samples" or "pooled" for cka, got "dft"',
    );
    expect(() => spectra.grid({ measure: "cca", regularization: 1 })).toThrow(
      'regularization must be 0 with as: "dft", got 1',
    );
  });

  test("merging of other layers", () => {
    const a = gather(x0, y0, () => 50);
    const merge = (other: unknown) => () => a.merge(other as LayerStatistics);
    expect(merge(a)).toThrow("layerStatistics.merge: other must be another accumulator");
    expect(merge(a.toJSON())).toThrow(TypeError);
    expect(merge(layerStatistics({ x: ["z"], y: ["b"] }))).toThrow(
      'layerStatistics.merge: other must have the same layers of x, got ["z"] for ["a"]',
    );
    expect(merge(layerStatistics({ x: ["a"], y: ["b"], as: "dft" }))).toThrow(
      'other must have the same as, got "dft" for "none"',
    );
    expect(merge(gather(y0, y0, () => 50))).toThrow(
      'layerStatistics.merge: other must have layers of the same sizes, got [4] for [6] of x["a"]',
    );
    expect(a.examples).toBe(EXAMPLES);
  });

  test("measures", () => {
    const statistics = gather(x0, y0, () => 50);
    const grid = (options: object) => () => statistics.grid(options as LayerStatisticsMeasure);
    expect(grid({ measure: "rsa" })).toThrow(
      'layerStatistics.grid: measure must be one of svcca, cca, pwcca, cka, procrustes, got "rsa". It needs all pairs of examples at once',
    );
    expect(grid({ measure: "cka", kernel: "rbf" })).toThrow(
      'layerStatistics.grid: kernel must be "linear", got "rbf". It needs all pairs of examples at once',
    );
    expect(grid({ measure: "svd" })).toThrow(RangeError);
    expect(grid({ variance: 2 })).toThrow("layerStatistics.grid: variance must be");
    expect(grid({ measure: "procrustes", variance: 1 })).toThrow(TypeError);
    expect(() => statistics.compare("b", "b")).toThrow(
      'layerStatistics.compare: x must be one of "a", got "b"',
    );
    expect(() => pair().grid()).toThrow(
      "layerStatistics.grid: there must be at least 2 examples, got 0",
    );
    const one = pair();
    one.add({ x: { a: [[1]] }, y: { b: [[1]] } });
    expect(() => one.compare("a", "b")).toThrow(
      "layerStatistics.compare: there must be at least 2 examples, got 1",
    );
    one.add({ x: { a: [[2]] }, y: { b: [[3]] } });
    expect(one.compare("a", "b").similarity).toBeCloseTo(1, 14);
    expect(() => one.grid({ measure: "cka", debiased: true })).toThrow(
      "there must be at least 4 examples if debiased, got 2",
    );
  });

  test("numbers that rounding could have made", () => {
    const duplicated = map(x0, (_, i, j) => entry(x0, i, j >> 1));
    const statistics = gather(duplicated, y0, () => 50);
    const advice = "or a regularization of 1e-6 or more, or compare the activations themselves";
    for (const options of [
      { measure: "cca" },
      { measure: "pwcca" },
      { variance: 1 },
      { components: 4 },
    ] as LayerStatisticsMeasure[]) {
      const fail = () => statistics.grid(options);
      expect(fail).toThrow(RangeError);
      expect(fail).toThrow('layer "a" of x must have at least 0.000001 of its largest variance');
      expect(fail).toThrow(advice);
    }
    expect(() => statistics.grid({ measure: "cca", regularization: 0.1 })).toThrow("1e-10");
    // Small, but not as small as rounding errors.
    const uneven = map(x0, (v, _, j) => (j === 0 ? v * 1e-4 : v));
    const fine = gather(uneven, y0, () => 50);
    expect(() => fine.grid({ measure: "cca" })).toThrow("0.000001");
    expect(() => fine.grid({ measure: "cca", regularization: 1e-9 })).toThrow("1e-10");
    const options = { regularization: 1e-5 };
    expectSame(fine.compare("a", "b", { measure: "cca", ...options }), cca(uneven, y0, options));
    const outlying = map(x0, (v, i) => (i === 3 ? v * 1e6 : v));
    expect(() => gather(outlying, y0, () => 50).grid({ measure: "cka", debiased: true })).toThrow(
      'layer "a" of x must have examples of like size for debiased "cka"',
    );
  });

  test("a shuffled model is another model: order matters", () => {
    const order = permutation(EXAMPLES, new Random(9));
    const shuffled = gather(x0, reordered(y0, order), () => 50).compare("a", "b").similarity;
    expect(shuffled).toBeLessThan(gather(x0, y0, () => 50).compare("a", "b").similarity - 0.2);
  });
});
