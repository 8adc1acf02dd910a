/**
 * Householder QR of a tall matrix that arrives in blocks of rows. The first block is reduced to a triangle R; every
 * further block B is worked into R by reflectors of [R; B] whose upper part is a unit vector, since R is a triangle.
 * Panels of columns at a time, so that nearly all work is products: a panel's reflectors are I − V·T·Vᵀ together.
 *
 * Each column is exact to rounding by itself, however different the scales of the columns are.
 */

import { gemm, gemmScratchBytes } from "./product";
import { addScaled, dot, fourDots, largestMagnitude, scale, transpose, unitFor } from "./vectors";

/** Columns in a panel. */
const PANEL: i32 = 32;
const PANEL_SQUARE: usize = <usize>(PANEL * PANEL) << 3;

function at(a: usize, ld: i32, i: i32, j: i32): usize {
  return a + ((<usize>i * <usize>ld + <usize>j) << 3);
}

/** Doubles in the triangular factors `t` of one block of `d` columns. */
export function qrFactorLength(d: i32): i32 {
  return ((d + PANEL - 1) / PANEL) * PANEL * PANEL;
}

/**
 * Bytes of scratch space that the functions of this file need, for blocks of up to `rows` rows and `d` columns and
 * for `m` columns that Q is applied to.
 */
export function qrScratchBytes(rows: i32, d: i32, m: i32): i32 {
  const panel = PANEL * (PANEL + rows);
  const products = 2 * PANEL * max(d, m);
  return gemmScratchBytes() + ((panel + products + PANEL + 4) << 3) + 2 * <i32>PANEL_SQUARE;
}

/** Where the parts of the scratch space lie. */
function panelIn(scratch: usize): usize {
  return scratch + <usize>gemmScratchBytes() + 2 * PANEL_SQUARE + (<usize>(PANEL + 4) << 3);
}
function tausIn(scratch: usize): usize {
  return scratch + <usize>gemmScratchBytes() + 2 * PANEL_SQUARE;
}
function gramIn(scratch: usize): usize {
  return scratch + <usize>gemmScratchBytes();
}

/**
 * Reduces the first block of rows to R.
 *
 * @param r - d × d, rows `ldr` apart: receives R, with zeros below the diagonal.
 * @param block - rows × d, rows `ld` apart, with rows ≥ d. Becomes R and, below the diagonal, the reflectors.
 * @param t - Receives {@link qrFactorLength}(d) numbers.
 */
export function qrFirstBlock(
  r: usize,
  d: i32,
  ldr: i32,
  block: usize,
  rows: i32,
  ld: i32,
  t: usize,
  scratch: usize,
): void {
  const panel = panelIn(scratch);
  const product = panel + (<usize>(PANEL * rows) << 3);
  for (let first = 0; first < d; first += PANEL, t += PANEL_SQUARE) {
    const width = min(PANEL, d - first);
    const length = rows - first;
    const corner = at(block, ld, first, first);
    transpose(corner, length, width, ld, panel, length);
    reflectPanel(panel, width, length, tausIn(scratch));
    transpose(panel, width, length, length, corner, ld);
    unitTriangle(panel, width, length);
    triangularFactor(panel, width, length, length, t, scratch);
    const others = d - first - width;
    if (others == 0) continue;
    const rest = corner + (<usize>width << 3);
    const factored = product + (<usize>(width * others) << 3);
    memory.fill(product, 0, <usize>(2 * width * others) << 3);
    gemm(width, others, length, 1, panel, length, false, rest, ld, false, product, others, scratch);
    gemm(width, others, width, 1, t, PANEL, true, product, others, false, factored, others, scratch);
    gemm(length, others, width, -1, panel, length, true, factored, others, false, rest, ld, scratch);
  }
  for (let i = 0; i < d; i++) {
    memory.fill(at(r, ldr, i, 0), 0, <usize>i << 3);
    memory.copy(at(r, ldr, i, i), at(block, ld, i, i), <usize>(d - i) << 3);
  }
}

/**
 * Works another block of rows into R. A first block of fewer rows than columns comes here too, with R = 0; then a
 * basis can be had from R only, since Q spreads over the rows of R as well.
 *
 * @param r - d × d upper triangle, rows `ldr` apart; updated. What is below the diagonal is neither read nor written.
 * @param block - rows × d, rows `ld` apart; becomes the lower parts of the reflectors.
 * @param t - Receives {@link qrFactorLength}(d) numbers.
 */
export function qrBlock(
  r: usize,
  d: i32,
  ldr: i32,
  block: usize,
  rows: i32,
  ld: i32,
  t: usize,
  scratch: usize,
): void {
  const panel = panelIn(scratch);
  const product = panel + (<usize>(PANEL * (PANEL + rows)) << 3);
  for (let first = 0; first < d; first += PANEL, t += PANEL_SQUARE) {
    const width = min(PANEL, d - first);
    const length = width + rows;
    const triangle = at(r, ldr, first, first);
    const columns = block + (<usize>first << 3);
    const lower = panel + (<usize>width << 3);
    copyTriangle(triangle, ldr, width, panel, length);
    transpose(columns, rows, width, ld, lower, length);
    reflectPanel(panel, width, length, tausIn(scratch));
    transpose(lower, width, rows, length, columns, ld);
    storeTriangle(panel, length, width, triangle, ldr);
    triangularFactor(lower, width, rows, length, t, scratch);
    const others = d - first - width;
    if (others == 0) continue;
    const top = triangle + (<usize>width << 3);
    const rest = columns + (<usize>width << 3);
    const factored = product + (<usize>(width * others) << 3);
    copyRows(top, ldr, width, others, product, others);
    memory.fill(factored, 0, <usize>(width * others) << 3);
    gemm(width, others, rows, 1, lower, length, false, rest, ld, false, product, others, scratch);
    gemm(width, others, width, 1, t, PANEL, true, product, others, false, factored, others, scratch);
    subtractRows(top, ldr, width, others, factored, others);
    gemm(rows, others, width, -1, lower, length, true, factored, others, false, rest, ld, scratch);
  }
}

/**
 * Q·[Z; 0] of a first block.
 *
 * @param block - The reflectors that {@link qrFirstBlock} left, with their `t`.
 * @param top - Z, d × m.
 * @param bottom - rows × m: receives the product.
 */
export function applyQFirstBlock(
  block: usize,
  rows: i32,
  d: i32,
  ld: i32,
  t: usize,
  top: usize,
  m: i32,
  bottom: usize,
  scratch: usize,
): void {
  const panel = panelIn(scratch);
  const product = panel + (<usize>(PANEL * rows) << 3);
  const size = <usize>(d * m) << 3;
  memory.copy(bottom, top, size);
  memory.fill(bottom + size, 0, <usize>((rows - d) * m) << 3);
  for (let first = ((d - 1) / PANEL) * PANEL; first >= 0; first -= PANEL) {
    const width = min(PANEL, d - first);
    const length = rows - first;
    const factor = t + PANEL_SQUARE * <usize>(first / PANEL);
    const into = at(bottom, m, first, 0);
    const factored = product + (<usize>(width * m) << 3);
    transpose(at(block, ld, first, first), length, width, ld, panel, length);
    unitTriangle(panel, width, length);
    memory.fill(product, 0, <usize>(2 * width * m) << 3);
    gemm(width, m, length, 1, panel, length, false, into, m, false, product, m, scratch);
    gemm(width, m, width, 1, factor, PANEL, false, product, m, false, factored, m, scratch);
    gemm(length, m, width, -1, panel, length, true, factored, m, false, into, m, scratch);
  }
}

/**
 * Q·[Z; 0] of a further block. Blocks are applied from the last to the second; what then stands in `top` is for
 * {@link applyQFirstBlock}.
 *
 * @param block - The reflectors that {@link qrBlock} left, with their `t`.
 * @param top - Z, d × m; becomes the part of the product that belongs to the blocks before.
 * @param bottom - rows × m: receives the part of the product that belongs to this block.
 */
export function applyQBlock(
  block: usize,
  rows: i32,
  d: i32,
  ld: i32,
  t: usize,
  top: usize,
  m: i32,
  bottom: usize,
  scratch: usize,
): void {
  const product = panelIn(scratch);
  memory.fill(bottom, 0, <usize>(rows * m) << 3);
  for (let first = ((d - 1) / PANEL) * PANEL; first >= 0; first -= PANEL) {
    const width = min(PANEL, d - first);
    const factor = t + PANEL_SQUARE * <usize>(first / PANEL);
    const columns = block + (<usize>first << 3);
    const upper = at(top, m, first, 0);
    const factored = product + (<usize>(width * m) << 3);
    memory.copy(product, upper, <usize>(width * m) << 3);
    memory.fill(factored, 0, <usize>(width * m) << 3);
    gemm(width, m, rows, 1, columns, ld, true, bottom, m, false, product, m, scratch);
    gemm(width, m, width, 1, factor, PANEL, false, product, m, false, factored, m, scratch);
    subtractRows(upper, m, width, m, factored, m);
    gemm(rows, m, width, -1, columns, ld, false, factored, m, false, bottom, m, scratch);
  }
}

/** Householder reflectors of the columns of a panel, [width][length]: column k is reflected from entry k on. */
function reflectPanel(panel: usize, width: i32, length: i32, taus: usize): void {
  const stride = <usize>length << 3;
  const sums = taus + (<usize>PANEL << 3);
  for (let k = 0; k < width; k++) {
    const head = panel + stride * <usize>k + (<usize>k << 3);
    const count = length - k;
    const tau = reflect(head, count);
    f64.store(taus + (<usize>k << 3), tau);
    if (tau == 0) continue;
    const diagonal = f64.load(head);
    f64.store(head, 1);
    let column = head + stride;
    let j = k + 1;
    for (; j + 4 <= width; j += 4, column += 4 * stride) {
      fourDots(column, stride, head, count, sums);
      for (let i: usize = 0; i < 4; i++) {
        addScaled(column + i * stride, -tau * f64.load(sums + (i << 3)), head, count);
      }
    }
    for (; j < width; j++, column += stride) {
      addScaled(column, -tau * dot(column, head, count), head, count);
    }
    f64.store(head, diagonal);
  }
}

/**
 * Turns x into the reflector I − τ·v·vᵀ that maps it onto its first axis: x₀ becomes the image's length, with the
 * sign that avoids cancellation, the rest that of v, whose v₀ is 1. Returns τ; 0 stands for no reflection.
 */
export function reflect(x: usize, n: i32): f64 {
  const tail = x + 8;
  const largest = largestMagnitude(tail, n - 1);
  if (largest == 0) return 0;
  let head = f64.load(x);
  // Squares of a column that is tiny or huge beside the others would lose their digits: such a column is scaled first.
  const magnitude = max(largest, abs(head));
  const unit = magnitude < 1e-120 || magnitude > 1e120 ? unitFor(magnitude) : 1;
  if (unit != 1) {
    scale(x, unit, n);
    head = f64.load(x);
  }
  const norm = sqrt(head * head + dot(tail, tail, n - 1));
  const image = head > 0 ? -norm : norm;
  scale(tail, 1 / (head - image), n - 1);
  f64.store(x, image / unit);
  return (image - head) / image;
}

/** Makes the reflectors of a first block explicit: 1 on the diagonal, 0 above. */
function unitTriangle(panel: usize, width: i32, length: i32): void {
  for (let k = 0; k < width; k++) {
    const column = at(panel, length, k, 0);
    memory.fill(column, 0, <usize>k << 3);
    f64.store(column + (<usize>k << 3), 1);
  }
}

/** T of the panel I − V·T·Vᵀ: upper triangular, [PANEL][PANEL], with the taus on the diagonal. */
function triangularFactor(
  v: usize,
  width: i32,
  length: i32,
  ld: i32,
  t: usize,
  scratch: usize,
): void {
  const gram = gramIn(scratch);
  const taus = tausIn(scratch);
  memory.fill(gram, 0, PANEL_SQUARE);
  memory.fill(t, 0, PANEL_SQUARE);
  gemm(width, width, length, 1, v, ld, false, v, ld, true, gram, PANEL, scratch);
  for (let k = 0; k < width; k++) {
    const tau = f64.load(taus + (<usize>k << 3));
    for (let i = 0; i < k; i++) {
      let sum: f64 = 0;
      for (let j = i; j < k; j++) {
        sum += f64.load(at(t, PANEL, i, j)) * f64.load(at(gram, PANEL, j, k));
      }
      f64.store(at(t, PANEL, i, k), -tau * sum);
    }
    f64.store(at(t, PANEL, k, k), tau);
  }
}

/** Columns of an upper triangle into the heads of the panel's columns, zeros below. */
function copyTriangle(r: usize, ldr: i32, width: i32, panel: usize, length: i32): void {
  for (let j = 0; j < width; j++) {
    for (let i = 0; i < width; i++) {
      f64.store(at(panel, length, j, i), i <= j ? f64.load(at(r, ldr, i, j)) : 0);
    }
  }
}

function storeTriangle(panel: usize, length: i32, width: i32, r: usize, ldr: i32): void {
  for (let j = 0; j < width; j++) {
    for (let i = 0; i <= j; i++) f64.store(at(r, ldr, i, j), f64.load(at(panel, length, j, i)));
  }
}

function copyRows(a: usize, ld: i32, rows: i32, columns: i32, into: usize, ldInto: i32): void {
  for (let i = 0; i < rows; i++) {
    memory.copy(at(into, ldInto, i, 0), at(a, ld, i, 0), <usize>columns << 3);
  }
}

function subtractRows(a: usize, ld: i32, rows: i32, columns: i32, b: usize, ldb: i32): void {
  for (let i = 0; i < rows; i++) addScaled(at(a, ld, i, 0), -1, at(b, ldb, i, 0), columns);
}
