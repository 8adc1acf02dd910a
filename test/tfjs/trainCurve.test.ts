import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { type Curve, PolyChainCurve } from "../../src/curves/index.js";
import {
  type Augmentation,
  adam,
  sgd,
  type TrainCurveOptions,
  trainCurve,
  weightsOf,
} from "../../src/tfjs/index.js";
import type { Model } from "../../src/tfjs/model.js";
import { Bezier, bentChain, otherWeights } from "./curves.js";
import { MemoryStore } from "./memoryStore.js";
import { clusters, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const data = clusters(12);
const options: TrainCurveOptions = { schedule: 0.1, epochs: 2, batchSize: 5, seed: 3 };

const pointsOf = (curve: Curve) => curve.points.map((point) => point.slice());

/** Loss of `denseModel` on `data` in double precision. */
function loss(w: ArrayLike<number>): number {
  let sum = 0;
  for (let n = 0; n < 12; n++) {
    const hidden = [0, 1, 2, 3].map((k) =>
      Math.tanh(data.x.data[2 * n]! * w[k]! + data.x.data[2 * n + 1]! * w[4 + k]! + w[8 + k]!),
    );
    const logits = [0, 1, 2].map((k) =>
      hidden.reduce((logit, h, i) => logit + h * w[12 + 3 * i + k]!, w[24 + k]!),
    );
    sum += Math.log(logits.reduce((all, z) => all + Math.exp(z), 0)) - logits[data.y[n]!]!;
  }
  return sum / 12;
}

type F64Points = readonly Float64Array[];
const f64 = (points: readonly Float32Array[]): F64Points => points.map((p) => Float64Array.from(p));

/** A quantity of the points of a curve differentiated by one of the points, by central differences. */
function differences(f: (points: F64Points) => number, points: F64Points, j: number): Float64Array {
  const h = 1e-5;
  return points[j]!.map((_, i) => {
    const moved = (by: number) =>
      f(points.map((p, k) => (k === j ? p.map((x, l) => (l === i ? x + by : x)) : p)));
    return (moved(h) - moved(-h)) / (2 * h);
  });
}

const combine = (c: ArrayLike<number>, points: F64Points): Float64Array =>
  points[0]!.map((_, i) => points.reduce((sum, p, j) => sum + c[j]! * p[i]!, 0));
const halfSquare = (w: Float64Array) => w.reduce((sum, x) => sum + x * x, 0) / 2;

const curves: Record<string, () => Curve> = {
  "a chain": () => bentChain(denseModel(), 2),
  "a Bezier curve": () => new Bezier(bentChain(denseModel(), 2).points),
};

describe.each(Object.entries(curves))("the gradient on %s", (_, make) => {
  const whole: TrainCurveOptions = { ...options, batchSize: 12, optimizer: sgd() };

  test("is that of the expected loss by each bend, by finite differences", async () => {
    const curve = make();
    const points = f64(curve.points);
    // So small that the bends stay where they are.
    const schedule = 1e-4;
    const { positions } = await trainCurve(denseModel(), curve, data, {
      ...whole,
      schedule,
      epochs: 50,
    });
    const expected = (points: F64Points) =>
      positions.reduce((sum, t) => sum + loss(combine(curve.coefficients(t), points)), 0);
    for (const j of [1, 2]) {
      const gradient = Float64Array.from(
        points[j]!,
        (x, i) => (x - curve.points[j]![i]!) / schedule,
      );
      const wanted = differences(expected, points, j);
      expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.5);
      // Weights near 1 are rounded by 6e-8, fifty times, which is 0.004 of the gradient.
      expect(gradient).toBeAllclose(wanted, { rtol: 0.01, atol: 0.01 });
    }
    for (const j of [0, 3]) expect(f64(curve.points)[j]).toEqual(points[j]);
  });

  test.each(["point", "bend"] as const)(
    "and the L2 penalty of the %s make the steps of descent with momentum, free end included",
    async (decay) => {
      const curve = make();
      let points = f64(curve.points);
      const [schedule, momentum, weightDecay] = [0.2, 0.9, 0.3];
      const { positions, losses } = await trainCurve(denseModel(), curve, data, {
        ...{ ...whole, schedule, epochs: 6, weightDecay, decay },
        optimizer: sgd({ momentum }),
        fixed: { end: false },
      });
      const expected: number[] = [];
      let velocities = points.map((p) => p.map(() => 0));
      for (const t of positions) {
        const c = curve.coefficients(t);
        const objective = (points: F64Points) => {
          const penalty =
            decay === "point"
              ? halfSquare(combine(c, points))
              : points.reduce((sum, p) => sum + halfSquare(p), 0);
          return loss(combine(c, points)) + weightDecay * penalty;
        };
        expected.push(loss(combine(c, points)));
        velocities = velocities.map((v, j) => {
          const g = differences(objective, points, j);
          return v.map((x, i) => momentum * x + g[i]!);
        });
        points = points.map((p, j) =>
          j === 0 ? p : p.map((x, i) => x - schedule * velocities[j]![i]!),
        );
      }
      expect(losses).toBeAllclose(expected, { rtol: 1e-5 });
      for (const [j, point] of curve.points.entries()) {
        expect(point).toBeAllclose(points[j]!, { rtol: 1e-4, atol: 1e-5 });
      }
    },
  );
});
