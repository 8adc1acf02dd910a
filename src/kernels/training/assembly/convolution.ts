import { activated } from "./activations";
import { clearSums, LANES, loadFirst, multiplyAdd, ROWS, storeFirst, SUMS_BYTES } from "./microKernel";
import { parts } from "./parts";

/**
 * A convolution of images [images, height, width, channels] with a filter that is packed in panels (packPanels.ts). Windows
 * may reach outside of the image, where there are zeros. The results are written to any grid of places, so that the phases
 * of a strided gradient interleave. Products of matrices are convolutions of one column with a filter of size 1.
 *
 * The fields stand in the order of `convolution.ts` outside of this folder.
 */
@unmanaged
export class Convolution {
  input: u32;
  filter: u32;
  output: u32;
  /** 0 for none. */
  bias: u32;
  images: i32;
  height: i32;
  width: i32;
  channels: i32;
  /** Bytes from one image to the next; 0 for one that all share. */
  imageStep: i32;
  /** Rows and columns of zeros before the image; negative where the first windows begin inside. */
  top: i32;
  left: i32;
  filterHeight: i32;
  filterWidth: i32;
  /** Bytes from the filter of one image to that of the next; 0 for one that all share. */
  filterStep: i32;
  strideHeight: i32;
  strideWidth: i32;
  outputHeight: i32;
  outputWidth: i32;
  outputChannels: i32;
  outputImageStep: i32;
  outputRowStep: i32;
  outputPixelStep: i32;
  /** 1: negative results become 0; 2: those above 6 become 6 too. */
  activation: i32;
  /** How the work is cut into items: images, rows of the output and panels of each. */
  imagesPerItem: i32;
  rowsPerItem: i32;
  panelsPerItem: i32;
  /** Whether all windows lie inside of the image, so that they are read where they are. */
  inside: i32;
}

/** Rows of input that `rows` rows of output see. */
// @ts-ignore: decorator
@inline
function seenRows(plan: Convolution, rows: i32): i32 {
  return (rows - 1) * plan.strideHeight + plan.filterHeight;
}

// @ts-ignore: decorator
@inline
function seenColumns(plan: Convolution): i32 {
  return (plan.outputWidth - 1) * plan.strideWidth + plan.filterWidth;
}

/** One item: some rows of some images, for some panels of output channels. Scratch: sums, a table of pixels, padded input. */
export function convolve(plan: Convolution, scratch: usize, item: i32): void {
  const panels = parts(plan.outputChannels, LANES);
  const panelGroups = parts(panels, plan.panelsPerItem);
  const rowGroups = parts(plan.outputHeight, plan.rowsPerItem);
  const firstPanel = (item % panelGroups) * plan.panelsPerItem;
  const endPanel = min(panels, firstPanel + plan.panelsPerItem);
  item /= panelGroups;
  const firstRow = (item % rowGroups) * plan.rowsPerItem;
  const rows = min(plan.rowsPerItem, plan.outputHeight - firstRow);
  const firstImage = (item / rowGroups) * plan.imagesPerItem;
  const images = min(plan.imagesPerItem, plan.images - firstImage);

  const sums = scratch;
  const table = scratch + SUMS_BYTES;
  const pixels = images * rows * plan.outputWidth;
  const entries = parts(pixels, ROWS) * ROWS;
  const padded = (table + (<usize>entries << 3) + 63) & ~63;
  const pixelBytes = <usize>plan.channels << 2;
  let lineBytes = pixelBytes * <usize>plan.width;
  if (!plan.inside) lineBytes = pixelBytes * <usize>seenColumns(plan);
  if (!plan.inside) copyPadded(plan, firstImage, images, firstRow, rows, padded);
  listPixels(plan, firstImage, images, firstRow, rows, table, padded, lineBytes, entries);

  const span = plan.filterWidth * plan.channels;
  const spanBytes = <usize>span << 5;
  const panelBytes = spanBytes * <usize>plan.filterHeight;
  const filter = <usize>plan.filter + <usize>firstImage * <usize>plan.filterStep;
  for (let panel = firstPanel; panel < endPanel; panel++) {
    const columns = min(LANES, plan.outputChannels - panel * LANES);
    const place = <usize>panel << 5;
    const bias = plan.bias == 0 ? 0 : <usize>plan.bias + place;
    const weights = filter + panelBytes * <usize>panel;
    for (let i = 0; i < pixels; i += ROWS) {
      const entry = table + (<usize>i << 3);
      let row0 = <usize>load<u32>(entry);
      let row1 = <usize>load<u32>(entry, 8);
      let row2 = <usize>load<u32>(entry, 16);
      let row3 = <usize>load<u32>(entry, 24);
      let row4 = <usize>load<u32>(entry, 32);
      let weight = weights;
      clearSums(sums);
      for (let k = 0; k < plan.filterHeight; k++, weight += spanBytes) {
        multiplyAdd(row0, row1, row2, row3, row4, weight, span, sums);
        row0 += lineBytes;
        row1 += lineBytes;
        row2 += lineBytes;
        row3 += lineBytes;
        row4 += lineBytes;
      }
      finish(sums, entry, min(ROWS, pixels - i), place, columns, bias, plan.activation);
    }
  }
}

/** Copies the rows that an item sees, zeros around them: [images][rows seen][columns seen][channels]. */
function copyPadded(
  plan: Convolution,
  firstImage: i32,
  images: i32,
  firstRow: i32,
  rows: i32,
  into: usize,
): void {
  const pixelBytes = <usize>plan.channels << 2;
  const columns = seenColumns(plan);
  const before = min(max(plan.left, 0), columns);
  const skipped = max(-plan.left, 0);
  const copied = max(0, min(plan.width - skipped, columns - before));
  const after = columns - before - copied;
  const seen = seenRows(plan, rows);
  const top = firstRow * plan.strideHeight - plan.top;
  for (let image = firstImage; image < firstImage + images; image++) {
    const source = <usize>plan.input + <usize>image * <usize>plan.imageStep;
    for (let row = top; row < top + seen; row++) {
      if (row < 0 || row >= plan.height) {
        memory.fill(into, 0, pixelBytes * <usize>columns);
        into += pixelBytes * <usize>columns;
        continue;
      }
      memory.fill(into, 0, pixelBytes * <usize>before);
      into += pixelBytes * <usize>before;
      const from = source + pixelBytes * (<usize>row * <usize>plan.width + <usize>skipped);
      memory.copy(into, from, pixelBytes * <usize>copied);
      into += pixelBytes * <usize>copied;
      memory.fill(into, 0, pixelBytes * <usize>after);
      into += pixelBytes * <usize>after;
    }
  }
}

/** Addresses of each pixel of the output: where its window begins, and where it is written. The last one is repeated. */
function listPixels(
  plan: Convolution,
  firstImage: i32,
  images: i32,
  firstRow: i32,
  rows: i32,
  table: usize,
  padded: usize,
  lineBytes: usize,
  entries: i32,
): void {
  const pixelBytes = <usize>plan.channels << 2;
  const step = pixelBytes * <usize>plan.strideWidth;
  const seen = <usize>seenRows(plan, rows);
  let entry = table;
  for (let image = 0; image < images; image++) {
    let line = padded + <usize>image * seen * lineBytes;
    if (plan.inside) {
      const row = firstRow * plan.strideHeight - plan.top;
      line = <usize>plan.input + <usize>(firstImage + image) * <usize>plan.imageStep + <usize>row * lineBytes - <usize>plan.left * pixelBytes;
    }
    let outputLine =
      <usize>plan.output +
      <usize>(firstImage + image) * <usize>plan.outputImageStep +
      <usize>firstRow * <usize>plan.outputRowStep;
    for (let row = 0; row < rows; row++) {
      let from = line;
      let to = outputLine;
      for (let column = 0; column < plan.outputWidth; column++, entry += 8) {
        store<u32>(entry, <u32>from);
        store<u32>(entry, <u32>to, 4);
        from += step;
        to += plan.outputPixelStep;
      }
      line += lineBytes * <usize>plan.strideHeight;
      outputLine += plan.outputRowStep;
    }
  }
  const last = load<u64>(entry - 8);
  for (const end = table + (<usize>entries << 3); entry < end; entry += 8) store<u64>(entry, last);
}

/** Writes the sums of some pixels to their places, with bias and activation. */
function finish(
  sums: usize,
  entry: usize,
  rows: i32,
  place: usize,
  columns: i32,
  bias: usize,
  activation: i32,
): void {
  let low0 = f32x4.splat(0);
  let high0 = low0;
  if (bias != 0) {
    low0 = loadFirst(bias, columns);
    high0 = loadFirst(bias + 16, columns - 4);
  }
  for (let row = 0; row < rows; row++, entry += 8, sums += 32) {
    const to = <usize>load<u32>(entry, 4) + place;
    let low = f32x4.add(v128.load(sums), low0);
    let high = f32x4.add(v128.load(sums, 16), high0);
    if (activation != 0) {
      low = activated(low, activation);
      high = activated(high, activation);
    }
    if (columns == LANES) {
      v128.store(to, low);
      v128.store(to, high, 16);
    } else {
      storeFirst(to, low, columns);
      storeFirst(to + 16, high, columns - 4);
    }
  }
}
