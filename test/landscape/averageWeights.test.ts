import { describe, expect, test } from "vitest";
import { averageWeights, WeightAverage } from "../../src/landscape/index.js";
import { iterates } from "./points.js";

/** The mean in double precision, rounded once. */
const meanOf = (list: readonly Float32Array[]) =>
  Float32Array.from(list[0]!, (_, i) => list.reduce((sum, w) => sum + w[i]!, 0) / list.length);

describe("averageWeights", () => {
  test("by hand", () => {
    const list = [Float32Array.of(1, -2), Float32Array.of(2, 4), Float32Array.of(6, 1)];
    expect(Array.from(averageWeights(list))).toEqual([3, 1]);
    expect(Array.from(averageWeights(list, [0.5, 0.75, -0.25]))).toEqual([0.5, 1.75]);
  });

  test("one network is its own average, with every bit, and is copied", () => {
    const weights = Float32Array.of(-0, 1e-45, 3.4e38);
    const average = averageWeights([weights]);
    expect(average).not.toBe(weights);
    expect(Object.is(average[0], -0)).toBe(true);
    expect(Array.from(average)).toEqual(Array.from(weights));
    expect(Array.from(averageWeights([weights, weights, weights], [1, 1, -1]))[2]).toBe(weights[2]);
  });

  test("is the mean in double precision", () => {
    const list = iterates(4, 7, 500);
    // 1/7 is rounded before it multiplies, so that the last bit may differ
    expect(averageWeights(list)).toBeAllclose(meanOf(list), { rtol: 2 ** -23 });
  });

  test("bad input is named in the error", () => {
    const list = [Float32Array.of(1), Float32Array.of(2)];
    expect(() => averageWeights([])).toThrow(/number of networks must be >= 1/);
    expect(() => averageWeights([...list, Float32Array.of(1, 2)])).toThrow(/weights of list\[2\]/);
    expect(() => averageWeights([Float32Array.of(Number.NaN)])).toThrow(/list\[0\]\[0\]/);
    expect(() => averageWeights(list, [1])).toThrow(/coefficients must be 2 numbers/);
    expect(() => averageWeights(list, [1, 1])).toThrow(
      "averageWeights: the sum of the coefficients must be 1, got 2",
    );
    expect(() => averageWeights(list, [1, Number.NaN])).toThrow(/coefficients\[1\]/);
    const huge = [Float32Array.of(3e38), Float32Array.of(-3e38)];
    expect(() => averageWeights(huge, [2, -1])).toThrow(/the combination\[0\] must be a finite/);
    // @ts-expect-error: no list
    expect(() => averageWeights(list[0])).toThrow(TypeError);
  });
});

describe("WeightAverage", () => {
  test("is the mean of all networks so far, after each", () => {
    const list = iterates(9, 40, 300, 0.5);
    const running = new WeightAverage();
    for (const [i, weights] of list.entries()) {
      running.add(weights);
      expect(running.count).toBe(i + 1);
      const expected = meanOf(list.slice(0, i + 1));
      expect(running.average).toBeAllclose(expected, { rtol: 2 ** -23 });
    }
  });

  test("copies in and out", () => {
    const running = new WeightAverage();
    const weights = Float32Array.of(1, 2);
    running.add(weights);
    weights[0] = 9;
    running.average[1] = 9;
    expect(Array.from(running.average)).toEqual([1, 2]);
  });

  test("bad input is named in the error and changes nothing", () => {
    const running = new WeightAverage();
    expect(() => running.average).toThrow(
      new RangeError("WeightAverage.average: the number of networks must be >= 1, got 0"),
    );
    running.add(Float32Array.of(1, 3));
    expect(() => running.add(Float32Array.of(1))).toThrow(/weights of weights must be 2/);
    expect(() => running.add(Float32Array.of(1, Number.NaN))).toThrow(/weights\[1\]/);
    expect(running.count).toBe(1);
    expect(Array.from(running.average)).toEqual([1, 3]);
  });
});
