import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dense } from "../../src/internal/matrix.js";
import { Random } from "../../src/internal/random.js";
import { Arena } from "../../src/kernels/arena.js";
import {
  compileKernels,
  type LinearAlgebra,
  plainLinearAlgebra,
  wasmLinearAlgebra,
} from "../../src/kernels/index.js";
import { singleProcessor } from "../../src/kernels/processor.js";

const kernels = compileKernels();
if (!kernels) throw new Error("these tests need a runtime with WebAssembly SIMD");

type Entry = (i: number, j: number) => number;

/** A symmetric matrix from its upper triangle. */
function symmetric(n: number, entry: Entry): Dense {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) data[i * n + j] = data[j * n + i] = entry(i, j);
  }
  return { data, rows: n, columns: n };
}

/** A symmetric tridiagonal matrix. */
const tridiagonal = (n: number, diagonal: (i: number) => number, beside: (i: number) => number) =>
  symmetric(n, (i, j) => (i === j ? diagonal(i) : j === i + 1 ? beside(i) : 0));

const gaussian = (n: number, seed = 1): Dense => {
  const random = new Random(seed);
  return symmetric(n, () => random.normal());
};

/** A matrix with these eigenvalues: two reflections of a diagonal matrix. */
function withEigenvalues(values: readonly number[], seed = 1): Dense {
  const n = values.length;
  const random = new Random(seed);
  let a = symmetric(n, (i, j) => (i === j ? values[i]! : 0));
  for (let turn = 0; turn < 2; turn++) {
    const v = Float64Array.from({ length: n }, () => random.normal());
    const square = v.reduce((sum, x) => sum + x * x, 0);
    const product = v.map((_, i) => v.reduce((sum, x, j) => sum + a.data[i * n + j]! * x, 0));
    const energy = product.reduce((sum, x, i) => sum + x * v[i]!, 0);
    const w = product.map((x, i) => (2 / square) * (x - (energy / square) * v[i]!));
    const { data } = a;
    a = symmetric(n, (i, j) => data[i * n + j]! - v[i]! * w[j]! - w[i]! * v[j]!);
  }
  return a;
}

const largestMagnitude = (numbers: ArrayLike<number>) =>
  Array.from(numbers).reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);

const columnOf = ({ data, rows, columns }: Dense, j: number) =>
  Float64Array.from({ length: rows }, (_, i) => data[i * columns + j]!);

/** Largest |VᵀV − 1|. */
function orthogonalityError(vectors: Dense): number {
  const columns = Array.from({ length: vectors.columns }, (_, j) => columnOf(vectors, j));
  let worst = 0;
  columns.forEach((x, j) => {
    for (const [k, y] of columns.slice(0, j + 1).entries()) {
      const product = x.reduce((sum, value, i) => sum + value * y[i]!, 0);
      worst = Math.max(worst, Math.abs(product - (j === k ? 1 : 0)));
    }
  });
  return worst;
}

/** Largest |AV − VΛ|, over the largest eigenvalue. */
function residual(a: Dense, values: Float64Array, vectors: Dense): number {
  const unit = largestMagnitude(values) || 1;
  let worst = 0;
  for (let j = 0; j < vectors.columns; j++) {
    const v = columnOf(vectors, j);
    for (let i = 0; i < a.rows; i++) {
      let sum = 0;
      for (let k = 0; k < a.rows; k++) sum += (a.data[i * a.rows + k]! / unit) * v[k]!;
      worst = Math.max(worst, Math.abs(sum - (values[j]! / unit) * v[i]!));
    }
  }
  return worst;
}

/** Eigenvalues descend, eigenvectors are orthonormal and belong to them: all to rounding. */
function expectDecomposition({ symmetricEigen }: LinearAlgebra, a: Dense, kept = a.rows) {
  const before = a.data.slice();
  const { values, vectors } = symmetricEigen(a, kept);
  expect(a.data).toEqual(before);
  expect([values.length, vectors.rows, vectors.columns]).toEqual([a.rows, a.rows, kept]);
  expect(Array.from(values)).toEqual(Array.from(values).sort((x, y) => y - x));
  expect(orthogonalityError(vectors)).toBeLessThan(2e-14);
  expect(residual(a, values, vectors)).toBeLessThan(1e-14);
  return { values, vectors };
}

const implementations: readonly LinearAlgebra[] = [
  plainLinearAlgebra,
  wasmLinearAlgebra(singleProcessor(kernels)),
];

describe.each(implementations)("symmetricEigen, $kind", (implementation) => {
  const { symmetricEigen } = implementation;

  test("a worked example", () => {
    const { values, vectors } = symmetricEigen(
      tridiagonal(
        2,
        () => 2,
        () => 1,
      ),
    );
    expect(values).toBeAllclose([3, 1], { atol: 1e-15 });
    expect(vectors.data.map(Math.abs)).toBeAllclose(Array(4).fill(Math.SQRT1_2), { atol: 1e-15 });
  });

  test("the empty matrix and a single number", () => {
    const empty = symmetricEigen({ data: new Float64Array(0), rows: 0, columns: 0 });
    expect([empty.values.length, empty.vectors.rows, empty.vectors.columns]).toEqual([0, 0, 0]);
    const single = symmetricEigen(symmetric(1, () => -7));
    expect(Array.from(single.values)).toEqual([-7]);
    expect(single.vectors.data.map(Math.abs)).toEqual(Float64Array.of(1));
  });

  test("second differences have the eigenvalues 2 − 2·cos(kπ / (n + 1))", () => {
    for (const n of [3, 24, 25, 33, 150]) {
      const a = tridiagonal(
        n,
        () => 2,
        () => -1,
      );
      const { values } = expectDecomposition(implementation, a);
      const expected = Array.from(
        { length: n },
        (_, k) => 2 - 2 * Math.cos(((n - k) * Math.PI) / (n + 1)),
      );
      expect(values).toBeAllclose(expected, { atol: 2e-14 });
      expect(symmetricEigen(a, 0).values).toBeAllclose(expected, { atol: 2e-14 });
    }
  });

  test("Wilkinson's matrix: the largest two of 21 eigenvalues agree to 14 digits", () => {
    const { values } = expectDecomposition(
      implementation,
      tridiagonal(
        21,
        (i) => Math.abs(i - 10),
        () => 1,
      ),
    );
    expect(values.slice(0, 2)).toBeAllclose([10.746194182903393, 10.746194182903322], {
      atol: 1e-13,
    });
  });

  test("multiples of the identity, zero and a diagonal matrix keep their entries as eigenvalues", () => {
    for (const entry of [() => 0, () => 3, (i: number) => (i % 3) - 1]) {
      const n = 40;
      const a = tridiagonal(n, entry, () => 0);
      const { values } = expectDecomposition(implementation, a);
      const expected = Array.from({ length: n }, (_, i) => entry(i)).sort((x, y) => y - x);
      expect(Array.from(values)).toEqual(expected);
      expect(Array.from(symmetricEigen(a, 0).values)).toEqual(expected);
    }
  });

  test("equal and nearly equal eigenvalues still have orthogonal eigenvectors", () => {
    const spectra: Record<string, (k: number) => number> = {
      projection: (k) => (k < 20 ? 1 : 0),
      "plus and minus": (k) => (k % 2 ? -1 : 1),
      clusters: (k) => 1 + (k % 4) + 1e-14 * k,
      "one large": (k) => (k === 0 ? 1 : 1e-17),
      geometric: (k) => 10 ** (-k / 4),
    };
    for (const spectrum of Object.values(spectra)) {
      const expected = Array.from({ length: 70 }, (_, k) => spectrum(k)).sort((x, y) => y - x);
      const a = withEigenvalues(expected);
      const { values } = expectDecomposition(implementation, a);
      expect(values).toBeAllclose(expected, { atol: 1e-13 });
      expect(symmetricEigen(a, 0).values).toBeAllclose(expected, { atol: 1e-13 });
    }
  });

  test("glued Wilkinson matrices, and couplings of every size", () => {
    const glue = [1e-8, 1e-14, 1e-17];
    for (const small of glue) {
      const beside = (i: number) => (i % 21 === 20 ? small : 1);
      expectDecomposition(
        implementation,
        tridiagonal(105, (i) => Math.abs((i % 21) - 10), beside),
      );
    }
    expectDecomposition(
      implementation,
      tridiagonal(
        90,
        () => 1,
        (i) => 10 ** (-i / 4),
      ),
    );
  });

  test("graded matrices, from the large end and from the small one", () => {
    const n = 60;
    for (const decades of [20, 100, 300]) {
      const random = new Random(decades);
      const size = (i: number, j: number) => 10 ** ((-decades * (i + j)) / (2 * n));
      const falling: Entry = (i, j) => random.normal() * size(i, j);
      const rising: Entry = (i, j) => random.normal() * size(n - i, n - j);
      expectDecomposition(implementation, symmetric(n, falling));
      expectDecomposition(implementation, symmetric(n, rising));
    }
  });

  test("scale matters neither near overflow nor among subnormal numbers", () => {
    const a = gaussian(37);
    const { values } = symmetricEigen(a);
    for (const exponent of [-1000, -600, -50, 50, 600, 1000]) {
      const factor = 2 ** exponent;
      const scaled = { ...a, data: a.data.map((x) => x * factor) };
      const result = expectDecomposition(implementation, scaled);
      const back = result.values.map((x) => x / factor);
      expect(back).toBeAllclose(values, { atol: 1e-13 });
      const alone = symmetricEigen(scaled, 0).values.map((x) => x / factor);
      expect(alone).toBeAllclose(values, { atol: 1e-13 });
    }
  });

  test("any symmetric matrix, dense or sparse, of full or low rank", () => {
    const anyMatrix = fc.record({
      seed: fc.integer(),
      n: fc.integer({ min: 1, max: 70 }),
      kind: fc.constantFrom("dense", "sparse", "integers", "low rank", "band"),
    });
    fc.assert(
      fc.property(anyMatrix, fc.nat(70), ({ seed, n, kind }, count) => {
        const random = new Random(seed);
        const left = Float64Array.from({ length: 3 * n }, () => random.normal());
        const entries: Record<typeof kind, Entry> = {
          dense: () => random.normal(),
          sparse: () => (random.uniform() < 0.9 ? 0 : random.normal()),
          integers: () => random.integer(3) - 1,
          "low rank": (i, j) =>
            [0, 1, 2].reduce((sum, k) => sum + left[3 * i + k]! * left[3 * j + k]!, 0),
          band: (i, j) => (j - i < 3 ? random.normal() : 0),
        };
        const a = symmetric(n, entries[kind]);
        const kept = Math.min(n, count);
        const { values, vectors } = expectDecomposition(implementation, a);
        const unit = largestMagnitude(values);
        const fewer = expectDecomposition(implementation, a, kept);
        expect(fewer.values).toBeAllclose(values, { atol: 3e-14 * unit });
        const trace = values.reduce((sum, x) => sum + x, 0);
        const diagonal = a.data.reduce((sum, x, at) => (at % (n + 1) === 0 ? sum + x : sum), 0);
        expect(trace).toBeAllclose(diagonal, { atol: 1e-13 * unit });
        expect(vectors.data.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("a matrix of many panels and merges, with all eigenvectors, some, and none", () => {
    const a = gaussian(261);
    const { values } = expectDecomposition(implementation, a);
    for (const kept of [0, 1, 77]) {
      const fewer = expectDecomposition(implementation, a, kept);
      expect(fewer.values).toBeAllclose(values, { atol: 3e-14 * values[0]! });
    }
  });
});

const processor = singleProcessor(kernels);
const arena = new Arena(processor.memory);
const { jobs } = processor;

describe("the kernel symmetricEigen", () => {
  const run = (a: Float64Array, n: number) =>
    arena.within(() => {
      const scratch = arena.bytes(jobs.symmetricEigenScratchBytes!(n, n) >>> 0);
      const [values, vectors] = [arena.doubles(n), arena.doubles(n * n)];
      const code = jobs.symmetricEigen!(arena.put(a), n, values, vectors, n, scratch);
      return { code, values: arena.take(values, n), vectors: arena.take(vectors, n * n) };
    });

  test("reads the upper triangle only", () => {
    const n = 45;
    const { data } = gaussian(n);
    const upper = data.map((x, at) => (at % n < Math.floor(at / n) ? Number.NaN : x));
    expect(run(upper, n)).toEqual(run(data, n));
  });

  test("tells entries that are not finite", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const { data } = gaussian(9);
      data[13] = bad;
      expect(run(data, 9).code).toBe(1);
    }
  });

  test("the same matrix gives the same bits, whatever the scratch space held", () => {
    const { data } = gaussian(80);
    const first = run(data, 80);
    arena.within(() => arena.view(arena.doubles(60_000), 60_000).fill(Number.NaN));
    expect(run(data, 80)).toEqual(first);
  });
});

/** The two planes of a Hermitian matrix, from its upper triangle. */
interface Hermitian {
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly n: number;
}

function hermitian(n: number, real: Entry, imaginary: Entry): Hermitian {
  const re = symmetric(n, real).data;
  const im = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      im[i * n + j] = imaginary(i, j);
      im[j * n + i] = -im[i * n + j]!;
    }
  }
  return { re, im, n };
}

const gaussianHermitian = (n: number, seed = 1): Hermitian => {
  const random = new Random(seed);
  const entry = () => random.normal();
  return hermitian(n, entry, entry);
};

/** The real symmetric matrix [re, −im; im, re], which has every eigenvalue twice. */
const realForm = ({ re, im, n }: Hermitian): Dense =>
  symmetric(2 * n, (i, j) => {
    if (i < n && j >= n) return -im[i * n + j - n]!;
    return re[(i % n) * n + (j % n)]!;
  });

function hermitianEigen({ re, im, n }: Hermitian, kept = n) {
  return arena.within(() => {
    const scratch = arena.bytes(jobs.hermitianEigenScratchBytes!(n, kept) >>> 0);
    const values = arena.doubles(n);
    const [vectorsRe, vectorsIm] = [arena.doubles(n * kept), arena.doubles(n * kept)];
    const [a, b] = [arena.put(re), arena.put(im)];
    const code = jobs.hermitianEigen!(a, b, n, values, vectorsRe, vectorsIm, kept, scratch);
    expect(code).toBe(0);
    return {
      values: arena.take(values, n),
      vectorsRe: arena.take(vectorsRe, n * kept),
      vectorsIm: arena.take(vectorsIm, n * kept),
    };
  });
}

/**
 * With x + i·y an eigenvector of the complex matrix, (x, y) and (−y, x) are orthogonal eigenvectors of its real form:
 * checked there.
 */
function expectHermitianDecomposition(a: Hermitian, kept = a.n) {
  const { values, vectorsRe, vectorsIm } = hermitianEigen(a, kept);
  expect(Array.from(values)).toEqual(Array.from(values).sort((x, y) => y - x));
  const vectors = { data: new Float64Array(4 * a.n * kept), rows: 2 * a.n, columns: 2 * kept };
  for (let i = 0; i < a.n; i++) {
    for (let j = 0; j < kept; j++) {
      const [x, y] = [vectorsRe[i * kept + j]!, vectorsIm[i * kept + j]!];
      const [upper, lower] = [2 * kept * i + 2 * j, 2 * kept * (i + a.n) + 2 * j];
      vectors.data.set([x, -y], upper);
      vectors.data.set([y, x], lower);
    }
  }
  const twice = Float64Array.from({ length: 2 * a.n }, (_, j) => values[j >> 1]!);
  expect(orthogonalityError(vectors)).toBeLessThan(2e-14);
  expect(residual(realForm(a), twice, vectors)).toBeLessThan(1e-14);
  const alone = hermitianEigen(a, 0).values;
  expect(alone).toBeAllclose(values, { atol: 3e-14 * largestMagnitude(values) });
  return { values, vectorsRe, vectorsIm };
}

describe("the kernel hermitianEigen", () => {
  test("a worked example: [1, i; −i, 1] has the eigenvalues 2 and 0", () => {
    const { values, vectorsRe, vectorsIm } = expectHermitianDecomposition(
      hermitian(
        2,
        (i, j) => (i === j ? 1 : 0),
        () => 1,
      ),
    );
    expect(values).toBeAllclose([2, 0], { atol: 1e-15 });
    const lengths = vectorsRe.map((x, at) => Math.hypot(x, vectorsIm[at]!));
    expect(lengths).toBeAllclose(Array(4).fill(Math.SQRT1_2), { atol: 1e-15 });
  });

  test("i times the difference of the cyclic shifts has the eigenvalues 2·sin(2πk / n)", () => {
    for (const n of [5, 16, 64]) {
      const a = hermitian(
        n,
        () => 0,
        (i, j) => (j === i + 1 ? 1 : i === 0 && j === n - 1 ? -1 : 0),
      );
      const { values } = expectHermitianDecomposition(a);
      const expected = Array.from({ length: n }, (_, k) => 2 * Math.sin((2 * Math.PI * k) / n));
      expect(values).toBeAllclose(
        expected.sort((x, y) => y - x),
        { atol: 1e-14 },
      );
    }
  });

  test("has the eigenvalues of the real form, each once", () => {
    for (const n of [1, 2, 3, 4, 7, 8, 9, 17, 32, 33, 64, 101]) {
      const a = gaussianHermitian(n, n);
      const { values } = expectHermitianDecomposition(a);
      const doubled = plainLinearAlgebra.symmetricEigen(realForm(a)).values;
      expect(values).toBeAllclose(
        doubled.filter((_, k) => k % 2 === 0),
        { atol: 1e-13 * values[0]! },
      );
    }
  });

  test("a real matrix, a purely imaginary one, zero, one of rank one, and fewer eigenvectors", () => {
    const random = new Random(5);
    const n = 41;
    const [x, y] = [0, 1].map(() => Array.from({ length: n }, () => random.normal())) as [
      number[],
      number[],
    ];
    const zero: Entry = () => 0;
    const any: Entry = () => random.normal();
    for (const a of [
      hermitian(n, any, zero),
      hermitian(n, zero, any),
      hermitian(n, zero, zero),
      hermitian(
        n,
        (i, j) => x[i]! * x[j]! + y[i]! * y[j]!,
        (i, j) => y[i]! * x[j]! - x[i]! * y[j]!,
      ),
    ]) {
      expectHermitianDecomposition(a);
      expectHermitianDecomposition(a, 6);
    }
  });

  test("scale does not matter", () => {
    const a = gaussianHermitian(20);
    const { values } = hermitianEigen(a);
    for (const exponent of [-1000, -300, 300, 1000]) {
      const factor = 2 ** exponent;
      const [re, im] = [a.re.map((x) => x * factor), a.im.map((x) => x * factor)];
      const { values: scaled } = expectHermitianDecomposition({ re, im, n: a.n });
      expect(scaled.map((x) => x / factor)).toBeAllclose(values, { atol: 1e-13 });
    }
  });

  test("reads the upper triangles only, and takes the diagonal as real", () => {
    const { re, im, n } = gaussianHermitian(30);
    const unread = (x: number, at: number) => (at % n < Math.floor(at / n) ? Number.NaN : x);
    const imaginary = im.map((x, at) => (at % (n + 1) === 0 ? 0.5 : unread(x, at)));
    expect(hermitianEigen({ re: re.map(unread), im: imaginary, n })).toEqual(
      hermitianEigen({ re, im, n }),
    );
  });
});
