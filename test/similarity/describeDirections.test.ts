import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { cca, svcca } from "../../src/similarity/index.js";
import {
  centredOf,
  gaussian,
  type Matrix,
  map,
  matrix,
  plus,
  sum,
  times,
  transposeOf,
} from "./data.js";

const random = new Random(7);
const x = gaussian(random, 60, 5);
const y = plus(gaussian(random, 60, 4), times(x, gaussian(random, 5, 4)));
/** Condition 1e9: decomposed by QR. */
const illConditioned = map(x, (value, i, j) => (j === 4 ? x.data[i * 5]! + 1e-9 * value : value));
/** Fewer examples than neurons, in any units. */
const wide = map(gaussian(random, 60, 70), (value) => 1e5 * value + 3);
const dead = matrix(60, 3, () => 2);

const variates = (a: Matrix, { data, shape }: { data: Float64Array; shape: readonly number[] }) =>
  times(centredOf(a), { data, shape: [shape[0]!, shape[1]!] });

describe("directions: true", () => {
  test.each([
    ["well conditioned", x, y, "gram"],
    ["ill conditioned", illConditioned, y, "qr"],
    ["few examples", wide, y, "gram"],
    ["few examples on the other side", y, wide, "gram"],
  ] as const)("of data that are %s, variates correlate as the result says", (_, a, b, method) => {
    const result = cca(a, b, { directions: true });
    expect(result.method).toBe(method);
    const count = result.correlations.length;
    const h = variates(a, result.directionsX!);
    const g = variates(b, result.directionsY!);
    const covariances = map(times(transposeOf(h), g), (value) => value / 59);
    const own = map(times(transposeOf(h), h), (value) => value / 59);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const expected = i === j ? result.correlations[i]! : 0;
        expect(covariances.data[i * count + j]).toBeCloseTo(expected, 5);
        expect(own.data[i * count + j]).toBeCloseTo(i === j ? 1 : 0, 5);
      }
    }
    for (const contributions of [result.contributionsX!, result.contributionsY!]) {
      expect(sum(contributions)).toBeCloseTo(result.similarity, 6);
    }
  });

  test("go with truncation, and change nothing else of the result", () => {
    const {
      directionsX,
      contributionsX,
      explainedX,
      directionsY,
      contributionsY,
      explainedY,
      ...rest
    } = svcca(wide, y, { variance: 0.9, directions: true });
    expect(rest).toEqual(svcca(wide, y, { variance: 0.9 }));
    expect(directionsX!.shape).toEqual([70, rest.correlations.length]);
    expect(directionsY!.shape).toEqual([4, rest.correlations.length]);
    expect(sum(contributionsX!)).toBeCloseTo(rest.similarity, 12);
    expect(sum(contributionsY!)).toBeCloseTo(rest.similarity, 12);
    for (const fraction of [...explainedX!, ...explainedY!]) {
      expect(fraction).toBeGreaterThanOrEqual(0);
      expect(fraction).toBeLessThanOrEqual(1 + 1e-12);
    }
  });

  test("without variance there are none", () => {
    const result = svcca(dead, y, { directions: true });
    expect(result.directionsX).toEqual({ data: new Float64Array(0), shape: [3, 0] });
    expect(Array.from(result.contributionsX!)).toEqual([0, 0, 0]);
  });

  test("are refused with a ridge, and are a boolean", () => {
    expect(() => cca(x, y, { directions: true, regularization: 0.1 })).toThrow(
      "cca: regularization must be 0 with directions, got 0.1",
    );
    expect(() => svcca(x, y, { directions: 1 as never })).toThrow(
      new TypeError("svcca: directions must be true or false, got 1"),
    );
  });
});
