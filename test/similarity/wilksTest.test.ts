import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { logIncompleteBeta } from "../../src/similarity/betaDistribution.js";
import { cca, svcca, type WilksTestOptions, wilksTest } from "../../src/similarity/index.js";
import { gaussian, joined, map, sum } from "./data.js";
import { goldenCases, inputsOf } from "./goldenCases.js";

describe("wilksTest", () => {
  test("one correlation is the t-test of it", () => {
    // r = 0.8 of 5 examples: F = r²/(1 − r²)·3 = 16/3 = t², and P(|t₃| > t) in closed form.
    const t = Math.sqrt(16 / 3);
    const tail =
      1 - (2 / Math.PI) * (Math.atan(t / Math.sqrt(3)) + (t * Math.sqrt(3)) / (t * t + 3));
    const [row, ...others] = wilksTest(
      { correlations: Float64Array.of(0.8), keptX: 1, keptY: 1 },
      { examples: 5 },
    );
    expect(others).toEqual([]);
    expect(row!.lambda).toBeCloseTo(0.36, 15);
    expect(row!.fStatistic).toBeCloseTo(16 / 3, 13);
    expect(row!.degreesOfFreedom).toEqual([1, 3]);
    expect(row!.pValue).toBeCloseTo(tail, 14);
    expect(row!.logPValue).toBeCloseTo(Math.log(tail), 13);
  });

  test("two by two has the closed form of √Λ", () => {
    // Of d₁ = 4 degrees of freedom the beta law is a polynomial: P(λ ≤ l) = l^a·(1 + a·(1 − l)), a = d₂/2.
    const correlations = Float64Array.of(0.6, 0.3);
    const [first, second] = wilksTest({ correlations, keptX: 2, keptY: 2 }, { examples: 20 });
    const lambda = Math.sqrt((1 - 0.36) * (1 - 0.09));
    const a = 16;
    expect(first!.degreesOfFreedom).toEqual([4, 2 * a]);
    expect(first!.fStatistic).toBeCloseTo(((1 - lambda) / lambda) * (32 / 4), 12);
    expect(first!.pValue).toBeAllclose(lambda ** a * (1 + a * (1 - lambda)), { rtol: 1e-13 });
    expect(second!).toMatchObject({ correlation: 0.3, lambda: 1 - 0.3 ** 2 });
    expect(second!.degreesOfFreedom[0]).toBe(1);
  });

  test("one neuron against three is the F-test of a regression", () => {
    // R² = 0.5 of 10 examples and 3 predictors: F = (0.5/3)/(0.5/6), whichever side is the wider one.
    const correlations = Float64Array.of(Math.SQRT1_2);
    for (const [keptX, keptY] of [
      [1, 3],
      [3, 1],
    ] as const) {
      const [row] = wilksTest({ correlations, keptX, keptY }, { examples: 10 });
      expect(row!.degreesOfFreedom).toEqual([3, 6]);
      expect(row!.fStatistic).toBeCloseTo(2, 13);
    }
  });

  test("agrees with the reference implementation down to the smallest probability", () => {
    // It has keptX − keptY = 3 examples too many: see golden.test.ts.
    const golden = goldenCases.find(({ id }) => id === "01_cca_small")!;
    const { x, y } = inputsOf(golden) as Record<"x" | "y", { data: Float64Array; shape: number[] }>;
    const rows: number[][] = golden.expected.find(({ quantity }) =>
      quantity.startsWith("wilks"),
    )!.value;
    const result = cca(x, y);
    const tests = wilksTest(result, { examples: 200 + result.keptX - result.keptY });
    const expected = rows.map((row) => row.at(-1)!);
    expect(expected[0]).toBeLessThan(1e-180);
    expect(tests.map(({ pValue }) => pValue)).toBeAllclose(expected, { rtol: 1e-10 });
    expect(tests.map(({ logPValue }) => logPValue)).toBeAllclose(expected.map(Math.log), {
      rtol: 1e-12,
    });
  });

  test("the incomplete beta function has its digits at any depth", () => {
    // log I_x(a, b) by 40-digit arithmetic.
    const table: [logX: number, a: number, b: number, value: number][] = [
      [-0.05, 668.75, 54, -0.001484390490541224],
      [-2.5, 300, 2, -744.3782431684664],
      [-70, 150.5, 60, -10413.250425244787],
      [-1e-3, 2500.5, 1, -2.5005],
      [-10, 0.5, 2000, -1.108716984144926],
      [Math.log(0.5), 0.5, 0.5, Math.log(0.5)],
      [-0.01, 50, 0.5, -1.144072128882934],
    ];
    for (const [logX, a, b, value] of table) {
      const got = logIncompleteBeta(logX, -Math.expm1(logX), a, b);
      expect(got, `${logX}, ${a}, ${b}`).toBeAllclose(value, { rtol: 2e-13 });
    }
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0.5, max: 500, noNaN: true }),
        fc.double({ min: 0.5, max: 500, noNaN: true }),
        (x, a, b) => {
          const [below, above] = [
            logIncompleteBeta(Math.log(x), 1 - x, a, b),
            logIncompleteBeta(Math.log1p(-x), x, b, a),
          ].map(Math.exp);
          expect(below! + above!).toBeCloseTo(1, 11);
        },
      ),
    );
  });

  test("probabilities below the smallest double keep their logarithm", () => {
    const correlations = Float64Array.from({ length: 20 }, () => 0.999);
    const [first] = wilksTest({ correlations, keptX: 20, keptY: 30 }, { examples: 10_000 });
    expect(first!.pValue).toBe(0);
    // Λ^(n/2), but for the ratio of gamma functions.
    const leading = (20 * Math.log(1 - 0.999 ** 2) * 1e4) / 2;
    expect(first!.logPValue).toBeAllclose(leading, { rtol: 0.01 });
  });

  test("independent Gaussian data have uniform p-values, however unequal the sides", () => {
    const random = new Random(1);
    const values = Array.from({ length: 2000 }, () => {
      const result = cca(gaussian(random, 20, 6), gaussian(random, 20, 2));
      return wilksTest(result, { examples: 20 })[0]!.pValue;
    }).sort((a, b) => a - b);
    // Kolmogorov's distance from the uniform law: above 0.0435 once in 1000 times for 2000 values.
    const distance = Math.max(...values.map((value, i) => Math.abs(value - (i + 0.5) / 2000)));
    expect(distance).toBeLessThan(0.0435);
  });

  test("finds how many directions two layers share", () => {
    const random = new Random(2);
    const shared = gaussian(random, 200, 2);
    const [x, y] = [3, 5].map((own) =>
      joined(
        map(shared, (value) => value + random.normal() / 2),
        gaussian(random, 200, own),
      ),
    );
    const pValues = wilksTest(cca(x!, y!), { examples: 200 }).map(({ pValue }) => pValue);
    expect(pValues.length).toBe(5);
    expect(pValues[1]).toBeLessThan(1e-20);
    expect(pValues[2]).toBeGreaterThan(0.01);
    expect(wilksTest(svcca(x!, y!, { components: 2 }), { examples: 200 }).length).toBe(2);
  });

  test("p-values are probabilities and F is positive for any correlations", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 1e6 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }),
        (keptX, keptY, more, draws) => {
          const correlations = Float64Array.from(draws)
            .sort()
            .reverse()
            .slice(0, Math.min(keptX, keptY));
          const tests = wilksTest(
            { correlations, keptX, keptY },
            { examples: keptX + keptY + 1 + more },
          );
          for (const { pValue, logPValue, lambda, fStatistic, degreesOfFreedom } of tests) {
            expect(pValue).toBe(Math.exp(logPValue));
            expect(logPValue).toBeLessThanOrEqual(0);
            expect(fStatistic).toBeGreaterThanOrEqual(0);
            expect(lambda >= 0 && lambda <= 1).toBe(true);
            expect(degreesOfFreedom[1]).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("more correlation and more examples make a smaller p-value", () => {
    const p = (rho: number, examples: number) =>
      wilksTest(
        { correlations: Float64Array.of(rho, rho / 2), keptX: 2, keptY: 3 },
        { examples },
      )[0]!.logPValue;
    const rhos = [0, 1e-9, 0.1, 0.5, 0.9, 1 - 1e-12];
    for (const [i, rho] of rhos.slice(1).entries()) {
      expect(p(rho, 50)).toBeLessThan(p(rhos[i]!, 50));
      expect(p(rho, 5000)).toBeLessThan(p(rho, 50));
    }
  });

  test("correlations of 0 and of exactly 1", () => {
    const of = (...correlations: number[]) =>
      wilksTest(
        { correlations: Float64Array.from(correlations), keptX: 2, keptY: 2 },
        { examples: 9 },
      );
    expect(of(0, 0)).toMatchObject([
      { lambda: 1, fStatistic: 0, pValue: 1 },
      { lambda: 1, fStatistic: 0, pValue: 1 },
    ]);
    const [certain, next] = of(1, 0.5);
    expect(certain).toMatchObject({
      lambda: 0,
      fStatistic: Number.POSITIVE_INFINITY,
      pValue: 0,
      logPValue: Number.NEGATIVE_INFINITY,
    });
    expect(next!.pValue).toBeGreaterThan(0.05);
    expect(
      wilksTest({ correlations: new Float64Array(0), keptX: 0, keptY: 3 }, { examples: 9 }),
    ).toEqual([]);
  });

  test("takes the result of a comparison as it is", () => {
    const random = new Random(3);
    const [x, y] = [gaussian(random, 30, 2), gaussian(random, 30, 4)];
    const result = cca(x, y);
    const tests = wilksTest(result, { examples: 30 });
    expect(tests.map(({ correlation }) => correlation)).toEqual(Array.from(result.correlations));
    expect(tests[0]!.lambda).toBeCloseTo(
      Math.exp(sum(result.correlations.map((rho) => Math.log(1 - rho ** 2)))),
      14,
    );
  });

  test("refuses too few examples and fields that do not fit each other", () => {
    const good = { correlations: Float64Array.of(0.5), keptX: 1, keptY: 2 };
    expect(() => wilksTest(good, { examples: 3 })).toThrow(
      new RangeError(
        "wilksTest: examples must be > keptX + keptY = 3, got 3. With fewer, some correlations are 1 whatever the data: " +
          "take more examples or keep fewer directions",
      ),
    );
    expect(wilksTest(good, { examples: 4 })[0]!.degreesOfFreedom).toEqual([2, 1]);
    expect(() => wilksTest({ ...good, keptX: 2 }, { examples: 9 })).toThrow(
      "wilksTest: correlations must be min(keptX, keptY) = 2 numbers, got 1",
    );
    expect(() =>
      wilksTest({ ...good, correlations: Float64Array.of(1.1) }, { examples: 9 }),
    ).toThrow("wilksTest: correlations[0] must be a finite number >= 0 and <= 1, got 1.1");
    const rising = { correlations: Float64Array.of(0.5, 0.6), keptX: 2, keptY: 2 };
    expect(() => wilksTest(rising, { examples: 9 })).toThrow(
      "wilksTest: correlations[1] must be a finite number >= 0 and <= 0.5, got 0.6",
    );
    expect(() => wilksTest(good, {} as WilksTestOptions)).toThrow(
      "wilksTest: examples must be an integer >= 2, got undefined",
    );
    expect(() => wilksTest(good, { examples: 9, n: 1 } as WilksTestOptions)).toThrow(
      'wilksTest: options must be made of examples, got "n"',
    );
    for (const bad of [null, 0.5, {}]) {
      expect(() => wilksTest(bad as never, { examples: 9 })).toThrow(
        "wilksTest: result must be what cca or svcca returned",
      );
    }
    expect(() => wilksTest({ ...good, correlations: "0.5" as never }, { examples: 9 })).toThrow(
      'wilksTest: correlations must be an array of numbers, got "0.5"',
    );
  });
});
