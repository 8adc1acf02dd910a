import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sgd } from "../../src/tfjs/index.js";
import { expectNoLeak } from "./models.js";

const scalarRun = (
  optimizer: ReturnType<typeof sgd>,
  start: number,
  updates: [gradient: number, rate: number][],
) => {
  const weight = tf.variable(tf.scalar(start));
  const values = updates.map(([gradient, rate]) => {
    optimizer.apply([[weight, tf.scalar(gradient)]], rate);
    return weight.dataSync()[0]!;
  });
  optimizer.dispose();
  return values;
};

/** The rule in double precision. */
function reference(
  start: number[],
  gradients: number[][],
  rates: number[],
  { momentum = 0, weightDecay = 0, nesterov = false },
) {
  const w = start.slice();
  const v = w.map(() => 0);
  gradients.forEach((gradient, k) => {
    gradient.forEach((raw, i) => {
      const g = raw + weightDecay * w[i]!;
      v[i] = momentum * v[i]! + g;
      w[i] = w[i]! - rates[k]! * (nesterov ? g + momentum * v[i]! : v[i]!);
    });
  });
  return w;
}

describe("sgd", () => {
  test("without momentum a step is rate times gradient", () => {
    expect(
      scalarRun(sgd(), 1, [
        [2, 0.25],
        [-4, 0.5],
      ]),
    ).toEqual([0.5, 2.5]);
  });

  test("momentum adds half of the velocity: v = 1, 1.5, 1.75", () => {
    const values = scalarRun(sgd({ momentum: 0.5 }), 0, [
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(values).toEqual([-1, -2.5, -4.25]);
  });

  test("weight decay adds to the gradient and enters the velocity", () => {
    // g = 0 + 0.5·8 = 4, v = 4, w = 6; g = 3, v = 0.5·4 + 3 = 5, w = 3.5
    const values = scalarRun(sgd({ momentum: 0.5, weightDecay: 0.5 }), 8, [
      [0, 0.5],
      [0, 0.5],
    ]);
    expect(values).toEqual([6, 3.5]);
  });

  test("nesterov steps along g + momentum·v", () => {
    // v = 1, step 1 + 0.5 = 1.5; v = 1.5, step 1 + 0.75 = 1.75
    const values = scalarRun(sgd({ momentum: 0.5, nesterov: true }), 0, [
      [1, 1],
      [1, 1],
    ]);
    expect(values).toEqual([-1.5, -3.25]);
  });

  test("a changed learning rate acts on the whole velocity at once", () => {
    expect(
      scalarRun(sgd({ momentum: 0.5 }), 0, [
        [1, 1],
        [0, 0],
        [0, 4],
      ]),
    ).toEqual([-1, -1, -2]);
  });

  test("follows the rule in double precision within rounding, for any gradients and rates", () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    const options = fc.record({
      momentum: fc.double({ min: 0.1, max: 0.95, noNaN: true }),
      weightDecay: fc.double({ min: 0, max: 0.1, noNaN: true }),
      nesterov: fc.boolean(),
    });
    const rates = fc.array(fc.double({ min: 0, max: 0.5, noNaN: true }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        options,
        rates,
        fc.array(number, { minLength: 54, maxLength: 54 }),
        (options, rates, numbers) => {
          const start = numbers.slice(0, 6);
          const gradients = rates.map((_, k) => numbers.slice(6 * k, 6 * k + 6));
          const optimizer = sgd(options);
          const weight = tf.variable(tf.tensor2d(start, [2, 3]));
          gradients.forEach((gradient, k) => {
            optimizer.apply([[weight, tf.tensor2d(gradient, [2, 3])]], rates[k]!);
          });
          // Steps and weights stay below 60; f32 rounds each of about 50 operations by 6e-8.
          expect(weight.dataSync()).toBeAllclose(reference(start, gradients, rates, options), {
            rtol: 1e-5,
            atol: 1e-4,
          });
          optimizer.dispose();
          weight.dispose();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a variable does not inherit another's momentum when the list gets shorter (tfjs #4290)", () => {
    const gradient = tf.scalar(1);
    const run = (optimizer: {
      first(u: tf.Variable, v: tf.Variable): void;
      second(v: tf.Variable): void;
    }) => {
      const u = tf.variable(tf.scalar(0));
      const v = tf.variable(tf.scalar(0));
      optimizer.first(u, v);
      optimizer.second(v);
      return v.dataSync()[0];
    };
    const hundred = tf.scalar(100);
    const ours = sgd({ momentum: 0.9 });
    const momentum = run({
      first: (u, v) =>
        ours.apply(
          [
            [u, hundred],
            [v, gradient],
          ],
          0.1,
        ),
      second: (v) => ours.apply([[v, gradient]], 0.1),
    });
    expect(momentum).toBeCloseTo(-0.1 - 0.19, 6);
    // The symptom itself, so that this test says when tfjs has been mended.
    const theirs = tf.train.momentum(0.1, 0.9);
    const corrupted = run({
      first: (u, v) =>
        theirs.applyGradients([
          { name: u.name, tensor: hundred },
          { name: v.name, tensor: gradient },
        ]),
      second: (v) => theirs.applyGradients([{ name: v.name, tensor: gradient }]),
    });
    expect(corrupted).toBeCloseTo(-0.1 - 9.1, 5);
  });

  test("the order of the list does not matter", () => {
    const optimizer = sgd({ momentum: 0.9 });
    const u = tf.variable(tf.scalar(0));
    const v = tf.variable(tf.scalar(0));
    optimizer.apply(
      [
        [u, tf.scalar(1)],
        [v, tf.scalar(2)],
      ],
      1,
    );
    optimizer.apply(
      [
        [v, tf.scalar(2)],
        [u, tf.scalar(1)],
      ],
      1,
    );
    expect([u.dataSync()[0], v.dataSync()[0]]).toBeAllclose([-2.9, -5.8], { rtol: 1e-6 });
  });

  test("a variable that is not trainable neither moves nor gathers momentum", () => {
    const optimizer = sgd({ momentum: 0.9, weightDecay: 0.1 });
    const weight = tf.variable(tf.scalar(3), false);
    optimizer.apply([[weight, tf.scalar(1)]], 1);
    expect(weight.dataSync()[0]).toBe(3);
    expect(optimizer.getState([{ name: "w", variable: weight }])).toEqual({});
  });

  test("a state that is saved and taken up goes on with the same bits", () => {
    const gradients = [0.3, -1.7, 0.9, 2.2].map((value) => tf.tensor1d([value, -value / 3]));
    const one = sgd({ momentum: 0.9, weightDecay: 0.01 });
    const weight = tf.variable(tf.tensor1d([1, 2]));
    for (const gradient of gradients.slice(0, 2)) one.apply([[weight, gradient]], 0.1);
    const two = sgd({ momentum: 0.9, weightDecay: 0.01 });
    const copy = tf.variable(tf.clone(weight));
    two.setState(one.getState([{ name: "w", variable: weight }]), [{ name: "w", variable: copy }]);
    for (const gradient of gradients.slice(2)) {
      one.apply([[weight, gradient]], 0.1);
      two.apply([[copy, gradient]], 0.1);
    }
    expect(copy.dataSync()).toEqual(weight.dataSync());
    expect(one.getState([{ name: "w", variable: weight }]).w).toMatchObject({
      updates: 4,
      arrays: { velocity: expect.objectContaining({ length: 2 }) },
    });
  });

  test("a saved state is a copy", () => {
    const optimizer = sgd({ momentum: 0.5 });
    const named = [{ name: "w", variable: tf.variable(tf.scalar(0)) }];
    const velocity = Float32Array.of(2);
    optimizer.setState({ w: { updates: 3, arrays: { velocity } } }, named);
    velocity[0] = 9;
    optimizer.getState(named).w!.arrays.velocity![0] = 7;
    expect(optimizer.getState(named)).toEqual({
      w: { updates: 3, arrays: { velocity: Float32Array.of(2) } },
    });
  });

  test("clear forgets the given variables, or all", () => {
    const optimizer = sgd({ momentum: 0.9 });
    const names = ["u", "v", "w"];
    const named = names.map((name) => ({ name, variable: tf.variable(tf.scalar(0)) }));
    optimizer.apply(
      named.map(({ variable }) => [variable, tf.scalar(1)] as const),
      1,
    );
    optimizer.clear([named[1]!.variable]);
    expect(Object.keys(optimizer.getState(named))).toEqual(["u", "w"]);
    optimizer.clear();
    expect(optimizer.getState(named)).toEqual({});
  });

  test("holds one tensor for each variable, none after dispose, and none of the caller's", async () => {
    const u = tf.variable(tf.ones([3]));
    const v = tf.variable(tf.ones([2, 2]));
    const [gu, gv] = [tf.ones([3]), tf.ones([2, 2])];
    // A new variable shares its numbers with the tensor that it was made of until the first update.
    for (const variable of [u, v]) tf.tidy(() => void variable.assign(tf.add(variable, 1)));
    await expectNoLeak(() => {
      const before = tf.memory().numTensors;
      const optimizer = sgd({ momentum: 0.9, weightDecay: 0.1, nesterov: true });
      for (let i = 0; i < 3; i++)
        optimizer.apply(
          [
            [u, gu],
            [v, gv],
          ],
          0.1,
        );
      expect(tf.memory().numTensors).toBe(before + 2);
      const named = [{ name: "u", variable: u }];
      optimizer.setState(optimizer.getState(named), named);
      expect(tf.memory().numTensors).toBe(before + 2);
      optimizer.dispose();
    });
    expect(gu!.isDisposed || gv!.isDisposed).toBe(false);
  });

  test("errors come before any update", () => {
    expect(() => sgd({ momentum: 1 })).toThrow(
      "sgd: momentum must be a finite number >= 0 and < 1, got 1",
    );
    expect(() => sgd({ weightDecay: -1 })).toThrow(RangeError);
    expect(() => sgd({ nesterov: true })).toThrow("momentum must be > 0 with nesterov, got 0");
    expect(() => sgd({ nesterov: 1 as never })).toThrow(
      new TypeError("sgd: nesterov must be true or false, got 1"),
    );
    expect(() => sgd({ learningRate: 1 } as never)).toThrow(
      "made of momentum, weightDecay, nesterov",
    );
    const optimizer = sgd({ momentum: 0.5 });
    const u = tf.variable(tf.scalar(1));
    const v = tf.variable(tf.ones([2]), true, "theV");
    const wrong = () =>
      optimizer.apply(
        [
          [u, tf.scalar(1)],
          [v, tf.ones([3])],
        ],
        1,
      );
    expect(wrong).toThrow("the gradient of theV must be [2], the shape of the variable, got [3]");
    expect(() => optimizer.apply([[u, tf.scalar(1)]], Number.NaN)).toThrow(RangeError);
    for (const none of [null, undefined] as never[]) {
      const apply = () =>
        optimizer.apply(
          [
            [u, tf.scalar(1)],
            [v, none],
          ],
          1,
        );
      expect(apply).toThrow(
        new TypeError(
          `sgd: the gradient of theV must be a tensor, got ${none}. Leave out variables that have none, such as frozen ones`,
        ),
      );
      v.trainable = false;
      optimizer.apply([[v, none]], 1);
      v.trainable = true;
    }
    expect(u.dataSync()[0]).toBe(1);
    const state =
      (velocity: unknown, updates = 1, name = "v") =>
      () =>
        optimizer.setState(
          { [name]: { updates, arrays: { velocity: velocity as Float32Array } } },
          [{ name: "v", variable: v }],
        );
    expect(state(Float32Array.of(1, 2), 1, "x")).toThrow('got "x"');
    expect(state(Float32Array.of(1))).toThrow("state of v: velocity must be 2 numbers, got 1");
    expect(state([1, 2])).toThrow(TypeError);
    expect(state(Float32Array.of(1, 2), 0)).toThrow("state of v: updates must be an integer >= 1");
    expect(() =>
      sgd().setState({ v: { updates: 1, arrays: { velocity: Float32Array.of(1, 2) } } }, [
        { name: "v", variable: v },
      ]),
    ).toThrow('state of v must be made of nothing, got "velocity"');
    expect(() =>
      optimizer.setState({ v: Float32Array.of(1, 2) as never }, [{ name: "v", variable: v }]),
    ).toThrow("sgd: state of v must be { updates, arrays }");
  });
});
