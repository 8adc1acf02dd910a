import type { Engine } from "./engine.js";
import { ITEMS, LANES, parts, ROWS } from "./microKernel.js";
import { sumParts } from "./sumParts.js";
import {
  suitsWinograd,
  suitsWinogradFilterGradient,
  winogradConvolution,
  winogradFilterGradient,
} from "./winograd.js";

/** What a convolution with its strides and zeros looks like; sizes of images and filter in pixels. */
export interface ConvolutionShape {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Rows and columns of zeros before the image; negative where the first windows begin inside. */
  readonly top: number;
  readonly left: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly outputChannels: number;
}

/** What happens to the results before they are written. */
export type Activation = "linear" | "relu" | "relu6";

const activations: readonly Activation[] = ["linear", "relu", "relu6"];

/** Input of one item that is copied with zeros around: small enough for a second-level cache beside a panel. */
const PADDED_BYTES = 384 * 1024;

/** Where the numbers of a matrix [taps · depth, lanes] lie, in bytes; see `packPanels.ts` of the kernels. */
interface PanelSource {
  readonly tapRows: number;
  readonly tapColumns: number;
  readonly depth: number;
  readonly lanes: number;
  readonly tapRowStep: number;
  readonly tapColumnStep: number;
  readonly depthStep: number;
  readonly laneStep: number;
  /** How many such matrices, one for each image, and from one to the next. */
  readonly batches?: number;
  readonly batchStep?: number;
}

/** Packs a matrix for the inner loop and returns the address, with the bytes of one batch. */
export function packPanels(
  engine: Engine,
  source: number,
  {
    tapRows,
    tapColumns,
    depth,
    lanes,
    tapRowStep,
    tapColumnStep,
    depthStep,
    laneStep,
    ...more
  }: PanelSource,
): { address: number; bytes: number } {
  const { batches = 1, batchStep = 0 } = more;
  const panels = parts(lanes, LANES);
  const bytes = panels * tapRows * tapColumns * depth * LANES * 4;
  const address = engine.scratch("panels", bytes * batches);
  const plan = engine.numbers("panels plan", [
    ...[source, address, tapRows, tapColumns, depth, lanes],
    ...[tapRowStep, tapColumnStep, depthStep, laneStep, batchStep],
  ]);
  engine.run("packPanel", [plan], batches * panels);
  return { address, bytes };
}

/** A convolution whose filter is packed, with its results on any grid of places; steps in bytes. */
interface PackedConvolution extends ConvolutionShape {
  readonly input: number;
  readonly imageStep: number;
  readonly filter: number;
  /** From the filter of one image to that of the next; 0 for one that all share. */
  readonly filterStep: number;
  readonly output: number;
  readonly outputImageStep: number;
  readonly outputRowStep: number;
  readonly outputPixelStep: number;
  /** Address, or 0 for none. */
  readonly bias: number;
  readonly activation: Activation;
}

export function convolvePacked(engine: Engine, plan: PackedConvolution): void {
  const { images, height, width, channels, top, left, filterHeight, filterWidth } = plan;
  const { strideHeight, strideWidth, outputHeight, outputWidth, outputChannels } = plan;
  if (images * outputHeight * outputWidth * outputChannels === 0) return;
  const seenRows = (rows: number) => (rows - 1) * strideHeight + filterHeight;
  const lineBytes = ((outputWidth - 1) * strideWidth + filterWidth) * channels * 4;
  const inside =
    top <= 0 &&
    left <= 0 &&
    seenRows(outputHeight) - top <= height &&
    (outputWidth - 1) * strideWidth + filterWidth - left <= width;

  const imageBytes = seenRows(outputHeight) * lineBytes;
  const imagesPerItem = plan.filterStep > 0 ? 1 : imagesOfItem(plan, imageBytes);
  let rowsPerItem = outputHeight;
  if (imageBytes > PADDED_BYTES) {
    const rows = Math.floor((PADDED_BYTES / lineBytes - filterHeight) / strideHeight) + 1;
    rowsPerItem = Math.min(outputHeight, Math.max(1, rows));
  }
  const groups = parts(images, imagesPerItem);
  if (groups * parts(outputHeight, rowsPerItem) < ITEMS) {
    rowsPerItem = Math.min(rowsPerItem, parts(outputHeight, parts(ITEMS, groups)));
  }
  // Rows of few pixels are taken so that the inner loop's five pixels are all there.
  if (outputWidth < ROWS) {
    rowsPerItem = Math.min(outputHeight, parts(rowsPerItem, ROWS) * ROWS);
  }
  const tiles = groups * parts(outputHeight, rowsPerItem);
  const panels = parts(outputChannels, LANES);
  const panelGroups = Math.min(panels, tiles < ITEMS ? parts(ITEMS, tiles) : 1);
  const panelsPerItem = parts(panels, panelGroups);

  const pixels = imagesPerItem * rowsPerItem * outputWidth;
  const padded = inside ? 0 : imagesPerItem * seenRows(rowsPerItem) * lineBytes;
  const address = engine.numbers("convolution plan", [
    ...[plan.input, plan.filter, plan.output, plan.bias],
    ...[images, height, width, channels, plan.imageStep, top, left],
    ...[filterHeight, filterWidth, plan.filterStep, strideHeight, strideWidth],
    ...[outputHeight, outputWidth, outputChannels],
    ...[plan.outputImageStep, plan.outputRowStep, plan.outputPixelStep],
    activations.indexOf(plan.activation),
    ...[imagesPerItem, rowsPerItem, panelsPerItem, Number(inside)],
  ]);
  const items = tiles * parts(panels, panelsPerItem);
  engine.run("convolve", [address], items, 512 + 8 * (pixels + ROWS) + padded);
}

/** Images of an item: as many as fill the inner loop's rows best, of those whose input stays in the cache. */
function imagesOfItem(
  { images, outputHeight, outputWidth }: ConvolutionShape,
  imageBytes: number,
): number {
  const pixels = outputHeight * outputWidth;
  const most = Math.max(
    1,
    Math.min(Math.floor(PADDED_BYTES / imageBytes), parts(images, ITEMS), parts(512, pixels)),
  );
  const waste = (count: number) => ((ROWS - ((count * pixels) % ROWS)) % ROWS) / (count * pixels);
  let best = 1;
  for (let count = 2; count <= most; count++) if (waste(count) <= waste(best)) best = count;
  return best;
}

/**
 * Convolution of images [images, height, width, channels] at `input` with a filter
 * [filterHeight, filterWidth, channels, outputChannels] at `filter`, into [images, outputHeight, outputWidth,
 * outputChannels] at `output`. `bias` is an address or 0.
 */
export function convolution(
  engine: Engine,
  shape: ConvolutionShape,
  {
    input,
    filter,
    output,
    bias = 0,
  }: { input: number; filter: number; output: number; bias?: number },
  activation: Activation = "linear",
): void {
  const { channels, outputChannels, filterHeight, filterWidth } = shape;
  if (suitsWinograd(shape)) {
    const channelStep = outputChannels * 4;
    const place = {
      address: filter,
      rowStep: 3 * channels * channelStep,
      columnStep: channels * channelStep,
      channelStep,
      outputStep: 4,
    };
    const places = { input, filter: place, output, bias };
    winogradConvolution(engine, shape, places, activations.indexOf(activation));
    return;
  }
  const packed = packPanels(engine, filter, {
    tapRows: filterHeight,
    tapColumns: filterWidth,
    depth: channels,
    lanes: outputChannels,
    tapRowStep: filterWidth * channels * outputChannels * 4,
    tapColumnStep: channels * outputChannels * 4,
    depthStep: outputChannels * 4,
    laneStep: 4,
  });
  const pixelBytes = outputChannels * 4;
  convolvePacked(engine, {
    ...shape,
    input,
    imageStep: shape.height * shape.width * channels * 4,
    filter: packed.address,
    filterStep: 0,
    output,
    outputImageStep: shape.outputHeight * shape.outputWidth * pixelBytes,
    outputRowStep: shape.outputWidth * pixelBytes,
    outputPixelStep: pixelBytes,
    bias,
    activation,
  });
}

/** One axis of the input gradient, for the positions of the input that lie alike to the strides. */
interface Phase {
  /** First such position, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** First tap that sees them, and how many do. */
  readonly tap: number;
  readonly taps: number;
  /** Zeros before dy, for a convolution of it with the reversed taps. */
  readonly before: number;
}

/**
 * The gradient at position y comes from the windows i and taps k with i · stride + k = y + zeros. For all y with the same
 * remainder of y + zeros by the stride it is a convolution of dy with every stride-th tap.
 */
function phasesOf(size: number, zeros: number, kernel: number, stride: number): Phase[] {
  const phases: Phase[] = [];
  for (let tap = 0; tap < stride; tap++) {
    const first = (((tap - zeros) % stride) + stride) % stride;
    if (first >= size) continue;
    const taps = tap < kernel ? parts(kernel - tap, stride) : 0;
    const window = (first + zeros - tap) / stride;
    phases.push({
      first,
      count: parts(size - first, stride),
      tap,
      taps,
      before: taps - 1 - window,
    });
  }
  return phases;
}

/**
 * Gradient of a {@link convolution} by its input, [images, height, width, channels] at `gradient`, from `dy` [images,
 * outputHeight, outputWidth, outputChannels] and the filter.
 */
export function inputGradient(
  engine: Engine,
  shape: ConvolutionShape,
  { dy, filter, gradient }: { dy: number; filter: number; gradient: number },
): void {
  const { height, width, channels, outputChannels, filterHeight, filterWidth } = shape;
  const { strideHeight, strideWidth, outputHeight, outputWidth } = shape;
  const rowsOf = phasesOf(height, shape.top, filterHeight, strideHeight);
  const columnsOf = phasesOf(width, shape.left, filterWidth, strideWidth);
  const tapBytes = channels * outputChannels * 4;
  const turned: ConvolutionShape = {
    ...shape,
    height: outputHeight,
    width: outputWidth,
    channels: outputChannels,
    top: filterHeight - 1 - shape.top,
    left: filterWidth - 1 - shape.left,
    outputHeight: height,
    outputWidth: width,
    outputChannels: channels,
  };
  if (suitsWinograd(turned)) {
    // The last tap comes first.
    const place = {
      address: filter + 8 * tapBytes,
      rowStep: -3 * tapBytes,
      columnStep: -tapBytes,
      channelStep: 4,
      outputStep: outputChannels * 4,
    };
    winogradConvolution(engine, turned, { input: dy, filter: place, output: gradient, bias: 0 }, 0);
    return;
  }
  for (const rows of rowsOf) {
    for (const columns of columnsOf) {
      const [tapRows, tapColumns] =
        rows.taps * columns.taps === 0 ? [0, 0] : [rows.taps, columns.taps];
      // The last tap comes first.
      const lastRow = rows.tap + (tapRows - 1) * strideHeight;
      const lastColumn = columns.tap + (tapColumns - 1) * strideWidth;
      const packed = packPanels(engine, filter + (lastRow * filterWidth + lastColumn) * tapBytes, {
        tapRows,
        tapColumns,
        depth: outputChannels,
        lanes: channels,
        tapRowStep: -strideHeight * filterWidth * tapBytes,
        tapColumnStep: -strideWidth * tapBytes,
        depthStep: 4,
        laneStep: outputChannels * 4,
      });
      convolvePacked(engine, {
        images: shape.images,
        height: outputHeight,
        width: outputWidth,
        channels: outputChannels,
        top: tapRows === 0 ? 0 : rows.before,
        left: tapRows === 0 ? 0 : columns.before,
        filterHeight: tapRows,
        filterWidth: tapColumns,
        strideHeight: 1,
        strideWidth: 1,
        outputHeight: rows.count,
        outputWidth: columns.count,
        outputChannels: channels,
        input: dy,
        imageStep: outputHeight * outputWidth * outputChannels * 4,
        filter: packed.address,
        filterStep: 0,
        output: gradient + (rows.first * width + columns.first) * channels * 4,
        outputImageStep: height * width * channels * 4,
        outputRowStep: strideHeight * width * channels * 4,
        outputPixelStep: strideWidth * channels * 4,
        bias: 0,
        activation: "linear",
      });
    }
  }
}

/** Largest gradient, in numbers, of which several parts are kept to be summed. */
const PARTS_LENGTH = 2 ** 20;
/** Pixels of dy that are repacked at a time. */
const BLOCK_PIXELS = 512;

/**
 * Gradient of a {@link convolution} by its filter, [filterHeight, filterWidth, channels, outputChannels] at `gradient`,
 * from the `input` and `dy`.
 */
export function filterGradient(
  engine: Engine,
  shape: ConvolutionShape,
  { input, dy, gradient }: { input: number; dy: number; gradient: number },
): void {
  const { images, channels, filterHeight, filterWidth, strideHeight, strideWidth } = shape;
  const { outputHeight, outputWidth, outputChannels } = shape;
  const taps = filterHeight * filterWidth;
  const length = taps * channels * outputChannels;
  const pixels = outputHeight * outputWidth;
  if (images * pixels === 0) {
    engine.floats(gradient, length).fill(0);
    return;
  }
  if (suitsWinogradFilterGradient(shape)) {
    winogradFilterGradient(engine, shape, { input, dy, gradient });
    return;
  }
  const imagesPerBlock =
    pixels >= BLOCK_PIXELS ? 1 : Math.min(images, parts(BLOCK_PIXELS / 2, pixels));
  const rowsPerBlock =
    pixels >= BLOCK_PIXELS
      ? Math.min(outputHeight, parts(BLOCK_PIXELS, outputWidth))
      : outputHeight;
  const blocks = parts(images, imagesPerBlock);
  // The order of the sum depends on the shape alone, so that it is the same for any number of threads.
  const wanted = Math.max(1, Math.min(blocks, Math.floor(PARTS_LENGTH / length), 64));
  const imagesPerPart = parts(blocks, wanted) * imagesPerBlock;
  const count = parts(images, imagesPerPart);
  const quads = parts(channels, 4);
  const quadGroups = Math.min(quads, count >= ITEMS ? 1 : parts(2 * ITEMS, count));
  const quadsPerItem = parts(quads, quadGroups);

  const copyPerTap = strideHeight > 1 || strideWidth > 1 || rowsPerBlock * outputWidth < 64;
  const rows = copyPerTap ? rowsPerBlock : rowsPerBlock + filterHeight - 1;
  const copies = copyPerTap ? taps : filterWidth;
  const packed = copies * quadsPerItem * imagesPerBlock * rows * outputWidth * 16;
  const dyPanel = imagesPerBlock * rowsPerBlock * outputWidth * 32;
  const table = (taps * quadsPerItem * 4 + ROWS) * 8;

  const output = count > 1 ? engine.scratch("parts", count * length * 4) : gradient;
  const plan = engine.numbers("filter gradient plan", [
    ...[input, dy, output, images, shape.height, shape.width, channels, shape.top, shape.left],
    ...[filterHeight, filterWidth, strideHeight, strideWidth],
    ...[outputHeight, outputWidth, outputChannels],
    ...[imagesPerPart, quadsPerItem, imagesPerBlock, rowsPerBlock, Number(copyPerTap)],
  ]);
  const items = count * parts(quads, quadsPerItem);
  engine.run("filterGradient", [plan], items, 512 + table + dyPanel + packed);
  if (count > 1) sumParts(engine, output, gradient, length, count);
}
