import { activated } from "./activations";
import { LANES, loadFirst, multiply, ROWS, storeFirst, SUMS_BYTES } from "./microKernel";
import { parts } from "./parts";

/**
 * Convolutions with a 3 × 3 filter and stride 1 by the minimal algorithm of Winograd: four pixels of output from sixteen
 * products for each pair of channels, where the definition takes thirty-six.
 *
 *     output = Aᵀ [ (G g Gᵀ) ∘ (Bᵀ d B) ] A      g: 3 × 3 filter, d: 4 × 4 tile of input, output: 2 × 2
 *
 *     Bᵀ = ⎡1  0 −1  0⎤    G = ⎡1  0  0⎤    Aᵀ = ⎡1  1  1  0⎤
 *          ⎢0  1  1  0⎥        ⎢½  ½  ½⎥         ⎣0  1 −1 −1⎦
 *          ⎢0 −1  1  0⎥        ⎢½ −½  ½⎥
 *          ⎣0  1  0 −1⎦        ⎣0  0  1⎦
 *
 * The gradient by the filter is the adjoint: dg = Gᵀ [ (A dy Aᵀ) ∘ (Bᵀ d B) ] G, summed over all tiles.
 */

/** Positions of a transformed tile. */
export const POSITIONS: i32 = 16;
const TILE: i32 = 4;
/** Pixels of output between two tiles. */
const STEP: i32 = 2;

/** The fields stand in the order of `winograd.ts` outside of this folder. */
@unmanaged
export class Winograd {
  input: u32;
  /** Transformed, in panels: [panel][position][channel][8]. */
  filter: u32;
  output: u32;
  /** 0 for none. */
  bias: u32;
  images: i32;
  height: i32;
  width: i32;
  /** A multiple of four. */
  channels: i32;
  /** Rows and columns of zeros before the image; negative where the first windows begin inside. */
  top: i32;
  left: i32;
  outputHeight: i32;
  outputWidth: i32;
  outputChannels: i32;
  /** 1: negative results become 0; 2: those above 6 become 6 too. */
  activation: i32;
  tilesPerItem: i32;
}

/** Where a matrix of filters [3][3][channels][outputs] lies, steps in bytes. */
@unmanaged
export class WinogradFilter {
  source: u32;
  into: u32;
  channels: i32;
  outputs: i32;
  rowStep: i32;
  columnStep: i32;
  channelStep: i32;
  outputStep: i32;
}

/** Transforms a panel of eight outputs: [position][channel][8], zeros for those that are not there; item = panel. */
export function winogradFilter(plan: WinogradFilter, scratch: usize, item: i32): void {
  const first = item * LANES;
  const lanes = min(LANES, plan.outputs - first);
  const positionBytes = <usize>plan.channels << 5;
  let into = <usize>plan.into + <usize>item * positionBytes * POSITIONS;
  const contiguous = lanes == LANES && plan.outputStep == 4;
  for (let channel = 0; channel < plan.channels; channel++, into += 32) {
    const source = <usize>plan.source + channel * plan.channelStep + first * plan.outputStep;
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        let from = source + row * plan.rowStep + column * plan.columnStep;
        const to = scratch + (<usize>(row * 3 + column) << 5);
        if (contiguous) {
          v128.store(to, v128.load(from));
          v128.store(to, v128.load(from, 16), 16);
          continue;
        }
        for (let lane = 0; lane < LANES; lane++, from += plan.outputStep) {
          f32.store(to + (<usize>lane << 2), lane < lanes ? f32.load(from) : 0);
        }
      }
    }
    for (let half: usize = 0; half < 32; half += 16) transformFilter(scratch + half, into + half, positionBytes);
  }
}

/** G g Gᵀ of four filters, whose taps lie 32 bytes apart. */
function transformFilter(taps: usize, into: usize, step: usize): void {
  const half = f32x4.splat(0.5);
  // G g, a column at a time, then its rows by Gᵀ.
  const between = taps + 9 * 32;
  for (let column: usize = 0; column < 3; column++) {
    const at = taps + (column << 5);
    const g0 = v128.load(at);
    const g1 = v128.load(at + 96);
    const g2 = v128.load(at + 192);
    const to = between + (column << 5);
    const outer = f32x4.add(g0, g2);
    v128.store(to, g0);
    v128.store(to + 96, f32x4.mul(half, f32x4.add(outer, g1)));
    v128.store(to + 192, f32x4.mul(half, f32x4.sub(outer, g1)));
    v128.store(to + 288, g2);
  }
  for (let row: usize = 0; row < 4; row++, into += step << 2) {
    const at = between + row * 96;
    const g0 = v128.load(at);
    const g1 = v128.load(at + 32);
    const g2 = v128.load(at + 64);
    const outer = f32x4.add(g0, g2);
    v128.store(into, g0);
    v128.store(into + step, f32x4.mul(half, f32x4.add(outer, g1)));
    v128.store(into + 2 * step, f32x4.mul(half, f32x4.sub(outer, g1)));
    v128.store(into + 3 * step, g2);
  }
}

/**
 * Bᵀ d B of every four channels of one tile of an image. Transformed channel c of position p is written to
 * into + p·positionStep + (c / 4)·quadStep. `zeros` are as many as the pixels' channels.
 */
export function transformTile(
  image: usize,
  height: i32,
  width: i32,
  row: i32,
  column: i32,
  pixelBytes: usize,
  firstQuad: i32,
  quads: i32,
  zeros: usize,
  into: usize,
  positionStep: usize,
  quadStep: usize,
): void {
  const pixels = zeros - POSITIONS * 4;
  const offset = <usize>firstQuad << 4;
  const isWithin = row >= 0 && column >= 0 && row + TILE <= height && column + TILE <= width;
  for (let i = 0; i < TILE; i++) {
    const y = row + i;
    let at = image + (<usize>(y * width + column)) * pixelBytes + offset;
    for (let j = 0; j < TILE; j++, at += pixelBytes) {
      const x = column + j;
      const there = isWithin || (y >= 0 && y < height && x >= 0 && x < width);
      store<u32>(pixels + (<usize>(i * TILE + j) << 2), <u32>(there ? at : zeros));
    }
  }
  for (let quad = 0; quad < quads; quad++, into += quadStep) {
    transformQuad(pixels, <usize>quad << 4, into, positionStep);
  }
}

// @ts-ignore: decorator
@inline
function pixel(pixels: usize, index: usize, offset: usize): v128 {
  return v128.load(<usize>load<u32>(pixels + (index << 2)) + offset);
}

/** Bᵀ d B of four channels; the sixteen pixels are found through a table. */
function transformQuad(pixels: usize, offset: usize, into: usize, step: usize): void {
  let d0 = pixel(pixels, 0, offset);
  let d1 = pixel(pixels, 4, offset);
  let d2 = pixel(pixels, 8, offset);
  let d3 = pixel(pixels, 12, offset);
  const a0 = f32x4.sub(d0, d2);
  const a1 = f32x4.add(d1, d2);
  const a2 = f32x4.sub(d2, d1);
  const a3 = f32x4.sub(d1, d3);
  d0 = pixel(pixels, 1, offset);
  d1 = pixel(pixels, 5, offset);
  d2 = pixel(pixels, 9, offset);
  d3 = pixel(pixels, 13, offset);
  const b0 = f32x4.sub(d0, d2);
  const b1 = f32x4.add(d1, d2);
  const b2 = f32x4.sub(d2, d1);
  const b3 = f32x4.sub(d1, d3);
  d0 = pixel(pixels, 2, offset);
  d1 = pixel(pixels, 6, offset);
  d2 = pixel(pixels, 10, offset);
  d3 = pixel(pixels, 14, offset);
  const c0 = f32x4.sub(d0, d2);
  const c1 = f32x4.add(d1, d2);
  const c2 = f32x4.sub(d2, d1);
  const c3 = f32x4.sub(d1, d3);
  d0 = pixel(pixels, 3, offset);
  d1 = pixel(pixels, 7, offset);
  d2 = pixel(pixels, 11, offset);
  d3 = pixel(pixels, 15, offset);
  storeRow(into, step, a0, b0, c0, f32x4.sub(d0, d2));
  storeRow(into + 4 * step, step, a1, b1, c1, f32x4.add(d1, d2));
  storeRow(into + 8 * step, step, a2, b2, c2, f32x4.sub(d2, d1));
  storeRow(into + 12 * step, step, a3, b3, c3, f32x4.sub(d1, d3));
}

// @ts-ignore: decorator
@inline
function storeRow(into: usize, step: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(into, f32x4.sub(a, c));
  v128.store(into + step, f32x4.add(b, c));
  v128.store(into + 2 * step, f32x4.sub(c, b));
  v128.store(into + 3 * step, f32x4.sub(b, d));
}

/** Bytes of the table of a tile's pixels, which lies before the zeros. */
export const PIXELS_BYTES: usize = 64;

/**
 * One item: some tiles of all images. Scratch: sums of every position, a table of tiles, a table of pixels, a pixel of
 * zeros, transformed tiles [position][tile][channel].
 */
export function winograd(plan: Winograd, scratch: usize, item: i32): void {
  const tileColumns = parts(plan.outputWidth, STEP);
  const tilesOfImage = parts(plan.outputHeight, STEP) * tileColumns;
  const first = item * plan.tilesPerItem;
  const tiles = min(plan.tilesPerItem, plan.images * tilesOfImage - first);
  const entries = parts(tiles, ROWS) * ROWS;

  const sums = scratch;
  const table = sums + POSITIONS * SUMS_BYTES;
  const zeros = ((table + (<usize>entries << 3) + 63) & ~63) + PIXELS_BYTES;
  const pixelBytes = <usize>plan.channels << 2;
  const transformed = (zeros + pixelBytes + 63) & ~63;
  const positionStep = <usize>entries * pixelBytes;
  memory.fill(zeros, 0, pixelBytes);

  const outputPixel = <usize>plan.outputChannels << 2;
  const outputLine = outputPixel * <usize>plan.outputWidth;
  const inputImage = pixelBytes * <usize>(plan.height * plan.width);
  for (let i = 0; i < entries; i++) {
    // The last one is repeated.
    const tile = first + min(i, tiles - 1);
    const image = tile / tilesOfImage;
    const place = tile % tilesOfImage;
    const row = (place / tileColumns) * STEP;
    const column = (place % tileColumns) * STEP;
    const entry = table + (<usize>i << 3);
    const to = <usize>(image * plan.outputHeight + row) * outputLine + <usize>column * outputPixel;
    store<u32>(entry, plan.output + <u32>to);
    const below = row + 1 < plan.outputHeight ? 1 : 0;
    const right = column + 1 < plan.outputWidth ? 2 : 0;
    store<u32>(entry, below | right, 4);
    const from = <usize>plan.input + <usize>image * inputImage;
    const into = transformed + <usize>i * pixelBytes;
    transformTile(
      from,
      plan.height,
      plan.width,
      row - plan.top,
      column - plan.left,
      pixelBytes,
      0,
      plan.channels >> 2,
      zeros,
      into,
      positionStep,
      16,
    );
  }

  const panels = parts(plan.outputChannels, LANES);
  const filterStep = <usize>plan.channels << 5;
  let filter = <usize>plan.filter;
  for (let panel = 0; panel < panels; panel++, filter += filterStep * POSITIONS) {
    const columns = min(LANES, plan.outputChannels - panel * LANES);
    const place = <usize>panel << 5;
    const bias = plan.bias == 0 ? 0 : <usize>plan.bias + place;
    for (let i = 0; i < tiles; i += ROWS) {
      let row = transformed + <usize>i * pixelBytes;
      let weights = filter;
      for (let at = sums; at < table; at += SUMS_BYTES) {
        const row1 = row + pixelBytes;
        const row2 = row1 + pixelBytes;
        const row3 = row2 + pixelBytes;
        multiply(row, row1, row2, row3, row3 + pixelBytes, weights, plan.channels, at);
        row += positionStep;
        weights += filterStep;
      }
      const entry = table + (<usize>i << 3);
      const rows = min(ROWS, tiles - i);
      finishTiles(sums, entry, rows, place, columns, bias, plan.activation, outputPixel, outputLine);
    }
  }
}

/** Aᵀ m A of some tiles, with bias and activation, to the pixels that are there. */
function finishTiles(
  sums: usize,
  entry: usize,
  rows: i32,
  place: usize,
  columns: i32,
  bias: usize,
  activation: i32,
  pixelBytes: usize,
  lineBytes: usize,
): void {
  for (let half = 0; half < 2; half++) {
    const count = columns - half * 4;
    if (count <= 0) return;
    const offset = place + (<usize>half << 4);
    const added = bias == 0 ? f32x4.splat(0) : loadFirst(bias + (<usize>half << 4), count);
    let from = sums + (<usize>half << 4);
    let line = entry;
    for (let row = 0; row < rows; row++, from += 32, line += 8) {
      const to = <usize>load<u32>(line) + offset;
      const there = load<u32>(line, 4);
      // Aᵀ m, a column at a time: the sums of the rows 0, 1, 2 and the difference 1 − 2 − 3.
      let m1 = v128.load(from + 4 * SUMS_BYTES);
      let m2 = v128.load(from + 8 * SUMS_BYTES);
      const a0 = f32x4.add(f32x4.add(v128.load(from), m1), m2);
      const a1 = f32x4.sub(f32x4.sub(m1, m2), v128.load(from + 12 * SUMS_BYTES));
      m1 = v128.load(from + 5 * SUMS_BYTES);
      m2 = v128.load(from + 9 * SUMS_BYTES);
      const b0 = f32x4.add(f32x4.add(v128.load(from + SUMS_BYTES), m1), m2);
      const b1 = f32x4.sub(f32x4.sub(m1, m2), v128.load(from + 13 * SUMS_BYTES));
      m1 = v128.load(from + 6 * SUMS_BYTES);
      m2 = v128.load(from + 10 * SUMS_BYTES);
      const c0 = f32x4.add(f32x4.add(v128.load(from + 2 * SUMS_BYTES), m1), m2);
      const c1 = f32x4.sub(f32x4.sub(m1, m2), v128.load(from + 14 * SUMS_BYTES));
      m1 = v128.load(from + 7 * SUMS_BYTES);
      m2 = v128.load(from + 11 * SUMS_BYTES);
      const d0 = f32x4.add(f32x4.add(v128.load(from + 3 * SUMS_BYTES), m1), m2);
      const d1 = f32x4.sub(f32x4.sub(m1, m2), v128.load(from + 15 * SUMS_BYTES));

      const right = to + pixelBytes;
      const isRight = (there & 2) != 0;
      storePixel(to, f32x4.add(f32x4.add(f32x4.add(a0, b0), c0), added), count, activation);
      if (isRight) storePixel(right, f32x4.add(f32x4.sub(f32x4.sub(b0, c0), d0), added), count, activation);
      if ((there & 1) == 0) continue;
      storePixel(to + lineBytes, f32x4.add(f32x4.add(f32x4.add(a1, b1), c1), added), count, activation);
      if (isRight) storePixel(right + lineBytes, f32x4.add(f32x4.sub(f32x4.sub(b1, c1), d1), added), count, activation);
    }
  }
}

// @ts-ignore: decorator
@inline
function storePixel(to: usize, values: v128, count: i32, activation: i32): void {
  if (activation != 0) values = activated(values, activation);
  storeFirst(to, values, count);
}
