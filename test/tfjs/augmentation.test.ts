import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import {
  type Augmentation,
  randomCropAndFlip,
  type TrainOptions,
  train,
  weightsOf,
} from "../../src/tfjs/index.js";
import { convModel, denseModel, expectNoLeak } from "./models.js";

/** Pads, crops and mirrors one image in three steps. */
function reference(
  image: ArrayLike<number>,
  [height, width, channels]: readonly [number, number, number],
  padding: number,
  [top, left, mirrored]: readonly [number, number, boolean],
): number[] {
  const padded = (y: number, x: number, c: number) => {
    const [row, column] = [y - padding, x - padding];
    const inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? image[(row * width + column) * channels + c]! : 0;
  };
  const result: number[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++)
        result.push(padded(top + y, left + (mirrored ? width - 1 - x : x), c));
  return result;
}

const count = 10;
const images = {
  x: {
    data: Float32Array.from({ length: count * 36 }, (_, i) => 1 + i),
    shape: [count, 6, 6, 1],
  },
  y: Array.from({ length: count }, (_, i) => i % 3),
};
const options: TrainOptions = { schedule: 1e-6, epochs: 2, batchSize: 4, seed: 3 };

/** What the model sees of each example in each epoch. */
async function seen(change: Partial<TrainOptions>): Promise<Map<string, Float32Array>> {
  const inputs = new Map<string, Float32Array>();
  const visits = new Map<number, number>();
  await train(convModel(), images, {
    ...options,
    ...change,
    lossFunction: (logits, { x, indices }) => {
      const values = x.dataSync();
      indices.forEach((index, i) => {
        const epoch = visits.get(index) ?? 0;
        visits.set(index, epoch + 1);
        inputs.set(`${epoch}: ${index}`, Float32Array.from(values.slice(36 * i, 36 * i + 36)));
      });
      return tf.mean(logits);
    },
  });
  return new Map([...inputs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("randomCropAndFlip", () => {
  test("pads, crops and mirrors, for any size and place", () => {
    const size = fc.integer({ min: 1, max: 6 });
    const integers = fc.tuple(fc.nat(), fc.nat());
    fc.assert(
      fc.property(
        fc.tuple(size, size, fc.integer({ min: 1, max: 3 })),
        fc.integer({ min: 0, max: 7 }),
        integers,
        fc.boolean(),
        (shape, padding, [a, b], mirrored) => {
          const image = Float32Array.from(
            { length: shape[0] * shape[1] * shape[2] },
            (_, i) => 1 + i,
          );
          const result = new Float32Array(image.length);
          const [top, left] = [a % (2 * padding + 1), b % (2 * padding + 1)];
          const integers = [top, left];
          const random = {
            uniform: () => (mirrored ? 0.49 : 0.5),
            normal: () => 0,
            integer: (count: number) => {
              expect(count).toBe(2 * padding + 1);
              return integers.shift()!;
            },
          };
          randomCropAndFlip({ padding })(image, result, shape, random);
          expect(Array.from(result)).toEqual(
            reference(image, shape, padding, [top, left, mirrored]),
          );
          const other = new Float32Array(image.length);
          integers.push(top, left);
          randomCropAndFlip({ padding, flip: false })(image, other, shape, random);
          expect(Array.from(other)).toEqual(reference(image, shape, padding, [top, left, false]));
        },
      ),
    );
  });

  test("every place and mirror image comes equally often", () => {
    const counts = new Map<string, number>();
    const augment = randomCropAndFlip({ padding: 1 });
    const image = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const draws = 9000;
    for (let i = 0; i < draws; i++) {
      const result = new Float32Array(9);
      // As train draws them: a short sequence for each example.
      augment(image, result, [3, 3, 1], new Random(1, `augment 0 ${i}`));
      const key = result.join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(18);
    const expected = draws / 18;
    const chiSquared = [...counts.values()].reduce(
      (sum, n) => sum + (n - expected) ** 2 / expected,
      0,
    );
    // 99.9 % of the distribution with 17 degrees of freedom.
    expect(chiSquared).toBeLessThan(40.8);
  });

  test("without padding and flip nothing changes; bytes are as good as floats", () => {
    const bytes = Uint8Array.of(1, 2, 3, 250);
    const result = new Float32Array(4);
    randomCropAndFlip({ padding: 0, flip: false })(bytes, result, [2, 2, 1], new Random(0));
    expect(Array.from(result)).toEqual([1, 2, 3, 250]);
  });

  test("tells its settings, and refuses others", () => {
    expect(randomCropAndFlip().settings).toEqual({
      name: "randomCropAndFlip",
      padding: 4,
      flip: true,
    });
    expect(() => randomCropAndFlip({ padding: -1 })).toThrow(
      "randomCropAndFlip: padding must be an integer >= 0, got -1",
    );
    expect(() => randomCropAndFlip({ flip: 1 as never })).toThrow(TypeError);
    expect(() => randomCropAndFlip({ crop: 1 } as never)).toThrow("made of padding, flip");
  });
});

describe("train with an augmentation", () => {
  const augment = randomCropAndFlip({ padding: 2 });

  test("the same seed gives the same images, another seed and another epoch others", async () => {
    const one = await seen({ augment });
    expect(one.size).toBe(2 * count);
    expect(await seen({ augment })).toEqual(one);
    expect(await seen({ augment, seed: 4 })).not.toEqual(one);
    const epochs = [0, 1].map((epoch) =>
      Array.from({ length: count }, (_, i) => one.get(`${epoch}: ${i}`)!.join()),
    );
    const changed = epochs[0]!.filter((image, i) => image !== epochs[1]![i]);
    expect(changed.length).toBeGreaterThan(count / 2);
    // Each is one of the images that its example can become.
    for (const [key, image] of one) {
      const index = Number(key.split(" ")[1]);
      const original = images.x.data.subarray(36 * index, 36 * index + 36);
      const possible = new Set<string>();
      for (let top = 0; top <= 4; top++)
        for (let left = 0; left <= 4; left++)
          for (const mirrored of [false, true])
            possible.add(reference(original, [6, 6, 1], 2, [top, left, mirrored]).join());
      expect(possible).toContain(image.join());
    }
  });

  test("what becomes of an example depends on no batch and no part", async () => {
    const one = await seen({ augment });
    for (const change of [{ batchSize: 1 }, { batchSize: 10 }, { batchSize: 7, microBatch: 3 }]) {
      expect(await seen({ augment, ...change })).toEqual(one);
    }
  });

  test("validation sees the images as they are; the data are not changed", async () => {
    const before = images.x.data.slice();
    const blank: Augmentation = () => {};
    const model = convModel();
    const { history } = await train(model, images, {
      ...options,
      schedule: 0,
      augment: blank,
      validation: images,
    });
    const plain = await train(convModel(), images, { ...options, schedule: 0, validation: images });
    expect(history[0]!.validationLoss).toBe(plain.history[0]!.validationLoss);
    expect(history[0]!.trainLoss).not.toBe(plain.history[0]!.trainLoss);
    expect(images.x.data).toEqual(before);
  });

  test("refuses an augmentation that does not suit the examples before anything changes", async () => {
    const model = denseModel();
    const before = weightsOf(model).read();
    const flat = { x: { data: new Float32Array(4), shape: [2, 2] }, y: [0, 1] };
    await expect(train(model, flat, { ...options, augment })).rejects.toThrow(
      "randomCropAndFlip: an example must be an image [height, width, channels], got [2]",
    );
    await expect(train(model, flat, { ...options, augment: "flip" as never })).rejects.toThrow(
      "train: augment must be a function",
    );
    expect(weightsOf(model).read()).toEqual(before);
  });

  test("names the update in which it spoils the loss", async () => {
    let calls = 0;
    const model = convModel();
    const result = await train(model, images, {
      ...options,
      snapshots: [1],
      augment: (example, result) => {
        result.set(example);
        // One call for the check beforehand, four for the first batch.
        if (++calls === 7) result[5] = Number.NaN;
      },
    });
    expect(result).toMatchObject({ stopped: "diverged", divergedAtUpdate: 1, updates: 1 });
    expect(weightsOf(model).read()).toEqual(result.snapshots.get(1));
  });

  test("leaves no tensor behind", async () => {
    await expectNoLeak(async () => {
      const model = convModel();
      await train(model, images, { ...options, augment });
      model.dispose();
    });
  });
});
