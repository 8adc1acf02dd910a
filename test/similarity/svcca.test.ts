import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { cca, svcca } from "../../src/similarity/index.js";
import { testSoundOnMatrices } from "./canonicalProperties.js";
import {
  awkward,
  gaussian,
  map,
  matrix,
  meanOf,
  orthonormal,
  plus,
  reordered,
  times,
  wellConditioned,
} from "./data.js";

/** Neuron j is +size on example 2j, −size on 2j + 1: centred, with orthogonal columns of squared length 2·size². */
const oppositePairs = (sizes: readonly number[]) =>
  matrix(2 * sizes.length, sizes.length, (i, j) =>
    i >> 1 === j ? (i % 2 === 0 ? sizes[j]! : -sizes[j]!) : 0,
  );

describe("svcca", () => {
  test("keeps the fewest directions that hold the wanted variance", () => {
    // Variances 9 : 1 of 10.
    const x = oppositePairs([3, 1]);
    const kept = (variance: number) => svcca(x, x, { variance }).keptX;
    expect([0.5, 0.899, 0.901, 0.99, 1].map(kept)).toEqual([1, 1, 2, 2, 2]);
    const { keptX, rankX, varianceX, similarity } = svcca(x, x, { variance: 0.5 });
    expect([keptX, rankX]).toEqual([1, 2]);
    expect(varianceX).toBeCloseTo(0.9, 15);
    expect(similarity).toBeCloseTo(1, 15);
  });

  test("keeps 99 % of the variance by default", () => {
    // 100 : 1 leaves out 0.99 %, 98 : 1 would leave out 1.01 %.
    const kept = (ratio: number) => {
      const x = oppositePairs([Math.sqrt(ratio), 1]);
      return svcca(x, x).keptX;
    };
    expect([kept(100), kept(98)]).toEqual([1, 2]);
  });

  test.each([
    [0.25, 1],
    [0.5, 2],
    [0.75, 3],
    [0.76, 4],
    [1, 4],
  ])("four equal directions: exactly %d of the variance is %d of them", (variance, expected) => {
    const random = new Random(1);
    for (const unit of [1, 0.1, 3.7, 1e-200]) {
      const x = oppositePairs([unit, unit, unit, unit]);
      const turned = times(oppositePairs([1, 1, 1, 1]), orthonormal(random, 4));
      const { keptX, keptY } = svcca(x, turned, { variance });
      expect([keptX, keptY], `${unit}`).toEqual([expected, expected]);
    }
  });

  test("ten equal directions, turned in any way: exactly k/10 of the variance is k of them", () => {
    const random = new Random(4);
    const equal = oppositePairs(Array(10).fill(0.1));
    for (let turn = 0; turn < 5; turn++) {
      const x = times(equal, orthonormal(random, 10));
      for (let k = 1; k <= 10; k++) {
        expect(svcca(x, equal, { variance: k / 10 }), `${k}`).toMatchObject({ keptX: k, keptY: k });
      }
    }
  });

  test("the small directions do not enter the correlations", () => {
    const random = new Random(2);
    const shared = gaussian(random, 50, 2);
    const noise = map(gaussian(random, 50, 6), (value) => 1e-3 * value);
    const x = plus(times(shared, gaussian(random, 2, 6)), noise);
    const y = times(shared, gaussian(random, 2, 3));
    const { keptX, similarity, rankX } = svcca(x, y);
    expect([keptX, rankX]).toEqual([2, 6]);
    expect(similarity).toBeGreaterThan(0.999);
    expect(cca(x, x).keptX).toBe(6);
  });

  test("components keeps that many directions, at most the rank", () => {
    const x = oppositePairs([4, 2, 1]);
    expect(svcca(x, x, { components: 2 }).keptX).toBe(2);
    expect(svcca(x, x, { components: 2 }).varianceX).toBeCloseTo(20 / 21, 15);
    expect(svcca(x, x, { components: 7 }).keptX).toBe(3);
    expect(svcca(x, oppositePairs([1, 0, 0]), { components: 2 }).keptY).toBe(1);
  });

  test("with all of the variance it is cca", () => {
    fc.assert(
      fc.property(awkward, ({ x, y }) => {
        const [all, plain] = [svcca(x, y, { variance: 1 }), cca(x, y)];
        expect(all).toEqual(plain);
      }),
    );
  });

  testSoundOnMatrices((x, y) => svcca(x, y));
  describe("with components", () => {
    testSoundOnMatrices((x, y) => svcca(x, y, { components: 2 }));
  });

  test("is symmetric", () => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const [there, back] = [svcca(x, y), svcca(y, x)];
        expect(there.similarity).toBeCloseTo(back.similarity, 10);
        expect([there.keptX, there.varianceX]).toEqual([back.keptY, back.varianceY]);
      }),
    );
  });

  test("is invariant to turning, shifting and scaling, and to the order of examples", () => {
    fc.assert(
      fc.property(wellConditioned, ({ random, p, x, y, order }) => {
        // Components, since a fraction may fall on a tie of two directions.
        const options = { components: 2 };
        const { similarity } = svcca(x, y, { variance: 1 });
        const moved = map(times(x, orthonormal(random, p)), (v, _, j) => 5 * v + j);
        expect(svcca(moved, y, { variance: 1 }).similarity).toBeCloseTo(similarity, 10);
        expect(svcca(moved, x, options).similarity).toBeCloseTo(1, 6);
        const shuffled = svcca(reordered(x, order), reordered(y, order), { variance: 1 });
        expect(shuffled.similarity).toBeCloseTo(similarity, 10);
      }),
    );
  });

  test("is not invariant to a general linear map, which moves the variance", () => {
    const x = oppositePairs([10, 1]);
    const y = oppositePairs([10, 100]);
    expect(cca(x, y).similarity).toBeCloseTo(1, 14);
    expect(svcca(x, y, { variance: 0.9 }).similarity).toBeCloseTo(0, 14);
  });

  test("any data compared with themselves give 1", () => {
    fc.assert(
      fc.property(awkward, fc.double({ min: 0.05, max: 1, noNaN: true }), ({ x }, variance) => {
        const { similarity, rankX } = svcca(x, x, { variance });
        expect(similarity).toBeCloseTo(rankX > 0 ? 1 : 0, 10);
      }),
    );
  });

  test("independent data come out at chance", () => {
    const random = new Random(3);
    const results = Array.from({ length: 1000 }, () =>
      svcca(gaussian(random, 30, 8), gaussian(random, 30, 8), { components: 3 }),
    );
    expect(results[0]!.chanceSquared).toBeCloseTo(3 / 29, 14);
    // Standard error 0.003; the chance level itself is right to about 1 %.
    expect(meanOf(results.map(({ similarity }) => similarity))).toBeAllclose(results[0]!.chance, {
      atol: 0.012,
    });
  });

  test("rejects options that do not exist or make no sense", () => {
    const x = [[1], [2], [4]];
    const call = (options: object | null) => () => svcca(x, x, options as object);
    expect(call({ threshold: 0.9 })).toThrow(
      'svcca: options must be made of variance, components, directions, permutations, bootstrap, seed, level, got "threshold"',
    );
    expect(call(null)).toThrow("svcca: options must be an object, got null");
    for (const variance of [0, -0.1, 1.01, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(call({ variance })).toThrow(
        new RangeError(`svcca: variance must be a finite number > 0 and <= 1, got ${variance}`),
      );
    }
    expect(call({ variance: null })).toThrow(TypeError);
    expect(call({ variance: "0.99" })).toThrow(TypeError);
    for (const components of [0, -1, 1.5]) {
      expect(call({ components })).toThrow(
        new RangeError(`svcca: components must be an integer >= 1, got ${components}`),
      );
    }
    expect(call({ components: 1, variance: 0.9 })).toThrow(
      "svcca: options must have variance or components, got both",
    );
  });
});
