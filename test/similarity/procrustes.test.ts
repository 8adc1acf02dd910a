import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { procrustes } from "../../src/similarity/index.js";
import {
  awkward,
  centredOf,
  entry,
  gaussian,
  type Matrix,
  map,
  matrix,
  numbersIn,
  orthonormal,
  plus,
  reordered,
  sum,
  times,
  wellConditioned,
} from "./data.js";

const norm = (a: Matrix) => Math.sqrt(sum(a.data.map((value) => value * value)));

describe("procrustes", () => {
  test("a worked example of one neuron each", () => {
    // Centred lengths √2 and √8 in the same direction; a reflection is allowed.
    const x = [[1], [-1], [0]];
    for (const y of [
      [[2], [-2], [0]],
      [[-2], [2], [0]],
    ]) {
      const { distance, squared, normalized, angle } = procrustes(x, y);
      expect(distance).toBeCloseTo(Math.SQRT2, 15);
      expect(squared).toBeCloseTo(2, 14);
      expect([normalized, angle]).toEqual([0, 0]);
    }
  });

  test("a worked example of orthogonal shapes", () => {
    const result = procrustes([[3], [-3], [0], [0]], [[0], [0], [2], [-2]]);
    expect(result.squared).toBeCloseTo(18 + 8, 13);
    expect(result.normalized).toBeCloseTo(2, 15);
    expect(result.angle).toBeCloseTo(Math.PI / 2, 15);
  });

  test("stretching one direction of a shape", () => {
    // Singular values √2·(1, 1) against √2·(3, 1): 4 + 20 − 2·(6 + 2) = 8, and cosine 8/√(4·20).
    const x = [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ];
    const y = x.map(([a, b]) => [-b!, 3 * a!]);
    const { squared, normalized, angle } = procrustes(x, y);
    expect(squared).toBeCloseTo(8, 13);
    expect(normalized).toBeCloseTo(2 - 16 / Math.sqrt(80), 14);
    expect(angle).toBeCloseTo(Math.acos(8 / Math.sqrt(80)), 14);
  });

  test("no rotation or reflection comes closer", () => {
    fc.assert(
      fc.property(wellConditioned, ({ random, rows, x, y }) => {
        const width = Math.max(x.shape[1], y.shape[1]);
        const padded = (a: Matrix) =>
          centredOf(matrix(rows, width, (i, j) => (j < a.shape[1] ? entry(a, i, j) : 0)));
        const { distance } = procrustes(x, y);
        for (let trial = 0; trial < 10; trial++) {
          const turned = times(padded(y), orthonormal(random, width));
          const apart = norm(
            plus(
              padded(x),
              map(turned, (value) => -value),
            ),
          );
          expect(distance).toBeLessThanOrEqual(apart * (1 + 1e-12));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("results are finite and in range for any data", () => {
    fc.assert(
      fc.property(awkward, ({ x, y }) => {
        const { distance, squared, normalized, angle, deadX, deadY } = procrustes(x, y);
        expect(numbersIn([normalized, angle, deadX, deadY]).every(Number.isFinite)).toBe(true);
        // Distances of numbers near the largest double do not fit a double.
        expect(distance).toBeGreaterThanOrEqual(0);
        expect(squared).toBe(distance ** 2);
        expect(normalized).toBeGreaterThanOrEqual(0);
        expect(normalized).toBeLessThanOrEqual(2);
        expect(angle).toBeCloseTo(Math.acos(1 - normalized / 2), 7);
      }),
      { numRuns: 400 },
    );
  });

  test("is symmetric", () => {
    fc.assert(
      fc.property(wellConditioned, ({ x, y }) => {
        const [there, back] = [procrustes(x, y), procrustes(y, x)];
        expect(there.distance).toBeAllclose(back.distance, { rtol: 1e-12 });
        expect(there.normalized).toBeAllclose(back.normalized, { atol: 1e-14 });
        expect([there.deadX, there.deadY]).toEqual([back.deadY, back.deadX]);
      }),
    );
  });

  test("is invariant to turning, reflecting and shifting, and to the order of examples", () => {
    fc.assert(
      fc.property(wellConditioned, ({ random, p, x, y, order }) => {
        const { distance, angle } = procrustes(x, y);
        const moved = map(times(x, orthonormal(random, p)), (v, _, j) => v - 3 * j);
        expect(procrustes(moved, y).distance).toBeAllclose(distance, { rtol: 1e-10 });
        const shuffled = procrustes(reordered(x, order), reordered(y, order));
        expect(shuffled.distance).toBeAllclose(distance, { rtol: 1e-10 });
        const scaled = procrustes(
          x,
          map(y, (value) => 1e-3 * value),
        );
        expect(scaled.angle).toBeAllclose(angle, { rtol: 1e-10, atol: 1e-14 });
      }),
    );
  });

  test("distance and angle obey the triangle inequality", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, widths, share) => {
          const random = new Random(seed);
          const shared = gaussian(random, 8, 5);
          const [x, y, z] = widths.map((width) =>
            matrix(8, width, (i, j) => share * entry(shared, i, j) + random.normal()),
          );
          for (const of of ["distance", "angle"] as const) {
            const direct = procrustes(x!, z!)[of];
            const detour = procrustes(x!, y!)[of] + procrustes(y!, z!)[of];
            expect(direct, of).toBeLessThanOrEqual(detour * (1 + 1e-12));
          }
        },
      ),
    );
  });

  test("equal shapes are no further apart than rounding", () => {
    const random = new Random(1);
    for (const [condition, atMost] of [
      [1, 1e-14],
      [1e4, 1e-11],
      [1e8, 3e-8],
      [1e12, 3e-8],
    ] as const) {
      const stretched = map(orthonormal(random, 30, 5), (v, _, j) => v * condition ** (-j / 4));
      const turned = times(stretched, orthonormal(random, 5));
      const { distance, normalized } = procrustes(stretched, turned);
      expect(distance / norm(stretched), `${condition}`).toBeLessThan(atMost);
      expect(normalized).toBeLessThan(1e-15);
    }
  });

  test("the distance is in the units of the activations, however large or small", () => {
    const random = new Random(2);
    const x = gaussian(random, 10, 3);
    const y = gaussian(random, 10, 2);
    const { distance, normalized } = procrustes(x, y);
    for (const scale of [1e-300, 1e-150, 1e-12, 1e12, 1e150, 1e300]) {
      const scaled = procrustes(
        map(x, (value) => value * scale),
        map(y, (value) => value * scale),
      );
      expect(scaled.distance, `${scale}`).toBeAllclose(distance * scale, { rtol: 1e-13 });
      expect(scaled.normalized).toBeAllclose(normalized, { rtol: 1e-13 });
    }
    const apart = procrustes(
      x,
      map(y, (value) => value * 1e200),
    );
    expect(apart.distance).toBeAllclose(norm(centredOf(y)) * 1e200, { rtol: 1e-13 });
    expect(apart.normalized).toBeAllclose(normalized, { rtol: 1e-12 });
  });

  test("a side without variance is the zero shape", () => {
    const x = [
      [1, 5],
      [-1, 5],
    ];
    const dead = [[0.1], [0.1]];
    expect(procrustes(x, dead)).toEqual({
      distance: Math.SQRT2,
      squared: Math.SQRT2 ** 2,
      normalized: 1,
      angle: 2 * Math.asin(1 / 2), // 60°
      deadX: [1],
      deadY: [0],
    });
    expect(procrustes(dead, x).normalized).toBe(1);
    expect(
      procrustes(dead, [
        [7, 7],
        [7, 7],
      ]),
    ).toMatchObject({ distance: 0, normalized: 0, angle: 0 });
    expect(
      procrustes(
        map(gaussian(new Random(3), 4, 2), () => 3),
        dead.concat(dead),
      ).distance,
    ).toBe(0);
  });
});
