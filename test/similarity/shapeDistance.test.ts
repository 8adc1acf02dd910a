import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { cca, procrustes, shapeDistance } from "../../src/similarity/index.js";
import {
  awkward,
  centredOf,
  entry,
  gaussian,
  joined,
  type Matrix,
  map,
  matrix,
  numbersIn,
  orthonormal,
  reordered,
  sum,
  times,
  transposeOf,
  wellConditioned,
} from "./data.js";

const norm = (a: Matrix) => Math.sqrt(sum(a.data.map((value) => value * value)));
const alphas = fc.constantFrom(0, 0.25, 0.5, 0.9, 1);

describe("shapeDistance", () => {
  test("a worked example: lengths (1, 1)·√2 and (3, 1)·√2", () => {
    const x = [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ];
    const y = x.map(([a, b]) => [-b!, 3 * a!]);
    const closed = (alpha: number) => {
      // Lengths α·s + 1 − α of both shapes, brought back to norms 2 and √20.
      const [u, v] = [Math.SQRT2, 3 * Math.SQRT2].map((s) => alpha * s + 1 - alpha);
      const cosine = (u! + v!) / Math.SQRT2 / Math.hypot(u!, v!);
      return {
        angle: Math.acos(cosine),
        distance: Math.sqrt(4 + 20 - 2 * 2 * Math.sqrt(20) * cosine),
      };
    };
    for (const alpha of [0.1, 0.5, 0.99, 1]) {
      const { angle, distance } = shapeDistance(x, y, { alpha });
      expect(angle).toBeCloseTo(closed(alpha).angle, 13);
      expect(distance).toBeCloseTo(closed(alpha).distance, 13);
    }
    const white = shapeDistance(x, y, { alpha: 0 });
    expect(white.angle).toBeLessThan(1e-15);
    expect(white.distance).toBeCloseTo(Math.sqrt(20) - 2, 14);
    expect([white.rankX, white.rankY]).toEqual([2, 2]);
  });

  test("alpha 1 is the Procrustes distance, and the default", () => {
    fc.assert(
      fc.property(awkward, ({ x, y }) => {
        const { angle, distance, deadX, deadY } = procrustes(x, y);
        expect(shapeDistance(x, y)).toMatchObject({ angle, distance, deadX, deadY });
        expect(shapeDistance(x, y, { alpha: 1 })).toEqual(shapeDistance(x, y));
      }),
    );
  });

  test("alpha 0 has the cosine Σρ/√(rank·rank)", () => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const { correlations, rankX, rankY } = cca(x, y);
        const { angle } = shapeDistance(x, y, { alpha: 0 });
        expect(Math.cos(angle)).toBeCloseTo(sum(correlations) / Math.sqrt(rankX * rankY), 11);
      }),
    );
  });

  test("the partially whitened shapes are those of the definition", () => {
    // Cosines of different frequencies are orthonormal and centred. X = U·diag(s)·Vᵀ is built from them, so that
    // (XᵀX)^(−1/2) = V·diag(1/s)·Vᵀ needs no decomposition.
    const wave = (i: number, k: number) =>
      Math.sqrt(2 / 20) * Math.cos((Math.PI * k * (2 * i + 1)) / 40);
    const lengths = [40, 7, 0.5];
    const v = orthonormal(new Random(1), 3);
    const withLengths = (of: (s: number) => number) =>
      times(
        matrix(20, 3, (i, j) => of(lengths[j]!) * wave(i, j + 1)),
        transposeOf(v),
      );
    const x = withLengths((s) => s);
    // White already: φ changes nothing but its length, which is kept. It is 0, 0.3 and 0.6 away from the directions of X.
    const white = matrix(
      20,
      3,
      (i, j) => 5 * (Math.cos(0.3 * j) * wave(i, j + 1) + Math.sin(0.3 * j) * wave(i, j + 4)),
    );
    for (const alpha of [0, 0.3, 0.7]) {
      const whitened = withLengths((s) => alpha * s + (1 - alpha));
      const factor = norm(x) / norm(whitened);
      const expected = procrustes(
        map(whitened, (value) => value * factor),
        white,
      );
      const { angle, distance } = shapeDistance(x, white, { alpha });
      expect(angle).toBeAllclose(expected.angle, { rtol: 1e-12 });
      expect(distance).toBeAllclose(expected.distance, { rtol: 1e-12 });
      const cosine = sum(lengths.map((s, j) => (alpha * s + 1 - alpha) * Math.cos(0.3 * j)));
      expect(Math.cos(angle)).toBeCloseTo(cosine / norm(whitened) / Math.sqrt(3), 12);
    }
  });

  test("results are finite and in range for any data", () => {
    fc.assert(
      fc.property(awkward, alphas, ({ x, y }, alpha) => {
        const { distance, ...others } = shapeDistance(x, y, { alpha });
        expect(numbersIn(others).every(Number.isFinite)).toBe(true);
        // Distances of numbers near the largest double do not fit a double.
        expect(distance).toBeGreaterThanOrEqual(0);
        expect(others.angle).toBeGreaterThanOrEqual(0);
        expect(others.angle).toBeLessThanOrEqual(Math.PI / 2 + 1e-15);
      }),
      { numRuns: 400 },
    );
  });

  test("is symmetric, and invariant to rotation, shift and the order of examples", () => {
    fc.assert(
      fc.property(wellConditioned, alphas, ({ random, p, x, y, order }, alpha) => {
        const { angle, distance } = shapeDistance(x, y, { alpha });
        const moved = map(times(x, orthonormal(random, p)), (v, _, j) => v - 3 * j);
        for (const same of [
          shapeDistance(y, x, { alpha }),
          shapeDistance(moved, y, { alpha }),
          shapeDistance(reordered(x, order), reordered(y, order), { alpha }),
        ]) {
          expect(same.angle).toBeAllclose(angle, { rtol: 1e-9, atol: 1e-13 });
          expect(same.distance).toBeAllclose(distance, { rtol: 1e-9, atol: 1e-12 });
        }
      }),
    );
  });

  test("alpha 0 sees no invertible linear map", () => {
    fc.assert(
      fc.property(wellConditioned, ({ random, p, x, y }) => {
        const stretch = matrix(p, p, (i, j) => (i === j ? 3 : 0) + random.uniform() / p);
        const { angle } = shapeDistance(x, y, { alpha: 0 });
        expect(shapeDistance(times(x, stretch), y, { alpha: 0 }).angle).toBeCloseTo(angle, 10);
        expect(shapeDistance(times(x, stretch), x, { alpha: 0 }).angle).toBeLessThan(1e-12);
      }),
    );
  });

  test("angle and distance obey the triangle inequality", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 }),
        alphas,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, widths, alpha, share) => {
          const random = new Random(seed);
          const shared = gaussian(random, 8, 5);
          const [x, y, z] = widths.map((width) =>
            matrix(8, width, (i, j) => share * entry(shared, i, j) + random.normal()),
          );
          for (const of of ["distance", "angle"] as const) {
            const direct = shapeDistance(x!, z!, { alpha })[of];
            const detour =
              shapeDistance(x!, y!, { alpha })[of] + shapeDistance(y!, z!, { alpha })[of];
            expect(direct, of).toBeLessThanOrEqual(detour * (1 + 1e-12));
          }
        },
      ),
    );
  });

  test("angles of whitened shapes do not depend on the units, however extreme", () => {
    const random = new Random(2);
    const x = gaussian(random, 10, 3);
    const y = gaussian(random, 10, 2);
    for (const alpha of [0, 1]) {
      const { angle, distance } = shapeDistance(x, y, { alpha });
      for (const scale of [1e-300, 1e-12, 1e12, 1e300]) {
        const scaled = [x, y].map((side) => map(side, (value) => value * scale));
        const result = shapeDistance(scaled[0]!, scaled[1]!, { alpha });
        expect(result.angle, `${scale}`).toBeAllclose(angle, { rtol: 1e-13 });
        expect(result.distance).toBeAllclose(distance * scale, { rtol: 1e-13 });
        expect(shapeDistance(scaled[0]!, y, { alpha }).angle).toBeAllclose(angle, { rtol: 1e-13 });
      }
    }
    // Between them a large unit makes α prevail, and a small one 1 − α.
    const at = (alpha: number, scale: number) =>
      shapeDistance(
        map(x, (value) => value * scale),
        map(y, (value) => value * scale),
        { alpha },
      ).angle;
    expect(at(0.5, 1e300)).toBeAllclose(at(1, 1), { rtol: 1e-13 });
    expect(at(0.5, 1e-300)).toBeAllclose(at(0, 1), { rtol: 1e-13 });
    expect(Math.abs(at(0.5, 1) - at(1, 1))).toBeGreaterThan(1e-3);
  });

  test("dead and duplicated neurons count for nothing", () => {
    const random = new Random(3);
    const x = gaussian(random, 15, 3);
    const y = gaussian(random, 15, 4);
    const dead = joined(
      x,
      map(x, () => 0.1),
    );
    const doubled = joined(x, x);
    for (const alpha of [0, 0.5, 1]) {
      const plain = shapeDistance(x, y, { alpha });
      const padded = shapeDistance(dead, y, { alpha });
      expect(padded.angle).toBeCloseTo(plain.angle, 12);
      expect(padded.distance).toBeCloseTo(plain.distance, 12);
      expect([padded.rankX, padded.deadX]).toEqual([3, [3, 4, 5]]);
      expect(shapeDistance(doubled, y, { alpha }).rankX).toBe(3);
    }
    const white = shapeDistance(doubled, y, { alpha: 0 });
    expect(white.angle).toBeCloseTo(shapeDistance(x, y, { alpha: 0 }).angle, 11);
  });

  test("equal shapes are no further apart than rounding", () => {
    const random = new Random(4);
    for (const alpha of [0, 0.5, 1]) {
      const x = centredOf(gaussian(random, 30, 5));
      const turned = times(x, orthonormal(random, 5));
      const { angle, distance } = shapeDistance(x, turned, { alpha });
      expect(angle).toBeLessThan(1e-14);
      expect(distance / norm(x)).toBeLessThan(1e-14);
      // A small angle is found with its digits, where an arccos would have 1e-8 at best.
      const near = (size: number) =>
        shapeDistance(
          x,
          map(turned, (value, i) => value + size * Math.sin(i * i)),
          { alpha },
        ).angle;
      expect(near(1e-9) / near(1e-7)).toBeCloseTo(1e-2, 5);
    }
  });

  test("a side without variance is the zero shape", () => {
    const x = [
      [1, 5],
      [-1, 5],
    ];
    for (const alpha of [0, 0.5, 1]) {
      const result = shapeDistance(x, [[0.1], [0.1]], { alpha });
      expect(result.angle).toBe(2 * Math.asin(1 / 2)); // 60°
      expect(result.distance).toBeCloseTo(Math.SQRT2, 15);
      expect([result.rankX, result.rankY, result.deadX, result.deadY]).toEqual([1, 0, [1], [0]]);
      expect(shapeDistance([[3], [3]], [[0.1], [0.1]], { alpha })).toMatchObject({
        angle: 0,
        distance: 0,
      });
    }
  });

  test("refuses an alpha outside [0, 1] and unknown options", () => {
    const x = [[1], [2]];
    for (const alpha of [-0.1, 1.1, Number.NaN]) {
      expect(() => shapeDistance(x, x, { alpha })).toThrow(
        new RangeError(`shapeDistance: alpha must be a finite number >= 0 and <= 1, got ${alpha}`),
      );
    }
    expect(() => shapeDistance(x, x, { aplha: 1 } as object)).toThrow(
      'shapeDistance: options must be made of alpha, got "aplha"',
    );
    expect(() => shapeDistance(x, [[1]])).toThrow(
      "shapeDistance: y must be a matrix of at least 2 rows",
    );
  });
});
