import { describe, expect, test } from "vitest";
import {
  digestOfImages,
  firstImages,
  firstOfEachClass,
  fitted,
  grey,
  halved,
  type Images,
  normalized,
  padded,
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

describe("firstImages", () => {
  test("takes as many as there are at most", () => {
    expect([...firstImages(pixels(4, 5, 6), 2).y]).toEqual([4, 5]);
    expect([...firstImages(pixels(4, 5, 6), 9).y]).toEqual([4, 5, 6]);
  });
});

describe("grey", () => {
  test("is the mean of the colours", () => {
    const two = images([2, 1, 1, 3], [1, 2, 6, 0, 0, 9], [0, 1]);
    expect(grey(two)).toEqual(images([2, 1, 1, 1], [3, 3], [0, 1]));
  });
});

describe("padded", () => {
  test("puts zeros around every image, all channels", () => {
    const two = images([2, 1, 1, 2], [1, 2, 3, 4], [0, 1]);
    const one = (a: number, b: number) => [...Array(8).fill(0), a, b, ...Array(8).fill(0)];
    expect(padded(two, 1)).toEqual(images([2, 3, 3, 2], [...one(1, 2), ...one(3, 4)], [0, 1]));
  });
});

describe("fitted", () => {
  const of = (size: number, channels: number) =>
    images([1, size, size, channels], Array(size * size * channels).fill(1), [0]);
  const shapeOf = (size: number, channels: number, height: number) =>
    fitted(of(size, channels), height).x.shape;

  test("makes digits and CIFAR-10 fit networks for 14 and for 32 pixels", () => {
    expect(shapeOf(28, 1, 14)).toEqual([1, 14, 14, 1]);
    expect(shapeOf(28, 1, 32)).toEqual([1, 32, 32, 1]);
    expect(shapeOf(32, 3, 14)).toEqual([1, 16, 16, 1]);
    expect(shapeOf(32, 3, 32)).toEqual([1, 32, 32, 3]);
  });

  test("and networks for 16 pixels: halved digits get a margin of one", () => {
    expect(shapeOf(28, 1, 16)).toEqual([1, 16, 16, 1]);
    expect(shapeOf(32, 3, 16)).toEqual([1, 16, 16, 1]);
    const { data } = fitted(of(28, 1), 16).x;
    expect(Array.from(data.subarray(16, 32))).toEqual([0, ...Array(14).fill(1), 0]);
    expect(Array.from(data.subarray(0, 16))).toEqual(Array(16).fill(0));
  });

  test("keeps the brightness: of all pixels by the mean, or by a margin of zeros", () => {
    const sum = ({ x }: Images) => x.data.reduce((total, value) => total + value, 0);
    expect(sum(fitted(of(28, 1), 14))).toBe(14 * 14);
    expect(sum(fitted(of(32, 3), 14))).toBeCloseTo(16 * 16, 3);
    expect(sum(fitted(of(28, 1), 32))).toBe(28 * 28);
  });
});

describe("digestOfImages", () => {
  test("sees images and labels of both parts", () => {
    const digest = (train: Images, test: Images) => digestOfImages({ train, test });
    const digests = [
      digest(pixels(1, 2), pixels(3)),
      digest(pixels(1, 4), pixels(3)),
      digest(pixels(1, 2), pixels(5)),
      digest({ ...pixels(1, 2), x: pixels(0).x }, pixels(3)),
    ];
    expect(new Set(digests).size).toBe(4);
    expect(digest(pixels(1, 2), pixels(3))).toBe(digests[0]);
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
