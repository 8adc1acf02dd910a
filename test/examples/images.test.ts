import { describe, expect, test } from "vitest";
import {
  firstOfEachClass,
  halved,
  type Images,
  normalized,
  pick,
} from "../../examples/common/images.js";

const images = (
  shape: readonly number[],
  data: readonly number[],
  y: readonly number[],
): Images => ({
  x: { data: Float32Array.from(data), shape },
  y: Uint8Array.from(y),
});

/** Images of one pixel each, so that a value names its image. */
const pixels = (...labels: number[]) =>
  images(
    [labels.length, 1, 1, 1],
    labels.map((_, i) => i),
    labels,
  );

describe("pick", () => {
  test("takes whole images with their labels, in the order asked for, repeats included", () => {
    const three = images([3, 1, 2, 1], [1, 2, 3, 4, 5, 6], [7, 8, 9]);
    expect(pick(three, [2, 0, 2])).toEqual(images([3, 1, 2, 1], [5, 6, 1, 2, 5, 6], [9, 7, 9]));
  });

  test("copies", () => {
    const from = pixels(0);
    pick(from, [0]).x.data[0] = 5;
    expect(from.x.data[0]).toBe(0);
  });
});

describe("firstOfEachClass", () => {
  test("keeps the order of the set", () => {
    const chosen = firstOfEachClass(pixels(1, 1, 0, 1, 0, 0), 2);
    expect([...chosen.x.data]).toEqual([0, 1, 2, 4]);
    expect([...chosen.y]).toEqual([1, 1, 0, 0]);
    expect(chosen.x.shape).toEqual([4, 1, 1, 1]);
  });

  test("takes all of a class that has fewer", () => {
    expect(firstOfEachClass(pixels(3, 3, 5), 2).y.length).toBe(3);
    expect(firstOfEachClass(pixels(3, 3, 5), 1).y.length).toBe(2);
  });
});

describe("halved", () => {
  test("is the mean of 2 × 2 blocks", () => {
    const one = images([1, 2, 4, 1], [1, 2, 10, 20, 3, 6, 30, 40], [4]);
    expect(halved(one)).toEqual(images([1, 1, 2, 1], [3, 25], [4]));
  });

  test("keeps images, rows and channels apart", () => {
    // Two images of 4 × 2 pixels with two channels: 100·image + 10·(row >> 1) + channel is the same in each block.
    const data = Array.from({ length: 32 }, (_, at) => {
      const [image, row, channel] = [Math.floor(at / 16), Math.floor(at / 4) % 4, at % 2];
      return 100 * image + 10 * (row >> 1) + channel;
    });
    expect(halved(images([2, 4, 2, 2], data, [0, 1]))).toEqual(
      images([2, 2, 1, 2], [0, 1, 10, 11, 100, 101, 110, 111], [0, 1]),
    );
  });
});

describe("normalized", () => {
  test("uses the training set's mean and deviation of each channel for both sets", () => {
    // Channel 0: 1 and 5, mean 3, deviation 2. Channel 1: 10 and 30, mean 20, deviation 10.
    const train = images([2, 1, 1, 2], [1, 10, 5, 30], [0, 1]);
    const test = images([1, 1, 1, 2], [7, 20], [2]);
    expect(normalized({ train, test })).toEqual({
      train: images([2, 1, 1, 2], [-1, -1, 1, 1], [0, 1]),
      test: images([1, 1, 1, 2], [2, 0], [2]),
    });
  });

  test("leaves what it was given as it was", () => {
    const train = images([2, 1, 1, 1], [1, 5], [0, 1]);
    normalized({ train, test: train });
    expect([...train.x.data]).toEqual([1, 5]);
  });
});
