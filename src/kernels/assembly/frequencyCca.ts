/** CCA of complex matrices that are well conditioned, through their Gram matrices. */

import { choleskyComplex, choleskyScratchBytes } from "./cholesky";
import { hermitianEigen, hermitianEigenScratchBytes } from "./hermitian";
import { gemm, gemmScratchBytes, multiplyPacked, packColumns } from "./product";
import { singularValuesComplex, singularValuesComplexScratchBytes } from "./singularValues";

/**
 * Largest condition of a side, its columns brought to length 1, with which the correlations are right to about 1e-10.
 * It is measured by Frobenius norms, which overstate it.
 */
const MAX_CONDITION: f64 = 1e3;
/** The same for eigenvalues of a Gram matrix, of which the small ones may be left out. */
const SAFE_EIGENVALUE: f64 = 1e-6;
/** Down to this fraction of the largest an eigenvalue is certainly not rounding. */
const CERTAIN_EIGENVALUE: f64 = 1e-10;
/** Numbers before the correlations of a frequency. */
const HEADER: i32 = 5;

/** Bytes of scratch space that {@link frequencyCca} needs. */
export function frequencyCcaScratchBytes(p: i32, q: i32): usize {
  const wider = max(p, q);
  const numbers = 4 * p * p + 4 * q * q + 4 * p * q + wider + 4;
  const inner = max(
    max(productsScratchBytes(p, q), <usize>choleskyScratchBytes()),
    max(
      max(<usize>gemmScratchBytes(), <usize>singularValuesComplexScratchBytes(p, q)),
      hermitianEigenScratchBytes(wider, wider),
    ),
  );
  return (<usize>numbers << 3) + inner;
}

/** Numbers that {@link frequencyCca} writes for a frequency. */
export function frequencyCcaResults(p: i32, q: i32): i32 {
  return HEADER + min(p, q);
}

/**
 * Canonical correlations of frequency `item`: for F = A + iB of either side and W with FW orthonormal, they are the
 * singular values of Wxᴴ·FxᴴFy·Wy. All directions (`variance` 1 and `components` 0) take W = L⁻ᴴ of FᴴF = LLᴴ; else W are
 * the eigenvectors of FᴴF that hold the fraction `variance` of its trace, or the first `components`, over √eigenvalue.
 *
 * @param x - For each frequency [n][p] real parts, then as many imaginary parts, columns centred.
 * @param noiseX - Size below which a singular value of x is rounding of earlier steps.
 * @param y - The same with q columns.
 * @param results - Receives for each frequency a status, kept directions of x and y, their fractions of the variance, and
 * the correlations, descending. Status 1 says that a side is not certain to have full rank and be conditioned well.
 */
export function frequencyCca(
  x: usize,
  p: i32,
  noiseX: f64,
  y: usize,
  q: i32,
  noiseY: f64,
  n: i32,
  variance: f64,
  components: i32,
  results: usize,
  scratch: usize,
  item: i32,
): void {
  x += <usize>item * ((<usize>n * <usize>p) << 4);
  y += <usize>item * ((<usize>n * <usize>q) << 4);
  results += <usize>item * (<usize>frequencyCcaResults(p, q) << 3);
  const gramX = scratch;
  const gramY = gramX + (<usize>(p * p) << 4);
  const cross = gramY + (<usize>(q * q) << 4);
  const mapX = cross + (<usize>(p * q) << 4);
  const mapY = mapX + (<usize>(p * p) << 4);
  const half = mapY + (<usize>(q * q) << 4);
  const sizes = half + (<usize>(p * q) << 4);
  const norms = sizes + (<usize>max(p, q) << 3);
  const inner = norms + 16;
  const whole = variance == 1 && components == 0;
  f64.store(results, 1);
  gramsAndCross(x, p, y, q, n, gramX, gramY, cross, inner);
  const keptX = whole
    ? wholeMap(gramX, p, n, noiseX, mapX, sizes, norms, inner)
    : keptMap(gramX, p, noiseX, variance, components, mapX, sizes, norms, inner);
  if (keptX == 0) return;
  f64.store(results, f64.load(norms), 24);
  const keptY = whole
    ? wholeMap(gramY, q, n, noiseY, mapY, sizes, norms, inner)
    : keptMap(gramY, q, noiseY, variance, components, mapY, sizes, norms, inner);
  if (keptY == 0) return;
  f64.store(results, f64.load(norms), 32);
  f64.store(results, <f64>keptX, 8);
  f64.store(results, <f64>keptY, 16);
  productComplex(p, keptY, q, cross, mapY, half, inner);
  adjointProductComplex(keptX, keptY, p, mapX, half, cross, inner);
  const plane = <usize>(keptX * keptY) << 3;
  const correlations = results + (HEADER << 3);
  const failed = singularValuesComplex(cross, cross + plane, keptX, keptY, correlations, inner);
  f64.store(results, <f64>failed);
}

/** Length of the sums for which all of the sides' panels lie in the second-level cache together. */
const BLOCK: i32 = 128;

function panelBytes(lanes: i32): usize {
  return <usize>(((lanes + 3) >> 2) * BLOCK) << 5;
}

function productsScratchBytes(p: i32, q: i32): usize {
  return 4 * (panelBytes(p) + panelBytes(q)) + (<usize>(p * q + max(p * p, q * q)) << 3) + 128;
}

/**
 * The upper triangles of FᴴF of both sides, and FxᴴFy, each in two planes. For F = A + iB, with S = A + B and D = A − B:
 *
 *     H = DᵀS = (AᵀA − BᵀB) + (AᵀB − BᵀA), a symmetric and an antisymmetric part: with AᵀA, three half products make FᴴF
 *     Re FxᴴFy = AxᵀAy + BxᵀBy,     Im FxᴴFy = AxᵀAy − BxᵀBy − SxᵀDy, three products instead of four
 *
 * Each block of rows is packed once for all products.
 */
function gramsAndCross(
  x: usize,
  p: i32,
  y: usize,
  q: i32,
  n: i32,
  gramX: usize,
  gramY: usize,
  cross: usize,
  scratch: usize,
): void {
  const sizeX = panelBytes(p);
  const sizeY = panelBytes(q);
  const panelsX = scratch;
  const panelsY = panelsX + 4 * sizeX;
  const third = panelsY + 4 * sizeY;
  const tile = third + (<usize>(p * q + max(p * p, q * q)) << 3);
  const planeX = <usize>(p * p) << 3;
  const planeY = <usize>(q * q) << 3;
  const plane = <usize>(p * q) << 3;
  memory.fill(gramX, 0, 2 * planeX);
  memory.fill(gramY, 0, 2 * planeY);
  memory.fill(cross, 0, 2 * plane);
  memory.fill(third, 0, plane);
  for (let first = 0; first < n; first += BLOCK) {
    const depth = min(BLOCK, n - first);
    packParts(x, p, n, first, depth, panelsX, sizeX);
    packParts(y, q, n, first, depth, panelsY, sizeY);
    multiplyPacked(panelsX, p, panelsX, p, depth, 1, gramX, p, tile, true);
    multiplyPacked(panelsX + 3 * sizeX, p, panelsX + 2 * sizeX, p, depth, 1, gramX + planeX, p, tile);
    multiplyPacked(panelsY, q, panelsY, q, depth, 1, gramY, q, tile, true);
    multiplyPacked(panelsY + 3 * sizeY, q, panelsY + 2 * sizeY, q, depth, 1, gramY + planeY, q, tile);
    multiplyPacked(panelsX, p, panelsY, q, depth, 1, cross, q, tile);
    multiplyPacked(panelsX + sizeX, p, panelsY + sizeY, q, depth, 1, cross + plane, q, tile);
    multiplyPacked(panelsX + 2 * sizeX, p, panelsY + 3 * sizeY, q, depth, 1, third, q, tile);
  }
  combineGram(gramX, p);
  combineGram(gramY, q);
  for (let at: usize = 0; at < plane; at += 8) {
    const a = f64.load(cross + at);
    const b = f64.load(cross + plane + at);
    f64.store(cross + at, a + b);
    f64.store(cross + plane + at, a - b - f64.load(third + at));
  }
}

/** Packs A, B, A + B and A − B of some rows, each `size` bytes after the other. */
function packParts(
  f: usize,
  p: i32,
  n: i32,
  first: i32,
  depth: i32,
  into: usize,
  size: usize,
): void {
  const from = f + (<usize>(first * p) << 3);
  packColumns(from, p, p, depth, into);
  packColumns(from + (<usize>(n * p) << 3), p, p, depth, into + size);
  const end = into + (<usize>(((p + 3) >> 2) * depth) << 5);
  for (; into < end; into += 16) {
    const a = v128.load(into);
    const b = v128.load(into + size);
    v128.store(into + 2 * size, f64x2.add(a, b));
    v128.store(into + 3 * size, f64x2.sub(a, b));
  }
}

/** From AᵀA and H to the upper triangle of FᴴF. */
function combineGram(gram: usize, p: i32): void {
  const plane = <usize>(p * p) << 3;
  for (let i = 0; i < p; i++) {
    for (let j = i; j < p; j++) {
      const above = gram + (<usize>(i * p + j) << 3);
      const h = f64.load(above + plane);
      const mirrored = f64.load(gram + plane + (<usize>(j * p + i) << 3));
      f64.store(above, 2 * f64.load(above) - (h + mirrored) / 2);
      f64.store(above + plane, (h - mirrored) / 2);
    }
  }
}

/**
 * W = L⁻ᴴ for all directions, p × p. Returns p, or 0 where condition or rank are not certain; `norms` then holds 1, the
 * fraction of the variance.
 */
function wholeMap(
  gram: usize,
  p: i32,
  n: i32,
  noise: f64,
  map: usize,
  lengths: usize,
  norms: usize,
  scratch: usize,
): i32 {
  const plane = <usize>(p * p) << 3;
  let total: f64 = 0;
  for (let j = 0; j < p; j++) {
    const square = f64.load(gram + (<usize>(j * p + j) << 3));
    if (!(square > 0)) return 0;
    total += square;
    f64.store(lengths + (<usize>j << 3), sqrt(square));
  }
  // With columns of length 1 the condition does not suffer from channels of different scale.
  divideByLengths(gram, p, lengths);
  divideByLengths(gram + plane, p, lengths);
  if (choleskyComplex(gram, gram + plane, p, p, map, map + plane, p, norms, scratch) != 0) return 0;
  if (!(f64.load(norms) * f64.load(norms, 8) <= MAX_CONDITION)) return 0;
  // The inverse at the columns' own lengths: its norm bounds the smallest singular value.
  let square: f64 = 0;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      const at = map + (<usize>(i * p + j) << 3);
      const length = f64.load(lengths + (<usize>j << 3));
      const re = f64.load(at) / length;
      const im = f64.load(at + plane) / length;
      f64.store(at, re);
      f64.store(at + plane, im);
      square += re * re + im * im;
    }
  }
  const smallest = 1 / sqrt(square);
  if (!(smallest > noise && smallest > <f64>max(n, p) * f64.EPSILON * sqrt(total))) return 0;
  adjointInPlace(map, p);
  f64.store(norms, 1);
  return p;
}

/**
 * W = V·diag(eigenvalues)^−½ for the directions that are kept, p × kept. Returns how many, or 0 where condition or rank
 * are not certain; `norms` then holds their fraction of the variance.
 */
function keptMap(
  gram: usize,
  p: i32,
  noise: f64,
  variance: f64,
  components: i32,
  map: usize,
  values: usize,
  norms: usize,
  scratch: usize,
): i32 {
  const plane = <usize>(p * p) << 3;
  if (hermitianEigen(gram, gram + plane, p, values, map, map + plane, p, scratch) != 0) return 0;
  const first = f64.load(values);
  const least = f64.load(values + (<usize>(p - 1) << 3));
  if (!(least > CERTAIN_EIGENVALUE * first && least > noise * noise)) return 0;
  let total: f64 = 0;
  for (let i = 0; i < p; i++) total += f64.load(values + (<usize>i << 3));
  // The small allowance makes an exact tie come out the same however the sums round.
  const wanted = (variance - 1e-12) * total;
  let sum: f64 = 0;
  let kept = 0;
  while (kept < p && (components > 0 ? kept < components : sum < wanted)) {
    sum += f64.load(values + (<usize>kept << 3));
    kept++;
  }
  if (!(f64.load(values + (<usize>(kept - 1) << 3)) >= SAFE_EIGENVALUE * first)) return 0;
  // Columns move together, from rows of p to rows of `kept` numbers.
  for (let part = 0; part < 2; part++) {
    const from = map + plane * <usize>part;
    const to = map + (<usize>(part * p * kept) << 3);
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < kept; j++) {
        const root = sqrt(f64.load(values + (<usize>j << 3)));
        const value = f64.load(from + (<usize>(i * p + j) << 3)) / root;
        f64.store(to + (<usize>(i * kept + j) << 3), value);
      }
    }
  }
  f64.store(norms, sum / total);
  return kept;
}

/** Divides entry (i, j) by lengths[i]·lengths[j]. */
function divideByLengths(a: usize, n: i32, lengths: usize): void {
  for (let i = 0; i < n; i++) {
    const row = f64.load(lengths + (<usize>i << 3));
    for (let j = 0; j < n; j++, a += 8) {
      f64.store(a, f64.load(a) / row / f64.load(lengths + (<usize>j << 3)));
    }
  }
}

/** Aᴴ in the place of a square A. */
function adjointInPlace(a: usize, n: i32): void {
  const plane = <usize>(n * n) << 3;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const below = a + (<usize>(i * n + j) << 3);
      const above = a + (<usize>(j * n + i) << 3);
      const re = f64.load(below);
      const im = f64.load(below + plane);
      f64.store(below, f64.load(above));
      f64.store(below + plane, -f64.load(above + plane));
      f64.store(above, re);
      f64.store(above + plane, -im);
    }
  }
}

/** C = A·B, [m × k]·[k × n], of complex matrices in two planes. */
function productComplex(m: i32, n: i32, k: i32, a: usize, b: usize, c: usize, scratch: usize): void {
  const imA = a + (<usize>(m * k) << 3);
  const imB = b + (<usize>(k * n) << 3);
  const imC = c + (<usize>(m * n) << 3);
  memory.fill(c, 0, <usize>(m * n) << 4);
  gemm(m, n, k, 1, a, k, false, b, n, false, c, n, scratch);
  gemm(m, n, k, -1, imA, k, false, imB, n, false, c, n, scratch);
  gemm(m, n, k, 1, a, k, false, imB, n, false, imC, n, scratch);
  gemm(m, n, k, 1, imA, k, false, b, n, false, imC, n, scratch);
}

/** C = Aᴴ·B, [k × m]ᴴ·[k × n]. */
function adjointProductComplex(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  scratch: usize,
): void {
  const imA = a + (<usize>(k * m) << 3);
  const imB = b + (<usize>(k * n) << 3);
  const imC = c + (<usize>(m * n) << 3);
  memory.fill(c, 0, <usize>(m * n) << 4);
  gemm(m, n, k, 1, a, m, true, b, n, false, c, n, scratch);
  gemm(m, n, k, 1, imA, m, true, imB, n, false, c, n, scratch);
  gemm(m, n, k, 1, a, m, true, imB, n, false, imC, n, scratch);
  gemm(m, n, k, -1, imA, m, true, b, n, false, imC, n, scratch);
}
