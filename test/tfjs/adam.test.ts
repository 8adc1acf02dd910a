import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AdamOptions, adam, sgd, train, weightsOf } from "../../src/tfjs/index.js";
import { clusters, denseModel, expectNoLeak } from "./models.js";

/** The rule in double precision, bias corrections written as in the paper. */
function reference(
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  rates: readonly number[],
  options: AdamOptions,
) {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  const w = start.slice();
  const m = w.map(() => 0);
  const v = w.map(() => 0);
  gradients.forEach((gradient, k) => {
    gradient.forEach((raw, i) => {
      const g = options.decoupledWeightDecay ? raw : raw + weightDecay * w[i]!;
      if (options.decoupledWeightDecay) w[i]! -= rates[k]! * weightDecay * w[i]!;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      const mHat = m[i]! / (1 - beta1 ** (k + 1));
      const vHat = v[i]! / (1 - beta2 ** (k + 1));
      w[i]! -= (rates[k]! * mHat) / (Math.sqrt(vHat) + epsilon);
    });
  });
  return w;
}

const scalarRun = (options: AdamOptions, start: number, updates: [g: number, rate: number][]) => {
  const optimizer = adam(options);
  const weight = tf.variable(tf.scalar(start));
  const values = updates.map(([gradient, rate]) => {
    optimizer.apply([[weight, tf.scalar(gradient)]], rate);
    return weight.dataSync()[0]!;
  });
  optimizer.dispose();
  return values;
};

describe("adam", () => {
  test("the first step is rate · g / (|g| + ε): the rate itself for large gradients", () => {
    for (const g of [1e-3, -1e-3, 5, -1e6]) {
      expect(scalarRun({}, 0, [[g, 0.25]])).toBeAllclose([-0.25 * Math.sign(g)], { rtol: 2e-5 });
    }
    // |g| = ε: half of the rate.
    expect(scalarRun({ epsilon: 0.5 }, 0, [[0.5, 0.25]])).toBeAllclose([-0.125], { rtol: 1e-6 });
    expect(scalarRun({}, 3, [[0, 0.25]])).toEqual([3]);
  });

  test("equal gradients give equal steps, whatever the betas", () => {
    const five: [number, number][] = Array(5).fill([-2, 0.5]);
    for (const [beta1, beta2] of [
      [0.9, 0.999],
      [0.5, 0.25],
      [0, 0],
    ] as const) {
      expect(scalarRun({ beta1, beta2 }, 0, five)).toBeAllclose([0.5, 1, 1.5, 2, 2.5], {
        rtol: 1e-5,
      });
    }
  });

  test("two different gradients, by hand", () => {
    // beta1 = beta2 = ½; g = 1: m̂ = v̂ = 1. g = 3: m = 1.75, v = 4.75, both over 1 − ¼.
    const second = 1.75 / 0.75 / Math.sqrt(4.75 / 0.75);
    const updates: [number, number][] = [
      [1, 1],
      [3, 1],
    ];
    expect(scalarRun({ beta1: 0.5, beta2: 0.5 }, 0, updates)).toBeAllclose([-1, -1 - second], {
      rtol: 1e-6,
    });
  });

  test("decoupled decay shrinks by 1 − rate · decay; in the gradient its size is lost", () => {
    const zero: [number, number][] = [[0, 0.5]];
    expect(scalarRun({ weightDecay: 0.5, decoupledWeightDecay: true }, 8, zero)).toEqual([6]);
    expect(scalarRun({ weightDecay: 0.5 }, 8, zero)).toBeAllclose([7.5], { rtol: 1e-6 });
  });

  test("follows the rule in double precision within rounding, for any gradients and rates", () => {
    const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    const options = fc.record({
      beta1: between(0, 0.95),
      beta2: between(0, 0.999),
      epsilon: between(1e-3, 1),
      weightDecay: between(0, 0.1),
      decoupledWeightDecay: fc.boolean(),
    });
    const rates = fc.array(between(0, 0.5), { minLength: 1, maxLength: 8 });
    const numbers = fc.array(between(-2, 2), { minLength: 54, maxLength: 54 });
    fc.assert(
      fc.property(options, rates, numbers, (options, rates, numbers) => {
        const start = numbers.slice(0, 6);
        const gradients = rates.map((_, k) => numbers.slice(6 * k, 6 * k + 6));
        const optimizer = adam(options);
        const weight = tf.variable(tf.tensor2d(start, [2, 3]));
        gradients.forEach((gradient, k) => {
          optimizer.apply([[weight, tf.tensor2d(gradient, [2, 3])]], rates[k]!);
        });
        // Roundings of 1e-7 in g, divided by ε >= 1e-3, in each of eight steps of at most ½.
        expect(weight.dataSync()).toBeAllclose(reference(start, gradients, rates, options), {
          rtol: 1e-5,
          atol: 5e-4,
        });
        optimizer.dispose();
        weight.dispose();
      }),
      { numRuns: 60 },
    );
  });

  test("each variable counts its own updates: one that comes later takes a whole first step", () => {
    const optimizer = adam();
    const [u, v] = [tf.variable(tf.scalar(0)), tf.variable(tf.scalar(0))];
    const one = tf.scalar(1);
    for (let k = 0; k < 3; k++) optimizer.apply([[u, one]], 0.25);
    optimizer.apply(
      [
        [v, tf.scalar(-7)],
        [u, one],
      ],
      0.25,
    );
    expect([u.dataSync()[0], v.dataSync()[0]]).toBeAllclose([-1, 0.25], { rtol: 1e-5 });
    const named = [
      { name: "u", variable: u },
      { name: "v", variable: v },
    ];
    const state = optimizer.getState(named);
    expect([state.u!.updates, state.v!.updates]).toEqual([4, 1]);
    optimizer.clear([u]);
    optimizer.apply([[u, one]], 0.25);
    expect(optimizer.getState(named).u).toMatchObject({ updates: 1 });
  });

  test("a variable that is not trainable neither moves nor decays nor is remembered", () => {
    for (const decoupledWeightDecay of [false, true]) {
      const optimizer = adam({ weightDecay: 0.1, decoupledWeightDecay });
      const weight = tf.variable(tf.scalar(3), false);
      optimizer.apply([[weight, tf.scalar(1)]], 1);
      expect(weight.dataSync()[0]).toBe(3);
      expect(optimizer.getState([{ name: "w", variable: weight }])).toEqual({});
    }
  });

  test("a state that is saved and taken up goes on with the same bits", () => {
    const gradients = [0.3, -1.7, 0.9, 2.2].map((value) => tf.tensor1d([value, -value / 3]));
    const one = adam({ weightDecay: 0.01 });
    const weight = tf.variable(tf.tensor1d([1, 2]));
    for (const gradient of gradients.slice(0, 2)) one.apply([[weight, gradient]], 0.1);
    const two = adam({ weightDecay: 0.01 });
    const copy = tf.variable(tf.clone(weight));
    const state = one.getState([{ name: "w", variable: weight }]);
    expect(Object.keys(state.w!.arrays)).toEqual(["firstMoment", "secondMoment"]);
    two.setState(state, [{ name: "w", variable: copy }]);
    for (const gradient of gradients.slice(2)) {
      one.apply([[weight, gradient]], 0.1);
      two.apply([[copy, gradient]], 0.1);
    }
    expect(copy.dataSync()).toEqual(weight.dataSync());
    expect(two.getState([{ name: "w", variable: copy }])).toEqual(
      one.getState([{ name: "w", variable: weight }]),
    );
  });

  test("a gradient whose square overflows does not stop its weight in silence", async () => {
    // Without the check the second moment would be infinite, and each further step zero.
    expect(
      scalarRun({}, 1, [
        [1e25, 0.1],
        [1, 0.1],
      ]),
    ).toEqual([Number.NaN, Number.NaN]);
    const model = denseModel();
    const before = weightsOf(model).read();
    const result = await train(model, clusters(12), {
      schedule: 0.1,
      epochs: 1,
      batchSize: 12,
      optimizer: adam(),
      lossFunction: (logits) => tf.mul(tf.mean(logits), 1e25),
    });
    expect(result).toMatchObject({ stopped: "diverged", divergedAtUpdate: 0 });
    expect(weightsOf(model).read()).toEqual(before);
  });

  test("trains a model, in other steps than sgd", async () => {
    const run = async (optimizer: ReturnType<typeof adam>) => {
      const model = denseModel();
      const { losses } = await train(model, clusters(60), {
        schedule: 0.05,
        epochs: 10,
        batchSize: 20,
        optimizer,
      });
      optimizer.dispose();
      return losses;
    };
    const losses = await run(adam());
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    expect((await run(sgd())).at(-1)).not.toBe(losses.at(-1));
  });

  test("holds two tensors for each variable, none after dispose, and none of the caller's", async () => {
    const u = tf.variable(tf.ones([3]));
    const gradient = tf.ones([3]);
    tf.tidy(() => void u.assign(tf.add(u, 1)));
    await expectNoLeak(() => {
      const before = tf.memory().numTensors;
      const optimizer = adam({ weightDecay: 0.1, decoupledWeightDecay: true });
      for (let i = 0; i < 3; i++) optimizer.apply([[u, gradient]], 0.1);
      expect(tf.memory().numTensors).toBe(before + 2);
      const named = [{ name: "u", variable: u }];
      optimizer.setState(optimizer.getState(named), named);
      expect(tf.memory().numTensors).toBe(before + 2);
      optimizer.dispose();
    });
    expect(gradient.isDisposed).toBe(false);
  });

  test("errors come before any update", () => {
    expect(() => adam({ beta1: 1 })).toThrow(
      "adam: beta1 must be a finite number >= 0 and < 1, got 1",
    );
    expect(() => adam({ beta2: -0.1 })).toThrow(RangeError);
    expect(() => adam({ epsilon: 0 })).toThrow("adam: epsilon must be a finite number >= 1e-30");
    expect(() => adam({ weightDecay: -1 })).toThrow(RangeError);
    expect(() => adam({ decoupledWeightDecay: 1 as never })).toThrow(TypeError);
    expect(() => adam({ learningRate: 1 } as never)).toThrow("made of beta1, beta2");
    const optimizer = adam();
    const v = tf.variable(tf.ones([2]), true, "adamV");
    expect(() => optimizer.apply([[v, tf.ones([3])]], 1)).toThrow(
      "adam: the gradient of adamV must be [2], the shape of the variable, got [3]",
    );
    expect(() => optimizer.apply([[v, tf.ones([2])]], -1)).toThrow(RangeError);
    for (const none of [null, undefined] as never[]) {
      expect(() => optimizer.apply([[v, none]], 1)).toThrow(
        new TypeError(
          `adam: the gradient of adamV must be a tensor, got ${none}. Leave out variables that have none, such as frozen ones`,
        ),
      );
      v.trainable = false;
      optimizer.apply([[v, none]], 1);
      v.trainable = true;
    }
    expect(Array.from(v.dataSync())).toEqual([1, 1]);
    const named = [{ name: "v", variable: v }];
    const velocity = Float32Array.of(1, 2);
    expect(() => optimizer.setState({ v: { updates: 1, arrays: { velocity } } }, named)).toThrow(
      'adam: state of v must be made of firstMoment, secondMoment, got "velocity"',
    );
  });
});
