import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { freezeLayers, type LayerMatch, sgd, train, weightsOf } from "../../src/tfjs/index.js";
import type { Model } from "../../src/tfjs/model.js";
import { clusters, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const { batchNormalization, dense, lstm } = layers.layers;

/** The flat weights of some layers. */
const read = (model: Model, names: readonly string[]) => {
  const weights = weightsOf(model);
  const flat = weights.read();
  return weights.variables
    .filter(({ layer }) => names.includes(layer))
    .map(({ name, offset, size }) => [name, flat.slice(offset, offset + size)]);
};

/** A hand-written step on every variable of the model, as `train` makes it. */
function step(
  model: Model,
  optimizer: ReturnType<typeof sgd>,
  gradientOf = (w: tf.Variable) => tf.onesLike(w),
) {
  tf.tidy(() => {
    const { variables } = weightsOf(model);
    optimizer.apply(
      variables.map(({ variable }) => [variable, gradientOf(variable)] as const),
      0.1,
    );
  });
}

const head = ["head", "headNorm", "logits"];
const options = { schedule: 0.1, epochs: 2, batchSize: 4 };

describe("freezeLayers", () => {
  test.each<[string, LayerMatch, string[]]>([
    ["a name", "head", ["head"]],
    ["a list", ["logits", "body"], ["body", "logits"]],
    ["a RegExp", /^head/, ["head", "headNorm"]],
    ["a RegExp with memory", /Norm/g, ["bodyNorm", "headNorm"]],
    ["a predicate", ({ className }) => className === "Dense", ["body", "head", "logits"]],
    ["a match that meets layers without weights too", /^body/, ["body", "bodyNorm"]],
  ])("matches by %s", (_, match, expected) => {
    const handle = freezeLayers(normModel(), match);
    expect(handle.frozen).toEqual(expected);
  });

  test("gradients do not reach frozen layers", async () => {
    const model = normModel();
    const before = read(model, head);
    const body = read(model, ["body"]);
    const handle = freezeLayers(model, head);
    await train(model, clusters(12), { ...options, optimizer: sgd() });
    expect(read(model, head)).toEqual(before);
    expect(read(model, ["body"])).not.toEqual(body);
    handle.restore();
    await train(model, clusters(12), { ...options, optimizer: sgd() });
    const last = read(model, ["logits"]);
    expect(last).not.toEqual(before.slice(-2));
  });

  test("momentum that was gathered before does not move frozen layers", () => {
    const model = normModel();
    const optimizer = sgd({ momentum: 0.9 });
    step(model, optimizer);
    const before = read(model, head);
    freezeLayers(model, head);
    step(model, optimizer, (w) => tf.zerosLike(w));
    expect(read(model, head)).toEqual(before);
    optimizer.dispose();
  });

  test("weight decay does not shrink frozen layers", () => {
    const model = normModel();
    const before = read(model, head);
    const body = read(model, ["body"]);
    freezeLayers(model, head);
    const optimizer = sgd({ weightDecay: 0.5 });
    step(model, optimizer, (w) => tf.zerosLike(w));
    expect(read(model, head)).toEqual(before);
    expect(read(model, ["body"])).not.toEqual(body);
  });

  test("statistics of a frozen batch norm do not drift, and it normalises by them", () => {
    const model = normModel();
    const before = read(model, ["bodyNorm"]);
    const x = tf.tensor2d([1, 2, 3, 5], [2, 2]);
    const others = weightsOf(model);
    const evaluation = others.apply(x, { training: false });
    const handle = freezeLayers(model, /Norm/);
    const frozen = others.apply(x, { training: true });
    expect(frozen.dataSync()).toEqual(evaluation.dataSync());
    expect(read(model, ["bodyNorm"])).toEqual(before);
    handle.restore();
    const training = others.apply(x, { training: true });
    expect(training.dataSync()).not.toEqual(evaluation.dataSync());
    expect(read(model, ["bodyNorm"])).not.toEqual(before);
  });

  test("tf.layers alone lets the statistics drift with trainable = false", () => {
    const model = normModel();
    const before = read(model, ["bodyNorm"]);
    model.getLayer("bodyNorm").trainable = false;
    weightsOf(model).apply(tf.ones([2, 2]), { training: true });
    expect(read(model, ["bodyNorm"])).not.toEqual(before);
    model.getLayer("bodyNorm").trainable = true;
    const handle = freezeLayers(model, "bodyNorm");
    const held = read(model, ["bodyNorm"]);
    weightsOf(model).apply(tf.zeros([2, 2]), { training: true });
    expect(read(model, ["bodyNorm"])).toEqual(held);
    handle.restore();
  });

  test("a batch norm that was untrainable already stops drifting too", () => {
    const model = normModel();
    model.getLayer("bodyNorm").trainable = false;
    const handle = freezeLayers(model, "bodyNorm");
    const before = read(model, ["bodyNorm"]);
    weightsOf(model).apply(tf.ones([2, 2]), { training: true });
    expect(read(model, ["bodyNorm"])).toEqual(before);
    handle.restore();
    expect(model.getLayer("bodyNorm").trainable).toBe(false);
  });

  test("what is not frozen trains as if the frozen weights were constants", async () => {
    const data = clusters(12);
    const model = denseModel();
    const handle = freezeLayers(model, "logits");
    await train(model, data, options);
    handle.restore();

    const [w1, b1, w2, b2] = denseModel()
      .getWeights()
      .map((weight) => tf.clone(weight));
    const hidden = [tf.variable(w1!), tf.variable(b1!)] as const;
    const asConstants = {
      variables: { "hidden/kernel": hidden[0], "hidden/bias": hidden[1] },
      apply: (x: tf.Tensor) =>
        tf.add(
          tf.matMul(
            tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, hidden[0] as tf.Tensor2D), hidden[1])),
            w2 as tf.Tensor2D,
          ),
          b2!,
        ),
    };
    await train(asConstants, data, options);
    expect(weightsOf(asConstants).read()).toBeAllclose(weightsOf(model).read().slice(0, 12), {
      rtol: 1e-5,
      atol: 1e-6,
    });
  });

  test("overlapping handles thaw a layer with the last one, in any order, and restore is idempotent", () => {
    const trainable = (model: Model) =>
      weightsOf(model)
        .variables.filter((variable) => variable.trainable)
        .map(({ layer }) => layer);
    for (const lastFirst of [true, false]) {
      const model = normModel();
      const all = trainable(model);
      const one = freezeLayers(model, ["headNorm", "logits"]);
      const two = freezeLayers(model, ["headNorm", "head"]);
      const [first, second] = lastFirst ? [two, one] : [one, two];
      first.restore();
      first.restore();
      expect(trainable(model)).not.toContain("headNorm");
      const before = read(model, ["headNorm"]);
      weightsOf(model).apply(tf.ones([2, 2]), { training: true });
      expect(read(model, ["headNorm"])).toEqual(before);
      second.restore();
      expect(trainable(model)).toEqual(all);
      weightsOf(model).apply(tf.ones([2, 2]), { training: true });
      expect(read(model, ["headNorm"])).not.toEqual(before);
      expect(Object.hasOwn(model.getLayer("headNorm"), "call")).toBe(false);
    }
  });

  test("restoring brings back single flags that the caller had set", () => {
    const model = normModel();
    const bias = model.getLayer("head").trainableWeights[1]! as layers.LayerVariable & {
      trainable: boolean;
    };
    bias.trainable = false;
    const flags = () => weightsOf(model).variables.map(({ name, trainable }) => [name, trainable]);
    const before = flags();
    freezeLayers(model, /./).restore();
    expect(flags()).toEqual(before);
  });

  test("a frozen model leaves nothing to train, which train says", async () => {
    const model = denseModel();
    freezeLayers(model, /./);
    await expect(train(model, clusters(6), options)).rejects.toThrow("at least one layer");
  });

  test("recurrent layers freeze with their cells", () => {
    const recurrent = lstm({
      units: 2,
      inputShape: [3, 1],
      recurrentInitializer: "zeros",
      name: "lstm",
    });
    const model = seedWeights(layers.sequential({ layers: [recurrent, dense({ units: 2 })] }));
    const before = read(model, ["lstm"]);
    const handle = freezeLayers(model, "lstm");
    step(model, sgd({ weightDecay: 0.1 }));
    expect(read(model, ["lstm"])).toEqual(before);
    handle.restore();
    step(model, sgd());
    expect(read(model, ["lstm"])).not.toEqual(before);
    // Weights held by hand are no statistics: the layer keeps its training mode, and with it its dropout.
    for (const weight of recurrent.weights) weight.trainable = false;
    const again = freezeLayers(model, "lstm");
    expect(Object.hasOwn(recurrent, "call")).toBe(false);
    again.restore();
  });

  test("the name of a nested model freezes all of it, batch norm included", () => {
    const block = layers.sequential({
      name: "block",
      layers: [
        dense({ units: 3, inputShape: [2], name: "fc" }),
        batchNormalization({ name: "norm" }),
      ],
    });
    const input = layers.input({ shape: [2] });
    const top = dense({ units: 2, name: "top" }).apply(block.apply(input)) as layers.SymbolicTensor;
    const model = layers.model({ inputs: input, outputs: top });
    const handle = freezeLayers(model, "block");
    expect(handle.frozen).toEqual(["block/fc", "block/norm"]);
    const before = weightsOf(block).read();
    weightsOf(model).apply(tf.ones([2, 2]), { training: true });
    step(model, sgd());
    expect(weightsOf(block).read()).toEqual(before);
  });

  test("variables of a model of one's own freeze by layer", () => {
    const kernel = tf.variable(tf.scalar(1));
    const bias = tf.variable(tf.scalar(2));
    const other = tf.variable(tf.scalar(3));
    const apply = () => tf.scalar(0);
    const model = { variables: { "fc/kernel": kernel, "fc/bias": bias, other }, apply };
    const handle = freezeLayers(model, "fc");
    // The same variable under another grouping is held by both.
    const again = freezeLayers({ variables: { bias }, apply }, "bias");
    handle.restore();
    step(model, sgd());
    expect(Array.from(weightsOf(model).read())).toBeAllclose([0.9, 2, 2.9], { rtol: 1e-6 });
    again.restore();
    expect(bias.trainable).toBe(true);
  });

  test("leaves no tensor behind", async () => {
    const model = normModel();
    const x = tf.ones([2, 2]);
    await expectNoLeak(() => {
      const handle = freezeLayers(model, /./);
      weightsOf(model).apply(x, { training: true }).dispose();
      handle.restore();
      weightsOf(model).apply(x, { training: true }).dispose();
    });
  });

  test("a match without a layer, or without weights, lists the layers", () => {
    const model = normModel();
    const names = "body, bodyNorm, bodyRelu, drop, head, headNorm, logits";
    expect(() => freezeLayers(model, "fc")).toThrow(
      new RangeError(`freezeLayers: match must be one or more of the layers ${names}, got "fc"`),
    );
    expect(() => freezeLayers(model, ["head", "fc"])).toThrow(`${names}, got "fc"`);
    expect(() => freezeLayers(model, /^fc/)).toThrow("/^fc/");
    expect(() => freezeLayers(model, [])).toThrow(RangeError);
    expect(() => freezeLayers(model, () => false)).toThrow(names);
    expect(() => freezeLayers(model, "drop")).toThrow(
      'match must be a layer with weights: body, bodyNorm, head, headNorm, logits, got "drop"',
    );
    expect(() => freezeLayers(model, 3 as never)).toThrow(TypeError);
    expect(() => freezeLayers(model, [3] as never)).toThrow(TypeError);
    expect(weightsOf(model).variables.filter(({ trainable }) => trainable)).toHaveLength(10);
  });
});
