import fc from "fast-check";
import { Matrix, solve } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { planeThrough, project } from "../../src/landscape/index.js";
import { anyIterates, dot, iterates, minus, norm } from "./points.js";

const point = (...weights: number[]) => Float32Array.from(weights);
const combinations = ["affine", "linear"] as const;

/** λ_a·a + λ_b·b + λ_c·c in double precision. */
const combine = (coefficients: readonly number[], points: readonly Float32Array[]) =>
  Array.from(points[0]!, (_, i) => points.reduce((sum, p, k) => sum + coefficients[k]! * p[i]!, 0));

describe("project", () => {
  test("an affine and a linear projection by hand", () => {
    // the plane z = 2, seen from (0, 0, 2)
    const plane = planeThrough(point(0, 0, 2), point(2, 0, 2), point(0, 4, 2));
    const affine = project(plane, point(1, 1, 5));
    expect(affine).toEqual({
      x: 1,
      y: 1,
      residual: 3,
      relativeResidual: 3 / Math.sqrt(11),
      coefficients: [0.25, 0.5, 0.25],
    });
    // all of space is within reach; (1, 1, 5) = 2.5 · (0.4, 0.4, 2)
    const linear = project(plane, point(1, 1, 5), { combination: "linear" });
    expect(linear).toEqual({
      x: 1,
      y: 1,
      residual: 0,
      relativeResidual: 0,
      coefficients: [1.75, 0.5, 0.25],
    });
  });

  test("the plane's own points are projected to themselves (experiment X14)", () => {
    fc.assert(
      fc.property(anyIterates, fc.constantFrom(...combinations), ([a, b, c], combination) => {
        const plane = planeThrough(a, b, c);
        for (const [k, weights] of [a, b, c].entries()) {
          const { x, y, residual, coefficients } = project(plane, weights, { combination });
          expect([x, y]).toBeAllclose([plane.coordinates[k]!.x, plane.coordinates[k]!.y], {
            atol: 1e-12,
          });
          expect(residual).toBeAllclose(0, { atol: 1e-12 });
          expect(coefficients).toBeAllclose(
            [0, 1, 2].map((j) => (j === k ? 1 : 0)),
            { atol: 1e-9 },
          );
        }
      }),
    );
  });

  test("the residual is what is left, orthogonal to all that was allowed", () => {
    fc.assert(
      fc.property(anyIterates, fc.constantFrom(...combinations), ([a, b, c, w], combination) => {
        const { residual, coefficients, relativeResidual } = project(planeThrough(a, b, c), w, {
          combination,
        });
        const rest = minus(w, combine(coefficients, [a, b, c]));
        expect(norm(rest)).toBeAllclose(residual, { atol: 1e-8 });
        expect(relativeResidual).toBeAllclose(residual / norm(minus(w, a)), { rtol: 1e-10 });
        const allowed = combination === "affine" ? [minus(b, a), minus(c, a)] : [a, b, c];
        for (const direction of allowed) {
          expect(dot(rest, direction) / norm(direction)).toBeAllclose(0, { atol: 1e-8 });
        }
      }),
    );
  });

  test("the coefficients are those of least squares", () => {
    fc.assert(
      fc.property(anyIterates, ([a, b, c, w]) => {
        const plane = planeThrough(a, b, c);
        const columns = (...vectors: ArrayLike<number>[]) =>
          new Matrix(vectors.map((vector) => Array.from(vector))).transpose();
        const linear = project(plane, w, { combination: "linear" });
        const [l0, l1, l2] = solve(columns(a, b, c), columns(w), true).to1DArray() as number[];
        expect(linear.coefficients).toBeAllclose([l0!, l1!, l2!], { rtol: 1e-6, atol: 1e-6 });

        const affine = project(plane, w);
        const [m1, m2] = solve(
          columns(minus(b, a), minus(c, a)),
          columns(minus(w, a)),
          true,
        ).to1DArray() as number[];
        expect(affine.coefficients).toBeAllclose([1 - m1! - m2!, m1!, m2!], {
          rtol: 1e-8,
          atol: 1e-8,
        });
        expect(affine.coefficients.reduce((x, y) => x + y)).toBeAllclose(1, { rtol: 1e-12 });
        expect([linear.x, linear.y]).toEqual([affine.x, affine.y]);
        expect(linear.residual).toBeLessThanOrEqual(affine.residual * (1 + 1e-12));
      }),
    );
  });

  test("projecting twice is projecting once", () => {
    fc.assert(
      fc.property(anyIterates, ([a, b, c, w]) => {
        const plane = planeThrough(a, b, c);
        const once = project(plane, w);
        const twice = project(plane, plane.at(once.x, once.y));
        // plane.at rounds to single precision; its weights are a few units large
        expect([twice.x, twice.y]).toBeAllclose([once.x, once.y], { atol: 1e-5 });
        expect(twice.residual).toBeAllclose(0, { atol: 1e-5 });
      }),
    );
  });

  test("no point of the plane is nearer", () => {
    fc.assert(
      fc.property(
        anyIterates,
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        ([a, b, c, w], dx, dy) => {
          const plane = planeThrough(a, b, c);
          const { x, y, residual } = project(plane, w);
          const elsewhere = norm(minus(w, plane.at(x + dx, y + dy)));
          expect(elsewhere).toBeGreaterThanOrEqual(residual - 1e-5);
          expect(elsewhere).toBeAllclose(Math.hypot(residual, dx, dy), { atol: 1e-5 });
        },
      ),
    );
  });

  test("linear coefficients are exact to 13 digits for points within a hundredth of one another", () => {
    // on a grid on which a + b − c is exact in single precision
    const points = iterates(5, 3, 20_000, 0.01).map((p) =>
      p.map((weight) => Math.round(weight * 2 ** 16) / 2 ** 16),
    ) as [Float32Array, Float32Array, Float32Array];
    const w = Float32Array.from(combine([1, 1, -1], points));
    const { coefficients, relativeResidual } = project(planeThrough(...points), w, {
      combination: "linear",
    });
    expect(coefficients).toBeAllclose([1, 1, -1], { atol: 1e-13 });
    expect(relativeResidual).toBeLessThan(1e-14);
  });

  test("linearly dependent points are refused for linear combinations only", () => {
    const plane = planeThrough(point(1, 0, 0), point(0, 1, 0), point(1, 1, 0));
    const w = point(2, 2, 2);
    expect(project(plane, w).residual).toBe(2);
    expect(() => project(plane, w, { combination: "linear" })).toThrow(
      /distance of the plane from the origin .*must be >= 0.000001 .*got .*use combination: "affine"/,
    );
    const throughZero = planeThrough(point(0, 0, 0), point(0, 1, 0), point(1, 1, 0));
    expect(() => project(throughZero, w, { combination: "linear" })).toThrow(RangeError);
  });

  test("bad input is named in the error", () => {
    const plane = planeThrough(point(0, 0), point(1, 0), point(0, 1));
    expect(() => project(plane, point(1, 2, 3))).toThrow(
      /project: the number of weights of weights must be 2/,
    );
    expect(() => project(plane, point(1, Number.NaN))).toThrow(/weights\[1\] must be a finite/);
    // @ts-expect-error: not one of the two
    expect(() => project(plane, point(1, 2), { combination: "convex" })).toThrow(
      /combination must be one of "affine", "linear", got "convex"/,
    );
    // @ts-expect-error: not a plane
    expect(() => project([1, 2], point(1, 2))).toThrow(
      new TypeError("project: plane must be made by planeThrough, got [1, 2]"),
    );
    // @ts-expect-error: nothing
    expect(() => project(undefined, point(1, 2))).toThrow(TypeError);
  });
});
