import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { type Curve, PolyChainCurve } from "../../src/curves/index.js";
import { curvePositions } from "../../src/tfjs/curvePositions.js";
import {
  type Augmentation,
  adam,
  type CurvePositions,
  type Optimizer,
  sgd,
  type TrainCurveOptions,
  train,
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

describe("the positions", () => {
  const positions = (kind: CurvePositions, { updates = 120, seed = 3 } = {}) =>
    curvePositions(kind, updates, 6, seed);

  test.each(["uniform", "stratified", "antithetic"] as const)(
    "of a training come from the seed alone: %s",
    async (kind) => {
      const all = { ...options, batchSize: 2, positions: kind };
      const result = await trainCurve(denseModel(), bentChain(denseModel()), data, all);
      expect(result.positions).toEqual(positions(kind, { updates: 12 }));
      expect(positions(kind, { seed: 4 })).not.toEqual(positions(kind));
      // A longer training begins the same.
      expect(positions(kind, { updates: 121 }).slice(0, 120)).toEqual(positions(kind));
    },
  );

  test("are uniform", () => {
    const uniform = positions("uniform");
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    // Standard errors of the mean, 0.289 / √120, and of the mean square, 0.298 / √120.
    const mean = (f: (t: number) => number) => uniform.reduce((sum, t) => sum + f(t), 0) / 120;
    expect(Math.abs(mean((t) => t) - 1 / 2)).toBeLessThan(4 * 0.027);
    expect(Math.abs(mean((t) => t * t) - 1 / 3)).toBeLessThan(4 * 0.028);
  });

  test("are one in each part of [0, 1] in each epoch if stratified, in random order", () => {
    const stratified = positions("stratified", { updates: 240 });
    const orders = new Set<string>();
    for (let epoch = 0; epoch < 40; epoch++) {
      const parts = stratified.slice(6 * epoch, 6 * epoch + 6).map((t) => Math.floor(6 * t));
      expect(parts.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
      orders.add(parts.join());
    }
    expect(orders.size).toBeGreaterThan(20);
  });

  test("are pairs that sum to 1 if antithetic, also across the end of an epoch", () => {
    const antithetic = curvePositions("antithetic", 120, 3, 5);
    for (let i = 0; i < 120; i += 2) expect(antithetic[i]! + antithetic[i + 1]!).toBeCloseTo(1, 15);
    expect(new Set(antithetic).size).toBe(120);
  });
});

const noise: Augmentation = (example, result, _, random) => {
  for (let i = 0; i < result.length; i++) result[i] = example[i]! + 0.1 * random.normal();
};

/** All that could go wrong: batch norm, dropout, noise, parts, decay, uneven batches, a free end. */
const everything: TrainCurveOptions = {
  schedule: (update) => 0.1 / (1 + update),
  epochs: 3,
  batchSize: 5,
  microBatch: 3,
  seed: 11,
  augment: noise,
  weightDecay: 0.01,
  positions: "stratified",
  fixed: { start: false },
  snapshots: [0, 1, 3],
};
const dropModel = () => normModel({ rate: 0.5 });

/** A training of a curve: its result, and the curve's points at its end. */
async function run(change: Partial<TrainCurveOptions> = {}, curve: Curve = bentChain(dropModel())) {
  const optimizer = adam();
  const result = await trainCurve(dropModel(), curve, data, {
    ...everything,
    optimizer,
    ...change,
  });
  optimizer.dispose();
  return { result, points: pointsOf(curve) };
}

/** The same fixed end, and other free points, which a resumed training must not begin with. */
function otherFreePoints(): Curve {
  const model = dropModel();
  const end = bentChain(model).points[2]!;
  return new PolyChainCurve({ start: otherWeights(model, 8), end });
}

const aborted = (after: number): Partial<TrainCurveOptions> => {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress: ({ update }) => {
      if (update === after) controller.abort();
    },
  };
};

describe("a training of a curve that is taken up again", () => {
  test("ends with the same bits wherever it was stopped", async () => {
    const undisturbed = await run();
    expect(undisturbed.result).toMatchObject({ stopped: "finished", updates: 9 });
    expect([...undisturbed.result.snapshots.keys()]).toEqual([0, 1, 3]);
    expect(await run()).toEqual(undisturbed);
    for (let after = 1; after <= 9; after++) {
      const checkpoints = { store: new MemoryStore(), everyUpdates: 100 };
      const first = await run({ checkpoints, ...aborted(after) });
      expect(first.result.updates).toBe(after);
      expect(first.result.stopped).toBe(after < 9 ? "aborted" : "finished");
      const resumed = await run({ checkpoints, resume: true }, otherFreePoints());
      expect(resumed).toEqual(undisturbed);
    }
  });

  test("survives a kill in any operation of the store", async () => {
    const undisturbed = await run();
    const store = new MemoryStore();
    const checkpoints = { store, everyUpdates: 1 };
    let deaths = 0;
    // Each life is longer than the one before, and begins with other points once there is a checkpoint.
    for (let life = 3; ; life += 3) {
      store.life = life;
      const begun = [...store.entries.keys()].some((name) => name.endsWith(".json"));
      const curve = begun ? otherFreePoints() : bentChain(dropModel());
      try {
        expect(await run({ checkpoints, resume: true }, curve)).toEqual(undisturbed);
        break;
      } catch (error) {
        if ((error as Error).message !== "killed") throw error;
        deaths++;
      }
    }
    expect(deaths).toBeGreaterThanOrEqual(3);
  });

  test("must be of the same curve in all that is done", async () => {
    const checkpoints = { store: new MemoryStore(), everyUpdates: 1 };
    await run({ checkpoints, ...aborted(2) });
    const again = (change: Partial<TrainCurveOptions>, curve?: Curve) =>
      run({ checkpoints, resume: true, ...change }, curve);
    await expect(again({ decay: "bend" })).rejects.toThrow(
      'trainCurve: decay must be "point", as in the checkpoint, got "bend"',
    );
    await expect(again({ positions: "uniform" })).rejects.toThrow("trainCurve: positions must be");
    await expect(again({ weightDecay: 0 })).rejects.toThrow("trainCurve: weightDecay must be");
    await expect(again({ fixed: {} })).rejects.toThrow("trainCurve: curve.points must be");
    const { points } = bentChain(dropModel());
    await expect(again({}, new Bezier(points))).rejects.toThrow(
      "trainCurve: curve.coefficients must be",
    );
    const otherEnd = new PolyChainCurve({ start: points[0]!, end: points[1]! });
    await expect(again({}, otherEnd)).rejects.toThrow("trainCurve: curve.points must be");
    // A training of the model itself is another thing too.
    const training = {
      schedule: 0.1,
      epochs: 1,
      batchSize: 5,
      seed: 11,
      checkpoints,
      resume: true,
    };
    await expect(train(dropModel(), data, training)).rejects.toThrow("train: microBatch must be");
  });
});

describe("trainCurve", () => {
  test("gives all points of the curve at the wanted epochs", async () => {
    const curve = bentChain(denseModel(), 2);
    const before = pointsOf(curve);
    const { snapshots } = await trainCurve(denseModel(), curve, data, {
      ...{ ...options, snapshots: [0, 1, 2] },
    });
    expect(snapshots.get(0)).toEqual(before);
    expect(snapshots.get(2)).toEqual(pointsOf(curve));
    const half = bentChain(denseModel(), 2);
    await trainCurve(denseModel(), half, data, { ...options, epochs: 1 });
    expect(snapshots.get(1)).toEqual(half.points);
    expect(snapshots.get(1)![1]).not.toEqual(before[1]);
    for (const points of snapshots.values())
      expect([points[0], points[3]]).toEqual([before[0], before[3]]);
  });

  test("reports every update, with its position", async () => {
    const reports: unknown[] = [];
    const onProgress = (progress: unknown) => void reports.push(progress);
    const curve = bentChain(denseModel());
    const { losses, positions } = await trainCurve(denseModel(), curve, data, {
      ...options,
      onProgress,
    });
    const [learningRate, updates, epochs] = [0.1, 6, 2];
    expect(reports).toEqual(
      losses.map((loss, i) => ({
        ...{ update: i + 1, updates, epoch: Math.floor(i / 3) + 1, epochs, loss, learningRate },
        position: positions[i],
      })),
    );
  });

  /** Bits of everything in the model. */
  const modelBits = (model: Model) =>
    weightsOf(model).variables.map(({ variable }) => variable.dataSync());

  test("leaves the model, dropout seeds included, and no tensor, whatever ended it", async () => {
    const model = dropModel();
    const before = modelBits(model);
    const seed = (model.getLayer("drop") as unknown as { seed: unknown }).seed;
    const lossFunction = () => {
      throw new Error("no more");
    };
    await expectNoLeak(async () => {
      const checkpoints = { store: new MemoryStore(), everyUpdates: 2 };
      const start = () => bentChain(model);
      const again = (change: Partial<TrainCurveOptions>) =>
        trainCurve(model, start(), data, { ...everything, ...change });
      expect((await again({ checkpoints })).stopped).toBe("finished");
      expect((await again(aborted(2))).stopped).toBe("aborted");
      expect((await again({ schedule: 1e38 })).stopped).toBe("diverged");
      await expect(again({ lossFunction })).rejects.toThrow("no more");
      await expect(again({ checkpoints })).rejects.toThrow("without checkpoints");
      const optimizer = sgd({ momentum: 0.9 });
      await again({ optimizer });
      // What it remembered is of points that are gone.
      optimizer.dispose();
    });
    expect(modelBits(model)).toEqual(before);
    expect((model.getLayer("drop") as unknown as { seed: unknown }).seed).toBe(seed);
  });

  test("leaves nothing in an optimizer that was passed in", async () => {
    const optimizer = adam();
    const model = denseModel();
    await expectNoLeak(async () => {
      await trainCurve(model, bentChain(model), data, { ...options, optimizer });
    });
  });

  test("ends with the last finite points where the loss is not finite", async () => {
    const curve = bentChain(normModel());
    let updates = 0;
    const result = await trainCurve(normModel(), curve, data, {
      ...{ ...options, epochs: 3, batchSize: 12, snapshots: [1, 2, 3] },
      onProgress: () => void updates++,
      lossFunction: (logits) => tf.mul(tf.mean(tf.square(logits)), updates === 2 ? Number.NaN : 1),
    });
    expect(result).toMatchObject({ stopped: "diverged", divergedAtUpdate: 2, updates: 2 });
    expect(result.snapshots.get(2)).toEqual(curve.points);
    expect(result.snapshots.get(2)).not.toEqual(result.snapshots.get(1));
  });

  test("does not depend on what the model holds beside its trainable weights, nor on its weights", async () => {
    const train = async (model: Model) => {
      const curve = bentChain(normModel());
      const { losses } = await trainCurve(model, curve, data, options);
      return { losses, points: pointsOf(curve) };
    };
    expect(await train(seedWeights(normModel(), 77))).toEqual(await train(normModel()));
  });

  test("trains the curve of the layers that are not frozen", async () => {
    const model = denseModel();
    const [kernel] = model.getLayer("hidden").getWeights();
    const before = kernel!.dataSync().slice();
    model.getLayer("hidden").trainable = false;
    const curve = bentChain(model);
    expect(curve.points[0]).toHaveLength(15);
    const bend = curve.points[1]!.slice();
    await trainCurve(model, curve, data, options);
    expect(curve.points[1]).not.toEqual(bend);
    expect(model.getLayer("hidden").getWeights()[0]!.dataSync()).toEqual(before);
  });

  test("holds the points, the points before the update, one gradient and one momentum, and no more", async () => {
    const layersOf = 20;
    const dense = () => layers.layers.dense({ units: 8, inputShape: [8], useBias: false });
    const all = Array.from({ length: layersOf }, dense);
    const model = seedWeights(layers.sequential({ layers: all }), 1, 0.3);
    const one = { x: { data: new Float32Array(16).fill(1), shape: [2, 8] }, y: [0, 1] };
    // Tensors may share memory: buffers are counted, and all variables have the same size.
    const before = tf.memory().numDataBuffers;
    let most = 0;
    const inner = sgd({ momentum: 0.9 });
    const optimizer: Optimizer = {
      ...inner,
      apply(gradients, learningRate) {
        inner.apply(gradients, learningRate);
        most = Math.max(most, tf.memory().numDataBuffers);
      },
    };
    const curve = bentChain(model);
    await trainCurve(model, curve, one, { schedule: 1e-3, epochs: 3, batchSize: 2, optimizer });
    // Two ends, the bend, the bend before, gradient, momentum; the model's own weights, counted before, are on the host.
    const networks = 2 + 1 + 1 + 1 + 1 - 1;
    expect(most - before).toBeGreaterThanOrEqual(networks * layersOf);
    // Beside them the loss and what one variable of them needs.
    expect(most - before).toBeLessThanOrEqual(networks * layersOf + 6);
    optimizer.dispose();
  });

  test("says what is wrong before anything changes", async () => {
    const model = normModel();
    const attempt = (change: object, curve: unknown = bentChain(model)) =>
      trainCurve(model, curve as Curve, data, { ...options, ...change });
    const [start, end] = [otherWeights(model, 1), otherWeights(model, 2)];
    await expect(attempt({}, new PolyChainCurve({ start, end, bends: 0 }))).rejects.toThrow(
      'trainCurve: curve must be one with a bend, or with an end that is not fixed, got "2 points"',
    );
    const all = weightsOf(model).read();
    await expect(attempt({}, new PolyChainCurve({ start: all, end: all }))).rejects.toThrow(
      `trainCurve: the number of weights of curve.points[0] must be ${start.length}, as many trainable weights as the model has, ` +
        `got ${all.length}. These are all weights; read them with weightsOf(model).read({ trainable: true })`,
    );
    const short = new PolyChainCurve({ start: start.slice(1), end: end.slice(1) });
    await expect(attempt({}, short)).rejects.toThrow(`must be ${start.length}, as many`);
    const spoilt = bentChain(model);
    spoilt.points[1]![3] = Number.NaN;
    await expect(attempt({}, spoilt)).rejects.toThrow("curve.points[1][3] must be a finite number");
    await expect(attempt({}, null)).rejects.toThrow("trainCurve: curve must be a curve");
    await expect(attempt({ weightDecay: -1 })).rejects.toThrow("trainCurve: weightDecay must be");
    await expect(attempt({ decay: "none" })).rejects.toThrow("trainCurve: decay must be one of");
    await expect(attempt({ positions: "grid" })).rejects.toThrow("trainCurve: positions must be");
    await expect(attempt({ fixed: true })).rejects.toThrow("trainCurve: fixed must be");
    await expect(attempt({ fixed: { begin: true } })).rejects.toThrow("made of start, end");
    await expect(attempt({ snapshots: [0.5] })).rejects.toThrow("trainCurve: snapshots must be");
    await expect(attempt({ snapshots: [3] })).rejects.toThrow("<= 2, got 3");
    await expect(attempt({ epochs: 0 })).rejects.toThrow("trainCurve: epochs must be");
    await expect(attempt({ frozen: {} })).rejects.toThrow("trainCurve: options must be made of");
  });
});
