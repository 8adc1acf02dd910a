import fc from "fast-check";
import { Random } from "../../src/internal/random.js";

/** Random weights, a little way from common ones, as the iterates of one training are. */
export function iterates(seed: number, count: number, length: number, spread = 0.05) {
  const random = new Random(seed);
  const common = Float64Array.from({ length }, () => random.normal());
  return Array.from({ length: count }, () =>
    Float32Array.from(common, (weight) => weight + spread * random.normal()),
  );
}

/** Four iterates of a small network. */
export const anyIterates = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    length: fc.integer({ min: 4, max: 60 }),
    spread: fc.double({ min: 0.01, max: 3, noNaN: true }),
  })
  .map(
    ({ seed, length, spread }) =>
      iterates(seed, 4, length, spread) as [Float32Array, Float32Array, Float32Array, Float32Array],
  );

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

export const minus = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from(a, (value, i) => value - b[i]!);

export const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));
