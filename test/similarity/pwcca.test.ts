import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { cca, pwcca } from "../../src/similarity/index.js";
import { testSoundOnMatrices } from "./canonicalProperties.js";
import {
  awkward,
  gaussian,
  map,
  meanOf,
  orthonormal,
  reordered,
  sum,
  times,
  wellConditioned,
} from "./data.js";

describe("pwcca", () => {
  test("weighs each correlation by the activity of x along its direction", () => {
    // With e1 = (1,0,-1,0)/√2, e2 = (0,1,0,-1)/√2, e3 = (1,-1,1,-1)/2: x = (3√2·e1, √2·e2), y spans 0.6·e1 + 0.8·e3 and
    // e2. The correlations are 1 along e2 and 0.6 along e1, with weights √2 : 3√2.
    const x = [
      [3, 0],
      [0, 1],
      [-3, 0],
      [0, -1],
    ];
    const y = [
      [0.6 / Math.SQRT2 + 0.4, 0],
      [-0.4, 5],
      [-0.6 / Math.SQRT2 + 0.4, 0],
      [-0.4, -5],
    ];
    const result = pwcca(x, y);
    expect(result.correlations).toBeAllclose([1, 0.6], { atol: 1e-15 });
    expect(result.weights).toBeAllclose([0.25, 0.75], { atol: 1e-15 });
    expect(result.similarity).toBeCloseTo(0.25 + 0.75 * 0.6, 15);
    // Seen from y: √50 along e2 against 1 along the other direction.
    const back = pwcca(y, x);
    const share = Math.sqrt(50) / (Math.sqrt(50) + 1);
    expect(back.weights).toBeAllclose([share, 1 - share], { atol: 1e-15 });
    expect(back.similarity).toBeCloseTo(share + (1 - share) * 0.6, 15);
  });

  testSoundOnMatrices((x, y) => pwcca(x, y), false);

  test("weights are a distribution over the correlations, which are those of cca", () => {
    fc.assert(
      fc.property(awkward, ({ x, y }) => {
        const { weights, correlations, similarity } = pwcca(x, y);
        const plain = cca(x, y);
        expect(weights.length).toBe(correlations.length);
        expect(Math.min(0, ...weights)).toBe(0);
        if (weights.length > 0) expect(sum(weights)).toBeCloseTo(1, 12);
        expect(correlations).toBeAllclose(plain.correlations, { atol: 1e-6 });
        expect(similarity).toBeCloseTo(
          sum(weights.map((weight, i) => weight * correlations[i]!)),
          12,
        );
      }),
    );
  });

  test("is invariant to affine maps of y, to shifts and scaling of x, and to the order of examples", () => {
    fc.assert(
      fc.property(wellConditioned, ({ random, q, x, y, order }) => {
        const { similarity } = pwcca(x, y);
        const mapped = times(
          map(times(y, orthonormal(random, q)), (v, _, j) => v * (j + 1)),
          orthonormal(random, q),
        );
        expect(pwcca(x, mapped).similarity).toBeCloseTo(similarity, 8);
        const moved = map(x, (value, _, j) => 1e-5 * value + 3 * j);
        expect(pwcca(moved, y).similarity).toBeCloseTo(similarity, 8);
        const shuffled = pwcca(reordered(x, order), reordered(y, order));
        expect(shuffled.similarity).toBeCloseTo(similarity, 8);
      }),
    );
  });

  test("any data compared with themselves give 1", () => {
    fc.assert(
      fc.property(awkward, ({ x }) => {
        const { similarity, rankX } = pwcca(x, x);
        expect(similarity).toBeCloseTo(rankX > 0 ? 1 : 0, 10);
      }),
    );
  });

  test("independent data come out at the chance of the plain mean, however uneven x is", () => {
    const random = new Random(1);
    const results = Array.from({ length: 1500 }, () => {
      const x = map(gaussian(random, 20, 3), (value, _, j) => value * 10 ** j);
      return pwcca(x, gaussian(random, 20, 4));
    });
    // Standard error 0.004.
    expect(meanOf(results.map(({ similarity }) => similarity))).toBeAllclose(results[0]!.chance, {
      atol: 0.015,
    });
  });

  test("a ridge weighs the directions of both sides", () => {
    const x = [
      [3, 0],
      [0, 1],
      [-3, 0],
      [0, -1],
    ];
    const strong = 1 / 1.5;
    const weak = 1 / 5.5;
    const { correlations, weights } = pwcca(x, x, { regularization: 0.5 });
    expect(correlations).toBeAllclose([strong, weak], { atol: 1e-15 });
    // The variates are damped by the root of the same factor.
    const [a, b] = [3 * Math.sqrt(strong), Math.sqrt(weak)];
    expect(weights).toBeAllclose([a / (a + b), b / (a + b)], { atol: 1e-15 });
  });

  test("rejects options that do not exist or make no sense", () => {
    const x = [[1], [2], [4]];
    const call = (options: object) => () => pwcca(x, x, options);
    expect(call({ variance: 1 })).toThrow(
      'pwcca: options must be made of regularization, permutations, bootstrap, seed, level, got "variance"',
    );
    expect(call({ regularization: -1 })).toThrow("pwcca: regularization must be");
  });
});
