import * as tf from "@tensorflow/tfjs";
import { weightsOf } from "closerlook/tfjs";
import { afterAll, describe, expect, test } from "vitest";
import {
  describeNetwork,
  forwardFlops,
  type ResnetShape,
  resnetShape,
  tinyResnetShape,
  tinyShape,
  vggShape,
} from "../../examples/common/networkShapes.js";
import { isLayerOutput, network, resnet, vgg } from "../../examples/common/networks.js";
import { vggSettings } from "../../examples/common/warmupSettings.js";

const tiny = tinyShape(true);
const models = [vgg(tiny, 0), vgg(tiny, 0), vgg(tiny, 1)] as const;
const [model, twin, other] = models;
afterAll(() => models.forEach((each) => void each.dispose()));

const bits = (each: typeof model) => new Uint32Array(weightsOf(each).read().buffer);

describe("vgg", () => {
  test("names the outputs of its layers conv1 … conv3 and fc1 … fc3, in order", () => {
    const names = model.layers.map(({ name }) => name).filter(isLayerOutput);
    expect(names).toEqual(["conv1", "conv2", "conv3", "fc1", "fc2", "fc3"]);
  });

  test("halves the image at each M and ends in ten logits", () => {
    const shapes = ["conv1", "conv2", "conv3", "fc1", "fc3"].map(
      (name) => model.getLayer(name).outputShape,
    );
    expect(shapes).toEqual([
      [null, 14, 14, 8],
      [null, 7, 7, 16],
      [null, 3, 3, 32],
      [null, 64],
      [null, 10],
    ]);
    expect(model.getLayer("fc3").getClassName()).toBe("Dense");
    expect(model.getLayer("fc2").getClassName()).toBe("ReLU");
  });

  test("has the parameters that one counts by hand", () => {
    const convolutions = 9 * 8 + 8 + (9 * 8 * 16 + 16) + (9 * 16 * 32 + 32);
    const batchNorms = 4 * (8 + 16 + 32);
    const dense = 288 * 64 + 64 + (64 * 64 + 64) + (64 * 10 + 10);
    expect(model.countParams()).toBe(convolutions + batchNorms + dense);
    expect(model.countParams()).toBe(29_418);
  });

  test("has no batch normalisation where none is asked for", () => {
    const plain = vgg({ ...tiny, batchNormalization: false }, 0);
    expect(plain.countParams()).toBe(29_418 - 224);
    plain.dispose();
  });

  test("the seed determines every bit", () => {
    expect(bits(twin)).toEqual(bits(model));
    expect(bits(other)).not.toEqual(bits(model));
  });

  test("kernels have He's standard deviation √(2/inputs) and mean 0, to four standard errors", () => {
    const inputs: Record<string, number> = {
      conv1: 9,
      conv2: 9 * 8,
      conv3: 9 * 16,
      fc1: 3 * 3 * 32,
      fc2: 64,
      fc3: 64,
    };
    const { variables, read } = weightsOf(model);
    const flat = read();
    const kernels = variables.filter(({ name }) => name.endsWith("/kernel"));
    expect(kernels).toHaveLength(6);
    for (const { layer, offset, size } of kernels) {
      const values = flat.subarray(offset, offset + size);
      const mean = values.reduce((sum, value) => sum + value, 0) / size;
      const square = values.reduce((sum, value) => sum + value * value, 0) / size;
      const deviation = Math.sqrt(2 / inputs[layer.replace("_kernel", "")]!);
      expect(Math.abs(mean) / deviation).toBeLessThan(4 / Math.sqrt(size));
      expect(Math.abs(Math.sqrt(square) / deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * size));
    }
  });

  test("biases start at 0, batch normalisation as the identity", () => {
    const { variables, read } = weightsOf(model);
    const flat = read();
    const start = (kind: string) => {
      const chosen = variables.filter(({ name }) => name.endsWith(`/${kind}`));
      return new Set(
        chosen.flatMap(({ offset, size }) => [...flat.subarray(offset, offset + size)]),
      );
    };
    for (const kind of ["bias", "beta", "moving_mean"]) expect(start(kind)).toEqual(new Set([0]));
    for (const kind of ["gamma", "moving_variance"]) expect(start(kind)).toEqual(new Set([1]));
  });
});

describe("vggShape", () => {
  test("has the parameters that one counts by hand", () => {
    const { features, classifier, batchNormalization } = vggShape(16, { narrower: 8 });
    expect(features.join(" ")).toBe("8 8 M 16 16 M 32 32 32 M 64 64 64 M 64 64 64 M");
    expect(classifier).toEqual([64, 64, 10]);
    expect(batchNormalization).toBe(false);
    const kernels = (widths: number[]) =>
      widths.slice(1).reduce((sum, width, i) => sum + (9 * widths[i]! + 1) * width, 0);
    const stack = 2 * (64 * 64 + 64) + 64 * 10 + 10;
    const sixteen = vgg(vggShape(16, { narrower: 8 }), 0);
    const widths16 = [3, 8, 8, 16, 16, 32, 32, 32, 64, 64, 64, 64, 64, 64];
    expect(sixteen.countParams()).toBe(kernels(widths16) + stack);
    const eleven = vgg(vggShape(11, { narrower: 8, batchNormalization: true }), 0);
    const widths11 = [3, 8, 16, 32, 32, 64, 64, 64, 64];
    const norms = 4 * widths11.slice(1).reduce((a, b) => a + b);
    expect(eleven.countParams()).toBe(kernels(widths11) + norms + stack);
    sixteen.dispose();
    eleven.dispose();
  });
});

test("networks are described with what they have", () => {
  expect(describeNetwork(tinyShape(true))).toBe("3 convolutions and 3 FC layers with batch norm");
  expect(describeNetwork(vggShape(16, { dropout: 0.5 }))).toBe(
    "13 convolutions and 3 FC layers, no batch norm, dropout 0.5",
  );
  expect(describeNetwork(resnetShape(14, { narrower: 2 }))).toBe(
    "residual network of 13 convolutions, 8 to 32 wide, and 1 FC layer, with batch norm",
  );
});

const small: ResnetShape = {
  input: [5, 5, 2],
  stages: [
    { blocks: 1, filters: 4, stride: 1 },
    { blocks: 1, filters: 6, stride: 2 },
  ],
  shortcut: "zeros",
  classes: 3,
};

describe("resnet", () => {
  const trainable = (shape: ResnetShape) => {
    const model = network(shape, 0);
    const count = weightsOf(model).read({ trainable: true }).length;
    model.dispose();
    return count;
  };

  test("has the parameters that one counts by hand", () => {
    // Each stage of each further block; ResNet-20 of the literature has 269,722 and ResNet-32 464,154.
    const pair = (width: number) => 2 * (9 * width * width + 2 * width);
    const further = pair(16) + pair(32) + pair(64);
    expect(trainable(resnetShape(32))).toBe(464_154);
    expect(trainable(resnetShape(14))).toBe(464_154 - 3 * further);
    expect(trainable(small)).toBe(
      9 * 2 * 4 + 2 * 9 * 16 + 9 * 24 + 9 * 36 + 2 * (3 * 4 + 2 * 6) + (6 * 3 + 3),
    );
    expect(trainable({ ...small, shortcut: "projection" })).toBe(trainable(small) + 24 + 12);
  });

  test("ResNet-8 and -14 may be narrower", () => {
    // Stem, three stages of one block, the FC layer; each convolution with its batch norm.
    const eight = (a: number, b: number, c: number, channels: number) =>
      9 * channels * a +
      2 * a +
      (18 * a * a + 4 * a) +
      (9 * a * b + 9 * b * b + 4 * b) +
      (9 * b * c + 9 * c * c + 4 * c) +
      10 * c +
      10;
    const further = (width: number) => 18 * width * width + 4 * width;
    expect(trainable(resnetShape(8, { narrower: 2 }))).toBe(eight(8, 16, 32, 3));
    expect(trainable(resnetShape(14, { narrower: 2 }))).toBe(
      eight(8, 16, 32, 3) + further(8) + further(16) + further(32),
    );
    expect(trainable(tinyResnetShape)).toBe(eight(4, 8, 16, 1));
  });

  test("takes other initial kernels", () => {
    const model = network(small, 0, { rule: "he", factor: 2 });
    const usual = network(small, 0);
    const [{ variables }, other] = [weightsOf(usual), weightsOf(model).read()];
    const flat = weightsOf(usual).read();
    const kernel = variables.find(({ layer }) => layer === "conv1_kernel")!;
    for (let i = kernel.offset; i < kernel.offset + kernel.size; i++) {
      expect(other[i]).toBeCloseTo(2 * flat[i]!, 6);
    }
    model.dispose();
    usual.dispose();
  });

  test("ResNet-18 has the 11.17 million parameters that the literature counts", () => {
    expect(trainable(resnetShape(18))).toBe(11_173_962);
  });

  test("names the outputs of its layers in order and ends in logits", () => {
    const model = resnet(small, 0);
    const names = model.layers.map(({ name }) => name).filter(isLayerOutput);
    expect(names).toEqual(["conv1", "conv2", "conv3", "conv4", "conv5", "fc1"]);
    expect(model.getLayer("conv3").outputShape).toEqual([null, 5, 5, 4]);
    expect(model.getLayer("conv5").outputShape).toEqual([null, 3, 3, 6]);
    expect(model.outputShape).toEqual([null, 3]);
    model.dispose();
  });

  test("a block whose convolutions are zero passes its input on, thinned and with maps of zeros", () => {
    const model = resnet(small, 0);
    const { variables, read, write } = weightsOf(model);
    const flat = read();
    for (const { layer, offset, size } of variables) {
      if (/^conv[2-5]_kernel$/.test(layer)) flat.fill(0, offset, offset + size);
    }
    write(flat);
    const layers = ["conv1", "conv5"].map((name) => model.getLayer(name).output);
    const inner = tf.model({ inputs: model.inputs, outputs: layers as tf.SymbolicTensor[] });
    const x = tf.randomNormal([2, 5, 5, 2], 0, 1, "float32", 3);
    const [before, after] = inner.predict(x) as [tf.Tensor4D, tf.Tensor4D];
    const [a, b] = [before.arraySync(), after.arraySync()];
    for (let n = 0; n < 2; n++) {
      for (let row = 0; row < 3; row++) {
        for (let column = 0; column < 3; column++) {
          expect(b[n]![row]![column]).toEqual([...a[n]![2 * row]![2 * column]!, 0, 0]);
        }
      }
    }
    expect(Math.max(...a.flat(3))).toBeGreaterThan(0);
    tf.dispose([x, before, after]);
    model.dispose();
  });

  test("every kernel has a gradient, which the shortcut lets through", () => {
    const model = resnet(small, 1);
    const x = tf.randomNormal([4, 5, 5, 2], 0, 1, "float32", 5);
    const kernels = weightsOf(model).variables.filter(({ name }) => name.endsWith("/kernel"));
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.square(model.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar,
      kernels.map(({ variable }) => variable),
    );
    for (const { variable } of kernels) {
      const size = tf.tidy(() => tf.max(tf.abs(grads[variable.name]!)).dataSync()[0]!);
      expect(size).toBeGreaterThan(0);
    }
    tf.dispose([x, value, grads]);
    model.dispose();
  });

  test("the seed determines every bit", () => {
    const twins = [network(small, 0), resnet(small, 0), resnet(small, 1)];
    expect(bits(twins[1]!)).toEqual(bits(twins[0]!));
    expect(bits(twins[2]!)).not.toEqual(bits(twins[0]!));
    for (const twin of twins) twin.dispose();
  });
});

describe("forwardFlops", () => {
  test("counts the quick network as one does by hand", () => {
    const convolutions = 2 * 9 * (14 * 14 * 1 * 8 + 7 * 7 * 8 * 16 + 3 * 3 * 16 * 32);
    const dense = 2 * (288 * 64 + 64 * 64 + 64 * 10);
    expect(forwardFlops(tiny)).toBe(convolutions + dense);
    expect(forwardFlops(tiny)).toBe(270_400);
  });

  test("gives VGG-16 and VGG-11 the 627 and 307 MFLOP that the literature counts", () => {
    expect(forwardFlops(vggShape(16)) / 1e6).toBeAllclose(627, { atol: 1 });
    expect(forwardFlops(vggShape(11)) / 1e6).toBeAllclose(307, { atol: 1 });
  });

  test("gives ResNet-32 and ResNet-18 their 138 and 1,111 MFLOP", () => {
    expect(forwardFlops(resnetShape(32)) / 1e6).toBeAllclose(138, { atol: 1 });
    expect(forwardFlops(resnetShape(18)) / 1e6).toBeAllclose(1111, { atol: 1 });
  });

  test("counts a small residual network as one does by hand", () => {
    const stem = 25 * 9 * 2 * 4;
    const sameShape = 2 * 25 * 9 * 4 * 4;
    // 5 × 5 pixels become 3 × 3.
    const halved = 9 * 9 * (4 * 6 + 6 * 6);
    const macs = stem + sameShape + halved + 6 * 3;
    expect(forwardFlops(small)).toBe(2 * macs);
    expect(forwardFlops({ ...small, shortcut: "projection" })).toBe(2 * (macs + 9 * 4 * 6));
  });
});

describe("the quick preset is not smaller than its budget", () => {
  const quick = vggSettings.quick;
  const images = 10 * quick.trainingImagesPerClass;

  test("in its network, its images and its epochs", () => {
    expect(forwardFlops(tiny)).toBeGreaterThanOrEqual(0.19e6);
    expect(images).toBeGreaterThanOrEqual(1000);
    expect(quick.epochs).toBeGreaterThanOrEqual(12);
  });

  test("in all: the four runs of a seed train for 0.03 TFLOP at least", () => {
    const runs = 4;
    // Backwards costs twice as much as forwards.
    const total = runs * 3 * forwardFlops(tiny) * quick.epochs * images;
    expect(total).toBeGreaterThanOrEqual(0.03e12);
  });

  test("and compares three seeds at rates that follow the batches, with a warmup inside the training", () => {
    expect(quick.seeds).toHaveLength(3);
    expect(quick.largeBatchRate / quick.smallBatchRate).toBe(quick.largeBatch / quick.smallBatch);
    const warmupEpochs = quick.warmupUpdates / (images / quick.largeBatch);
    expect(warmupEpochs).toBe(6);
    expect(warmupEpochs).toBeLessThan(quick.milestones[0]!);
  });
});
