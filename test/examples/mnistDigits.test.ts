import { describe, expect, test } from "vitest";
import { digestOf } from "../../examples/common/jobs.js";
import { mnistDigits } from "../../examples/common/mnistDigits.js";

const PIXELS = 28 * 28;
const { train, test: held } = await mnistDigits();

describe("mnistDigits", () => {
  test("has 8,000 images for training and 2,000 held out", () => {
    expect(train.x.shape).toEqual([8000, 28, 28, 1]);
    expect(held.x.shape).toEqual([2000, 28, 28, 1]);
    expect([train.y.length, held.y.length]).toEqual([8000, 2000]);
    expect([train.x.data.length, held.x.data.length]).toEqual([8000 * PIXELS, 2000 * PIXELS]);
  });

  test("has the package's number of images of each digit", () => {
    const counts = Array(10).fill(0);
    for (const digit of [...train.y, ...held.y]) counts[digit]++;
    expect(counts).toEqual([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
  });

  test("has grey values from 0 to 1, and both of them", () => {
    let [least, greatest] = [Infinity, -Infinity];
    for (const { x } of [train, held]) {
      for (const value of x.data) {
        if (!(value >= least)) least = value;
        if (!(value <= greatest)) greatest = value;
      }
    }
    expect([least, greatest]).toEqual([0, 1]);
  });

  test("holds no image out that it trains on", () => {
    const digests = ({ x }: typeof train) =>
      Array.from({ length: x.shape[0]! }, (_, i) =>
        digestOf(x.data.subarray(i * PIXELS, (i + 1) * PIXELS)),
      );
    const [training, heldOut] = [new Set(digests(train)), digests(held)];
    expect(heldOut.filter((digest) => training.has(digest))).toEqual([]);
    expect(training.size + new Set(heldOut).size).toBe(10_000);
  });

  test("holds about a fifth of each digit out", () => {
    for (let digit = 0; digit < 10; digit++) {
      const of = ({ y }: typeof train) => y.filter((label) => label === digit).length;
      // Four standard deviations of drawing 2,000 of 10,000.
      expect(Math.abs(of(held) / (of(train) + of(held)) - 0.2)).toBeLessThan(0.054);
    }
  });

  test("is the same split every time, on every machine", async () => {
    const again = await mnistDigits();
    const digest = digestOf(train.x.data, train.y, held.x.data, held.y);
    expect(digestOf(again.train.x.data, again.train.y, again.test.x.data, again.test.y)).toBe(
      digest,
    );
    // Another digest means another split or other pixels: results from before are not comparable.
    expect(digest).toBe("aad140ddbb16ecc0");
  });
});
