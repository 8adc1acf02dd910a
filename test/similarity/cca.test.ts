import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { cca, svcca } from "../../src/similarity/index.js";
import { testSoundOnMatrices } from "./canonicalProperties.js";
import {
  awkward,
  centredOf,
  gaussian,
  joined,
  type Matrix,
  map,
  matrix,
  meanOf,
  orthonormal,
  plus,
  reordered,
  sum,
  times,
  transposeOf,
  wellConditioned,
} from "./data.js";

/** Inverse by Gauss–Jordan elimination with pivoting. */
function inverse(a: Matrix): Matrix {
  const n = a.shape[0];
  const rows = Array.from({ length: n }, (_, i) => [
    ...a.data.subarray(i * n, (i + 1) * n),
    ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)),
  ]);
  for (let k = 0; k < n; k++) {
    const pivots = rows.map((row, i) => (i < k ? -1 : Math.abs(row[k]!)));
    const best = pivots.indexOf(Math.max(...pivots));
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    const pivot = rows[k]!.map((value) => value / rows[k]![k]!);
    rows[k] = pivot;
    rows.forEach((row, i) => {
      if (i !== k) rows[i] = row.map((value, j) => value - row[k]! * pivot[j]!);
    });
  }
  return matrix(n, n, (i, j) => rows[i]![n + j]!);
}

/** Projection on the column space, X(XᵀX)⁻¹Xᵀ. */
function projection(a: Matrix): Matrix {
  const x = centredOf(a);
  const xt = transposeOf(x);
  return times(times(x, inverse(times(xt, x))), xt);
}

describe("cca", () => {
  test("two single neurons have the size of their Pearson correlation", () => {
    // Means 2 and 2; covariance ((-1)(-1) + 0·1 + 1·0) = 1, variances 2 and 2.
    const { similarity, correlations } = cca([[1], [2], [3]], [[1], [3], [2]]);
    expect(similarity).toBeCloseTo(0.5, 15);
    expect(Array.from(correlations)).toHaveLength(1);
    expect(cca([[1], [2], [3]], [[-1], [-3], [-2]]).similarity).toBeCloseTo(0.5, 15);
  });

  test("all fields of a worked example", () => {
    // In the orthonormal basis e1 = (1,0,-1,0,0)/√2, e2 = (0,1,0,-1,0)/√2, e3 ∝ (1,-1,1,-1,0): x spans e1 and e2, y
    // spans 0.6·e1 + 0.8·e3. The third neuron of x never changes.
    const x = [
      [1, 0, 7],
      [0, 2, 7],
      [-1, 0, 7],
      [0, -2, 7],
      [0, 0, 7],
    ];
    const y = [0.6 / Math.SQRT2 + 0.4, -0.4, -0.6 / Math.SQRT2 + 0.4, -0.4, 0].map((v) => [v]);
    const result = cca(x, y);
    expect(result.correlations).toBeAllclose([0.6], { atol: 1e-15 });
    expect({ ...result, correlations: [], similarity: 0, chance: 0 }).toEqual({
      similarity: 0,
      correlations: [],
      keptX: 2,
      keptY: 1,
      rankX: 2,
      rankY: 1,
      varianceX: 1,
      varianceY: 1,
      deadX: [2],
      deadY: [],
      chance: 0,
      chanceSquared: 0.5,
      degenerate: false,
      method: "gram",
    });
  });

  test("with one neuron in y the correlation is that of multiple regression", () => {
    const random = new Random(1);
    const x = gaussian(random, 20, 3);
    const y = plus(gaussian(random, 20, 1), times(x, gaussian(random, 3, 1)));
    const fitted = times(projection(x), y);
    const explained = sum(fitted.data.map((v) => v * v));
    const total = sum(centredOf(y).data.map((v) => v * v));
    expect(cca(x, y).similarity).toBeCloseTo(Math.sqrt(explained / total), 12);
  });

  test("the sum of squared correlations is the trace of the two projections", () => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const product = times(projection(x), projection(y));
        const trace = sum(product.data.filter((_, at) => at % (x.shape[0] + 1) === 0));
        const { correlations } = cca(x, y);
        expect(sum(correlations.map((rho) => rho * rho))).toBeCloseTo(trace, 8);
      }),
      { numRuns: 50 },
    );
  });

  testSoundOnMatrices((x, y) => cca(x, y));
  describe("with a ridge", () => {
    testSoundOnMatrices((x, y) => cca(x, y, { regularization: 0.1 }));
  });

  test("is symmetric", () => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const [there, back] = [cca(x, y), cca(y, x)];
        expect(there.correlations).toBeAllclose(back.correlations, { atol: 1e-10 });
        expect([there.rankX, there.deadX, there.chance]).toEqual([
          back.rankY,
          back.deadY,
          back.chance,
        ]);
      }),
    );
  });

  test("is invariant to invertible affine maps and to the order of examples", () => {
    fc.assert(
      fc.property(wellConditioned, ({ random, p, x, y, order }) => {
        const invertible = times(
          map(orthonormal(random, p), (v, _, j) => v * (j + 1)),
          orthonormal(random, p),
        );
        const moved = map(times(x, invertible), (v, _, j) => 3 * v - 10 * j);
        const { correlations } = cca(x, y);
        expect(cca(moved, y).correlations).toBeAllclose(correlations, { atol: 1e-10 });
        const shuffled = cca(reordered(x, order), reordered(y, order));
        expect(shuffled.correlations).toBeAllclose(correlations, { atol: 1e-10 });
      }),
    );
  });

  test("any data compared with themselves give 1 for each direction", () => {
    fc.assert(
      fc.property(awkward, ({ x }) => {
        const { similarity, rankX } = cca(x, x);
        expect(similarity).toBeCloseTo(rankX > 0 ? 1 : 0, 10);
      }),
    );
  });

  test("duplicated, combined and dead neurons change neither rank nor correlations", () => {
    fc.assert(
      fc.property(wellConditioned, ({ random, p, x, y }) => {
        const combined = times(x, gaussian(random, p, 2));
        const constant = matrix(x.shape[0], 1, () => 0.1);
        const more = joined(joined(joined(x, x), combined), constant);
        const [plain, redundant] = [cca(x, y), cca(more, y)];
        expect(redundant.rankX).toBe(p);
        expect(redundant.deadX).toEqual([2 * p + 2]);
        expect(redundant.correlations).toBeAllclose(plain.correlations, { atol: 1e-10 });
      }),
    );
  });

  test("constants that are no exact doubles are dead, whatever their size", () => {
    for (const constant of [0, 0.1, 1 / 3, 1e8 + 0.1, 1e300, -1e-300, 5e-324]) {
      const x = matrix(7, 2, (i, j) => (j === 0 ? i * i : constant));
      const result = cca(
        x,
        matrix(7, 1, (i) => i),
      );
      expect(result.deadX, `${constant}`).toEqual([1]);
      expect(result.rankX, `${constant}`).toBe(1);
    }
  });

  test("scale and offset of the units cost no digits", () => {
    const random = new Random(2);
    const x = gaussian(random, 40, 4);
    const y = plus(x, gaussian(random, 40, 4));
    const { correlations } = cca(x, y);
    for (const scale of [1e12, 1e-12, 1e150, 1e-150, 1e300, 1e-300, 1e307]) {
      const scaled = map(x, (value) => value * scale);
      expect(cca(scaled, y).correlations, `× ${scale}`).toBeAllclose(correlations, { atol: 1e-13 });
    }
    // Whole numbers keep all their digits under an offset, so that the answer is exactly that without it.
    const whole = map(x, (value) => Math.round(value * 1000));
    for (const offset of [1e8, 1e12, -9e15]) {
      const moved = map(whole, (value) => value + offset);
      expect(cca(moved, y).correlations, `+ ${offset}`).toBeAllclose(cca(whole, y).correlations, {
        atol: 1e-13,
      });
    }
  });

  test("subnormal and almost overflowing numbers count in full", () => {
    const x = [[3], [-1], [2], [-7], [4]];
    const y = [[1], [0], [1], [-2], [5]];
    const { similarity } = cca(x, y);
    const inUnitsOf = (unit: number) => x.map(([value]) => [value! * unit]);
    expect(cca(inUnitsOf(5e-324), y).similarity).toBeCloseTo(similarity, 14);
    expect(cca(inUnitsOf(2 ** 1021), y).similarity).toBeCloseTo(similarity, 14);
  });

  test("neurons of very different scale do not spoil each other", () => {
    const random = new Random(3);
    for (const rows of [60, 9]) {
      const x = gaussian(random, rows, 5);
      const y = plus(gaussian(random, rows, 3), times(x, gaussian(random, 5, 3)));
      const { correlations } = cca(x, y);
      for (const smallest of [1e-3, 1e-6, 1e-9, 1e-11]) {
        for (const column of [0, 2, 4]) {
          const scaled = map(x, (value, _, j) => (j === column ? value * smallest : value));
          expect(cca(scaled, y).correlations, `${rows} ${smallest} ${column}`).toBeAllclose(
            correlations,
            { atol: 1e-10 },
          );
        }
      }
    }
  });

  test("a neuron too small to square does not spoil the others", () => {
    const random = new Random(4);
    const x = gaussian(random, 60, 5);
    const y = plus(gaussian(random, 60, 3), times(x, gaussian(random, 5, 3)));
    const rest = matrix(60, 4, (i, j) => x.data[i * 5 + j + 1]!);
    for (const scale of [1e-155, 1e-160, 1e-162, 1e-200, 1e-300]) {
      const scaled = map(x, (value, _, j) => (j === 0 ? value * scale : value));
      const result = cca(scaled, y);
      expect(result.rankX, `${scale}`).toBe(4);
      expect(result.correlations, `${scale}`).toBeAllclose(cca(rest, y).correlations, {
        atol: 1e-13,
      });
    }
  });

  test.each([
    // Against itself mixed again, so that all correlations are 1; allowed: about ε times the condition.
    [1e2, 1e-12],
    [1e5, 1e-10],
    [1e8, 1e-8],
    [1e10, 1e-6],
  ])("condition %d leaves correlations right to %d", (condition, atol) => {
    const random = new Random(5);
    for (const rows of [40, 7]) {
      const stretched = map(orthonormal(random, rows, 5), (v, _, j) => v * condition ** (-j / 4));
      const x = times(stretched, orthonormal(random, 5));
      const { correlations, rankX } = cca(x, times(x, orthonormal(random, 5)));
      expect(rankX).toBe(5);
      expect(correlations).toBeAllclose([1, 1, 1, 1, 1], { atol });
    }
  });

  test("too many neurons for the examples are called degenerate, with ones that mean nothing", () => {
    const random = new Random(6);
    const result = cca(gaussian(random, 10, 6), gaussian(random, 10, 5));
    expect(result.degenerate).toBe(true);
    // 6 + 5 - 9 = 2 directions are shared by necessity.
    expect(result.correlations.slice(0, 2)).toBeAllclose([1, 1], { atol: 1e-10 });
    expect(result.correlations[2]).toBeLessThan(1 - 1e-6);
    expect(cca(gaussian(random, 10, 4), gaussian(random, 10, 5)).degenerate).toBe(false);
  });

  test("more neurons than examples have rank examples − 1", () => {
    const random = new Random(7);
    const { rankX, rankY, similarity, chance } = cca(
      gaussian(random, 6, 20),
      gaussian(random, 6, 3),
    );
    expect([rankX, rankY]).toEqual([5, 3]);
    expect(similarity).toBeCloseTo(1, 12);
    expect(chance).toBe(1);
  });

  test("data without variance have similarity 0", () => {
    const dead = matrix(5, 3, () => 0.1);
    const live = gaussian(new Random(8), 5, 2);
    for (const [x, y] of [[dead, live] as const, [live, dead] as const, [dead, dead] as const]) {
      const { similarity, correlations, chance, chanceSquared } = cca(x, y);
      expect([similarity, correlations.length, chance, chanceSquared]).toEqual([0, 0, 0, 0]);
    }
    expect(cca(dead, live).deadX).toEqual([0, 1, 2]);
  });

  test("a ridge weighs each direction by s/√(s² + r·s₁²)", () => {
    // Orthogonal neurons with singular values 3√2 and √2.
    const x = [
      [3, 0],
      [0, 1],
      [-3, 0],
      [0, -1],
    ];
    const weights = [1 / (1 + 0.5), 1 / (1 + 0.5 * 9)];
    expect(cca(x, x, { regularization: 0.5 }).correlations).toBeAllclose(weights, { atol: 1e-15 });
  });

  test("the rank is that of svcca, whatever the data", () => {
    fc.assert(
      fc.property(awkward, ({ x, y }) => {
        const [plain, singular] = [cca(x, y), svcca(x, y)];
        expect([plain.rankX, plain.rankY]).toEqual([singular.rankX, singular.rankY]);
        expect([plain.deadX, plain.deadY]).toEqual([singular.deadX, singular.deadY]);
      }),
    );
  });

  test("every accepted form of a matrix gives the same numbers", () => {
    const values = [
      [1, 5],
      [2, -3],
      [4, 0],
      [-7, 2],
      [3, 3],
    ];
    const y = [[1], [0], [2], [0], [1]];
    const { similarity } = cca(values, y);
    const flat = values.flat();
    const object = { rows: 5, columns: 2, get: (i: number, j: number) => values[i]![j]! };
    for (const x of [
      { data: Float32Array.from(flat), shape: [5, 2] },
      { data: Float64Array.from(flat), shape: [5, 2] },
      { data: Int32Array.from(flat), shape: [5, 2] },
      { data: Int16Array.from(flat), shape: [5, 2] },
      { data: Int8Array.from(flat), shape: [5, 2] },
      values.map((row) => Float32Array.from(row)),
      object,
    ]) {
      expect(cca(x, y).similarity).toBe(similarity);
    }
    expect(cca({ data: Uint8Array.from([1, 2, 4, 250, 3]), shape: [5, 1] }, y).similarity).toBe(
      cca([[1], [2], [4], [250], [3]], y).similarity,
    );
  });

  test("leaves its arguments alone", () => {
    const x = gaussian(new Random(9), 8, 3);
    const before = Float64Array.from(x.data);
    cca(x, x);
    expect(x.data).toEqual(before);
  });

  test("independent data come out at chance", () => {
    const random = new Random(10);
    const results = Array.from({ length: 2000 }, () =>
      cca(gaussian(random, 15, 2), gaussian(random, 15, 4)),
    );
    const { chance, chanceSquared } = results[0]!;
    // Standard error of the mean of 2000 trials: about 0.003.
    expect(meanOf(results.map(({ similarity }) => similarity))).toBeAllclose(chance, {
      atol: 0.01,
    });
    const squares = results.map(({ correlations }) => meanOf(correlations.map((rho) => rho ** 2)));
    expect(meanOf(squares)).toBeAllclose(chanceSquared, { atol: 0.01 });
  });

  test("rejects options that do not exist or make no sense", () => {
    const x = [[1], [2], [4]];
    const call = (options: object | null) => () => cca(x, x, options as object);
    expect(call({ epsilon: 0 })).toThrow(
      'cca: options must be made of regularization, directions, permutations, bootstrap, seed, level, got "epsilon"',
    );
    expect(call(null)).toThrow(new TypeError("cca: options must be an object, got null"));
    expect(call({ regularization: -1 })).toThrow(
      new RangeError("cca: regularization must be a finite number >= 0, got -1"),
    );
    expect(call({ regularization: Number.NaN })).toThrow(RangeError);
    expect(call({ regularization: "1" })).toThrow(TypeError);
  });
});
