import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { weightsOf } from "../../src/tfjs/index.js";
import { convModel, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const { batchNormalization, dense, inputLayer, lstm } = layers.layers;

describe("weightsOf", () => {
  test("variables are named by layer and weight, in the model's order, statistics included", () => {
    const { variables, length } = weightsOf(normModel());
    expect(variables.map((variable) => variable.name)).toEqual([
      "body/kernel",
      "body/bias",
      "bodyNorm/gamma",
      "bodyNorm/beta",
      "bodyNorm/moving_mean",
      "bodyNorm/moving_variance",
      "head/kernel",
      "head/bias",
      "headNorm/gamma",
      "headNorm/beta",
      "headNorm/moving_mean",
      "headNorm/moving_variance",
      "logits/kernel",
      "logits/bias",
    ]);
    expect(variables.map((variable) => variable.trainable)).toEqual([
      ...[true, true, true, true, false, false],
      ...[true, true, true, true, false, false],
      ...[true, true],
    ]);
    expect(variables[6]).toMatchObject({ layer: "head", shape: [4, 5], size: 20, offset: 28 });
    expect(length).toBe(8 + 4 + 16 + 20 + 5 + 20 + 15 + 3);
  });

  test("layers without weights are listed, input layers are not", () => {
    const model = layers.sequential({
      layers: [inputLayer({ inputShape: [2] }), dense({ units: 1, name: "one" })],
    });
    expect(weightsOf(model).layers.map((layer) => layer.name)).toEqual(["one"]);
    const names = weightsOf(convModel()).layers.map((layer) => [layer.name, layer.className]);
    expect(names).toEqual([
      ["conv1", "Conv2D"],
      ["relu1", "ReLU"],
      ["flat", "Flatten"],
      ["logits", "Dense"],
    ]);
  });

  test("read gives the variables' numbers one after the other", () => {
    const model = denseModel();
    const expected = model.getWeights().flatMap((tensor) => Array.from(tensor.dataSync()));
    expect(Array.from(weightsOf(model).read())).toEqual(expected);
  });

  test("what is written is read back bit by bit, also the trainable part alone", () => {
    const weights = weightsOf(normModel());
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 91, maxLength: 91, noNaN: true, noDefaultInfinity: true }),
        (flat) => {
          weights.write(flat);
          expect(weights.read()).toEqual(flat);
        },
      ),
      { numRuns: 20 },
    );
    const all = weights.read();
    const part = weights.read({ trainable: true });
    expect(part.length).toBe(91 - 18);
    weights.write(
      part.map((value) => value / 2),
      { trainable: true },
    );
    const after = weights.read();
    for (const { trainable, offset, size } of weights.variables) {
      const halved = all
        .slice(offset, offset + size)
        .map((value) => (trainable ? value / 2 : value));
      expect(after.slice(offset, offset + size)).toEqual(halved);
    }
  });

  test("changing an array after write, or after read, leaves the model alone", () => {
    const weights = weightsOf(denseModel());
    const flat = new Float32Array(weights.length).fill(2);
    weights.write(flat);
    flat.fill(9);
    weights.read().fill(7);
    expect(Array.from(new Set(weights.read()))).toEqual([2]);
  });

  test("apply is the model, in training mode by the batch and in evaluation mode by the statistics", () => {
    const model = normModel();
    const weights = weightsOf(model);
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const evaluation = weights.apply(x, { training: false });
    expect(evaluation.dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
    const before = weights.read();
    const training = weights.apply(x, { training: true });
    expect(training.dataSync()).not.toEqual(evaluation.dataSync());
    expect(weights.read()).not.toEqual(before);
  });

  test("layers of nested models are named by the way to them, and their flags obey the outer model", () => {
    const inner = layers.sequential({
      name: "block",
      layers: [dense({ units: 3, inputShape: [2], name: "fc" })],
    });
    const input = layers.input({ shape: [2] });
    const top = dense({ units: 2, name: "fc" }).apply(inner.apply(input)) as layers.SymbolicTensor;
    const model = layers.model({ inputs: input, outputs: top });
    const weights = weightsOf(model);
    expect(weights.variables.map((variable) => variable.name)).toEqual([
      "block/fc/kernel",
      "block/fc/bias",
      "fc/kernel",
      "fc/bias",
    ]);
    inner.trainable = false;
    expect(weights.variables.map((variable) => variable.trainable)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test("a layer that is used twice is listed once", () => {
    const shared = dense({ units: 2, name: "shared" });
    const input = layers.input({ shape: [2] });
    const output = shared.apply(shared.apply(input)) as layers.SymbolicTensor;
    expect(weightsOf(layers.model({ inputs: input, outputs: output })).length).toBe(6);
  });

  test("recurrent layers have their cell's weights", () => {
    const model = layers.sequential({
      layers: [lstm({ units: 2, inputShape: [3, 1], recurrentInitializer: "zeros" })],
    });
    const { variables } = weightsOf(model);
    expect(variables.map(({ shape }) => shape)).toEqual([[1, 8], [2, 8], [8]]);
    expect(new Set(variables.map(({ name }) => name)).size).toBe(3);
  });

  test("two models built alike have the same names and the same order", () => {
    const names = () => weightsOf(convModel()).variables.map((variable) => variable.name);
    expect(names()).toEqual(names());
  });

  test("a model of one's own is grouped into layers by the names of its variables", () => {
    const kernel = tf.variable(tf.tensor2d([[1, 2]]));
    const bias = tf.variable(tf.tensor1d([3, 4]));
    const scale = tf.variable(tf.scalar(5), false);
    const model = {
      variables: { "fc/kernel": kernel, "fc/bias": bias, scale },
      apply: (x: tf.Tensor) =>
        tf.mul(tf.add(tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D), bias), scale),
    };
    const weights = weightsOf(model);
    expect(Array.from(weights.read())).toEqual([1, 2, 3, 4, 5]);
    expect(Array.from(weights.read({ trainable: true }))).toEqual([1, 2, 3, 4]);
    expect(weights.layers.map(({ name, variables }) => [name, variables.length])).toEqual([
      ["fc", 2],
      ["scale", 1],
    ]);
    const output = weights.apply(tf.tensor2d([[1]]), { training: false });
    expect(Array.from(output.dataSync())).toEqual([20, 30]);
    expect(weightsOf({ ...model, variables: [kernel, bias] }).variables[1]!.name).toBe(bias.name);
  });

  test("leaves no tensor behind", async () => {
    const model = normModel();
    const x = tf.ones([2, 2]);
    await expectNoLeak(() => {
      const weights = weightsOf(model);
      weights.write(weights.read());
      weights.apply(x, { training: true }).dispose();
      expect(() => weights.write([])).toThrow(RangeError);
    });
  });

  test("errors say what is wrong", () => {
    const model = denseModel();
    const weights = weightsOf(model);
    expect(() => weights.write(new Float32Array(3))).toThrow(
      new RangeError("weightsOf.write: weights must be 27 numbers, as the model has, got 3"),
    );
    const bad = weights.read();
    bad[5] = Number.NaN;
    expect(() => weights.write(bad)).toThrow(
      "weightsOf.write: weights[5] must be a finite single-precision number, got NaN",
    );
    expect(() => weights.write(Array(27).fill(1e39))).toThrow("weights[0]");
    expect(() => weights.write("1" as never)).toThrow(TypeError);
    expect(() => weights.read({ trainble: true } as never)).toThrow(
      new TypeError('weightsOf.read: options must be made of trainable, got "trainble"'),
    );
    expect(() => weights.write([], { trainble: true } as never)).toThrow(
      new TypeError('weightsOf.write: options must be made of trainable, got "trainble"'),
    );
    expect(() => weightsOf(null as never)).toThrow(
      new TypeError("weightsOf: model must be a tf.layers model or { variables, apply }, got null"),
    );
    expect(() => weightsOf({ predict() {} } as never)).toThrow("loadLayersModel");
    expect(() => weightsOf({ variables: [], apply: () => tf.scalar(0) })).toThrow(
      "one or more variables",
    );
    const twice = tf.variable(tf.scalar(1));
    expect(() =>
      weightsOf({ variables: { a: twice, b: twice }, apply: () => tf.scalar(0) }),
    ).toThrow('has "b" twice');
    expect(() =>
      weightsOf({ variables: [tf.scalar(1)] as never, apply: () => tf.scalar(0) }),
    ).toThrow("must be a tf.Variable");
    const integer = tf.variable(tf.scalar(1, "int32"), false, undefined, "int32");
    expect(() => weightsOf({ variables: { integer }, apply: () => tf.scalar(0) })).toThrow(
      "float32",
    );
    const input = layers.input({ shape: [2] });
    const heads = [1, 2].map((units) => dense({ units }).apply(input) as layers.SymbolicTensor);
    expect(() => weightsOf(layers.model({ inputs: input, outputs: heads }))).toThrow(
      "model must have one input and one output, got 1 inputs and 2 outputs",
    );
    model.dispose();
    expect(() => weightsOf(model)).toThrow("weightsOf: model must not be disposed");
  });

  test("the order does not depend on which layers are trainable", () => {
    const model = seedWeights(
      layers.sequential({ layers: [batchNormalization({ inputShape: [2], name: "norm" })] }),
    );
    model.layers[0]!.trainable = false;
    expect(weightsOf(model).variables.map((variable) => variable.name)).toEqual([
      "norm/gamma",
      "norm/beta",
      "norm/moving_mean",
      "norm/moving_variance",
    ]);
  });
});
