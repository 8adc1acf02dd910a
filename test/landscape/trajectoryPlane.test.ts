import { Matrix, SVD } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { planeThrough, project, trajectoryPlane } from "../../src/landscape/index.js";
import { dot, iterates, minus, norm } from "./points.js";

const origins = ["last", "mean"] as const;

const originOf = (list: readonly Float32Array[], origin: "last" | "mean"): number[] =>
  Array.from(list[0]!, (_, i) =>
    origin === "last" ? list.at(-1)![i]! : list.reduce((sum, w) => sum + w[i]!, 0) / list.length,
  );

describe("trajectoryPlane", () => {
  test("by hand: a path of two right angles", () => {
    const list = [Float32Array.of(0, 3, 7), Float32Array.of(4, 0, 7), Float32Array.of(0, 0, 7)];
    const { plane, coordinates, explained } = trajectoryPlane(list);
    expect(coordinates.map(({ x, y }) => [x, y])).toBeAllclose(
      [
        [0, 3],
        [4, 0],
        [0, 0],
      ],
      { atol: 1e-14 },
    );
    expect(explained).toBeAllclose([0.64, 0.36], { rtol: 1e-14 });
    expect(plane.at(2, 1)).toBeAllclose([2, 1, 7], { atol: 1e-6 });
  });

  test.each(origins)("agrees with the singular values of the differences (origin %s)", (origin) => {
    for (const [seed, count, length] of [
      [1, 3, 4],
      [2, 6, 50],
      [3, 12, 9001],
    ] as const) {
      const list = iterates(seed, count, length, 0.2);
      const centre = originOf(list, origin);
      const rows = list.map((weights) => minus(weights, centre));
      const { diagonal, leftSingularVectors } = new SVD(new Matrix(rows), { autoTranspose: true });
      const total = rows.reduce((sum, row) => sum + dot(row, row), 0);
      const { coordinates, explained } = trajectoryPlane(list, { origin });
      expect(explained).toBeAllclose(
        [0, 1].map((k) => diagonal[k]! ** 2 / total),
        { rtol: 1e-10 },
      );
      for (const [k, axis] of (["x", "y"] as const).entries()) {
        const expected = list.map((_, i) => leftSingularVectors.get(i, k) * diagonal[k]!);
        const ours = coordinates.map((place) => place[axis]);
        const farthest = ours.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
        expect(farthest).toBeGreaterThan(0);
        const sign = Math.sign(dot(ours, expected));
        expect(ours).toBeAllclose(
          expected.map((value) => sign * value),
          { atol: 1e-7 },
        );
      }
    }
  });

  test.each(origins)(
    "coordinates are those of the projections on the plane (origin %s)",
    (origin) => {
      const list = iterates(7, 9, 5000, 0.3);
      const { plane, coordinates, explained } = trajectoryPlane(list, { origin });
      expect(plane.points[0]).toBeAllclose(originOf(list, origin), { atol: 1e-6 });
      let outside = 0;
      let total = 0;
      for (const [i, weights] of list.entries()) {
        const { x, y, residual } = project(plane, weights);
        // the points that define the plane are rounded to single precision
        expect([coordinates[i]!.x, coordinates[i]!.y]).toBeAllclose([x, y], { atol: 1e-5 });
        outside += residual ** 2;
        total += norm(minus(weights, plane.points[0])) ** 2;
      }
      expect(1 - outside / total).toBeAllclose(explained[0] + explained[1], { rtol: 1e-6 });
    },
  );

  test("no plane through two iterates and the origin explains more", () => {
    const list = iterates(11, 6, 40, 0.3);
    const { explained } = trajectoryPlane(list);
    const last = list.at(-1)!;
    const total = list.reduce((sum, weights) => sum + norm(minus(weights, last)) ** 2, 0);
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < i; j++) {
        const plane = planeThrough(last, list[i]!, list[j]!);
        const outside = list.reduce((sum, w) => sum + project(plane, w).residual ** 2, 0);
        expect(1 - outside / total).toBeLessThanOrEqual(explained[0] + explained[1] + 1e-12);
      }
    }
  });

  test("a path that lies in a plane is explained as a whole", () => {
    const [o, u, v] = iterates(5, 3, 300, 1) as [Float32Array, Float32Array, Float32Array];
    const list = [0, 1, 2, 3, 4].map((k) =>
      o.map((weight, i) => weight + k * u[i]! + k * k * v[i]!),
    );
    const [x, y] = trajectoryPlane(list).explained;
    expect(x + y).toBeAllclose(1, { rtol: 1e-10 });
    expect(x).toBeGreaterThanOrEqual(y);
  });

  test("bad input is named in the error", () => {
    const list = iterates(1, 3, 5);
    expect(() => trajectoryPlane(list.slice(1))).toThrow(
      "trajectoryPlane: the number of iterates must be >= 3, got 2",
    );
    expect(() => trajectoryPlane([...list, new Float32Array(4)])).toThrow(
      /weights of iterates\[3\]/,
    );
    const line = [0, 1, 2].map((k) => Float32Array.of(k, 2 * k));
    expect(() => trajectoryPlane(line)).toThrow(/Iterates on a line span no plane/);
    expect(() => trajectoryPlane([line[1]!, line[1]!, line[1]!])).toThrow(RangeError);
    // @ts-expect-error: not one of the two
    expect(() => trajectoryPlane(list, { origin: "first" })).toThrow(/origin must be one of/);
    // @ts-expect-error: no list
    expect(() => trajectoryPlane(list[0])).toThrow(TypeError);
  });
});
