import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { captureActivations, weightsOf } from "../../src/tfjs/index.js";
import { clusters, convModel, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const { dense, reLU } = layers.layers;
const { x } = clusters(7);
const values = (tensor: unknown) => (tensor as tf.Tensor).dataSync();

/** The outputs as tf.layers itself computes them, with a functional sub-model. */
const reference = (model: layers.LayersModel, names: string[], input: tf.Tensor) => {
  const outputs = names.map((name) => model.getLayer(name).output as layers.SymbolicTensor);
  const result = layers.model({ inputs: model.inputs, outputs }).predict(input);
  return (Array.isArray(result) ? result : [result]).map(values);
};

describe("captureActivations", () => {
  test("by hand: ReLU and logits of one neuron", async () => {
    const model = layers.sequential({
      layers: [
        dense({ units: 1, inputShape: [1], activation: "relu", name: "fc" }),
        dense({ units: 2, name: "z" }),
      ],
    });
    weightsOf(model).write([2, 1, 1, -1, 0, 3]);
    const result = await captureActivations(model, { data: Float32Array.of(-3, 2), shape: [2, 1] });
    expect(result).toEqual({
      fc: { data: Float32Array.of(0, 5), shape: [2, 1] },
      z: { data: Float32Array.of(0, 3, 5, -2), shape: [2, 2] },
    });
  });

  test("agrees bit by bit with a functional sub-model, in any batches", async () => {
    const model = normModel({ rate: 0.5 });
    const names = ["body", "bodyNorm", "bodyRelu", "drop", "head", "headNorm", "logits"];
    const expected = reference(model, names, tf.tensor2d(x.data, [7, 2]));
    for (const batchSize of [1, 3, 7, 500]) {
      const result = await captureActivations(model, x, { layers: /./, batchSize });
      expect(Object.keys(result)).toEqual(names);
      names.forEach((name, i) => {
        expect(result[name]!.data).toBeAllclose(expected[i]!, { rtol: 1e-6, atol: 1e-7 });
      });
    }
  });

  test("maps keep their shape", async () => {
    const model = convModel();
    const images = tf.randomNormal([5, 6, 6, 1], 0, 1, "float32", 3);
    const result = await captureActivations(model, images, {
      layers: ["logits", "relu1"],
      batchSize: 2,
    });
    expect(Object.keys(result)).toEqual(["relu1", "logits"]);
    expect(result.relu1!.shape).toEqual([5, 4, 4, 2]);
    expect(result.relu1!.data).toBeAllclose(reference(model, ["relu1"], images)[0]!, {
      rtol: 1e-6,
    });
    expect(Math.min(...result.relu1!.data)).toBe(0);
  });

  test("by default every layer with weights", async () => {
    expect(Object.keys(await captureActivations(normModel(), x))).toEqual([
      "body",
      "bodyNorm",
      "head",
      "headNorm",
      "logits",
    ]);
  });

  test("branches and layers of nested models can be chosen", async () => {
    const block = layers.sequential({
      name: "block",
      layers: [dense({ units: 3, inputShape: [2], name: "fc" }), reLU({ name: "relu" })],
    });
    const input = layers.input({ shape: [2] });
    const left = block.apply(input) as layers.SymbolicTensor;
    const right = dense({ units: 3, name: "right" }).apply(input) as layers.SymbolicTensor;
    const sum = layers.layers.add({ name: "sum" }).apply([left, right]) as layers.SymbolicTensor;
    const top = dense({ units: 2, name: "top" }).apply(sum) as layers.SymbolicTensor;
    const model = seedWeights(layers.model({ inputs: input, outputs: top }));
    const result = await captureActivations(model, x, { layers: ["block", "right", "sum"] });
    // Layers of the same depth come in the order in which tf.layers lists them.
    expect(Object.keys(result).sort()).toEqual(["block/fc", "block/relu", "right", "sum"]);
    const relu = result["block/relu"]!.data;
    expect(relu).toEqual(result["block/fc"]!.data.map((value) => Math.max(0, value)));
    expect(result.sum!.data).toBeAllclose(
      relu.map((value, i) => value + result.right!.data[i]!),
      {
        rtol: 1e-6,
      },
    );
  });

  test("a layer that is used twice has no single output", async () => {
    const shared = dense({ units: 2, name: "shared" });
    const input = layers.input({ shape: [2] });
    const last = dense({ units: 2, name: "last" });
    const output = last.apply(
      shared.apply(shared.apply(input)) as layers.SymbolicTensor,
    ) as layers.SymbolicTensor;
    const model = layers.model({ inputs: input, outputs: output });
    await expectNoLeak(async () => {
      await expect(captureActivations(model, x)).rejects.toThrow(
        "captureActivations: layer shared is used more than once, so that it has no single output. Choose other layers",
      );
    });
    expect(Object.keys(await captureActivations(model, x, { layers: "last" }))).toEqual(["last"]);
  });

  test("a layer that also serves another model is used once in this one", async () => {
    const model = denseModel();
    const other = layers.input({ shape: [2] });
    model.getLayer("hidden").apply(other);
    expect((await captureActivations(model, x)).hidden!.shape).toEqual([7, 4]);
  });

  test("does not change the model, its statistics or its layers", async () => {
    const model = normModel();
    const before = weightsOf(model).read();
    await captureActivations(model, x);
    expect(weightsOf(model).read()).toEqual(before);
    expect(model.layers.some((layer) => Object.hasOwn(layer, "call"))).toBe(false);
  });

  test("results do not change when the model does", async () => {
    const model = denseModel();
    const { logits } = await captureActivations(model, x);
    const copy = logits!.data.slice();
    weightsOf(model).write(new Float32Array(27));
    await captureActivations(model, x);
    expect(logits!.data).toEqual(copy);
  });

  test("leaves no tensor behind, and the caller's tensor alive", async () => {
    const model = normModel();
    const input = tf.ones([5, 2]);
    await expectNoLeak(() => captureActivations(model, input, { layers: /./, batchSize: 2 }));
    expect(input.isDisposed).toBe(false);
  });

  test("errors say what is wrong", async () => {
    const model = denseModel();
    await expect(captureActivations(model, x, { layers: "fc" })).rejects.toThrow(
      'captureActivations: layers must be one or more of the layers hidden, logits, got "fc"',
    );
    await expect(captureActivations(model, { ...x, shape: [2, 7] })).rejects.toThrow(
      "one example must be of shape [2], the model's input, got [7]",
    );
    await expect(captureActivations(model, x, { layers: [3] as never })).rejects.toThrow(
      new TypeError("captureActivations: layers must be made of layer names, got 3"),
    );
    await expect(captureActivations(model, x, { batchSize: 0 })).rejects.toThrow("batchSize");
    await expect(captureActivations(model, x, { layer: "fc" } as never)).rejects.toThrow(
      'got "layer"',
    );
    const own = { variables: [tf.variable(tf.scalar(1))], apply: (x: tf.Tensor) => x };
    await expect(captureActivations(own, x)).rejects.toThrow("model must be a tf.layers model");
  });
});
