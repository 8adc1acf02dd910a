import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  adam,
  freezeLayers,
  keyedByVariable,
  learningRateCallback,
  sgd,
  weightsOf,
} from "../../src/tfjs/index.js";
import { clusters, normModel, seedWeights } from "./models.js";

const makers: [string, () => tf.Optimizer][] = [
  ["momentum", () => tf.train.momentum(0.1, 0.9)],
  ["momentum with Nesterov's step", () => tf.train.momentum(0.1, 0.9, true)],
  ["adagrad", () => tf.train.adagrad(0.1)],
  ["adam", () => tf.train.adam(0.1)],
  ["adamax", () => tf.train.adamax(0.1)],
  ["rmsprop", () => tf.train.rmsprop(0.1)],
  ["centered rmsprop", () => tf.train.rmsprop(0.1, 0.9, 0.5, 1e-7, true)],
];

/** Steps of v with gradient 1; u, of gradient 100, takes part in the first ones. */
function stepsOfV(optimizer: tf.Optimizer, how: "varList" | "trainable" | "alone"): number[] {
  const u = tf.variable(tf.scalar(0));
  const v = tf.variable(tf.scalar(0));
  const both = () => tf.add(tf.mul(u, 100), v) as tf.Scalar;
  const values = [0];
  for (const update of [0, 1, 2, 3]) {
    const list = how === "alone" || update > 1 ? [v] : [u, v];
    if (how === "trainable") {
      u.trainable = update <= 1;
      // Without a list tfjs takes every variable that is trainable; here that is u and v alone.
      optimizer.minimize(both);
    } else {
      optimizer.minimize(both, false, list);
    }
    values.push(v.dataSync()[0]!);
  }
  tf.dispose([u, v]);
  optimizer.dispose();
  return values.slice(1).map((value, i) => value - values[i]!);
}

describe("optimizers of tfjs", () => {
  test.each(makers)(
    "%s gives a variable the memory of another one (tfjs issue 4290)",
    (_, make) => {
      // As soon as one of these fails tfjs has mended it.
      const alone = stepsOfV(make(), "alone");
      for (const how of ["varList", "trainable"] as const) {
        const steps = stepsOfV(make(), how);
        expect(steps.slice(0, 2)).toEqual(alone.slice(0, 2));
        expect(Math.abs(steps[2]! - alone[2]!)).toBeGreaterThan(0.01 * Math.abs(alone[2]!));
      }
    },
  );

  test("momentum fails where the shapes differ", () => {
    const u = tf.variable(tf.ones([3]));
    const v = tf.variable(tf.ones([2]));
    const loss = () => tf.add(tf.sum(u), tf.sum(v)) as tf.Scalar;
    for (const keyed of [false, true]) {
      const plain = tf.train.momentum(0.1, 0.9);
      const optimizer = keyed ? keyedByVariable(plain) : plain;
      optimizer.minimize(loss, false, [u, v]);
      const again = () => optimizer.minimize(loss, false, [v]);
      if (keyed) again();
      else expect(again).toThrow("broadcast");
    }
    tf.dispose([u, v]);
  });
});

describe("keyedByVariable", () => {
  test.each([
    ...makers,
    ["sgd", () => tf.train.sgd(0.1)] as const,
    // The two means that it remembers are always the same in tfjs, so that it steps as sgd does.
    ["adadelta", () => tf.train.adadelta(0.1)] as const,
  ])("%s: each variable goes on with its own memory", (_, make) => {
    const alone = stepsOfV(make(), "alone");
    expect(stepsOfV(keyedByVariable(make()), "varList")).toEqual(alone);
    expect(stepsOfV(keyedByVariable(make()), "trainable")).toEqual(alone);
  });

  test("variables may be swapped, come late, and come under the name of one that is gone", () => {
    const optimizer = keyedByVariable(tf.train.momentum(1, 0.5));
    const u = tf.variable(tf.scalar(0));
    let v = tf.variable(tf.scalar(0), true, "late");
    const step = (...list: tf.Variable[]) => {
      const before = list.map((variable) => variable.dataSync()[0]!);
      optimizer.minimize(() => tf.addN(list) as tf.Scalar, false, list);
      return list.map((variable, i) => variable.dataSync()[0]! - before[i]!);
    };
    expect(step(u)).toEqual([-1]);
    expect(step(v, u)).toEqual([-1, -1.5]);
    expect(step(u, v)).toEqual([-1.75, -1.5]);
    v.dispose();
    v = tf.variable(tf.zeros([]), true, "late");
    expect(step(v, u)).toEqual([-1, -1.875]);
    tf.dispose([u, v]);
    optimizer.dispose();
  });

  test("a frozen variable stays, bit for bit, and thaws with the momentum that it had", () => {
    const optimizer = keyedByVariable(tf.train.momentum(1, 0.5));
    const model = seedWeights(
      layers.sequential({
        layers: [layers.layers.dense({ units: 1, inputShape: [1], useBias: false, name: "w" })],
      }),
    );
    const { variable } = weightsOf(model).variables[0]!;
    const other = tf.variable(tf.scalar(0));
    const values = () => variable.dataSync()[0]!;
    const loss = () => tf.add(tf.sum(variable), other) as tf.Scalar;
    variable.assign(tf.zeros([1, 1]));
    optimizer.minimize(loss, false, [variable, other]);
    const handle = freezeLayers(model, "w");
    for (let i = 0; i < 3; i++) optimizer.minimize(loss, false, [variable, other]);
    // Gradients that are given by hand do not move it either.
    optimizer.applyGradients([{ name: variable.name, tensor: tf.ones([1, 1]) }]);
    optimizer.applyGradients({ [variable.name]: tf.ones([1, 1]) } as never);
    expect(values()).toBe(-1);
    handle.restore();
    optimizer.minimize(loss, false, [variable, other]);
    expect(values()).toBe(-2.5);
    other.dispose();
  });

  test("Adam and Adamax count for all variables, so that a late first step is too large", () => {
    const step = (optimizer: tf.Optimizer) => {
      const [u, v] = [tf.variable(tf.scalar(0)), tf.variable(tf.scalar(0))];
      for (let i = 0; i < 300; i++) {
        optimizer.minimize(() => tf.mul(u, 1) as tf.Scalar, false, [u]);
      }
      optimizer.minimize(() => tf.mul(v, 1) as tf.Scalar, false, [v]);
      return v.dataSync()[0]!;
    };
    // (1 − 0.9) / (1 − 0.9³⁰¹) / √((1 − 0.999) / (1 − 0.999³⁰¹))
    const expected = 0.1 / Math.sqrt(0.001 / (1 - 0.999 ** 301));
    expect(step(keyedByVariable(tf.train.adam(1)))).toBeCloseTo(-expected, 3);
    // 1 − 0.9: no correction of the mean is left, and the largest gradient needs none.
    expect(step(keyedByVariable(tf.train.adamax(1)))).toBeCloseTo(-0.1, 4);
  });

  const data = clusters(12);
  const x = tf.tensor2d(data.x.data, [12, 2]);
  const classes = tf.oneHot(tf.tensor1d(Array.from(data.y), "int32"), 3);
  const { dense } = layers.layers;
  /** All kernels are alike, and all biases, so that tfjs does not notice whose memory it takes. */
  const squareModel = () =>
    seedWeights(
      layers.sequential({
        layers: ["body", "middle", "logits"].map((name) =>
          dense({ units: 2, inputShape: [2], activation: "tanh", name }),
        ),
      }),
    );

  /** Two calls of fit, the body frozen in the second one; compiled again in between, or not. */
  async function fitted(
    model: layers.Sequential,
    y: tf.Tensor,
    optimizer: tf.Optimizer,
    compileAgain: boolean,
  ) {
    // tf.layers warns of what was compiled before the freeze.
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const compile = () => model.compile({ optimizer, loss: "meanSquaredError" });
    const twoEpochs = () =>
      model.fit(x, y, { batchSize: 12, epochs: 2, shuffle: false, verbose: 0 });
    compile();
    await twoEpochs();
    const handle = freezeLayers(model, /^body/);
    const before = weightsOf(model).read();
    if (compileAgain) compile();
    await twoEpochs();
    const after = weightsOf(model).read();
    handle.restore();
    for (const { layer, offset, size } of weightsOf(model).variables) {
      if (!layer.startsWith("body")) continue;
      const part = (flat: Float32Array) => flat.slice(offset, offset + size);
      expect(part(after)).toEqual(part(before));
    }
    return after;
  }

  test.each(makers)("model.compile with the same optimizer again: %s", async (_, make) => {
    const expected = await fitted(normModel(), classes, make(), false);
    expect(await fitted(normModel(), classes, keyedByVariable(make()), false)).toEqual(expected);
    expect(await fitted(normModel(), classes, keyedByVariable(make()), true)).toEqual(expected);
    // tfjs alone: other shapes in the same positions.
    await expect(fitted(normModel(), classes, make(), true)).rejects.toThrow("broadcast");
  });

  test.each(makers)("model.compile again where all shapes are alike: %s", async (_, make) => {
    const expected = await fitted(squareModel(), x, make(), false);
    expect(await fitted(squareModel(), x, keyedByVariable(make()), true)).toEqual(expected);
    // tfjs alone takes the memory of the layer before, and says nothing.
    const wrong = await fitted(squareModel(), x, make(), true);
    expect(Math.hypot(...wrong.map((weight, i) => weight - expected[i]!))).toBeGreaterThan(1e-3);
  });

  test("goes with learningRateCallback, and leaves no more tensors behind than the optimizer alone", async () => {
    const v = tf.variable(tf.scalar(0));
    // A disposed momentum optimizer of tfjs leaves its factor behind.
    const left = [(one: tf.Optimizer) => one, keyedByVariable].map((change) => {
      const before = tf.memory();
      const optimizer = change(tf.train.momentum(1, 0.5));
      expect(change(optimizer)).toBe(optimizer);
      for (let i = 0; i < 3; i++) optimizer.minimize(() => tf.mul(v, 1) as tf.Scalar, false, [v]);
      optimizer.dispose();
      const after = tf.memory();
      return [after.numTensors - before.numTensors, after.numBytes - before.numBytes];
    });
    expect(left[1]).toEqual(left[0]);
    const optimizer = keyedByVariable(tf.train.momentum(1, 0.5));
    await learningRateCallback(() => 0.25, { optimizer }).onBatchBegin();
    const before = v.dataSync()[0]!;
    optimizer.minimize(() => tf.mul(v, 1) as tf.Scalar, false, [v]);
    expect(v.dataSync()[0]).toBe(before - 0.25);
    v.dispose();
  });

  test("refuses what is no optimizer, what was in use, and names of nothing", () => {
    expect(() => keyedByVariable({} as never)).toThrow(TypeError);
    expect(() => keyedByVariable(undefined as never)).toThrow(/got undefined$/);
    for (const own of [sgd(), adam()]) {
      expect(() => keyedByVariable(own as never)).toThrow(
        /^keyedByVariable: optimizer must be an optimizer of tfjs, .* sgd and adam of closerlook keep their state by variable already$/,
      );
    }
    const used = tf.train.sgd(1);
    const v = tf.variable(tf.scalar(0));
    used.minimize(() => tf.mul(v, 1) as tf.Scalar, false, [v]);
    expect(() => keyedByVariable(used)).toThrow(
      "keyedByVariable: optimizer.iterations must be 0, of a new optimizer, got 1",
    );
    const optimizer = keyedByVariable(tf.train.adam(1));
    const wrong = [{ name: "nothing", tensor: tf.scalar(1) }];
    expect(() => optimizer.applyGradients(wrong)).toThrow('that of a variable, got "nothing"');
  });
});
