import type { Fail } from "./arrayFileError.js";

/** Labelled images of 32 × 32 pixels in three colours. */
export interface Cifar10Images {
  /** Values in [0, 1], row-major `[images, 32, 32, 3]`: height, width, colour (red, green, blue). */
  readonly x: { readonly data: Float32Array; readonly shape: readonly [number, 32, 32, 3] };
  /** Class of each image, 0 … 9. */
  readonly y: Uint8Array;
}

const CLASSES = 10;
const PIXELS = 32 * 32;
const COLOURS = 3;
/** The label, then all red values by row, then green, then blue. */
const RECORD = 1 + COLOURS * PIXELS;

/** What to tell whoever has other files than these. */
export const cifar10Hint =
  'The set is the "CIFAR-10 binary version" of https://www.cs.toronto.edu/~kriz/cifar.html';

/** Parses one batch file of the binary version of CIFAR-10: records of one label byte and 3072 colour bytes. */
export function parseCifar10(bytes: Uint8Array, fail: Fail): Cifar10Images {
  const count = bytes.length / RECORD;
  if (!Number.isInteger(count) || count === 0) {
    const must = `a multiple of ${RECORD} bytes, one label and 3 · 32 · 32 colours for each image, and not 0`;
    throw fail("size", must, `${bytes.length} bytes`, cifar10Hint);
  }
  const data = new Float32Array(count * PIXELS * COLOURS);
  const y = new Uint8Array(count);
  for (let image = 0; image < count; image++) {
    const record = image * RECORD;
    const label = bytes[record]!;
    if (label >= CLASSES) {
      throw fail(`label of image ${image}`, "a class, 0 to 9", `${label}`, cifar10Hint);
    }
    y[image] = label;
    for (let colour = 0; colour < COLOURS; colour++) {
      const plane = record + 1 + colour * PIXELS;
      let to = image * PIXELS * COLOURS + colour;
      for (let pixel = 0; pixel < PIXELS; pixel++, to += COLOURS) {
        data[to] = bytes[plane + pixel]! / 255;
      }
    }
  }
  return { x: { data, shape: [count, 32, 32, 3] }, y };
}

/** The images of several batches, one after another. */
export function joinCifar10(batches: readonly Cifar10Images[]): Cifar10Images {
  if (batches.length === 1) return batches[0]!;
  const count = batches.reduce((sum, { y }) => sum + y.length, 0);
  const data = new Float32Array(count * PIXELS * COLOURS);
  const y = new Uint8Array(count);
  let at = 0;
  for (const batch of batches) {
    data.set(batch.x.data, at * PIXELS * COLOURS);
    y.set(batch.y, at);
    at += batch.y.length;
  }
  return { x: { data, shape: [count, 32, 32, 3] }, y };
}
