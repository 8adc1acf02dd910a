import { gemm, gemmScratchBytes, madd, packColumns } from "./product";
import {
  divide,
  finite,
  largestInTriangle,
  safeUnit,
  scaledTridiagonal,
  tridiagonalBytes,
} from "./symmetricEigen";
import { lanes, NEGLIGIBLE_SQUARES, subtractUpper } from "./tridiagonal";
import { addCombination, addScaled, dot, dots, scale, transpose } from "./vectors";

/**
 * Complex Hermitian matrices as two planes of real numbers: a symmetric real and an antisymmetric imaginary part. A
 * reduction to a real tridiagonal matrix, then the solver of the real case, then back.
 *
 * Everything works on the conjugate matrix G, whose column below the diagonal is the row right of the diagonal that
 * memory holds: g[j, i] = re[i, j] + i·im[i, j] for j ≥ i. Its eigenvectors are conjugated at the end.
 */

/** Reflections that are gathered before they are applied to the rest of the matrix. A multiple of 4. */
const PANEL: i32 = 8;
/** Reflections that are applied together on the way back. */
const BACK_PANEL: i32 = 16;

/** c − a·b, rounded once where the runtime has fused multiply-add. */
// @ts-ignore: decorator
@inline
function subtractProduct(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_nmadd(a, b, c);
  return f64x2.sub(c, f64x2.mul(a, b));
}

/** x *= factor for complex x and factor. */
function scaleComplex(factorRe: f64, factorIm: f64, re: usize, im: usize, length: i32): void {
  const real = f64x2.splat(factorRe);
  const imaginary = f64x2.splat(factorIm);
  let i = 0;
  for (; i + 2 <= length; i += 2, re += 16, im += 16) {
    const x = v128.load(re);
    const y = v128.load(im);
    v128.store(re, subtractProduct(imaginary, y, f64x2.mul(real, x)));
    v128.store(im, madd(imaginary, x, f64x2.mul(real, y)));
  }
  if (i < length) {
    const x = f64.load(re);
    const y = f64.load(im);
    f64.store(re, factorRe * x - factorIm * y);
    f64.store(im, factorIm * x + factorRe * y);
  }
}

/**
 * Turns x into v, with v₀ = 1, such that (I − τ·vvᴴ)ᴴ·x = (β, 0, …, 0) with a real β. Returns β and stores τ.
 */
function makeReflection(re: usize, im: usize, length: i32, tauRe: usize, tauIm: usize): f64 {
  const headRe = f64.load(re);
  const headIm = f64.load(im);
  const rest = length - 1;
  const squares = dot(re + 8, re + 8, rest) + dot(im + 8, im + 8, rest) + headIm * headIm;
  f64.store(re, 1);
  f64.store(im, 0);
  if (!(squares > NEGLIGIBLE_SQUARES)) {
    memory.fill(re + 8, 0, <usize>rest << 3);
    memory.fill(im + 8, 0, <usize>rest << 3);
    f64.store(tauRe, 0);
    f64.store(tauIm, 0);
    return headRe;
  }
  // The sign that avoids cancellation.
  const norm = Math.sqrt(headRe * headRe + squares);
  const beta = headRe > 0 ? -norm : norm;
  const shifted = headRe - beta;
  const inverse = 1 / (shifted * shifted + headIm * headIm);
  scaleComplex(shifted * inverse, -headIm * inverse, re + 8, im + 8, rest);
  f64.store(tauRe, (beta - headRe) / beta);
  f64.store(tauIm, -headIm / beta);
  return beta;
}

/** y += G·x for one stored row, whose part right of the diagonal also stands for a column. */
function oneRowTimesVector(
  re: usize,
  im: usize,
  length: i32,
  xRe: usize,
  xIm: usize,
  yRe: usize,
  yIm: usize,
): void {
  const ownRe = f64.load(xRe);
  const ownIm = f64.load(xIm);
  const sumRe = dot(re, xRe, length) + dot(im, xIm, length);
  const sumIm = dot(re, xIm, length) - dot(im, xRe, length);
  addScaled(yRe + 8, ownRe, re + 8, length - 1);
  addScaled(yRe + 8, -ownIm, im + 8, length - 1);
  addScaled(yIm + 8, ownIm, re + 8, length - 1);
  addScaled(yIm + 8, ownRe, im + 8, length - 1);
  f64.store(yRe, f64.load(yRe) + sumRe);
  f64.store(yIm, f64.load(yIm) + sumIm);
}

/**
 * y += G·x for two stored rows. The pointers are at the diagonal of the first row; the 2 × 2 square on the diagonal is
 * complete, what follows also stands for two columns.
 */
function twoRowsTimesVector(
  re0: usize,
  im0: usize,
  stride: usize,
  length: i32,
  xRe: usize,
  xIm: usize,
  yRe: usize,
  yIm: usize,
): void {
  let re1 = re0 + stride;
  let im1 = im0 + stride;
  const intoRe = yRe;
  const intoIm = yIm;
  const ownRe0 = v128.load64_splat(xRe);
  const ownRe1 = v128.load64_splat(xRe, 8);
  const ownIm0 = v128.load64_splat(xIm);
  const ownIm1 = v128.load64_splat(xIm, 8);
  let x = v128.load(xRe);
  let y = v128.load(xIm);
  let sumRe0 = madd(v128.load(im0), y, f64x2.mul(v128.load(re0), x));
  let sumIm0 = subtractProduct(v128.load(im0), x, f64x2.mul(v128.load(re0), y));
  let sumRe1 = madd(v128.load(im1), y, f64x2.mul(v128.load(re1), x));
  let sumIm1 = subtractProduct(v128.load(im1), x, f64x2.mul(v128.load(re1), y));
  let i = 2;
  for (; i + 2 <= length; i += 2) {
    xRe += 16;
    xIm += 16;
    yRe += 16;
    yIm += 16;
    re0 += 16;
    im0 += 16;
    re1 += 16;
    im1 += 16;
    x = v128.load(xRe);
    y = v128.load(xIm);
    let totalRe = v128.load(yRe);
    let totalIm = v128.load(yIm);
    let real = v128.load(re0);
    let imaginary = v128.load(im0);
    sumRe0 = madd(imaginary, y, madd(real, x, sumRe0));
    sumIm0 = subtractProduct(imaginary, x, madd(real, y, sumIm0));
    totalRe = subtractProduct(imaginary, ownIm0, madd(real, ownRe0, totalRe));
    totalIm = madd(imaginary, ownRe0, madd(real, ownIm0, totalIm));
    real = v128.load(re1);
    imaginary = v128.load(im1);
    sumRe1 = madd(imaginary, y, madd(real, x, sumRe1));
    sumIm1 = subtractProduct(imaginary, x, madd(real, y, sumIm1));
    totalRe = subtractProduct(imaginary, ownIm1, madd(real, ownRe1, totalRe));
    totalIm = madd(imaginary, ownRe1, madd(real, ownIm1, totalIm));
    v128.store(yRe, totalRe);
    v128.store(yIm, totalIm);
  }
  if (i < length) {
    x = v128.load64_zero(xRe, 16);
    y = v128.load64_zero(xIm, 16);
    let totalRe = v128.load64_zero(yRe, 16);
    let totalIm = v128.load64_zero(yIm, 16);
    let real = v128.load64_zero(re0, 16);
    let imaginary = v128.load64_zero(im0, 16);
    sumRe0 = madd(imaginary, y, madd(real, x, sumRe0));
    sumIm0 = subtractProduct(imaginary, x, madd(real, y, sumIm0));
    totalRe = subtractProduct(imaginary, ownIm0, madd(real, ownRe0, totalRe));
    totalIm = madd(imaginary, ownRe0, madd(real, ownIm0, totalIm));
    real = v128.load64_zero(re1, 16);
    imaginary = v128.load64_zero(im1, 16);
    sumRe1 = madd(imaginary, y, madd(real, x, sumRe1));
    sumIm1 = subtractProduct(imaginary, x, madd(real, y, sumIm1));
    totalRe = subtractProduct(imaginary, ownIm1, madd(real, ownRe1, totalRe));
    totalIm = madd(imaginary, ownRe1, madd(real, ownIm1, totalIm));
    v128.store64_lane(yRe, totalRe, 0, 16);
    v128.store64_lane(yIm, totalIm, 0, 16);
  }
  f64.store(intoRe, f64.load(intoRe) + lanes(sumRe0));
  f64.store(intoRe, f64.load(intoRe, 8) + lanes(sumRe1), 8);
  f64.store(intoIm, f64.load(intoIm) + lanes(sumIm0));
  f64.store(intoIm, f64.load(intoIm, 8) + lanes(sumIm1), 8);
}

/** y = G·x in rows and columns `from` … n − 1; squares of 2 on the diagonal, counted from row 0, are complete. */
function timesVector(
  re: usize,
  im: usize,
  n: i32,
  from: i32,
  xRe: usize,
  xIm: usize,
  yRe: usize,
  yIm: usize,
): void {
  const stride = <usize>n << 3;
  const bytes = <usize>(n - from) << 3;
  memory.fill(yRe + (<usize>from << 3), 0, bytes);
  memory.fill(yIm + (<usize>from << 3), 0, bytes);
  for (let i = from; i < n; ) {
    const at = <usize>i << 3;
    const row = stride * <usize>i + at;
    if ((i & 1) != 0 || i + 1 == n) {
      oneRowTimesVector(re + row, im + row, n - i, xRe + at, xIm + at, yRe + at, yIm + at);
      i++;
    } else {
      twoRowsTimesVector(re + row, im + row, stride, n - i, xRe + at, xIm + at, yRe + at, yIm + at);
      i += 2;
    }
  }
}

/** Makes the diagonal real, and every square of 4 on it complete from its upper half. */
function completeDiagonalSquares(re: usize, im: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    f64.store(im + ((<usize>i * <usize>(n + 1)) << 3), 0);
    for (let j = i & ~3; j < i; j++) {
      const to = (<usize>i * <usize>n + <usize>j) << 3;
      const from = (<usize>j * <usize>n + <usize>i) << 3;
      f64.store(re + to, f64.load(re + from));
      f64.store(im + to, -f64.load(im + from));
    }
  }
}

/** Four numbers. */
// @ts-ignore: decorator
@inline
function storeFour(into: usize, a: f64, b: f64, c: f64, d: f64): void {
  f64.store(into, a);
  f64.store(into, b, 8);
  f64.store(into, c, 16);
  f64.store(into, d, 24);
}

/** Brings row i, from the diagonal on, up to date with the `k` reflections of the panel before it. */
function updateRow(
  re: usize,
  im: usize,
  panel: usize,
  stride: usize,
  k: i32,
  length: i32,
  factors: usize,
): void {
  const others = factors + (<usize>PANEL << 5);
  for (let j: usize = 0; j < <usize>k; j++) {
    const group = panel + 4 * j * stride;
    const vRe = f64.load(group);
    const vIm = f64.load(group + stride);
    const wRe = f64.load(group + 2 * stride);
    const wIm = f64.load(group + 3 * stride);
    storeFour(factors + (j << 5), wRe, wIm, vRe, vIm);
    storeFour(others + (j << 5), -wIm, wRe, -vIm, vRe);
  }
  addCombination(re, -1, factors, 8, panel, stride, 4 * k, length);
  addCombination(im, -1, others, 8, panel, stride, 4 * k, length);
}

/** y −= Σ v·(wᴴx) + w·(vᴴx) over the `k` reflections of the panel so far. */
function subtractProducts(
  panel: usize,
  stride: usize,
  k: i32,
  xRe: usize,
  xIm: usize,
  yRe: usize,
  yIm: usize,
  length: i32,
  factors: usize,
): void {
  const others = factors + (<usize>PANEL << 5);
  dots(panel, stride, 4 * k, xRe, length, factors);
  dots(panel, stride, 4 * k, xIm, length, others);
  for (let j: usize = 0; j < <usize>k; j++) {
    const real = factors + (j << 5);
    const imaginary = others + (j << 5);
    const vxRe = f64.load(real) + f64.load(imaginary, 8);
    const vxIm = f64.load(imaginary) - f64.load(real, 8);
    const wxRe = f64.load(real, 16) + f64.load(imaginary, 24);
    const wxIm = f64.load(imaginary, 16) - f64.load(real, 24);
    storeFour(real, wxRe, -wxIm, vxRe, -vxIm);
    storeFour(imaginary, wxIm, wxRe, vxIm, vxRe);
  }
  addCombination(yRe, -1, factors, 8, panel, stride, 4 * k, length);
  addCombination(yIm, -1, others, 8, panel, stride, 4 * k, length);
}

/**
 * Reduces rows first … first + count − 1. Rows 4k … 4k + 3 of `panel` become the k-th v and w, real and imaginary
 * parts each, so that the matrix beyond the panel is to become G − Σ (v·wᴴ + w·vᴴ).
 */
function reducePanel(
  re: usize,
  im: usize,
  n: i32,
  first: i32,
  count: i32,
  diagonal: usize,
  offDiagonal: usize,
  tausRe: usize,
  tausIm: usize,
  panel: usize,
  factors: usize,
): void {
  const stride = <usize>n << 3;
  for (let k = 0; k < count; k++) {
    const i = first + k;
    const at = <usize>i << 3;
    const next = at + 8;
    const length = n - i - 1;
    const rowRe = re + stride * <usize>i;
    const rowIm = im + stride * <usize>i;
    updateRow(rowRe + at, rowIm + at, panel + at, stride, k, length + 1, factors);
    f64.store(diagonal + at, f64.load(rowRe + at));
    const beta = makeReflection(rowRe + next, rowIm + next, length, tausRe + at, tausIm + at);
    f64.store(offDiagonal + at, beta);
    // Later the row stands for v with its leading zeros.
    memory.fill(rowRe, 0, next);
    memory.fill(rowIm, 0, next);
    const vRe = panel + 4 * <usize>k * stride + next;
    const vIm = vRe + stride;
    const wRe = vIm + stride;
    const wIm = wRe + stride;
    memory.copy(vRe, rowRe + next, <usize>length << 3);
    memory.copy(vIm, rowIm + next, <usize>length << 3);
    const tauRe = f64.load(tausRe + at);
    const tauIm = f64.load(tausIm + at);
    if (tauRe == 0) {
      memory.fill(wRe, 0, <usize>length << 3);
      memory.fill(wIm, 0, <usize>length << 3);
      continue;
    }
    timesVector(re, im, n, i + 1, vRe - next, vIm - next, wRe - next, wIm - next);
    subtractProducts(panel + next, stride, k, vRe, vIm, wRe, wIm, length, factors);
    const energy = dot(vRe, wRe, length) + dot(vIm, wIm, length);
    scaleComplex(tauRe, tauIm, wRe, wIm, length);
    const factor = -0.5 * (tauRe * tauRe + tauIm * tauIm) * energy;
    addScaled(wRe, factor, vRe, length);
    addScaled(wIm, factor, vIm, length);
  }
}

/** From packed rows vRe, vIm, wRe, wIm: the left operand of both planes, the right one of the imaginary plane. */
function arrangePacked(packed: usize, left: usize, imaginary: usize, groups: usize): void {
  for (; groups > 0; groups--, packed += 128, left += 128, imaginary += 128) {
    for (let half: usize = 0; half < 32; half += 16) {
      const vRe = v128.load(packed + half);
      const vIm = v128.load(packed + half, 32);
      const wRe = v128.load(packed + half, 64);
      const wIm = v128.load(packed + half, 96);
      v128.store(left + half, wRe);
      v128.store(left + half, wIm, 32);
      v128.store(left + half, vRe, 64);
      v128.store(left + half, vIm, 96);
      v128.store(imaginary + half, vIm);
      v128.store(imaginary + half, f64x2.neg(vRe), 32);
      v128.store(imaginary + half, wIm, 64);
      v128.store(imaginary + half, f64x2.neg(wRe), 96);
    }
  }
}

/** Bytes of scratch space that {@link tridiagonalizeHermitian} needs. */
function tridiagonalizeHermitianScratchBytes(n: i32): usize {
  const width = <usize>((n + 3) & ~3);
  return (16 * <usize>PANEL * width + 8 * <usize>PANEL + 16) << 3;
}

/** Reduces G [n × n] to a real tridiagonal matrix, as `tridiagonalize` does, with n − 1 reflections. */
function tridiagonalizeHermitian(
  re: usize,
  im: usize,
  n: i32,
  diagonal: usize,
  offDiagonal: usize,
  tausRe: usize,
  tausIm: usize,
  scratch: usize,
): void {
  const stride = <usize>n << 3;
  const bytes = <usize>PANEL * <usize>((n + 3) & ~3) * 32;
  const panel = scratch;
  const packed = panel + bytes;
  const left = packed + bytes;
  const imaginary = left + bytes;
  const factors = imaginary + bytes;
  const tile = factors + (<usize>PANEL << 6);
  completeDiagonalSquares(re, im, n);
  for (let first = 0; first < n - 1; first += PANEL) {
    const count = min(PANEL, n - 1 - first);
    reducePanel(re, im, n, first, count, diagonal, offDiagonal, tausRe, tausIm, panel, factors);
    const next = first + count;
    const m = n - next;
    const at = <usize>next << 3;
    const corner = stride * <usize>next + at;
    packColumns(panel + at, n, m, 4 * count, packed);
    arrangePacked(packed, left, imaginary, <usize>((m + 3) >> 2) * <usize>count);
    subtractUpper(re + corner, n, m, left, packed, 4 * count, tile);
    subtractUpper(im + corner, n, m, left, imaginary, 4 * count, tile);
  }
  const last = <usize>(n - 1) << 3;
  f64.store(diagonal + last, f64.load(re + stride * <usize>(n - 1) + last));
}

/**
 * The triangular factor of `count` reflections: H₀·H₁·… = I − VTVᴴ. `products` [2·count × 2·count] holds all products
 * of the rows vRe …, vIm …. `factor` [2·count × 2·count] becomes F = −Tᵀ as the real matrix [Fre, −Fim; Fim, Fre].
 */
function triangularFactor(
  products: usize,
  tausRe: usize,
  tausIm: usize,
  count: i32,
  factor: usize,
): void {
  const size = <usize>count << 3;
  const stride = size * 2;
  memory.fill(factor, 0, stride * <usize>count * 2);
  for (let i: usize = 0; i < <usize>count; i++) {
    const at = i << 3;
    const re = factor + stride * (i + <usize>count) + size;
    const im = re - size;
    const tauRe = f64.load(tausRe + at);
    const tauIm = f64.load(tausIm + at);
    for (let k: usize = 0; k < i; k++) {
      // vₖᴴ·vᵢ times −τᵢ.
      const productRow = products + stride * k + at;
      const otherRow = productRow + stride * <usize>count;
      const real = f64.load(productRow) + f64.load(otherRow + size);
      const imaginary = f64.load(productRow + size) - f64.load(otherRow);
      const factorRe = tauIm * imaginary - tauRe * real;
      const factorIm = -tauRe * imaginary - tauIm * real;
      const earlierRe = factor + stride * (k + <usize>count) + size;
      const earlierIm = earlierRe - size;
      const length = <i32>k + 1;
      addScaled(re, factorRe, earlierRe, length);
      addScaled(re, -factorIm, earlierIm, length);
      addScaled(im, factorIm, earlierRe, length);
      addScaled(im, factorRe, earlierIm, length);
    }
    f64.store(re + at, -tauRe);
    f64.store(im + at, -tauIm);
    const upper = factor + stride * i;
    memory.copy(upper, re, size);
    addScaled(upper + size, -1, im, count);
  }
}

/**
 * From the products [2·count × 2·size] of rows zRe …, zIm … with vRe …, vIm …, in place: X = Z·conj(V)ᵀ as the real
 * matrix [Xre, −Xim; Xim, Xre].
 */
function combineProducts(products: usize, count: i32, size: i32): void {
  const half = <usize>size << 3;
  const below = half * <usize>count * 2;
  for (let i = 0; i < count; i++, products += 2 * half) {
    for (let at: usize = 0; at < half; at += 8) {
      const topLeft = products + at;
      const topRight = topLeft + half;
      const bottomLeft = topLeft + below;
      const bottomRight = topRight + below;
      const real = f64.load(topLeft) + f64.load(bottomRight);
      const imaginary = f64.load(bottomLeft) - f64.load(topRight);
      f64.store(topLeft, real);
      f64.store(topRight, -imaginary);
      f64.store(bottomLeft, imaginary);
      f64.store(bottomRight, real);
    }
  }
}

/** Bytes of scratch space that {@link applyHermitianReflections} needs, beside that of `gemm`. */
function applyHermitianReflectionsScratchBytes(n: i32, count: i32): usize {
  const panel = <usize>BACK_PANEL * 2;
  return panel * (panel + <usize>n + <usize>count) * 16;
}

/** z ← Q·z for every row z of `rows`: [count × n] real parts, followed by as many imaginary parts. */
function applyHermitianReflections(
  re: usize,
  im: usize,
  tausRe: usize,
  tausIm: usize,
  n: i32,
  rows: usize,
  count: i32,
  scratch: usize,
  gemmScratch: usize,
): void {
  if (n < 2) return;
  const panel = <usize>BACK_PANEL * 2;
  const products = scratch;
  const factor = products + ((panel * panel) << 3);
  const reflections = factor + ((panel * panel) << 3);
  const combined = reflections + ((panel * <usize>n) << 3);
  const projections = combined + ((panel * <usize>n) << 3);
  for (let first = ((n - 2) / BACK_PANEL) * BACK_PANEL; first >= 0; first -= BACK_PANEL) {
    const size = min(BACK_PANEL, n - 1 - first);
    const both = 2 * size;
    // v of row i begins at column i + 1.
    const start = first + 1;
    const m = n - start;
    const bytes = <usize>m << 3;
    for (let i = 0; i < size; i++) {
      const from = (<usize>(first + i) * <usize>n + <usize>start) << 3;
      memory.copy(reflections + bytes * <usize>i, re + from, bytes);
      memory.copy(reflections + bytes * <usize>(size + i), im + from, bytes);
    }
    const z = rows + (<usize>start << 3);
    const taus = <usize>first << 3;
    memory.fill(products, 0, <usize>(both * both) << 3);
    gemm(
      both,
      both,
      m,
      1,
      reflections,
      m,
      false,
      reflections,
      m,
      true,
      products,
      both,
      gemmScratch,
    );
    triangularFactor(products, tausRe + taus, tausIm + taus, size, factor);
    memory.fill(combined, 0, bytes * <usize>both);
    gemm(both, m, both, 1, factor, both, false, reflections, m, false, combined, m, gemmScratch);
    memory.fill(projections, 0, (<usize>count * <usize>both) << 4);
    gemm(2 * count, both, m, 1, z, n, false, reflections, m, true, projections, both, gemmScratch);
    combineProducts(projections, count, size);
    gemm(2 * count, m, both, 1, projections, both, false, combined, m, false, z, n, gemmScratch);
  }
}

/** Bytes of scratch space that {@link hermitianEigen} needs. */
export function hermitianEigenScratchBytes(n: i32, kept: i32): usize {
  const reduction = tridiagonalizeHermitianScratchBytes(n);
  const back =
    kept == 0
      ? <usize>0
      : applyHermitianReflectionsScratchBytes(n, kept) + <usize>gemmScratchBytes();
  return ((<usize>n * 4) << 3) + tridiagonalBytes(n, kept) + max(reduction, back);
}

/**
 * Eigenvalues and eigenvectors of a complex Hermitian matrix re + i·im.
 *
 * `re` and `im` [n × n] row-major; the upper triangles are read (the diagonal of `im` counts as zero), all of both is
 * destroyed. `values` gets all n eigenvalues, largest first. `vectorsRe` and `vectorsIm` [n × kept] row-major get the
 * orthonormal eigenvectors of the `kept` largest, one per column; with `kept` = 0 they are not touched. `scratch` as
 * `hermitianEigenScratchBytes` tells. Returns 0, or 1 if an iteration did not converge or an entry is not finite.
 */
export function hermitianEigen(
  re: usize,
  im: usize,
  n: i32,
  values: usize,
  vectorsRe: usize,
  vectorsIm: usize,
  kept: i32,
  scratch: usize,
): i32 {
  if (n == 0) return 0;
  const largest = max(largestInTriangle(re, n), largestInTriangle(im, n));
  if (!finite(largest)) return 1;
  const factor = safeUnit(largest);
  if (factor != 1) {
    scale(re, factor, n * n);
    scale(im, factor, n * n);
  }
  const list = <usize>n << 3;
  const offDiagonal = scratch;
  const tausRe = offDiagonal + list;
  const tausIm = tausRe + list;
  const rows = tausIm + 2 * list;
  const work = rows + list * <usize>n;
  const rest = scratch + 4 * list + tridiagonalBytes(n, kept);
  tridiagonalizeHermitian(re, im, n, values, offDiagonal, tausRe, tausIm, rest);
  const lost = scaledTridiagonal(values, offDiagonal, n, kept, rows, work, work + list * <usize>n);
  if (kept > 0) {
    const imaginaryRows = rows + list * <usize>kept;
    memory.fill(imaginaryRows, 0, list * <usize>kept);
    const gemmScratch = rest + applyHermitianReflectionsScratchBytes(n, kept);
    applyHermitianReflections(re, im, tausRe, tausIm, n, rows, kept, rest, gemmScratch);
    // Those of the conjugate matrix.
    scale(imaginaryRows, -1, n * kept);
    transpose(rows, kept, n, n, vectorsRe, kept);
    transpose(imaginaryRows, kept, n, n, vectorsIm, kept);
  }
  if (factor != 1) divide(factor, values, n);
  return lost;
}
