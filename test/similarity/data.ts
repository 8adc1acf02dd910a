import fc from "fast-check";
import { permutation, Random } from "../../src/internal/random.js";

/** A small matrix of the tests, in the form that users pass. */
export interface Matrix {
  readonly data: Float64Array;
  readonly shape: readonly [number, number];
}

export interface MapsArray {
  readonly data: Float64Array;
  readonly shape: readonly [number, number, number, number];
}

export function matrix(
  rows: number,
  columns: number,
  value: (i: number, j: number) => number,
): Matrix {
  const data = Float64Array.from({ length: rows * columns }, (_, at) =>
    value(Math.floor(at / columns), at % columns),
  );
  return { data, shape: [rows, columns] };
}

export const entry = ({ data, shape }: Matrix, i: number, j: number) => data[i * shape[1] + j]!;

export const gaussian = (random: Random, rows: number, columns: number) =>
  matrix(rows, columns, () => random.normal());

export const gaussianMaps = (
  random: Random,
  examples: number,
  height: number,
  width: number,
  channels: number,
): MapsArray => ({
  data: gaussian(random, examples, height * width * channels).data,
  shape: [examples, height, width, channels],
});

export const map = (a: Matrix, change: (value: number, i: number, j: number) => number) =>
  matrix(...a.shape, (i, j) => change(entry(a, i, j), i, j));

export const plus = (a: Matrix, b: Matrix) => map(a, (value, i, j) => value + entry(b, i, j));

export const times = (a: Matrix, b: Matrix) =>
  matrix(a.shape[0], b.shape[1], (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.shape[1]; k++) sum += entry(a, i, k) * entry(b, k, j);
    return sum;
  });

export const transposeOf = (a: Matrix) => matrix(a.shape[1], a.shape[0], (i, j) => entry(a, j, i));

export const joined = (a: Matrix, b: Matrix) =>
  matrix(a.shape[0], a.shape[1] + b.shape[1], (i, j) =>
    j < a.shape[1] ? entry(a, i, j) : entry(b, i, j - a.shape[1]),
  );

export function centredOf(a: Matrix): Matrix {
  const means = matrix(1, a.shape[1], (_, j) => {
    let sum = 0;
    for (let i = 0; i < a.shape[0]; i++) sum += entry(a, i, j);
    return sum / a.shape[0];
  });
  return map(a, (value, _, j) => value - means.data[j]!);
}

/** Orthonormal columns by Gram–Schmidt, run twice: nothing of the code under test. */
export function orthonormal(random: Random, rows: number, columns = rows): Matrix {
  const a = gaussian(random, rows, columns);
  for (let j = 0; j < columns; j++) {
    const column = (k: number) => Array.from({ length: rows }, (_, i) => entry(a, i, k));
    for (let k = 0; k < 2 * j; k++) {
      const other = column(k % j);
      const dot = column(j).reduce((sum, value, i) => sum + value * other[i]!, 0);
      for (let i = 0; i < rows; i++) a.data[i * columns + j]! -= dot * other[i]!;
    }
    const norm = Math.hypot(...column(j));
    for (let i = 0; i < rows; i++) a.data[i * columns + j]! /= norm;
  }
  return a;
}

/** The same examples in another order, for any shape. */
export function reordered<T extends Matrix | MapsArray>(a: T, order: ArrayLike<number>): T {
  const size = a.data.length / a.shape[0];
  const data = new Float64Array(a.data.length);
  for (let i = 0; i < a.shape[0]; i++) {
    data.set(a.data.subarray(order[i]! * size, (order[i]! + 1) * size), i * size);
  }
  return { ...a, data };
}

export const sum = (values: ArrayLike<number>) =>
  Array.from(values).reduce((total, value) => total + value, 0);

export const meanOf = (values: ArrayLike<number>) =>
  values.length === 0 ? 0 : sum(values) / values.length;

/** Two correlated, well-conditioned matrices with at least three times as many examples as neurons. */
export const wellConditioned = fc
  .record({
    seed: fc.integer(),
    p: fc.integer({ min: 1, max: 5 }),
    q: fc.integer({ min: 1, max: 5 }),
    more: fc.integer({ min: 4, max: 20 }),
  })
  .map(({ seed, p, q, more }) => {
    const random = new Random(seed);
    const rows = 3 * Math.max(p, q) + more;
    const x = gaussian(random, rows, p);
    const y = plus(gaussian(random, rows, q), times(x, gaussian(random, p, q)));
    return { random, rows, p, q, x, y, order: permutation(rows, random) };
  });

/** What saved activations can be like at their worst, all finite. */
const SPOILT = {
  gaussian: (a: Matrix) => a,
  rectified: (a: Matrix) => map(a, (value) => Math.max(0, value)),
  "dead neurons": (a: Matrix) => map(a, (value, _, j) => (j % 2 === 0 ? 0.1 : value)),
  "all dead": (a: Matrix) => map(a, () => 1 / 3),
  duplicates: (a: Matrix) => map(a, (_, i, j) => entry(a, i, j >> 1)),
  "near-duplicates": (a: Matrix) => map(a, (value, i, j) => entry(a, i, j >> 1) + 1e-13 * value),
  "rank 1": (a: Matrix) => map(a, (_, i, j) => entry(a, i, 0) * (j + 1)),
  "large means": (a: Matrix) => map(a, (value, _, j) => value + 1e8 * (j + 1)),
  "wild scales": (a: Matrix) => map(a, (value, _, j) => value * 10 ** (40 * ((j % 7) - 3))),
  "near overflow": (a: Matrix) => map(a, (value) => 1.7e308 * Math.sin(value)),
  subnormal: (a: Matrix) => map(a, (value) => value * 1e-320),
  binary: (a: Matrix) => map(a, (value) => (value > 0 ? 1 : 0)),
  "one example stands out": (a: Matrix) => map(a, (value, i) => (i === 0 ? value * 1e12 : value)),
} satisfies Record<string, (a: Matrix) => Matrix>;

const spoiltKinds = Object.keys(SPOILT) as (keyof typeof SPOILT)[];

/** Any two matrices over the same examples, few or many, wide or tall, spoilt in any two ways. */
export const awkward = fc
  .record({
    seed: fc.integer(),
    rows: fc.integer({ min: 2, max: 14 }),
    p: fc.integer({ min: 1, max: 9 }),
    q: fc.integer({ min: 1, max: 9 }),
    kindX: fc.constantFrom(...spoiltKinds),
    kindY: fc.constantFrom(...spoiltKinds),
  })
  .map(({ seed, rows, p, q, kindX, kindY }) => {
    const random = new Random(seed);
    return {
      x: SPOILT[kindX](gaussian(random, rows, p)),
      y: SPOILT[kindY](gaussian(random, rows, q)),
    };
  });

/** The same of maps. */
export const awkwardMaps = fc
  .record({
    seed: fc.integer(),
    examples: fc.integer({ min: 2, max: 8 }),
    sizes: fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 1, max: 5 }))),
    channels: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    kindX: fc.constantFrom(...spoiltKinds),
    kindY: fc.constantFrom(...spoiltKinds),
  })
  .map(({ seed, examples, sizes, channels, kindX, kindY }) => {
    const random = new Random(seed);
    const side = (
      height: number,
      width: number,
      depth: number,
      kind: keyof typeof SPOILT,
    ): MapsArray => ({
      data: SPOILT[kind](gaussian(random, examples, height * width * depth)).data,
      shape: [examples, height, width, depth],
    });
    return {
      x: side(sizes[0]!, sizes[1]!, channels[0], kindX),
      y: side(sizes[2]!, sizes[3]!, channels[1], kindY),
    };
  });

/** Every number in a result, at any depth. */
export function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(numbersIn);
  return [];
}
