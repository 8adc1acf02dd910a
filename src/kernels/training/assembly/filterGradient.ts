import { addSums, clearSums, LANES, loadFirst, multiplyAddLane, ROWS, SUMS_BYTES } from "./microKernel";
import { parts } from "./parts";

/**
 * The gradient of a convolution by its filter, of some of the images: a sum for each (tap, input channel, output channel)
 * over all pixels of dy. The input is repacked for it, four channels side by side and shifted by each tap, so that a sum
 * runs through contiguous memory.
 *
 * The fields stand in the order of `convolution.ts` outside of this folder.
 */
@unmanaged
export class FilterGradient {
  input: u32;
  dy: u32;
  /** [parts][tap rows][tap columns][channels][output channels] */
  output: u32;
  images: i32;
  height: i32;
  width: i32;
  channels: i32;
  top: i32;
  left: i32;
  filterHeight: i32;
  filterWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  outputHeight: i32;
  outputWidth: i32;
  outputChannels: i32;
  /** How the work is cut into items: images whose sums are a part, and groups of four channels. */
  imagesPerPart: i32;
  quadsPerItem: i32;
  /** What is repacked at a time: images and rows of dy. */
  imagesPerBlock: i32;
  rowsPerBlock: i32;
  /** Whether there is a shifted copy for every tap; else for every column of taps, and rows are found by an offset. */
  copyPerTap: i32;
}

/** One item: a part of the images and some channels. Scratch: sums, a table of rows, a panel of dy, repacked input. */
export function filterGradient(plan: FilterGradient, scratch: usize, item: i32): void {
  const quads = parts(plan.channels, 4);
  const groups = parts(quads, plan.quadsPerItem);
  const part = item / groups;
  const firstQuad = (item % groups) * plan.quadsPerItem;
  const itemQuads = min(plan.quadsPerItem, quads - firstQuad);
  const firstImage = part * plan.imagesPerPart;
  const endImage = min(plan.images, firstImage + plan.imagesPerPart);
  const taps = plan.filterHeight * plan.filterWidth;
  const pixelBytes = <usize>plan.outputChannels << 2;
  const output = <usize>plan.output + <usize>part * <usize>(taps * plan.channels) * pixelBytes;
  const channels = min(plan.channels, (firstQuad + itemQuads) * 4) - firstQuad * 4;
  const rows = taps * channels;

  const sums = scratch;
  const table = scratch + SUMS_BYTES;
  const panel = (table + (<usize>(rows + ROWS) << 3) + 63) & ~63;
  const blockPixels = plan.imagesPerBlock * plan.rowsPerBlock * plan.outputWidth;
  const packed = panel + (<usize>blockPixels << 5);

  let first = true;
  for (let image = firstImage; image < endImage; image += plan.imagesPerBlock) {
    const images = min(plan.imagesPerBlock, endImage - image);
    for (let row = 0; row < plan.outputHeight; row += plan.rowsPerBlock) {
      const height = min(plan.rowsPerBlock, plan.outputHeight - row);
      const pixels = images * height * plan.outputWidth;
      // Where one sum runs through in one go: all images, or one with the rows of the other taps between them.
      const runs = plan.copyPerTap ? 1 : images;
      const run = pixels / runs;
      const packedRows = plan.copyPerTap ? height : height + plan.filterHeight - 1;
      const runBytes = <usize>(packedRows * plan.outputWidth) << 4;
      const quadBytes = runBytes * <usize>images;
      const copyBytes = quadBytes * <usize>itemQuads;
      packInput(plan, image, images, row, packedRows, firstQuad, itemQuads, quadBytes, packed);

      let entry = table;
      for (let tap = 0; tap < taps; tap++) {
        const copy = plan.copyPerTap ? tap : tap % plan.filterWidth;
        const shift = plan.copyPerTap ? 0 : tap / plan.filterWidth;
        const from = packed + <usize>copy * copyBytes + (<usize>(shift * plan.outputWidth) << 4);
        for (let channel = 0; channel < channels; channel++, entry += 8) {
          const quad = <usize>(channel >> 2) * quadBytes;
          store<u32>(entry, <u32>(from + quad + (<usize>(channel & 3) << 2)));
          const at = tap * plan.channels + firstQuad * 4 + channel;
          store<u32>(entry, <u32>(output + <usize>at * pixelBytes), 4);
        }
      }
      const last = load<u64>(entry - 8);
      for (let i = 0; i < ROWS; i++, entry += 8) store<u64>(entry, last);

      for (let lane = 0; lane < plan.outputChannels; lane += LANES) {
        const lanes = min(LANES, plan.outputChannels - lane);
        packDy(plan, image, images, row, height, lane, lanes, panel);
        for (let r = 0; r < rows; r += ROWS) {
          const line = table + (<usize>r << 3);
          addRows(line, panel, runs, run, runBytes, sums);
          const place = <usize>lane << 2;
          const last = min(ROWS, rows - r);
          for (let row = 0; row < last; row++) {
            const to = <usize>load<u32>(line + (<usize>row << 3), 4) + place;
            addSums(to, sums + (<usize>row << 5), lanes, first);
          }
        }
      }
      first = false;
    }
  }
}

function addRows(line: usize, panel: usize, runs: i32, length: i32, step: usize, sums: usize): void {
  let row0 = <usize>load<u32>(line);
  let row1 = <usize>load<u32>(line, 8);
  let row2 = <usize>load<u32>(line, 16);
  let row3 = <usize>load<u32>(line, 24);
  let row4 = <usize>load<u32>(line, 32);
  clearSums(sums);
  for (let run = 0; run < runs; run++, panel += <usize>length << 5) {
    multiplyAddLane(row0, row1, row2, row3, row4, panel, length, sums);
    row0 += step;
    row1 += step;
    row2 += step;
    row3 += step;
    row4 += step;
  }
}

/** Eight channels of dy: [pixel][8]. */
function packDy(
  plan: FilterGradient,
  image: i32,
  images: i32,
  row: i32,
  height: i32,
  lane: i32,
  lanes: i32,
  into: usize,
): void {
  const step = <usize>plan.outputChannels << 2;
  const imageBytes = step * <usize>(plan.outputHeight * plan.outputWidth);
  const rowBytes = step * <usize>plan.outputWidth;
  for (let i = 0; i < images; i++) {
    let from =
      <usize>plan.dy + <usize>(image + i) * imageBytes + <usize>row * rowBytes + (<usize>lane << 2);
    const end = into + (<usize>(height * plan.outputWidth) << 5);
    if (lanes == LANES) {
      for (; into < end; into += 32, from += step) {
        v128.store(into, v128.load(from));
        v128.store(into, v128.load(from, 16), 16);
      }
    } else {
      for (; into < end; into += 32, from += step) {
        v128.store(into, loadFirst(from, lanes));
        v128.store(into, loadFirst(from + 16, lanes - 4), 16);
      }
    }
  }
}

/** The input, shifted: [copy][quad][image][row][column of dy][4]. */
function packInput(
  plan: FilterGradient,
  image: i32,
  images: i32,
  row: i32,
  rows: i32,
  firstQuad: i32,
  quads: i32,
  quadBytes: usize,
  into: usize,
): void {
  const copies = plan.filterWidth * (plan.copyPerTap ? plan.filterHeight : 1);
  const pixelBytes = <usize>plan.channels << 2;
  const channels = plan.channels - firstQuad * 4;
  const columns = plan.outputWidth;
  for (let copy = 0; copy < copies; copy++) {
    const left = (copy % plan.filterWidth) - plan.left;
    const top = (plan.copyPerTap ? copy / plan.filterWidth : 0) - plan.top;
    // Columns of dy whose input lies inside of the image: from first to end - 1.
    const stride = plan.strideWidth;
    const first = min(columns, left >= 0 ? 0 : (stride - 1 - left) / stride);
    const end = max(first, min(columns, left >= plan.width ? 0 : (plan.width - 1 - left) / stride + 1));
    let to = into;
    for (let i = image; i < image + images; i++) {
      const source = <usize>plan.input + <usize>(i * plan.height * plan.width) * pixelBytes + (<usize>firstQuad << 4);
      for (let r = 0; r < rows; r++, to += <usize>columns << 4) {
        const y = (row + r) * plan.strideHeight + top;
        const outside = y < 0 || y >= plan.height;
        const from = source + (<usize>y * <usize>plan.width + <usize>(first * stride + left)) * pixelBytes;
        for (let quad = 0; quad < quads; quad++) {
          const line = to + <usize>quad * quadBytes;
          if (outside) {
            clear(line, columns);
            continue;
          }
          clear(line, first);
          const count = end - first;
          const at = from + (<usize>quad << 4);
          copyQuads(at, pixelBytes * <usize>stride, line + (<usize>first << 4), count, channels - quad * 4);
          clear(line + (<usize>end << 4), columns - end);
        }
      }
    }
    into += quadBytes * <usize>quads;
  }
}

function clear(at: usize, count: i32): void {
  const zero = f32x4.splat(0);
  for (const end = at + (<usize>count << 4); at < end; at += 16) v128.store(at, zero);
}

function copyQuads(from: usize, step: usize, to: usize, count: i32, channels: i32): void {
  const end = to + (<usize>count << 4);
  if (channels >= 4) {
    for (; to < end; to += 16, from += step) v128.store(to, v128.load(from));
  } else {
    for (; to < end; to += 16, from += step) v128.store(to, loadFirst(from, channels));
  }
}

/** total[i] = Σ parts[p][i] in the order of the parts, for one piece of `length` numbers; item = piece. */
export function sumParts(
  from: usize,
  total: usize,
  length: i32,
  count: i32,
  piece: i32,
  scratch: usize,
  item: i32,
): void {
  let i = item * piece;
  const end = min(length, i + piece);
  const step = <usize>length << 2;
  for (; i + 4 <= end; i += 4) {
    const at = <usize>i << 2;
    let sum = v128.load(from + at);
    for (let part = 1; part < count; part++) {
      sum = f32x4.add(sum, v128.load(from + at + <usize>part * step));
    }
    v128.store(total + at, sum);
  }
  for (; i < end; i++) {
    const at = <usize>i << 2;
    let sum = f32.load(from + at);
    for (let part = 1; part < count; part++) sum += f32.load(from + at + <usize>part * step);
    f32.store(total + at, sum);
  }
}
