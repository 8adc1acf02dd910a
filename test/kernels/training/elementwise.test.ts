import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../src/internal/random.js";
import {
  adamUpdate,
  areFinite,
  clip,
  clipGradient,
  momentumUpdate,
} from "../../../src/kernels/training/index.js";
import { testEngine } from "./engine.js";

function values(count: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => 4 * random.normal());
}

/** Compares numbers as `toEqual` does, which takes seconds for as many. */
function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const same = (a: number, b: number) => a === b || (Number.isNaN(a) && Number.isNaN(b));
  expect(Array.from(actual).findIndex((value, i) => !same(value, expected[i]!))).toBe(-1);
}

/** Around the lengths of a vector and of a piece. */
const length = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 16_370, max: 16_400 }),
  fc.constantFrom(32_768, 50_003),
);
const limit = fc.constantFrom(6, Number.POSITIVE_INFINITY);

describe("clip", () => {
  test("is max and min, and its gradient passes where nothing was cut", () => {
    fc.assert(
      fc.property(length, limit, fc.nat(), (length, limit, seed) => {
        const [x, dy] = [values(length, seed), values(length, seed + 1)];
        const { engine, put, space, take } = testEngine();
        const [input, output, gradient] = [put(x), space(length), space(length)];
        clip(engine, length, limit, { input, output });
        clipGradient(engine, length, limit, { dy: put(dy), input, gradient });
        expectSame(
          take(output, length),
          x.map((v) => Math.min(Math.max(v, 0), limit)),
        );
        expectSame(
          take(gradient, length),
          dy.map((g, i) => (x[i]! > 0 && x[i]! <= limit ? g : 0)),
        );
      }),
    );
  });

  test("at the ends of the numbers: NaN stays, infinities are cut, zeros have no gradient", () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    const x = Float32Array.of(nan, infinity, -infinity, 0, -0, 6, nan);
    const { engine, put, space, take } = testEngine();
    const [input, output, gradient] = [put(x), space(x.length), space(x.length)];
    clip(engine, x.length, 6, { input, output });
    expect(Array.from(take(output, x.length))).toEqual([nan, 6, 0, 0, 0, 6, nan]);
    clip(engine, x.length, infinity, { input, output });
    expect(Array.from(take(output, x.length))).toEqual([nan, infinity, 0, 0, 0, 6, nan]);
    const dy = put(new Float32Array(x.length).fill(2));
    clipGradient(engine, x.length, infinity, { dy, input, gradient });
    expect(Array.from(take(gradient, x.length))).toEqual([nan, 2, 0, 0, 0, 2, nan]);
    clipGradient(engine, x.length, 6, { dy, input, gradient });
    expect(Array.from(take(gradient, x.length))).toEqual([nan, 0, 0, 0, 0, 2, nan]);
  });
});

const f = Math.fround;

describe("updates", () => {
  test("by momentum are those of the rule, each operation rounded once, in place or not", () => {
    fc.assert(
      fc.property(
        length,
        fc.record({
          learningRate: fc.constantFrom(0, 0.1),
          momentum: fc.constantFrom(0, 0.9),
          weightDecay: fc.constantFrom(0, 0.01),
          nesterov: fc.boolean(),
        }),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        (length, rule, first, inPlace, seed) => {
          const [w, g, v] = [0, 1, 2].map((i) => values(length, seed + i)) as [
            Float32Array,
            Float32Array,
            Float32Array,
          ];
          const [rate, mu, decay] = [f(rule.learningRate), f(rule.momentum), f(rule.weightDecay)];
          const expected = Array.from(w, (weight, i) => {
            const gradient = decay > 0 ? f(g[i]! + f(weight * decay)) : g[i]!;
            const velocity = mu > 0 && !first ? f(f(v[i]! * mu) + gradient) : gradient;
            const step = rule.nesterov ? f(gradient + f(velocity * mu)) : velocity;
            return [f(weight - f(step * rate)), velocity] as const;
          });
          const { engine, put, space, take } = testEngine();
          const weights = put(w);
          const newWeights = inPlace ? weights : space(length);
          const old = put(v);
          const to = inPlace ? old : space(length);
          const velocity = rule.momentum > 0 ? { from: first ? 0 : old, to } : undefined;
          momentumUpdate(engine, { length, weights, gradient: put(g), newWeights }, velocity, rule);
          expectSame(
            take(newWeights, length),
            expected.map(([weight]) => weight),
          );
          if (velocity) {
            expectSame(
              take(to, length),
              expected.map(([, v]) => v),
            );
          }
          if (!inPlace) expectSame(take(weights, length), w);
        },
      ),
    );
  });

  test("by Adam are those of the rule, step after step", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 5, 16_389),
        fc.constantFrom(0, 0.1),
        fc.boolean(),
        (length, weightDecay, decoupled) => {
          const rule = { learningRate: 0.05, beta1: 0.9, beta2: 0.99, epsilon: 1e-3 };
          const { beta1, beta2, epsilon, learningRate } = rule;
          const start = values(length, 1);
          const [w, m, s] = [
            Float64Array.from(start),
            new Float64Array(length),
            new Float64Array(length),
          ];
          const { engine, put, space, take } = testEngine();
          const [weights, mean, square] = [put(start), space(length), space(length)];
          for (let step = 1; step <= 4; step++) {
            const g = values(length, step + 10);
            adamUpdate(
              engine,
              { length, weights, gradient: put(g), newWeights: weights },
              {
                mean: { from: step === 1 ? 0 : mean, to: mean },
                square: { from: step === 1 ? 0 : square, to: square },
              },
              { ...rule, weightDecay, decoupled, step },
            );
            for (let i = 0; i < length; i++) {
              const gradient = g[i]! + (decoupled ? 0 : weightDecay * w[i]!);
              m[i] = beta1 * m[i]! + (1 - beta1) * gradient;
              s[i] = beta2 * s[i]! + (1 - beta2) * gradient ** 2;
              const size = Math.sqrt(s[i]! / (1 - beta2 ** step)) + epsilon;
              const decay = decoupled ? 1 - learningRate * weightDecay : 1;
              w[i] = decay * w[i]! - (learningRate * (m[i]! / (1 - beta1 ** step))) / size;
            }
          }
          expect(take(weights, length)).toBeAllclose(w, { rtol: 1e-5, atol: 1e-5 });
          expect(take(mean, length)).toBeAllclose(m, { rtol: 1e-5, atol: 1e-5 });
          expect(take(square, length)).toBeAllclose(s, { rtol: 1e-5, atol: 1e-5 });
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe("areFinite", () => {
  test("finds the one number that is not, wherever it lies", () => {
    fc.assert(
      fc.property(
        fc.array(length, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
        fc.nat(),
        fc.boolean(),
        (lengths, bad, at, spoil) => {
          const arrays = lengths.map((count, i) => values(count, i));
          const total = lengths.reduce((a, b) => a + b, 0);
          if (spoil && total > 0) {
            let place = at % total;
            for (const array of arrays) {
              if (place >= 0 && place < array.length) array[place] = bad;
              place -= array.length;
            }
          }
          const { engine, put } = testEngine();
          const placed = arrays.map((array) => ({ address: put(array), length: array.length }));
          expect(areFinite(engine, placed)).toBe(!(spoil && total > 0));
        },
      ),
    );
  });

  test("the largest numbers are finite, though their sum is not", () => {
    const { engine, put } = testEngine();
    const x = new Float32Array(100).fill(3.4e38);
    expect(areFinite(engine, [{ address: put(x), length: x.length }])).toBe(true);
    expect(areFinite(engine, [])).toBe(true);
  });
});
