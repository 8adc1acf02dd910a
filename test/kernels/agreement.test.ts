import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { plainLinearAlgebra, useLinearAlgebra } from "../../src/kernels/index.js";
import {
  type CanonicalResult,
  cca,
  cka,
  convSvcca,
  dftCca,
  procrustes,
  type ShapedArray,
  svcca,
} from "../../src/similarity/index.js";
import {
  gaussian,
  gaussianMaps,
  joined,
  type Matrix,
  map,
  plus,
  times,
} from "../similarity/data.js";

afterEach(() => useLinearAlgebra());

/** What `of` gives with the kernels, and what it gives without. */
function both<T>(of: () => T): [T, T] {
  useLinearAlgebra();
  const kernels = of();
  useLinearAlgebra(plainLinearAlgebra);
  const plain = of();
  useLinearAlgebra();
  return [kernels, plain];
}

/** Activations as they are met: rectified, of very different scale, far from zero, duplicated, dead, single precision. */
const changes: Record<string, (a: Matrix, random: Random) => ShapedArray> = {
  "as they are": (a) => a,
  "in single precision": ({ data, shape }) => ({ data: Float32Array.from(data), shape }),
  rectified: (a) => map(a, (value) => Math.max(0, value)),
  "large means": (a) => map(a, (value, _, j) => value + 1e6 * (j + 1)),
  "tiny units": (a) => map(a, (value) => value * 1e-12),
  "huge units": (a) => map(a, (value) => value * 1e12),
  "neurons of different scale": (a) => map(a, (value, _, j) => value * 10 ** (j % 4)),
  "dead neurons": (a) => map(a, (value, _, j) => (j % 3 === 0 ? 0.1 : value)),
  duplicates: (a) => joined(a, a),
  "close duplicates": (a, random) =>
    joined(
      a,
      plus(
        a,
        map(gaussian(random, ...a.shape), (value) => value * 1e-6),
      ),
    ),
};
const change = fc.constantFrom(...Object.keys(changes));

const data = fc
  .record({
    seed: fc.integer(),
    rows: fc.integer({ min: 3, max: 150 }),
    p: fc.integer({ min: 1, max: 40 }),
    q: fc.integer({ min: 1, max: 40 }),
    changeX: change,
    changeY: change,
  })
  .map(({ seed, rows, p, q, changeX, changeY }) => {
    const random = new Random(seed);
    const x = gaussian(random, rows, p);
    const y = plus(gaussian(random, rows, q), times(x, gaussian(random, p, q)));
    return { x: changes[changeX]!(x, random), y: changes[changeY]!(y, random) };
  });

function expectSame([a, b]: [CanonicalResult, CanonicalResult], atol: number): void {
  expect([a.keptX, a.keptY, a.rankX, a.rankY]).toEqual([b.keptX, b.keptY, b.rankX, b.rankY]);
  expect(a.similarity).toBeAllclose(b.similarity, { atol });
  expect(a.correlations).toBeAllclose(b.correlations, { atol });
  expect([a.deadX, a.deadY]).toEqual([b.deadX, b.deadY]);
  expect([a.chance, a.degenerate]).toEqual([b.chance, b.degenerate]);
}

describe("the measures give the same with the kernels and without", () => {
  test("of matrices", () => {
    fc.assert(
      fc.property(data, ({ x, y }) => {
        expectSame(
          both(() => svcca(x, y)),
          1e-9,
        );
        // Directions of 1e-6 of the largest leave ten digits, of 1e-9 (close duplicates beside neurons of a
        // thousandfold scale) seven.
        expectSame(
          both(() => cca(x, y)),
          1e-6,
        );
        for (const debiased of [false, x.shape[0]! > 3]) {
          const [a, b] = both(() => cka(x, y, { debiased }).similarity);
          expect(a).toBeAllclose(b, { atol: 1e-9 });
        }
        const [a, b] = both(() => procrustes(x, y).normalized);
        expect(a).toBeAllclose(b, { atol: 1e-9 });
      }),
      { numRuns: 150 },
    );
  });

  test("of maps, frequency by frequency", () => {
    const maps = fc.record({
      seed: fc.integer(),
      examples: fc.integer({ min: 2, max: 60 }),
      height: fc.integer({ min: 1, max: 8 }),
      width: fc.integer({ min: 1, max: 8 }),
      p: fc.integer({ min: 1, max: 9 }),
      q: fc.integer({ min: 1, max: 9 }),
      scale: fc.constantFrom(0, 1, 3),
      offset: fc.constantFrom(0, 1e5),
      single: fc.boolean(),
    });
    fc.assert(
      fc.property(maps, ({ seed, examples, height, width, p, q, scale, offset, single }) => {
        const random = new Random(seed);
        const one = (channels: number): ShapedArray => {
          const { data, shape } = gaussianMaps(random, examples, height, width, channels);
          const changed = data.map((value, at) => value * 10 ** (scale * (at % channels)) + offset);
          return { data: single ? Float32Array.from(changed) : changed, shape };
        };
        const [x, y] = [one(p), one(q)];
        expectSame(
          both(() => dftCca(x, y)),
          1e-7,
        );
        expectSame(
          both(() => convSvcca(x, y, { as: "dft" })),
          1e-8,
        );
        expectSame(
          both(() => convSvcca(x, y, { as: "dft", components: 2 })),
          1e-8,
        );
      }),
      { numRuns: 60 },
    );
  });
});
