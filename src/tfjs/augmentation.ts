import { checkBoolean, checkInteger, checkOptions, rangeError } from "../internal/checks.js";
import type { NumericArray } from "../internal/matrix.js";

/** Seeded random numbers for one example in one epoch. */
export interface RandomNumbers {
  /** Uniform on [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in [0, count). */
  integer(count: number): number;
}

/**
 * Changes a training example at random on its way into a batch. A pure function of the example and the random numbers,
 * which are drawn from the seed, the epoch and the example's index alone: neither the batch size nor the order of the
 * examples nor a resumed training changes what becomes of an example in an epoch.
 */
export interface Augmentation {
  /**
   * @param example - The example, row-major; must not be changed.
   * @param result - Takes the changed example. It holds zeros.
   * @param shape - Shape of the example and of the result.
   */
  (
    example: NumericArray,
    result: Float32Array,
    shape: readonly number[],
    random: RandomNumbers,
  ): void;
  /** What tells it from others, so that no training is taken up again with another one. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

export interface RandomCropAndFlipOptions {
  /** Pixels of zeros around the image before it is cropped to its own size, an integer >= 0. @defaultValue 4 */
  padding?: number;
  /** Whether every other image, at random, is mirrored left to right. @defaultValue true */
  flip?: boolean;
}

/**
 * The augmentation usual for CIFAR: pads an image, crops it at a random place to its former size, and mirrors it with
 * probability ½.
 *
 *     result[y, x] = image[y + dy, x' + dx]      dy, dx uniform on {−padding, …, padding}, zero outside of the image
 *     x' = x, or width − 1 − x if it is mirrored
 *
 * What is padded is zero in the units of the inputs: the mean where these are centred, black where they are not.
 *
 * @param options - See {@link RandomCropAndFlipOptions}.
 * @returns An {@link Augmentation} of images `[height, width, channels]` for the option `augment` of `train`. It throws a
 * RangeError if an example has another rank.
 * @throws RangeError or TypeError if an option is out of range.
 * @example
 * ```ts
 * import { randomCropAndFlip } from "closerlook/tfjs";
 * const augment = randomCropAndFlip({ padding: 1 });
 * const image = Float32Array.of(1, 2, 3, 4);
 * const result = new Float32Array(4);
 * // As if the dice came down on the largest shift, and on no flip.
 * const random = { uniform: () => 0.9, normal: () => 0, integer: (count) => count - 1 };
 * augment(image, result, [2, 2, 1], random);
 * [...result]; // [4, 0, 0, 0]
 * ```
 */
export function randomCropAndFlip(options: RandomCropAndFlipOptions = {}): Augmentation {
  const where = "randomCropAndFlip";
  checkOptions(where, options, ["padding", "flip"]);
  const { padding = 4, flip = true } = options;
  checkInteger(where, "padding", padding, { min: 0 });
  checkBoolean(where, "flip", flip);

  const augment: Augmentation = (image, result, shape, random) => {
    if (shape.length !== 3) {
      throw rangeError(where, "an example", "an image [height, width, channels]", shape);
    }
    const [height, width, channels] = shape as [number, number, number];
    const dy = random.integer(2 * padding + 1) - padding;
    const dx = random.integer(2 * padding + 1) - padding;
    const mirrored = flip && random.uniform() < 0.5;

    // The part of each row that lies inside of the image, before mirroring.
    const left = Math.max(0, -dx);
    const right = Math.min(width, width - dx);
    if (left >= right) return;
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
      const from = ((y + dy) * width + left + dx) * channels;
      const to = y * width * channels;
      if (!mirrored) {
        const part = image.subarray(from, from + (right - left) * channels);
        result.set(part, to + left * channels);
        continue;
      }
      let source = from;
      for (let x = width - 1 - left; x >= width - right; x--) {
        const pixel = to + x * channels;
        for (let channel = 0; channel < channels; channel++) {
          result[pixel + channel] = image[source++]!;
        }
      }
    }
  };
  return Object.assign(augment, { settings: { name: where, padding, flip } });
}
