import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { discreteFourierTransform } from "../../src/similarity/fourier.js";

/** Σ x(j) exp(−2πi jk/n), term by term, with the angle reduced exactly. */
function bySum(input: Float64Array): Float64Array {
  const n = input.length / 2;
  const output = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      output[2 * k]! += input[2 * j]! * cosine - input[2 * j + 1]! * sine;
      output[2 * k + 1]! += input[2 * j]! * sine + input[2 * j + 1]! * cosine;
    }
  }
  return output;
}

function transformed(input: ArrayLike<number>): Float64Array {
  const output = new Float64Array(input.length);
  discreteFourierTransform(input.length / 2)(Float64Array.from(input), output);
  return output;
}

describe("discreteFourierTransform", () => {
  test("worked examples of lengths 1, 2 and 3", () => {
    expect(Array.from(transformed([5, -2]))).toEqual([5, -2]);
    expect(transformed([3, 0, 1, 0])).toBeAllclose([4, 0, 2, 0], { atol: 1e-15 });
    // (1, 0, 0) has a flat spectrum; (0, 1, 0) turns by −120° from frequency to frequency.
    expect(transformed([1, 0, 0, 0, 0, 0])).toBeAllclose([1, 0, 1, 0, 1, 0], { atol: 1e-15 });
    const [cosine, sine] = [-1 / 2, Math.sqrt(3) / 2];
    expect(transformed([0, 0, 1, 0, 0, 0])).toBeAllclose([1, 0, cosine, -sine, cosine, sine], {
      atol: 1e-15,
    });
  });

  test.each([...Array.from({ length: 32 }, (_, i) => i + 1), 56, 97, 112, 224, 225])(
    "length %d equals the sum",
    (length) => {
      const random = new Random(length);
      const input = Float64Array.from({ length: 2 * length }, () => random.normal());
      const norm = Math.hypot(...input);
      // Rounding of both, relative to the norm of the input.
      expect(transformed(input)).toBeAllclose(bySum(input), {
        atol: 2e-15 * Math.sqrt(length) * norm,
      });
    },
  );

  test("can be used again, and leaves its input alone", () => {
    for (const length of [1, 7, 8, 14]) {
      const transform = discreteFourierTransform(length);
      const random = new Random(length);
      const input = Float64Array.from({ length: 2 * length }, () => random.normal());
      const before = Float64Array.from(input);
      const first = new Float64Array(2 * length);
      const second = new Float64Array(2 * length).fill(99);
      transform(input, first);
      transform(
        Float64Array.from(input, (value) => 3 - value),
        second,
      );
      transform(input, second);
      expect(second).toEqual(first);
      expect(input).toEqual(before);
    }
  });
});
