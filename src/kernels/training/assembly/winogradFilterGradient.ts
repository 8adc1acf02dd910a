import { addSums, LANES, loadFirst, multiplyLane, ROWS, storeFirst, SUMS_BYTES } from "./microKernel";
import { parts } from "./parts";
import { PIXELS_BYTES, POSITIONS, transformTile } from "./winograd";

const STEP: i32 = 2;

/** The gradient of `winograd` by its filter; the fields stand in the order of `winograd.ts` outside of this folder. */
@unmanaged
export class WinogradFilterGradient {
  input: u32;
  dy: u32;
  /** Transformed: [parts][position][channel][output channel]. */
  output: u32;
  images: i32;
  height: i32;
  width: i32;
  /** A multiple of four. */
  channels: i32;
  top: i32;
  left: i32;
  outputHeight: i32;
  outputWidth: i32;
  outputChannels: i32;
  /** How the work is cut into items: tiles whose sums are a part, and groups of four channels. */
  tilesPerPart: i32;
  quadsPerItem: i32;
  /** What is transformed at a time. */
  tilesPerBlock: i32;
}

/**
 * One item: the transformed gradient of some channels, of a part of the tiles. Scratch: sums, a table of pixels, a pixel of
 * zeros, transformed tiles [position][quad][tile][4], transformed dy [position][tile][8].
 */
export function winogradFilterGradient(plan: WinogradFilterGradient, scratch: usize, item: i32): void {
  const quads = plan.channels >> 2;
  const groups = parts(quads, plan.quadsPerItem);
  const part = item / groups;
  const firstQuad = (item % groups) * plan.quadsPerItem;
  const itemQuads = min(plan.quadsPerItem, quads - firstQuad);
  const rows = itemQuads << 2;
  const tileColumns = parts(plan.outputWidth, STEP);
  const tilesOfImage = parts(plan.outputHeight, STEP) * tileColumns;
  const firstTile = part * plan.tilesPerPart;
  const endTile = min(plan.images * tilesOfImage, firstTile + plan.tilesPerPart);
  const outputPixel = <usize>plan.outputChannels << 2;
  const outputPosition = outputPixel * <usize>plan.channels;
  const output =
    <usize>plan.output +
    <usize>part * outputPosition * POSITIONS +
    outputPixel * (<usize>firstQuad << 2);

  const sums = scratch;
  const pixelBytes = <usize>plan.channels << 2;
  const zeros = ((sums + SUMS_BYTES + 63) & ~63) + PIXELS_BYTES;
  const transformed = (zeros + pixelBytes + 63) & ~63;
  const quadStep = <usize>plan.tilesPerBlock << 4;
  const positionStep = quadStep * <usize>plan.quadsPerItem;
  const panel = transformed + positionStep * POSITIONS;
  const panelStep = <usize>plan.tilesPerBlock << 5;
  memory.fill(zeros, 0, pixelBytes);
  const image0 = <usize>plan.input;
  const imageBytes = pixelBytes * <usize>(plan.height * plan.width);

  for (let block = firstTile; block < endTile; block += plan.tilesPerBlock) {
    const tiles = min(plan.tilesPerBlock, endTile - block);
    for (let i = 0; i < tiles; i++) {
      const tile = block + i;
      const place = tile % tilesOfImage;
      transformTile(
        image0 + <usize>(tile / tilesOfImage) * imageBytes,
        plan.height,
        plan.width,
        (place / tileColumns) * STEP - plan.top,
        (place % tileColumns) * STEP - plan.left,
        pixelBytes,
        firstQuad,
        itemQuads,
        zeros,
        transformed + (<usize>i << 4),
        positionStep,
        quadStep,
      );
    }
    const first = block == firstTile;
    for (let lane = 0; lane < plan.outputChannels; lane += LANES) {
      const lanes = min(LANES, plan.outputChannels - lane);
      for (let i = 0; i < tiles; i++) {
        const tile = block + i;
        transformDy(plan, tile / tilesOfImage, tile % tilesOfImage, tileColumns, lane, lanes, panel + (<usize>i << 5), panelStep);
      }
      for (let position = 0; position < POSITIONS; position++) {
        const from = transformed + <usize>position * positionStep;
        const weights = panel + <usize>position * panelStep;
        const to = output + <usize>position * outputPosition + (<usize>lane << 2);
        for (let r = 0; r < rows; r += ROWS) {
          const last = rows - 1;
          multiplyLane(
            rowOf(from, quadStep, r),
            rowOf(from, quadStep, min(r + 1, last)),
            rowOf(from, quadStep, min(r + 2, last)),
            rowOf(from, quadStep, min(r + 3, last)),
            rowOf(from, quadStep, min(r + 4, last)),
            weights,
            tiles,
            sums,
          );
          const end = min(ROWS, rows - r);
          for (let row = 0; row < end; row++) {
            addSums(to + <usize>(r + row) * outputPixel, sums + (<usize>row << 5), lanes, first);
          }
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function rowOf(from: usize, quadStep: usize, channel: i32): usize {
  return from + <usize>(channel >> 2) * quadStep + (<usize>(channel & 3) << 2);
}

/** A dy Aᵀ of one tile and eight channels. */
function transformDy(
  plan: WinogradFilterGradient,
  image: i32,
  place: i32,
  tileColumns: i32,
  lane: i32,
  lanes: i32,
  into: usize,
  step: usize,
): void {
  const row = (place / tileColumns) * STEP;
  const column = (place % tileColumns) * STEP;
  const pixelBytes = <usize>plan.outputChannels << 2;
  const lineBytes = pixelBytes * <usize>plan.outputWidth;
  const at =
    <usize>plan.dy +
    <usize>(image * plan.outputHeight + row) * lineBytes +
    <usize>column * pixelBytes +
    (<usize>lane << 2);
  const right = column + 1 < plan.outputWidth;
  const below = row + 1 < plan.outputHeight;
  for (let half = 0; half < 2; half++, into += 16) {
    const count = lanes - half * 4;
    const from = at + (<usize>half << 4);
    const zero = f32x4.splat(0);
    const y00 = loadFirst(from, count);
    const y01 = right ? loadFirst(from + pixelBytes, count) : zero;
    const y10 = below ? loadFirst(from + lineBytes, count) : zero;
    const y11 = right && below ? loadFirst(from + lineBytes + pixelBytes, count) : zero;
    storeDyRow(into, step, y00, y01);
    storeDyRow(into + 4 * step, step, f32x4.add(y00, y10), f32x4.add(y01, y11));
    storeDyRow(into + 8 * step, step, f32x4.sub(y00, y10), f32x4.sub(y01, y11));
    storeDyRow(into + 12 * step, step, f32x4.neg(y10), f32x4.neg(y11));
  }
}

// @ts-ignore: decorator
@inline
function storeDyRow(into: usize, step: usize, a: v128, b: v128): void {
  v128.store(into, a);
  v128.store(into + step, f32x4.add(a, b));
  v128.store(into + 2 * step, f32x4.sub(a, b));
  v128.store(into + 3 * step, f32x4.neg(b));
}

/**
 * gradient[3][3][length] = Gᵀ s G of transformed sums [4][4][length]; item = piece of `piece` numbers, a multiple of four.
 */
export function winogradFilterResult(
  transformed: usize,
  gradient: usize,
  length: i32,
  piece: i32,
  scratch: usize,
  item: i32,
): void {
  const step = <usize>length << 2;
  const end = min(length, (item + 1) * piece);
  for (let i = item * piece; i < end; i += 4) {
    const count = end - i;
    const offset = <usize>i << 2;
    // Gᵀ s, a column at a time, into the scratch space; then its rows by G.
    for (let column = 0; column < 4; column++) {
      const from = transformed + <usize>column * step + offset;
      const s1 = loadFirst(from + 4 * step, count);
      const s2 = loadFirst(from + 8 * step, count);
      storeOuter(scratch + (<usize>column << 4), 64, loadFirst(from, count), s1, s2, loadFirst(from + 12 * step, count), 4);
    }
    for (let row = 0; row < 3; row++) {
      const from = scratch + (<usize>row << 6);
      const to = gradient + <usize>(row * 3) * step + offset;
      storeOuter(to, step, v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48), count);
    }
  }
}

/** Gᵀ of a column: s0 + (s1 + s2)/2, (s1 − s2)/2, (s1 + s2)/2 + s3. */
// @ts-ignore: decorator
@inline
function storeOuter(to: usize, step: usize, s0: v128, s1: v128, s2: v128, s3: v128, count: i32): void {
  const half = f32x4.splat(0.5);
  const sum = f32x4.mul(half, f32x4.add(s1, s2));
  storeFirst(to, f32x4.add(s0, sum), count);
  storeFirst(to + step, f32x4.mul(half, f32x4.sub(s1, s2)), count);
  storeFirst(to + 2 * step, f32x4.add(sum, s3), count);
}
