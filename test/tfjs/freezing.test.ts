import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { WeightAverage } from "../../src/landscape/index.js";
import {
  adam,
  type FreezePeriod,
  freezeFor,
  freezeLayers,
  keyedByVariable,
  type Optimizer,
  sgd,
  train,
  trainOnly,
  weightsOf,
} from "../../src/tfjs/index.js";
import { clusters, convModel, denseModel, expectNoLeak, normModel, seedWeights } from "./models.js";

const { batchNormalization, conv2d, dense, flatten } = layers.layers;
const data = clusters(12);
const options = { schedule: 0.1, epochs: 4, batchSize: 6 };
const everyUpdate = Array.from({ length: 9 }, (_, update) => update);

/** The first update, from 0, that moves each layer; 8 updates in 4 epochs. */
async function startsOf(frozen: FreezePeriod | FreezePeriod[]): Promise<Record<string, number>> {
  const model = normModel();
  const { snapshots } = await train(model, data, { ...options, frozen, snapshots: everyUpdate });
  const weights = weightsOf(model);
  return Object.fromEntries(
    weights.layers
      .filter(({ variables }) => variables.length > 0)
      .map(({ name, variables }) => {
        const at = (update: number) =>
          variables.map(({ offset, size }) =>
            snapshots
              .get(update)!
              .subarray(offset, offset + size)
              .join(),
          );
        return [name, everyUpdate.findIndex((k) => k < 8 && at(k).join() !== at(k + 1).join())];
      }),
  );
}

describe("train: frozen", () => {
  test("for so many updates, so many epochs, or all the time", async () => {
    const rest = { bodyNorm: 0, head: 0, headNorm: 0, logits: 0 };
    expect(await startsOf({ layers: "body", updates: 3 })).toEqual({ body: 3, ...rest });
    expect(await startsOf({ layers: "body", epochs: 3 })).toEqual({ body: 6, ...rest });
    expect(await startsOf({ layers: "body" })).toEqual({ body: -1, ...rest });
    // Longer than the training.
    expect(await startsOf({ layers: "body", epochs: 9 })).toEqual({ body: -1, ...rest });
  });

  test("gradual unfreezing: groups join one after another, and a layer with the last of its periods", async () => {
    const frozen = [
      { layers: /^head/, epochs: 1 },
      { layers: /^body/, epochs: 2 },
      { layers: "headNorm", updates: 5 },
    ];
    const starts = { body: 4, bodyNorm: 4, head: 2, headNorm: 5, logits: 0 };
    expect(await startsOf(frozen)).toEqual(starts);
  });

  test("except for some layers", async () => {
    const only = { body: 2, bodyNorm: 2, head: 2, headNorm: 2, logits: 0 };
    expect(await startsOf({ except: "logits", epochs: 1 })).toEqual(only);
    const norms = { layers: /^body|^head/, except: /Norm$/ };
    const starts = { body: -1, bodyNorm: 0, head: -1, headNorm: 0, logits: 0 };
    expect(await startsOf(norms)).toEqual(starts);
  });

  test.each<[string, unknown, string]>([
    [
      "all layers",
      { layers: /./, updates: 1 },
      "frozen must be such that a layer is left to train",
    ],
    [
      "all layers by two periods",
      [{ except: "logits" }, { layers: "logits", updates: 1 }],
      'left to train, got "body, bodyNorm, head, headNorm, logits"',
    ],
    [
      "no layer",
      { layers: "head", except: /./ },
      "frozen.except must be such that a layer is frozen",
    ],
    ["nothing", { updates: 2 }, "frozen must be with layers, or with except"],
    [
      "updates and epochs",
      { layers: "head", updates: 2, epochs: 1 },
      "frozen.epochs must be left out",
    ],
    ["no time", { layers: "head", epochs: 0 }, "frozen.epochs must be an integer >= 1, got 0"],
    ["half an update", [{ layers: "head", updates: 0.5 }], "frozen[0].updates must be an integer"],
    ["a misspelt option", { layer: "head" }, "made of layers, except, updates, epochs"],
    ["a name", "head", 'frozen must be { layers, except, updates, epochs }, got "head"'],
    ["an unknown layer", [{ layers: "head" }, { except: "fc" }], "frozen[1].except must be one or"],
  ])("of %s is an error before anything changes", async (_, frozen, message) => {
    const model = normModel();
    const before = weightsOf(model).read();
    const change = { frozen: frozen as FreezePeriod };
    await expect(train(model, data, { ...options, ...change })).rejects.toThrow(message);
    expect(weightsOf(model).read()).toEqual(before);
  });
});

/** A step of a loop of one's own on one example, as `train` makes it. */
function step(model: layers.Sequential, optimizer: Optimizer) {
  tf.tidy(() => {
    const weights = weightsOf(model);
    const trainable = weights.variables.filter((one) => one.trainable).map((one) => one.variable);
    const x = tf.tensor2d([1, -2], [1, 2]);
    const { grads } = tf.variableGrads(() => {
      const logits = weights.apply(x, { training: true }) as tf.Tensor2D;
      return tf.neg(tf.gather(tf.reshape(tf.logSoftmax(logits), [3]), 1)) as tf.Scalar;
    }, trainable);
    optimizer.apply(
      trainable.map((variable) => [variable, grads[variable.name]!]),
      0.1,
    );
  });
}

const one = { x: { data: Float32Array.of(1, -2), shape: [1, 2] }, y: [1] };
const gradually = [
  { layers: "hidden", updates: 2 },
  { layers: "middle", epochs: 4 },
];
const threeLayers = () =>
  seedWeights(
    layers.sequential({
      layers: [
        dense({ units: 4, inputShape: [2], activation: "tanh", name: "hidden" }),
        dense({ units: 4, activation: "tanh", name: "middle" }),
        dense({ units: 3, name: "logits" }),
      ],
    }),
  );

describe("freezeFor", () => {
  test("makes a loop of one's own what train does", async () => {
    const trained = threeLayers();
    const optimizer = sgd({ momentum: 0.9, weightDecay: 0.01 });
    const plan = { schedule: 0.1, epochs: 6, batchSize: 1, frozen: gradually, optimizer };
    await train(trained, one, plan);

    const model = threeLayers();
    const own = sgd({ momentum: 0.9, weightDecay: 0.01 });
    const freezing = freezeFor(model, gradually, { updatesPerEpoch: 1, optimizer: own });
    const frozen: string[][] = [];
    for (let update = 0; update < 6; update++) {
      freezing.enter(update);
      frozen.push([...freezing.frozen]);
      step(model, own);
    }
    freezing.restore();
    expect(weightsOf(model).read()).toBeAllclose(weightsOf(trained).read(), {
      rtol: 1e-6,
      atol: 1e-7,
    });
    const both = ["hidden", "middle"];
    expect(frozen).toEqual([both, both, ["middle"], ["middle"], [], []]);
    optimizer.dispose();
    own.dispose();
  });

  test("goes by the number of the update alone", () => {
    const model = threeLayers();
    const freezing = freezeFor(model, gradually, { updatesPerEpoch: 1 });
    expect(freezing.frozen).toEqual([]);
    for (const [update, expected] of [
      [3, ["middle"]],
      [3, ["middle"]],
      [9, []],
      [0, ["hidden", "middle"]],
    ] as const) {
      freezing.enter(update);
      expect(freezing.frozen).toEqual(expected);
      const trainable = weightsOf(model).variables.filter((variable) => !variable.trainable);
      expect([...new Set(trainable.map(({ layer }) => layer))]).toEqual(expected);
    }
    freezing.restore();
    freezing.restore();
    expect(freezing.frozen).toEqual([]);
    expect(weightsOf(model).variables.every(({ trainable }) => trainable)).toBe(true);
  });

  test("forgets the momentum of what it freezes, and keeps it without an optimizer", () => {
    for (const forgets of [true, false]) {
      const model = threeLayers();
      const optimizer = sgd({ momentum: 0.9 });
      step(model, optimizer);
      const { variables } = weightsOf(model);
      const remembered = () => Object.keys(optimizer.getState(variables)).length;
      expect(remembered()).toBe(6);
      const period = { layers: "hidden", updates: 1 };
      freezeFor(model, period, forgets ? { optimizer } : {}).enter(0);
      expect(remembered()).toBe(forgets ? 4 : 6);
      optimizer.dispose();
    }
  });

  test("is over when it is restored", () => {
    const model = threeLayers();
    const freezing = freezeFor(model, { layers: "hidden", updates: 2 });
    freezing.enter(0);
    freezing.restore();
    expect(() => freezing.enter(1)).toThrow(
      new Error("freezeFor.enter: must come before restore. Call freezeFor again to freeze again"),
    );
    expect(weightsOf(model).variables.every(({ trainable }) => trainable)).toBe(true);
  });

  test("refuses what it cannot count, match or clear, and leaves no tensor", async () => {
    const model = threeLayers();
    const period = { layers: "hidden", epochs: 1 };
    expect(() => freezeFor(model, period)).toThrow(
      "freezeFor: frozen.epochs must be given together with updatesPerEpoch",
    );
    expect(() => freezeFor(model, period, { updatesPerEpoch: 0 })).toThrow(RangeError);
    expect(() => freezeFor(model, undefined as never)).toThrow(TypeError);
    expect(() => freezeFor(model, { layers: "fc" })).toThrow("freezeFor: frozen.layers must be");
    const foreign = tf.train.adam(1) as never;
    expect(() => freezeFor(model, { layers: "hidden" }, { optimizer: foreign })).toThrow(TypeError);
    await expectNoLeak(() => {
      const freezing = freezeFor(model, { layers: "hidden", updates: 2 });
      for (const wrong of [-1, 0.5, Number.NaN]) {
        expect(() => freezing.enter(wrong)).toThrow("freezeFor.enter: update must be an integer");
      }
      for (const update of [0, 1, 2, 0]) freezing.enter(update);
      freezing.restore();
    });
  });
});

describe("model.fit", () => {
  const x = tf.tensor2d(data.x.data, [12, 2]);
  const y = tf.oneHot(tf.tensor1d(Array.from(data.y), "int32"), 3, 1, 0, "float32");
  const loss = (labels: tf.Tensor, logits: tf.Tensor) =>
    tf.losses.softmaxCrossEntropy(labels, logits);
  // All examples in each update, so that their order plays no part.
  const fitOptions = { batchSize: 12, shuffle: false, verbose: 0 } as const;
  const momentum = () => tf.train.momentum(0.1, 0.9);

  test.each([
    ["an optimizer of tfjs", momentum, false],
    ["a keyed optimizer", () => keyedByVariable(momentum()), false],
    ["a keyed optimizer, compiled before each update", () => keyedByVariable(momentum()), true],
  ])("makes of freezeFor what train makes of frozen, with %s", async (_, make, compilesOften) => {
    const frozen = [
      { layers: /^head/, epochs: 2 },
      { layers: "bodyNorm", updates: 5 },
    ];
    const trained = normModel();
    const optimizer = sgd({ momentum: 0.9 });
    const { snapshots } = await train(trained, data, {
      schedule: 0.1,
      epochs: 8,
      batchSize: 12,
      frozen,
      optimizer,
      snapshots: everyUpdate,
    });
    optimizer.dispose();

    const model = normModel();
    const start = weightsOf(model).read();
    const freezing = freezeFor(model, frozen, { updatesPerEpoch: 1 });
    const compiled = make();
    let update = 0;
    const callbacks = {
      onBatchBegin: async () => freezing.enter(update++),
      onBatchEnd: async () => {
        const expected = snapshots.get(update)!;
        const flat = weightsOf(model).read();
        expect(flat).toBeAllclose(expected, { rtol: 1e-5, atol: 2e-6 });
        for (const { layer, name, offset, size } of weightsOf(model).variables) {
          if (!freezing.frozen.includes(layer)) continue;
          const part = (weights: Float32Array) => weights.slice(offset, offset + size);
          expect(part(flat), name).toEqual(part(start));
        }
      },
    };
    const fits = compilesOften ? 8 : 1;
    for (let fit = 0; fit < fits; fit++) {
      if (compilesOften) freezing.enter(update);
      model.compile({ optimizer: compiled, loss });
      await model.fit(x, y, { ...fitOptions, epochs: 8 / fits, callbacks });
    }
    expect(update).toBe(8);
    freezing.restore();
  });

  test.each([
    ["before the freeze: frozen layers stay, and train after the thaw", false],
    ["while layers are frozen: they stay out until it is compiled again", true],
  ])("warns of a discrepancy, compiled %s", async (_, compiledFrozen) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const model = threeLayers();
    const compile = () => model.compile({ optimizer: momentum(), loss });
    const parts = () => {
      const { variables } = weightsOf(model);
      const of = (layer: string) =>
        variables
          .filter((one) => one.layer === layer)
          .flatMap(({ variable }) => Array.from(variable.dataSync()));
      return { hidden: of("hidden"), logits: of("logits") };
    };
    /** Which parts a call of fit moves, and whether it warns. */
    const moves = async () => {
      warn.mockClear();
      const before = parts();
      await model.fit(x, y, { ...fitOptions, epochs: 1 });
      const after = parts();
      return {
        hidden: before.hidden.join() !== after.hidden.join(),
        logits: before.logits.join() !== after.logits.join(),
        warns: /^Discrepancy between trainableweights/.test(`${warn.mock.calls}`),
      };
    };
    if (!compiledFrozen) compile();
    const handle = freezeLayers(model, "hidden");
    if (compiledFrozen) compile();
    const whileFrozen = await moves();
    handle.restore();
    const thawed = await moves();
    compile();
    const compiledAgain = await moves();
    warn.mockRestore();
    const [stays, trains] = [false, true].map((hidden) => ({ hidden, logits: true }));
    expect(whileFrozen).toEqual({ ...stays, warns: !compiledFrozen });
    expect(thawed).toEqual(
      compiledFrozen ? { ...stays, warns: true } : { ...trains, warns: false },
    );
    expect(compiledAgain).toEqual({ ...trains, warns: false });
  });
});

describe("trainOnly", () => {
  test("freezes every layer with weights but those that are matched", async () => {
    const model = normModel();
    const before = weightsOf(model).read();
    const handle = trainOnly(model, /^head/);
    expect(handle.frozen).toEqual(["body", "bodyNorm", "logits"]);
    await train(model, data, options);
    handle.restore();
    const after = weightsOf(model).read();
    for (const { layer, offset, size, name } of weightsOf(model).variables) {
      const part = (flat: Float32Array) => flat.slice(offset, offset + size);
      if (layer.startsWith("head")) expect(part(after), name).not.toEqual(part(before));
      else expect(part(after), name).toEqual(part(before));
    }
    expect(weightsOf(model).variables.filter(({ trainable }) => trainable)).toHaveLength(10);
  });

  test("of everything freezes nothing; of nothing, or of what is frozen, is an error", () => {
    const model = normModel();
    expect(trainOnly(model, /./).frozen).toEqual([]);
    expect(() => trainOnly(model, "fc")).toThrow("trainOnly: match must be one or more of");
    expect(() => trainOnly(model, "drop")).toThrow("a layer with weights");
    const handle = freezeLayers(model, "head");
    expect(() => trainOnly(model, "head")).toThrow('a layer that is trainable, got "head"');
    handle.restore();
    expect(trainOnly(model, "head").frozen).toHaveLength(4);
  });
});

describe("a frozen layer", () => {
  /** Kernels that a gradient takes, loss and gradients by name of the variable in the model. */
  async function differentiate(model: layers.Sequential, x: tf.Tensor) {
    const weights = weightsOf(model);
    let numbers: Record<string, ArrayLike<number>> = {};
    const { kernelNames, kernels } = await tf.profile(() =>
      tf.tidy(() => {
        const trainable = weights.variables.filter((variable) => variable.trainable);
        const { value, grads } = tf.variableGrads(
          () => tf.mean(tf.square(weights.apply(x, { training: true }))) as tf.Scalar,
          trainable.map(({ variable }) => variable),
        );
        numbers = Object.fromEntries(
          trainable.map(({ name, variable }) => [name, grads[variable.name]!.dataSync().slice()]),
        );
        numbers.loss = value.dataSync().slice();
      }),
    );
    const count = (name: string) => kernels.filter((kernel) => kernel.name === name).length;
    return { numbers, kernelNames, count };
  }

  const withReLU = () =>
    seedWeights(
      layers.sequential({
        layers: [
          conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1], activation: "relu" }),
          conv2d({ filters: 3, kernelSize: 2, strides: 2, padding: "same", name: "conv2" }),
          flatten(),
          dense({ units: 4, activation: "tanh", name: "fc1" }),
          dense({ units: 3, useBias: false, name: "fc2" }),
        ],
      }),
    );
  const images = tf.tensor4d(
    Array.from({ length: 72 }, (_, i) => Math.sin(i)),
    [2, 6, 6, 1],
  );

  test("takes no gradient of its weights, and the others' are the same bits", async () => {
    const model = withReLU();
    const all = await differentiate(model, images);
    expect(all.count("Conv2DBackpropFilter")).toBe(2);
    const products = all.count("BatchMatMul") + all.count("_FusedMatMul");
    expect(products).toBe(2 + 4);
    for (const [match, filters, left] of [
      ["conv2", 1, products],
      ["fc1", 2, products - 1],
      [/^fc/, 2, products - 2],
      // What stands before all that is trained is not differentiated at all.
      [/^conv/, 0, products],
    ] as const) {
      const handle = freezeLayers(model, match);
      const part = await differentiate(model, images);
      handle.restore();
      expect(part.numbers).toEqual(
        Object.fromEntries(Object.keys(part.numbers).map((name) => [name, all.numbers[name]])),
      );
      expect(part.count("Conv2DBackpropFilter"), `${match}`).toBe(filters);
      expect(part.count("BatchMatMul") + part.count("_FusedMatMul"), `${match}`).toBe(left);
    }
    expect((await differentiate(model, images)).numbers).toEqual(all.numbers);
  });

  const conv = (change: object = {}) =>
    conv2d({ filters: 2, kernelSize: 3, activation: "tanh", ...change });
  const dilated = { dilationRate: 2 };
  const channelsFirst = { dataFormat: "channelsFirst" };

  test.each<[string, number, number[], (held: object) => layers.layers.Layer[]]>([
    // tfjs has no gradient through a dilated convolution: nothing that is trained may stand before it.
    ["dilated, same", 0, [6, 6, 1], (held) => [conv({ ...held, ...dilated, padding: "same" })]],
    ["dilated, valid", 0, [6, 6, 1], (held) => [conv({ ...held, ...dilated, padding: "valid" })]],
    ["strides", 1, [6, 6, 1], (held) => [conv(), conv({ ...held, strides: [2, 1] })]],
    ["no bias", 1, [6, 6, 1], (held) => [conv(), conv({ ...held, useBias: false })]],
    [
      "channels first",
      0,
      [3, 6, 5],
      (held) => [conv(channelsFirst), conv({ ...held, ...channelsFirst })],
    ],
    ["rows", 1, [3, 4], (held) => [dense({ units: 4 }), dense({ ...held, units: 5 })]],
    [
      "rows of maps, no bias",
      1,
      [3, 2, 4],
      (held) => [dense({ units: 4 }), dense({ ...held, units: 5, useBias: false })],
    ],
  ])("computes what tf.layers computes: %s", async (_, saved, shape, make) => {
    const size = 2 * shape.reduce((a, b) => a * b);
    const x = tf.reshape(tf.sin(tf.range(0, size)), [2, ...shape]);
    const start = layers.layers.inputLayer({ inputShape: shape });
    const parts = [start, ...make({ name: "held" }), flatten(), dense({ units: 3 })];
    const model = seedWeights(layers.sequential({ layers: parts }));
    const { weights } = model.getLayer("held");
    for (const weight of weights) weight.trainable = false;
    const alone = await differentiate(model, x);
    for (const weight of weights) weight.trainable = true;
    const handle = freezeLayers(model, "held");
    const frozen = await differentiate(model, x);
    handle.restore();
    expect(frozen.numbers).toEqual(alone.numbers);
    const products = ({ count }: typeof frozen) =>
      count("BatchMatMul") + count("_FusedMatMul") + count("Conv2DBackpropFilter");
    expect(products(alone) - products(frozen)).toBe(saved);
    expect(Object.keys(frozen.numbers)).toHaveLength(2 * parts.length - 5);
  });

  test.each<[string, { scale?: boolean; center?: boolean; axis: number }]>([
    ["scale", { scale: false, axis: -1 }],
    ["offset", { center: false, axis: -1 }],
    ["scale and offset", { scale: false, center: false, axis: -1 }],
    ["scale, of channels that come first", { scale: false, axis: 1 }],
  ])("may be batch norm without %s, which tfjs cannot differentiate", async (_, change) => {
    const { scale = true, center = true, axis } = change;
    const gamma = scale ? [2, -1, 0.5] : [1, 1, 1];
    const beta = center ? [1, 0.5, -1] : [0, 0, 0];
    const mean = [0.3, -0.2, 0.5];
    const variance = [0.5, 1, 2];
    const norm = batchNormalization({ ...change, epsilon: 0.1, name: "norm" });
    const body = dense({ units: 3, inputShape: [3, 2], name: "body" });
    const parts = [body, norm, flatten(), dense({ units: 3 })];
    const model = seedWeights(layers.sequential({ layers: parts }));
    const weights = [...(scale ? [gamma] : []), ...(center ? [beta] : []), mean, variance];
    norm.setWeights(weights.map((values) => tf.tensor1d(values)));

    const input = tf.sin(tf.reshape(tf.range(0, 18), [2, 3, 3]));
    const differentiateNorm = () => tf.valueAndGrad((x) => norm.apply(x) as tf.Tensor)(input);
    // As soon as tfjs mends this, `frozenNorm` can go.
    expect(differentiateNorm).toThrow(TypeError);
    freezeLayers(model, "norm");
    const { value, grad } = differentiateNorm();
    const channel = (i: number) => (axis === 1 ? Math.floor(i / 3) % 3 : i % 3);
    const slope = (i: number) => gamma[channel(i)]! / Math.sqrt(variance[channel(i)]! + 0.1);
    const expected = Array.from(input.dataSync(), (x, i) => {
      const c = channel(i);
      return { value: (x - mean[c]!) * slope(i) + beta[c]!, slope: slope(i) };
    });
    const close = { rtol: 1e-6, atol: 1e-6 };
    expect(value.dataSync()).toBeAllclose(
      expected.map((one) => one.value),
      close,
    );
    expect(grad.dataSync()).toBeAllclose(
      expected.map((one) => one.slope),
      close,
    );

    const data = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
    const examples = { x: { data, shape: [4, 3, 2] }, y: [0, 1, 2, 0] };
    const { losses } = await train(model, examples, { schedule: 0.05, epochs: 5, batchSize: 4 });
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    const after = norm.getWeights().map((weight) => Array.from(weight.dataSync()));
    expect(after).toEqual(weights.map((values) => Array.from(Float32Array.from(values))));
  });

  test("that is batch norm with both stays one operation of tfjs", async () => {
    const model = normModel();
    freezeLayers(model, /Norm/);
    const { count } = await differentiate(model, tf.ones([2, 2]));
    expect(count("FusedBatchNorm")).toBe(2);
  });

  test("tfjs alone takes them, for nothing", async () => {
    const model = convModel();
    for (const weight of model.getLayer("conv1").weights) weight.trainable = false;
    for (const weight of model.getLayer("logits").weights) weight.trainable = false;
    model.getLayer("conv1").weights[1]!.trainable = true;
    const { numbers, count } = await differentiate(model, images);
    expect(Object.keys(numbers)).toEqual(["conv1/bias", "loss"]);
    // As soon as tfjs mends this, `frozenCall` can go.
    expect(count("Conv2DBackpropFilter")).toBe(1);
  });
});

describe("frozen weights are constants for the others", () => {
  const shapes = { "a/kernel": [2, 4], "a/bias": [4], "b/kernel": [4, 4], "b/bias": [4] } as const;
  const names = [...Object.keys(shapes), "c/kernel"] as (keyof typeof shapes | "c/kernel")[];
  const start = names.map((name, i) => {
    const shape: readonly number[] = name === "c/kernel" ? [4, 3] : shapes[name];
    const size = shape.reduce((a, b) => a * b);
    return tf.tensor(
      Array.from({ length: size }, (_, j) => Math.sin(3 * i + j)),
      [...shape],
    );
  });

  /** tanh(tanh(x A + a) B + b) C, of variables and constants. */
  const applyWith = (all: readonly tf.Tensor[]) => (x: tf.Tensor) => {
    const [A, a, B, b, C] = all as tf.Tensor2D[];
    const hidden = tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, A!), a!)) as tf.Tensor2D;
    return tf.matMul(tf.tanh(tf.add(tf.matMul(hidden, B!), b!)) as tf.Tensor2D, C!);
  };
  const makers: Record<string, () => Optimizer> = {
    momentum: () => sgd({ momentum: 0.9, weightDecay: 0.1, nesterov: true }),
    adam: () => adam({ weightDecay: 0.1 }),
    adamw: () => adam({ weightDecay: 0.1, decoupledWeightDecay: true }),
  };

  test("after any number of updates, for any set and any optimizer, bit for bit", async () => {
    const layerNames = ["a", "b", "c"];
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(layerNames, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(...Object.keys(makers)),
        async (frozenLayers, epochs, make) => {
          const isFrozen = (name: string) => frozenLayers.includes(name.split("/")[0]!);
          const plan = { schedule: 0.05, epochs, batchSize: 6 };
          const all = start.map((tensor) => tf.variable(tensor));
          const model = {
            variables: Object.fromEntries(names.map((name, i) => [name, all[i]!])),
            apply: applyWith(all),
          };
          const constants = start.map((tensor, i) =>
            isFrozen(names[i]!) ? tensor : tf.variable(tensor),
          );
          const reference = {
            variables: Object.fromEntries(
              names.flatMap((name, i) =>
                isFrozen(name) ? [] : [[name, constants[i] as tf.Variable]],
              ),
            ),
            apply: applyWith(constants),
          };
          for (const [trained, frozen] of [
            [model, { layers: frozenLayers }],
            [reference, undefined],
          ] as const) {
            const optimizer = makers[make]!();
            await train(trained, data, { ...plan, optimizer, ...(frozen && { frozen }) });
            optimizer.dispose();
          }
          for (const [i, name] of names.entries()) {
            const expected = constants[i]!.dataSync();
            expect(all[i]!.dataSync(), name).toEqual(expected);
            if (!isFrozen(name)) expect(expected, name).not.toEqual(start[i]!.dataSync());
          }
          tf.dispose([all, constants.filter((_, i) => !isFrozen(names[i]!))]);
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe("weights averaged along a training", () => {
  test("onProgress sees the weights of each update; snapshots give the same mean after a restart", async () => {
    const model = denseModel();
    const mean = new WeightAverage();
    const { snapshots } = await train(model, data, {
      ...options,
      snapshots: [4, 6, 8],
      onProgress: ({ update }) => {
        if (update >= 4 && update % 2 === 0) mean.add(weightsOf(model).read());
      },
    });
    const again = new WeightAverage();
    for (const weights of snapshots.values()) again.add(weights);
    expect(mean.count).toBe(3);
    expect(mean.average).toEqual(again.average);
    expect(snapshots.get(8)).toEqual(weightsOf(model).read());
  });
});
