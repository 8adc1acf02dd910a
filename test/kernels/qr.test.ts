import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { compileKernel } from "./compileKernel.js";

const { kernels, arena } = await compileKernel("qr.ts");

/** R of a matrix that comes in blocks of the given numbers of rows, and Q·Z. */
function factor(x: Float64Array, d: number, blocks: readonly number[], z?: Float64Array) {
  return arena.within(() => {
    const rows = blocks.reduce((sum, count) => sum + count, 0);
    const m = z ? z.length / d : 0;
    const data = arena.put(x);
    const r = arena.put(new Float64Array(d * d));
    const length = kernels.qrFactorLength!(d);
    const factors = arena.doubles(length * blocks.length);
    const scratch = arena.bytes(kernels.qrScratchBytes!(Math.max(...blocks), d, m));
    let first = 0;
    const parts = blocks.map((count, i) => {
      const block = data + 8 * first * d;
      const t = factors + 8 * length * i;
      const whole = i === 0 && count >= d;
      kernels[whole ? "qrFirstBlock" : "qrBlock"]!(r, d, d, block, count, d, t, scratch);
      first += count;
      return { block, count, t, whole, first: first - count };
    });
    const triangle = arena.take(r, d * d);
    if (!z) return { triangle, product: new Float64Array(0) };
    const top = arena.put(z);
    const product = arena.doubles(rows * m);
    for (const { block, count, t, whole, first: row } of parts.reverse()) {
      const apply = kernels[whole ? "applyQFirstBlock" : "applyQBlock"]!;
      apply(block, count, d, d, t, top, m, product + 8 * row * m, scratch);
    }
    return { triangle, product: arena.take(product, rows * m) };
  });
}

const identity = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));

const gaussian = (seed: number, count: number): Float64Array => {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};

/** AᵀB of matrices with p and q columns. */
function crossProduct(a: Float64Array, p: number, b: Float64Array, q: number): Float64Array {
  const result = new Float64Array(p * q);
  for (let row = 0; row < a.length / p; row++) {
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < q; j++) result[i * q + j]! += a[row * p + i]! * b[row * q + j]!;
    }
  }
  return result;
}

/**
 * Largest entry of QR − X in units of what rounding allows: the largest entry of that column of X, and for subnormal
 * numbers, which are whole multiples of the smallest one, half of that for each term of the sums over rows and columns.
 */
function residual(x: Float64Array, d: number, q: Float64Array, r: Float64Array): number {
  const units = Float64Array.from({ length: d }, (_, j) =>
    x.reduce((most, value, at) => (at % d === j ? Math.max(most, Math.abs(value)) : most), 0),
  );
  const terms = x.length / d + d;
  return x.reduce((worst, value, at) => {
    const j = at % d;
    const unit = units[j]! || 1;
    let sum = -value / unit;
    for (let k = 0; k <= j; k++) sum += q[at - j + k]! * (r[k * d + j]! / unit);
    return Math.max(worst, Math.abs(sum) / (3e-14 + (terms * Number.MIN_VALUE) / unit));
  }, 0);
}

const columns = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 30, max: 70 }) },
);

/** Tall matrices in blocks of rows of any size, the first with at least as many rows as columns. */
const blocked = fc
  .record({
    seed: fc.integer(),
    d: columns,
    more: fc.integer({ min: 0, max: 30 }),
    others: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
    kind: fc.constantFrom("gaussian", "duplicates", "zero columns", "dead"),
    scale: fc.constantFrom(1, 1e-200, 1e200, 1e-310, 1e304, 5e-324),
  })
  .map(({ seed, d, more, others, kind, scale }) => {
    const blocks = [d + more, ...others];
    const rows = blocks.reduce((sum, count) => sum + count, 0);
    const plain = gaussian(seed, rows * d);
    const x = plain.map((value, at) => {
      const j = at % d;
      if (kind === "dead" || (kind === "zero columns" && j % 3 === 1)) return 0;
      const chosen = kind === "duplicates" ? plain[at - (j % 2)]! : value;
      return j % 3 === 0 ? chosen * scale : chosen;
    });
    return { x, d, blocks };
  });

describe("QR in blocks of rows", () => {
  test("a worked example", () => {
    const { triangle } = factor(Float64Array.of(3, 1, 4, 2), 2, [2]);
    expect(triangle.map(Math.abs)).toBeAllclose([5, 2.2, 0, 0.4], { atol: 1e-15 });
    const rowByRow = factor(Float64Array.of(3, 1, 4, 2), 2, [1, 1]).triangle;
    expect(rowByRow.map(Math.abs)).toBeAllclose([5, 2.2, 0, 0.4], { atol: 1e-15 });
  });

  test("Q is orthonormal and QR the matrix, in each column to rounding", () => {
    fc.assert(
      fc.property(blocked, ({ x, d, blocks }) => {
        const { triangle, product } = factor(x, d, blocks, identity(d));
        expect(crossProduct(product, d, product, d)).toBeAllclose(identity(d), { atol: 3e-14 });
        expect(residual(x, d, product, triangle)).toBeLessThan(1);
        expect(triangle.some((value, at) => value !== 0 && at % d < Math.floor(at / d))).toBe(
          false,
        );
      }),
      { numRuns: 100 },
    );
  });

  test("Q is applied to any number of columns", () => {
    fc.assert(
      fc.property(blocked, fc.integer({ min: 1, max: 40 }), ({ x, d, blocks }, m) => {
        const z = gaussian(m, d * m);
        const { product } = factor(x, d, blocks, z);
        const { product: q } = factor(x, d, blocks, identity(d));
        const expected = new Float64Array(product.length);
        for (let i = 0; i < q.length / d; i++) {
          for (let k = 0; k < d; k++) {
            for (let j = 0; j < m; j++) expected[i * m + j]! += q[i * d + k]! * z[k * m + j]!;
          }
        }
        expect(product).toBeAllclose(expected, { atol: 1e-12 });
      }),
      { numRuns: 50 },
    );
  });

  test("RᵀR is XᵀX, however the rows are cut, also into blocks of fewer rows than columns", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        columns,
        fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 5 }),
        (seed, d, blocks) => {
          const rows = blocks.reduce((sum, count) => sum + count, 0);
          const x = gaussian(seed, rows * d);
          const { triangle } = factor(x, d, blocks);
          const gram = crossProduct(x, d, x, d);
          expect(crossProduct(triangle, d, triangle, d)).toBeAllclose(gram, { atol: 1e-12 * rows });
        },
      ),
    );
  });

  test("rows of R beyond the rows seen are rounding", () => {
    const { triangle } = factor(gaussian(3, 5 * 8), 8, [2, 3]);
    const beyond = triangle.subarray(5 * 8);
    expect(beyond).toBeAllclose(new Float64Array(beyond.length), { atol: 1e-14 });
  });

  test("rows of zeros change nothing", () => {
    const d = 40;
    const x = gaussian(4, 60 * d);
    const padded = new Float64Array(90 * d);
    padded.set(x);
    expect(factor(padded, d, [60, 30]).triangle).toEqual(factor(x, d, [60]).triangle);
  });
});
