import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planeThrough } from "../../src/landscape/index.js";
import { anyIterates, dot, iterates, minus, norm } from "./points.js";

const point = (...weights: number[]) => Float32Array.from(weights);

describe("planeThrough", () => {
  test("a plane by hand", () => {
    const plane = planeThrough(point(1, 1, 1), point(4, 1, 5), point(1, 3, 1));
    expect(plane.coordinates).toEqual([
      { x: 0, y: 0 },
      { x: 5, y: 0 },
      { x: 0, y: 2 },
    ]);
    expect(Array.from(plane.at(2.5, 1))).toEqual([2.5, 2, 3]);
    expect(Array.from(plane.at(-5, 0))).toEqual([-2, 1, -3]);
  });

  test("coordinates are true distances and angles", () => {
    fc.assert(
      fc.property(anyIterates, ([a, b, c]) => {
        const [inA, inB, inC] = planeThrough(a, b, c).coordinates;
        const flat = (p: { x: number; y: number }, q: { x: number; y: number }) =>
          Math.hypot(p.x - q.x, p.y - q.y);
        expect(flat(inA, inB)).toBeAllclose(norm(minus(b, a)), { rtol: 1e-13 });
        expect(flat(inA, inC)).toBeAllclose(norm(minus(c, a)), { rtol: 1e-13 });
        expect(flat(inB, inC)).toBeAllclose(norm(minus(c, b)), { rtol: 1e-12 });
        expect(inC.y).toBeGreaterThan(0);
      }),
    );
  });

  test("the weights at the coordinates of the three points are the points (experiment X14)", () => {
    fc.assert(
      fc.property(anyIterates, ([a, b, c]) => {
        const plane = planeThrough(a, b, c);
        for (const [k, weights] of [a, b, c].entries()) {
          const { x, y } = plane.coordinates[k]!;
          expect(Array.from(plane.at(x, y))).toEqual(Array.from(weights));
        }
      }),
    );
  });

  test("steps along the axes have their length and right angles", () => {
    fc.assert(
      fc.property(
        anyIterates,
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        ([a, b, c], x, y) => {
          const plane = planeThrough(a, b, c);
          const alongX = minus(plane.at(x, 0), a);
          const alongY = minus(plane.at(0, y), a);
          // weights near 1 in single precision, at most 60 of them
          const atol = 1e-5;
          expect(norm(alongX)).toBeAllclose(Math.abs(x), { atol });
          expect(norm(alongY)).toBeAllclose(Math.abs(y), { atol });
          expect(dot(alongX, alongY)).toBeAllclose(0, { atol: 10 * atol });
          const both = minus(plane.at(x, y), a);
          expect(both).toBeAllclose(
            alongX.map((value, i) => value + alongY[i]!),
            { atol },
          );
        },
      ),
    );
  });

  test("the axes are orthonormal in double precision, even for nearly collinear points", () => {
    const [a, b, noise] = iterates(1, 3, 5000, 1) as [Float32Array, Float32Array, Float32Array];
    for (const off of [1, 1e-2, 1e-4]) {
      const c = a.map((weight, i) => (weight + b[i]!) / 2 + off * noise[i]!);
      const { u, v } = planeThrough(a, b, c).axes;
      const [vectorU, vectorV] = [u, v].map((axis) => Float64Array.from(a, (_, i) => axis(i)));
      expect(norm(vectorU!)).toBeAllclose(1, { rtol: 1e-13 });
      expect(norm(vectorV!)).toBeAllclose(1, { rtol: 1e-13 });
      // one orthogonalisation alone leaves 1e-11 at the last of these
      expect(dot(vectorU!, vectorV!)).toBeAllclose(0, { atol: 1e-15 });
    }
  });

  test("the plane has copies of its points", () => {
    const a = point(0, 0);
    const plane = planeThrough(a, point(1, 0), point(0, 1));
    a[0] = 9;
    plane.at(0, 0)[0] = 9;
    expect(Array.from(plane.at(0, 0))).toEqual([0, 0]);
  });

  test("points on a line are refused, with what was measured", () => {
    expect(() => planeThrough(point(0, 0), point(1, 2), point(2, 4))).toThrow(
      new RangeError(
        "planeThrough: the distance of c from the line through a and b, over its distance from a, " +
          "must be >= 0.0000010, got 0. Three points on a line span no plane; " +
          "the bend of an untrained curve is on the line",
      ),
    );
    expect(() => planeThrough(point(1, 2), point(1, 2), point(2, 4))).toThrow(
      /b must be different from a/,
    );
    expect(() => planeThrough(point(1, 2), point(2, 2), point(1, 2))).toThrow(
      /c must be different from a/,
    );
  });

  test("a middle that is off the line by rounding only is refused", () => {
    // Iterates that differ by a thousandth: the rounding of the middle is 1e-5 of the distance.
    const [a, b] = iterates(3, 2, 1000, 1e-3) as [Float32Array, Float32Array];
    const middle = a.map((weight, i) => (weight + b[i]!) / 2);
    expect(norm(minus(middle, a))).toBeGreaterThan(0);
    expect(() => planeThrough(a, b, middle)).toThrow(/Three points on a line span no plane/);
    const bend = middle.map((weight, i) => weight + (i % 2 === 0 ? 1e-4 : -1e-4));
    expect(planeThrough(a, b, bend).coordinates[2].y).toBeGreaterThan(0);
  });

  test("bad input is named in the error", () => {
    expect(() => planeThrough(point(0, 0), point(1), point(0, 1))).toThrow(
      /planeThrough: the number of weights of b must be 2, as the other weights have, got 1/,
    );
    expect(() => planeThrough(point(0, 0), point(1, 0), point(0, Number.NaN))).toThrow(
      new RangeError("planeThrough: c[1] must be a finite number, got NaN"),
    );
    // @ts-expect-error: not a Float32Array
    expect(() => planeThrough([0, 0], point(1, 0), point(0, 1))).toThrow(TypeError);
    const plane = planeThrough(point(0, 0), point(1, 0), point(0, 1));
    expect(() => plane.at(Number.NaN, 0)).toThrow(
      new RangeError("Plane.at: x must be a finite number, got NaN"),
    );
    expect(() => plane.at(1e300, 0)).toThrow(/x and y must be near enough for finite weights/);
  });
});
