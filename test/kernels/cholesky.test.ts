import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { compileKernel } from "./compileKernel.js";

const { kernels, arena } = await compileKernel("cholesky.ts");

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

const zeros = (n: number): Complex => ({
  re: new Float64Array(n * n),
  im: new Float64Array(n * n),
});

/** C[i, j] = Σₖ A[i, k]·conj(B[j, k]) with `adjoint`, else Σₖ A[i, k]·B[k, j]. */
function times(a: Complex, b: Complex, n: number, adjoint = false): Complex {
  const c = zeros(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) {
        const left = i * n + k;
        const right = adjoint ? j * n + k : k * n + j;
        const im = adjoint ? -b.im[right]! : b.im[right]!;
        c.re[i * n + j]! += a.re[left]! * b.re[right]! - a.im[left]! * im;
        c.im[i * n + j]! += a.re[left]! * im + a.im[left]! * b.re[right]!;
      }
    }
  }
  return c;
}

const identity = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));

/** A well-conditioned positive definite matrix. */
function definite(seed: number, n: number): Complex {
  const random = new Random(seed);
  const a = {
    re: Float64Array.from({ length: n * n }, () => random.normal()),
    im: Float64Array.from({ length: n * n }, () => random.normal()),
  };
  const g = times(a, a, n, true);
  for (let i = 0; i < n; i++) g.re[i * (n + 1)]! += n;
  return g;
}

/** L, L⁻¹ and the norms that the kernel gives, of a matrix with gaps between its rows. */
function factor(g: Complex, n: number) {
  return arena.within(() => {
    const ld = n + 3;
    // What is below the diagonal is not read.
    const spread = (plane: Float64Array) =>
      Float64Array.from({ length: n * ld }, (_, at) =>
        at % ld < Math.floor(at / ld) || at % ld >= n
          ? 7
          : plane[Math.floor(at / ld) * n + (at % ld)]!,
      );
    const re = arena.put(spread(g.re));
    const im = arena.put(spread(g.im));
    const inverse = arena.put(new Float64Array(n * n));
    const inverseIm = arena.put(new Float64Array(n * n));
    const norms = arena.doubles(2);
    const scratch = arena.bytes(kernels.choleskyScratchBytes!());
    const failed = kernels.choleskyComplex!(re, im, n, ld, inverse, inverseIm, n, norms, scratch);
    const gathered = (at: number) =>
      arena.take(at, n * ld).filter((_, position) => position % ld < n);
    const l = { re: gathered(re), im: gathered(im) };
    const x = { re: arena.take(inverse, n * n), im: arena.take(inverseIm, n * n) };
    return { failed, l, x, norms: Array.from(arena.take(norms, 2)) };
  });
}

const norm = ({ re, im }: Complex) => Math.hypot(...re, ...im);

describe("choleskyComplex", () => {
  test("a worked example", () => {
    // [4 2i; −2i 2]: L = [2 0; −i 1].
    const g = { re: Float64Array.of(4, 0, 0, 2), im: Float64Array.of(0, 2, -2, 0) };
    const { l, x, norms } = factor(g, 2);
    expect(Array.from(l.re)).toEqual([2, 0, 0, 1]);
    expect(l.im.map((value) => value + 0)).toBeAllclose([0, 0, -1, 0], {});
    expect(x.re).toBeAllclose([0.5, 0, 0, 1], {});
    expect(x.im).toBeAllclose([0, 0, 0.5, 0], {});
    expect(norms).toBeAllclose([Math.sqrt(6), Math.sqrt(1.5)], { rtol: 1e-15 });
  });

  test("LLᴴ is the matrix, and L⁻¹L is 1, for sizes up to several blocks", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 80 }), (seed, n) => {
        const g = definite(seed, n);
        const { failed, l, x, norms } = factor(g, n);
        expect(failed).toBe(0);
        const product = times(l, l, n, true);
        const largest = Math.max(...g.re);
        expect(product.re).toBeAllclose(g.re, { atol: 1e-14 * largest });
        expect(product.im).toBeAllclose(g.im, { atol: 1e-14 * largest });
        const one = times(x, l, n);
        expect(one.re).toBeAllclose(identity(n), { atol: 1e-13 });
        expect(one.im).toBeAllclose(new Float64Array(n * n), { atol: 1e-13 });
        expect(norms).toBeAllclose([norm(l), norm(x)], { rtol: 1e-13 });
        for (const plane of [l.re, l.im, x.re, x.im]) {
          expect(plane.some((value, at) => value !== 0 && at % n > Math.floor(at / n))).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("many blocks", () => {
    const n = 200;
    const g = definite(1, n);
    const { l, x } = factor(g, n);
    expect(times(l, l, n, true).re).toBeAllclose(g.re, { atol: 1e-11 });
    expect(times(x, l, n).re).toBeAllclose(identity(n), { atol: 1e-12 });
    expect(times(x, l, n).im).toBeAllclose(new Float64Array(n * n), { atol: 1e-12 });
  });

  test("says which pivot is not positive", () => {
    for (const [n, at] of [
      [1, 0],
      [5, 3],
      [70, 40],
      [70, 69],
    ] as const) {
      for (const value of [-1, 0, Number.NaN, Number.POSITIVE_INFINITY]) {
        const g = { re: identity(n), im: new Float64Array(n * n) };
        g.re[at * (n + 1)] = value;
        expect(factor(g, n).failed, `${value}`).toBe(at + 1);
      }
    }
  });

  test("the product of the norms bounds the condition", () => {
    // Singular values of L are the roots of the eigenvalues: 1 and 1e-6.
    const n = 2;
    const [c, s] = [Math.cos(1), Math.sin(1)];
    const g = {
      re: Float64Array.of(c * c + 1e-12 * s * s, c * s * (1 - 1e-12), 0, s * s + 1e-12 * c * c),
      im: new Float64Array(4),
    };
    const { norms } = factor(g, n);
    expect(norms[0]! * norms[1]!).toBeGreaterThan(0.999e6);
    expect(norms[0]! * norms[1]!).toBeLessThan(1.01e6);
  });
});
