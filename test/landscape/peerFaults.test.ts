import { describe, expect, test } from "vitest";
import { BezierCurve, PolyChainCurve } from "../../src/curves/index.js";
import {
  planeGrid,
  planeThrough,
  project,
  randomDirection,
  surface,
} from "../../src/landscape/index.js";
import { iterates, minus, norm } from "./points.js";

const three = (seed: number) =>
  iterates(seed, 3, 40, 0.3) as [Float32Array, Float32Array, Float32Array];

/** Oblique on purpose: 60° between b − a and c − a, neither of unit length. */
const oblique = () => {
  const a = Float32Array.of(1, 1, 1, 5);
  const b = Float32Array.of(5, 1, 1, 5);
  const c = Float32Array.of(2.5, 1 + 1.5 * Math.sqrt(3), 1, 5);
  return { a, plane: planeThrough(a, b, c) };
};

describe("faults found in other tools are absent", () => {
  test("dnn-mode-connectivity: weights of another length silently shift tensors between bends", () => {
    const [start, end] = three(1);
    for (const Curve of [PolyChainCurve, BezierCurve]) {
      expect(() => new Curve({ start, end: end.subarray(1) })).toThrow(RangeError);
      expect(() => new Curve({ start, end, initial: [end.subarray(1)] })).toThrow(RangeError);
    }
  });

  test("dnn-mode-connectivity: a plane is drawn for curves of exactly one bend only", () => {
    const [start, end] = three(2);
    for (const Curve of [PolyChainCurve, BezierCurve]) {
      for (let bends = 1; bends <= 7; bends++) {
        const initial = { seed: bends, standardDeviation: 0.1 };
        const curve = new Curve({ start, end, bends, initial });
        expect(curve.points).toHaveLength(bends + 2);
        for (const bend of curve.points.slice(1, -1)) {
          const plane = planeThrough(start, end, bend);
          const { x, y } = project(plane, bend);
          expect(plane.at(x, y)).toBeAllclose(bend, { atol: 1e-6 });
          const places = curve.points.map((point) => project(plane, point));
          expect(planeGrid(places).x).toHaveLength(21);
        }
      }
    }
  });

  test("dnn-mode-connectivity: only the bends of one curve span a plane, not any three checkpoints", () => {
    const [a, b, c] = three(3);
    expect(planeThrough(a, b, c).coordinates[2].y).toBeGreaterThan(0);
  });

  test("loss-landscapes: every second row of a plane is shifted by one cell", async () => {
    const { plane } = oblique();
    const x = [-1, 0, 1, 2];
    const y = [0, 1, 2, 3];
    const seen: number[][] = y.map(() => []);
    const place = (weights: Float32Array) => project(plane, weights);
    await surface(
      plane,
      (weights, { row }) => {
        seen[row]!.push(place(weights).x);
        return { loss: place(weights).y };
      },
      { x, y },
    );
    for (const row of seen) expect(row).toBeAllclose(x, { atol: 1e-6 });
  });

  test("loss-landscapes: the start model itself is never measured", async () => {
    const { a, plane } = oblique();
    const { values } = await surface(plane, (weights) => ({ distance: norm(minus(weights, a)) }), {
      x: [0, 1, 2],
      y: [0, 1],
    });
    expect(values.distance![0]![0]).toBe(0);
    expect(values.distance![0]![1]).toBeAllclose(1, { atol: 1e-6 });
  });

  test("loss-landscapes: a plane changes the start model in place", async () => {
    const [a, b, c] = three(4);
    const before = [a, b, c].map((weights) => weights.slice());
    const plane = planeThrough(a, b, c);
    // A metric that spoils what it is given must not spoil the next cell either.
    const metric = (weights: Float32Array) => {
      const loss = weights[0]!;
      weights.fill(9);
      return { loss };
    };
    const grid = planeGrid(plane, { cells: 3 });
    const once = await surface(plane, metric, grid);
    expect(await surface(plane, metric, grid)).toEqual(once);
    expect([a, b, c]).toEqual(before);
    const layout = [{ name: "kernel", shape: [8, 5] }];
    randomDirection(a, layout, { seed: 1 });
    expect(a).toEqual(before[0]);
  });

  test("loss-landscapes: the normalisation of biases is applied several times", () => {
    const [weights] = three(5);
    const layout = [
      { name: "kernel", shape: [6, 5] },
      { name: "bias", shape: [5] },
      { name: "second bias", shape: [5] },
    ];
    const direction = randomDirection(weights, layout, { seed: 1, ignore: "none" });
    for (let i = 30; i < 40; i++) {
      // applied k times it would be |w|^k
      expect(Math.abs(direction[i]!)).toBeAllclose(Math.abs(weights[i]!), { rtol: 1e-6 });
    }
    const byLayer = randomDirection(weights, layout, {
      seed: 1,
      ignore: "none",
      normalize: "layer",
    });
    for (const [offset, size] of [
      [0, 30],
      [30, 5],
      [35, 5],
    ] as const) {
      const [ours, theirs] = [byLayer, weights].map((v) => norm(v.subarray(offset, offset + size)));
      expect(ours!).toBeAllclose(theirs!, { rtol: 1e-6 });
    }
  });

  test("loss-landscape: projections divide by the length of each axis alone, wrong on oblique axes", () => {
    const { a, plane } = oblique();
    const toB = minus(plane.points[1], a);
    const toC = minus(plane.points[2], a);
    const w = Float32Array.from(a, (weight, i) => weight + 0.5 * toB[i]! + 2 * toC[i]!);
    const { x, y, residual, coefficients } = project(plane, w);
    // the axes one by one, as there, would give 0.5·4 + 2·1.5 = 5 and 2·3 + 0.5·2 = 7
    expect([x, y]).toBeAllclose([5, 3 * Math.sqrt(3)], { rtol: 1e-6 });
    expect(coefficients).toBeAllclose([-1.5, 0.5, 2], { atol: 1e-6 });
    expect(residual).toBeAllclose(0, { atol: 1e-6 });
  });

  test("loss-landscape: projections are in other units than the grid's when an axis is not of unit length", () => {
    const { a, plane } = oblique();
    for (const [x, y] of [
      [0.5, 0],
      [0, 2],
      [-3, 1.25],
    ] as const) {
      const weights = plane.at(x, y);
      const found = project(plane, weights);
      expect([found.x, found.y]).toBeAllclose([x, y], { atol: 1e-6 });
      expect(norm(minus(weights, a))).toBeAllclose(Math.hypot(x, y), { atol: 1e-6 });
    }
  });

  test("loss-surface-simplexes: the default range of a surface fails", async () => {
    const { a, plane } = oblique();
    const { x, y, values } = await surface(
      plane,
      (weights) => ({ distance: norm(minus(weights, a)) }),
      planeGrid(plane),
    );
    expect([x.length, y.length]).toEqual([21, 21]);
    // and it is in distances of weight space
    expect(values.distance).toBeAllclose(
      y.map((ofRow) => x.map((ofColumn) => Math.hypot(ofColumn, ofRow))) as number[][],
      { atol: 2e-6 },
    );
  });
});
