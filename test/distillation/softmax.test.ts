import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logSoftmax, softmax } from "../../src/distillation/index.js";

const anyLogits = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 6 }))
  .chain(([examples, classes]) =>
    fc.array(
      fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), {
        minLength: classes,
        maxLength: classes,
      }),
      { minLength: examples, maxLength: examples },
    ),
  );

describe("softmax", () => {
  test("the exponentials' shares", () => {
    const { data, shape } = softmax([
      [0, Math.log(2), Math.log(5)],
      [7, 7, 7],
    ]);
    expect(shape).toEqual([2, 3]);
    expect(data).toBeAllclose([1 / 8, 2 / 8, 5 / 8, 1 / 3, 1 / 3, 1 / 3], { rtol: 1e-15 });
  });

  test("a temperature divides the logits", () => {
    const options = { temperature: 4 };
    expect(softmax([[8, 4, 0]], options).data).toBeAllclose(softmax([[2, 1, 0]]).data, {
      rtol: 1e-15,
    });
  });

  test("rows are probabilities that sum to 1, for any logits and temperature", () => {
    fc.assert(
      fc.property(anyLogits, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (logits, t) => {
        const { data, shape } = softmax(logits, { temperature: t });
        expect(shape).toEqual([logits.length, logits[0]!.length]);
        for (let i = 0; i < shape[0]; i++) {
          const row = data.subarray(i * shape[1], (i + 1) * shape[1]);
          expect(row.every((p) => p >= 0 && p <= 1)).toBe(true);
          expect(row.reduce((a, b) => a + b)).toBeAllclose(1, { rtol: 1e-12 });
        }
      }),
    );
  });

  test("a temperature near 0 tends to the highest class without overflow", () => {
    expect(Array.from(softmax([[-1000, 1000, 999]], { temperature: 1e-306 }).data)).toEqual([
      0, 1, 0,
    ]);
  });

  test("bad input is named in the error", () => {
    expect(() => softmax([[1, 2]], { temperature: -1 })).toThrow(
      new RangeError("softmax: temperature must be a finite number > 0, got -1"),
    );
    expect(() => softmax([[1, Number.NaN]])).toThrow(
      /^softmax: logits must be finite everywhere, got NaN at \[0, 1\]/,
    );
  });
});

describe("logSoftmax", () => {
  test("keeps the digits of a nearly certain row", () => {
    // −log(1 + e^−50) = −e^−50 to 22 digits, where the logarithm of softmax gives 0
    const { data } = logSoftmax([[50, 0]]);
    expect(data[0]).toBeAllclose(-Math.exp(-50), { rtol: 1e-15 });
    expect(data[1]).toBeAllclose(-50, { rtol: 1e-15 });
  });

  test("is finite for logits of ±1000", () => {
    expect(Array.from(logSoftmax([[1000, 0, -1000]]).data)).toEqual([0, -1000, -2000]);
  });

  test("is the logarithm of softmax", () => {
    fc.assert(
      fc.property(anyLogits, (logits) => {
        const values = logSoftmax(logits, { temperature: 20 }).data;
        expect(values.map(Math.exp)).toEqual(softmax(logits, { temperature: 20 }).data);
        expect(values.every((value) => value <= 0)).toBe(true);
      }),
    );
  });

  test("takes as many classes as there are", () => {
    const classes = 200_000;
    const logits = { data: new Float32Array(classes), shape: [1, classes] };
    expect(logSoftmax(logits).data[5]).toBeAllclose(-Math.log(classes), { rtol: 1e-12 });
  });

  test("bad input is named in the error", () => {
    expect(() => logSoftmax([[1]])).toThrow(
      /logSoftmax: the number of classes of logits must be >= 2, got 1/,
    );
    // @ts-expect-error: a misspelt option
    expect(() => logSoftmax([[1, 2]], { tau: 2 })).toThrow(/got "tau"/);
  });
});
