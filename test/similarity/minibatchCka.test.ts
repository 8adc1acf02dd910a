import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { cka, minibatchCka } from "../../src/similarity/index.js";
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
  plus,
  sum,
  times,
  transposeOf,
  wellConditioned,
} from "./data.js";

type Pair = readonly [Matrix, Matrix];

function similarityOf(...batches: Pair[]) {
  const accumulator = minibatchCka();
  for (const [x, y] of batches) accumulator.add(x, y);
  return accumulator.result();
}

/** HSIC₁ as Song et al. write it: kernel matrices without their diagonals, three terms. */
function hsicBySong(x: Matrix, y: Matrix): number {
  const n = x.shape[0];
  const kernel = (a: Matrix) =>
    map(times(a, transposeOf(a)), (value, i, j) => (i === j ? 0 : value));
  const [k, l] = [kernel(x), kernel(y)];
  const both = times(k, l);
  const trace = sum(Array.from({ length: n }, (_, i) => entry(both, i, i)));
  const product = sum(k.data) * sum(l.data);
  return (trace + product / ((n - 1) * (n - 2)) - (2 / (n - 2)) * sum(both.data)) / (n * (n - 3));
}

const related = (random: Random, rows: number): Pair => {
  const x = gaussian(random, rows, 3);
  return [x, plus(times(x, gaussian(new Random(7), 3, 4)), gaussian(random, rows, 4))];
};

describe("minibatchCka", () => {
  test("a worked example of four examples in one dimension", () => {
    // U-centred products of (1, −1, 1, −1) with itself and with (1, 1, −1, −1): orthogonal to each other.
    const [x, y] = [matrix(4, 1, (i) => (-1) ** i), matrix(4, 1, (i) => (i < 2 ? 1 : -1))];
    expect(hsicBySong(x, x)).toBeCloseTo(8 / 3, 14);
    expect(hsicBySong(x, y)).toBeCloseTo(-4 / 3, 14);
    expect(similarityOf([x, y]).similarity).toBeCloseTo(-1 / 2, 15);
    expect(similarityOf([x, x]).similarity).toBeCloseTo(1, 15);
    expect(similarityOf([x, y], [x, x]).similarity).toBeCloseTo(1 / 4, 15);
  });

  test("one batch is the debiased similarity of its examples", () => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const whole = cka(x, y, { debiased: true });
        expect(similarityOf([x, y]).similarity).toBeCloseTo(whole.similarity, 11);
      }),
    );
    fc.assert(
      fc.property(awkward, ({ x, y }) => {
        if (x.shape[0] < 4) return;
        const { similarity, ...others } = cka(x, y, { debiased: true });
        expect(similarityOf([x, y])).toMatchObject(others);
      }),
    );
  });

  test("several batches are the ratio of the means of HSIC₁", () => {
    const random = new Random(1);
    const batches = [8, 8, 8].map((rows) => related(random, rows));
    const mean = (of: (pair: Pair) => number) => meanOf(batches.map(of));
    const expected =
      mean(([x, y]) => hsicBySong(x, y)) /
      Math.sqrt(mean(([x]) => hsicBySong(x, x)) * mean(([, y]) => hsicBySong(y, y)));
    const result = similarityOf(...batches);
    expect(result.similarity).toBeCloseTo(expected, 13);
    expect([result.batches, result.examples]).toEqual([3, 24]);
    // Not the mean of the similarities, and not that of all examples at once.
    const each = meanOf(batches.map((pair) => similarityOf(pair).similarity));
    expect(Math.abs(each - expected)).toBeGreaterThan(1e-4);
  });

  test("a shorter batch counts by its examples", () => {
    const random = new Random(2);
    const batches = [9, 9, 4].map((rows) => related(random, rows));
    const weighted = (of: (pair: Pair) => number) =>
      sum(batches.map((pair) => pair[0].shape[0] * of(pair)));
    const expected =
      weighted(([x, y]) => hsicBySong(x, y)) /
      Math.sqrt(weighted(([x]) => hsicBySong(x, x)) * weighted(([, y]) => hsicBySong(y, y)));
    expect(similarityOf(...batches).similarity).toBeCloseTo(expected, 13);
  });

  test("has no bias from small batches", () => {
    const random = new Random(3);
    const unrelated = Array.from(
      { length: 3000 },
      (): Pair => [gaussian(random, 5, 6), gaussian(random, 5, 6)],
    );
    expect(Math.abs(similarityOf(...unrelated).similarity)).toBeLessThan(0.02);
    // Biased, five examples of six neurons look alike whatever they are.
    expect(meanOf(unrelated.slice(0, 50).map(([x, y]) => cka(x, y).similarity))).toBeGreaterThan(
      0.5,
    );
    const small = similarityOf(...Array.from({ length: 800 }, () => related(random, 5)));
    const large = similarityOf(...Array.from({ length: 20 }, () => related(random, 200)));
    expect(small.similarity).toBeCloseTo(large.similarity, 1);
  });

  test("does not depend on rotation, shift, common scale and the order of batches", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -250, max: 250 }), (seed, power) => {
        const random = new Random(seed);
        const batches = [6, 5, 4].map((rows) => related(random, rows));
        const { similarity } = similarityOf(...batches);
        const turn = orthonormal(random, 3);
        const moved = batches.map(
          ([x, y]): Pair => [
            map(times(x, turn), (value, _, j) => (value - 5 * j) * 10 ** power),
            y,
          ],
        );
        expect(similarityOf(...moved.reverse()).similarity).toBeCloseTo(similarity, 11);
      }),
    );
  });

  test("batches of very different size of numbers are weighed as they are", () => {
    const random = new Random(4);
    const [small, large] = [related(random, 6), related(random, 6)];
    const scaled = (pair: Pair, factor: number): Pair => [
      map(pair[0], (value) => value * factor),
      pair[1],
    ];
    // The larger one decides, in either order, without overflow.
    const alone = hsicBySong(...large) / Math.sqrt(hsicBySong(large[0], large[0]));
    const norm = Math.sqrt(meanOf([small, large].map(([, y]) => hsicBySong(y, y))) * 2);
    for (const factor of [1e-100, 1e-300]) {
      for (const batches of [
        [scaled(small, factor), large],
        [large, scaled(small, factor)],
        [scaled(small, factor), scaled(large, 1 / factor)],
      ]) {
        expect(similarityOf(...batches).similarity).toBeAllclose(alone / norm, { rtol: 1e-12 });
      }
    }
  });

  test("large means cost no digits", () => {
    const random = new Random(5);
    const batches = [related(random, 20), related(random, 20)];
    const shifted = batches.map(
      ([x, y]): Pair => [map(x, (value) => Math.fround(value) + 2 ** 20), y],
    );
    const rounded = batches.map(([x, y]): Pair => [map(x, (value) => Math.fround(value)), y]);
    expect(similarityOf(...shifted).similarity).toBeCloseTo(similarityOf(...rounded).similarity, 9);
    // The three terms of the plain formula have lost them all: a square that is negative, or far off.
    const [x] = [map(batches[0]![0], (value) => value + 2 ** 40)];
    const exact = hsicBySong(batches[0]![0], batches[0]![0]);
    expect(Math.abs(hsicBySong(x!, x!) / exact - 1)).toBeGreaterThan(1);
  });

  test("results are finite and in range for any batches", () => {
    fc.assert(
      fc.property(fc.array(awkward, { minLength: 1, maxLength: 4 }), (pairs) => {
        const accumulator = minibatchCka();
        let added = 0;
        for (const { x, y } of pairs) {
          const first = pairs[0]!;
          const fits = x.shape[1] === first.x.shape[1] && y.shape[1] === first.y.shape[1];
          if (x.shape[0] < 4 || !fits) {
            if (added > 0) expect(() => accumulator.add(x, y)).toThrow(RangeError);
            continue;
          }
          accumulator.add(x, y);
          added++;
        }
        if (added === 0) return;
        const result = accumulator.result();
        expect(numbersIn(result).every(Number.isFinite)).toBe(true);
        expect(Math.abs(result.similarity)).toBeLessThanOrEqual(1);
        expect(result.batches).toBe(added);
      }),
      { numRuns: 300 },
    );
  });

  test("a side without variance has similarity 0, and only neurons that never vary are dead", () => {
    const random = new Random(6);
    const half = map(gaussian(random, 5, 3), (value, _, j) => (j === 0 ? value : 0.1));
    const other = map(gaussian(random, 5, 3), (value, _, j) => (j === 1 ? value : 0.3));
    const y = gaussian(random, 5, 2);
    expect(similarityOf([half, y], [other, y])).toMatchObject({ deadX: [2], deadY: [] });
    const dead = map(half, () => 1 / 3);
    expect(similarityOf([dead, y], [dead, y])).toMatchObject({ similarity: 0, deadX: [0, 1, 2] });
    // Examples that are all equally far apart leave nothing after centring.
    const simplex = times(
      matrix(5, 5, (i, j) => (i === j ? 1 : 0)),
      orthonormal(random, 5),
    );
    expect(similarityOf([simplex, y]).similarity).toBe(0);
    // One batch without variance leaves the others as they are.
    const [x, z] = related(random, 9);
    const still = [map(x, () => 1e300), map(z, () => 0)] as const;
    expect(similarityOf([x, z], still).similarity).toBeCloseTo(similarityOf([x, z]).similarity, 14);
  });

  test("can be asked between batches, and a refused batch does not count", () => {
    const random = new Random(8);
    const [first, second] = [related(random, 6), related(random, 6)];
    const accumulator = minibatchCka();
    accumulator.add(...first);
    const before = accumulator.result();
    expect(() => accumulator.add(first[0], gaussian(random, 5, 4))).toThrow(
      "minibatchCka: x and y must have",
    );
    expect(() => accumulator.add(gaussian(random, 6, 2), first[1])).toThrow(
      new RangeError("minibatchCka: x must be a batch of 3 neurons like the first one, got 2"),
    );
    expect(accumulator.result()).toEqual(before);
    accumulator.add(...second);
    expect(accumulator.result()).toEqual(similarityOf(first, second));
  });

  test("refuses short batches, and a result before the first", () => {
    const accumulator = minibatchCka();
    expect(() => accumulator.result()).toThrow(
      "minibatchCka: a batch must be added before the result is asked for, got none",
    );
    expect(() => accumulator.add([[1], [2], [3]], [[1], [2], [3]])).toThrow(
      new RangeError(
        "minibatchCka: a batch must be of at least 4 examples, got 3. Join a short last batch to the one before, or leave it out",
      ),
    );
  });
});
