import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../../../src/internal/random.js";
import { product } from "../../../src/kernels/training/index.js";
import { relativeError } from "../../tfjs/directConvolution.js";
import { testEngine } from "./engine.js";

const size = fc.integer({ min: 1, max: 70 });
const matrices = fc.integer({ min: 1, max: 3 });

test("products of any shapes, transpositions and batches are those of the definition", () => {
  fc.assert(
    fc.property(
      fc.record({ m: size, k: size, n: size, left: matrices, right: matrices, seed: fc.nat() }),
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 6 }),
      ({ m, k, n, left, right, seed }, transposeLeft, transposeRight, pairs) => {
        const random = new Random(seed);
        const values = (count: number) =>
          Float32Array.from({ length: count }, () => random.uniform() - 0.5);
        const [a, b, bias] = [values(left * m * k), values(right * k * n), values(n)];
        const batch = pairs.map(([i, j]) => [i % left, j % right] as const);
        const { engine, put, space, take } = testEngine();
        const output = space(batch.length * m * n);
        product(
          engine,
          { m, k, n },
          { address: put(a), transposed: transposeLeft, batch: batch.map(([i]) => i) },
          { address: put(b), transposed: transposeRight, batch: batch.map(([, j]) => j) },
          { output, bias: put(bias) },
        );
        const expected = batch.flatMap(([i, j]) =>
          Array.from({ length: m * n }, (_, at) => {
            const [row, column] = [Math.floor(at / n), at % n];
            let sum = bias[column]!;
            for (let l = 0; l < k; l++) {
              const x = transposeLeft ? l * m + row : row * k + l;
              const y = transposeRight ? column * k + l : l * n + column;
              sum += a[i * m * k + x]! * b[j * k * n + y]!;
            }
            return sum;
          }),
        );
        expect(relativeError(take(output, expected.length), expected)).toBeLessThan(3e-6);
      },
    ),
    { numRuns: 150 },
  );
});
