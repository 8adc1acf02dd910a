import { weightsOf } from "closerlook/tfjs";
import { afterAll, describe, expect, test } from "vitest";
import { forwardFlops, isLayerOutput, vgg } from "../../examples/common/networks.js";
import { warmupSettings } from "../../examples/common/warmupSettings.js";

const quick = warmupSettings.quick;
const models = [vgg(quick.network, 0), vgg(quick.network, 0), vgg(quick.network, 1)] as const;
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
    const plain = vgg({ ...quick.network, batchNormalization: false }, 0);
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

describe("forwardFlops", () => {
  test("counts the quick network as one does by hand", () => {
    const convolutions = 2 * 9 * (14 * 14 * 1 * 8 + 7 * 7 * 8 * 16 + 3 * 3 * 16 * 32);
    const dense = 2 * (288 * 64 + 64 * 64 + 64 * 10);
    expect(forwardFlops(quick.network)).toBe(convolutions + dense);
    expect(forwardFlops(quick.network)).toBe(270_400);
  });

  test("gives VGG-16 and VGG-11 the 627 and 307 MFLOP that the literature counts", () => {
    const classifier = [512, 512, 10];
    const input = [32, 32, 3] as const;
    const flops = (text: string) =>
      forwardFlops({
        input,
        features: text.split(" ").map((part) => (part === "M" ? "M" : Number(part))),
        classifier,
        batchNormalization: false,
      });
    const vgg16 = flops("64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M");
    const vgg11 = flops("64 M 128 M 256 256 M 512 512 M 512 512 M");
    expect(vgg16 / 1e6).toBeAllclose(627, { atol: 1 });
    expect(vgg11 / 1e6).toBeAllclose(307, { atol: 1 });
  });
});

describe("the quick preset is not smaller than its budget", () => {
  const images = 10 * quick.trainingImagesPerClass;

  test("in its network, its images and its epochs", () => {
    expect(forwardFlops(quick.network)).toBeGreaterThanOrEqual(0.19e6);
    expect(images).toBeGreaterThanOrEqual(1000);
    expect(quick.epochs).toBeGreaterThanOrEqual(12);
  });

  test("in all: the four runs of a seed train for 0.03 TFLOP at least", () => {
    const runs = 4;
    // Backwards costs twice as much as forwards.
    const total = runs * 3 * forwardFlops(quick.network) * quick.epochs * images;
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
