import type { ConvolutionShape } from "./convolution.js";
import type { Engine } from "./engine.js";
import { ITEMS, LANES, parts, ROWS, SUMS_BYTES } from "./microKernel.js";
import { PIECE, pieces } from "./pieces.js";
import { sumParts } from "./sumParts.js";

/**
 * Convolutions with a 3 × 3 filter and stride 1 by Winograd's minimal algorithm, with 16/36 of the products; see
 * `winograd.ts` of the kernels. For few channels the transforms cost more than the products that they save.
 */
const isWinograd = (shape: ConvolutionShape, leastChannels: number): boolean =>
  shape.filterHeight === 3 &&
  shape.filterWidth === 3 &&
  shape.strideHeight === 1 &&
  shape.strideWidth === 1 &&
  shape.channels % QUAD === 0 &&
  Math.min(shape.channels, shape.outputChannels) >= leastChannels;

export const suitsWinograd = (shape: ConvolutionShape): boolean => isWinograd(shape, 8);
export const suitsWinogradFilterGradient = (shape: ConvolutionShape): boolean =>
  isWinograd(shape, 32);

const POSITIONS = 16;
/** Pixels between two tiles of output. */
const STEP = 2;
/** Channels that are transformed at a time. */
const QUAD = 4;
/** Transformed tiles of one item: small enough for a second-level cache beside a panel of the filter. */
const TRANSFORMED_BYTES = 256 * 1024;

const tilesOf = ({ images, outputHeight, outputWidth }: ConvolutionShape): number =>
  images * parts(outputHeight, STEP) * parts(outputWidth, STEP);

/** Where the filters [3][3][channels][outputs] lie; steps in bytes. */
export interface FilterPlace {
  readonly address: number;
  readonly rowStep: number;
  readonly columnStep: number;
  readonly channelStep: number;
  readonly outputStep: number;
}

/** The convolution of `input` with a filter, results one after the other at `output`; `bias` is an address or 0. */
export function winogradConvolution(
  engine: Engine,
  shape: ConvolutionShape,
  {
    input,
    filter,
    output,
    bias,
  }: { input: number; filter: FilterPlace; output: number; bias: number },
  activation: number,
): void {
  const { images, height, width, channels, outputChannels } = shape;
  const tiles = tilesOf(shape);
  if (tiles === 0) return;
  const panels = parts(outputChannels, LANES);
  const transformed = engine.scratch("panels", panels * POSITIONS * channels * LANES * 4);
  const filterPlan = engine.numbers("panels plan", [
    ...[filter.address, transformed, channels, outputChannels],
    ...[filter.rowStep, filter.columnStep, filter.channelStep, filter.outputStep],
  ]);
  engine.run("winogradFilter", [filterPlan], panels, 1024);

  const pixelBytes = channels * 4;
  const most = Math.floor(TRANSFORMED_BYTES / (POSITIONS * pixelBytes));
  const tilesPerItem = ROWS * Math.max(1, Math.floor(Math.min(most, parts(tiles, ITEMS)) / ROWS));
  const plan = engine.numbers("convolution plan", [
    ...[input, transformed, output, bias, images, height, width, channels, shape.top, shape.left],
    ...[shape.outputHeight, shape.outputWidth, outputChannels, activation, tilesPerItem],
  ]);
  const bytes =
    POSITIONS * SUMS_BYTES + tilesPerItem * 8 + 256 + (1 + POSITIONS * tilesPerItem) * pixelBytes;
  engine.run("winograd", [plan], parts(tiles, tilesPerItem), bytes);
}

/** Largest gradient, in numbers, of which several parts are kept to be summed. */
const PARTS_LENGTH = 2 ** 22;
const TILES_PER_BLOCK = 64;

/** Gradient by the filter [3, 3, channels, outputChannels], from the input and `dy`. */
export function winogradFilterGradient(
  engine: Engine,
  shape: ConvolutionShape,
  { input, dy, gradient }: { input: number; dy: number; gradient: number },
): void {
  const { images, height, width, channels, outputChannels } = shape;
  const pairs = channels * outputChannels;
  const length = POSITIONS * pairs;
  const tiles = tilesOf(shape);
  const tilesPerBlock = Math.min(tiles, TILES_PER_BLOCK);
  const blocks = parts(tiles, tilesPerBlock);
  // The order of the sum depends on the shape alone, so that it is the same for any number of threads.
  const wanted = Math.max(1, Math.min(blocks, Math.floor(PARTS_LENGTH / length), 2 * ITEMS));
  const tilesPerPart = parts(blocks, wanted) * tilesPerBlock;
  const count = parts(tiles, tilesPerPart);
  const quads = channels / QUAD;
  const quadsPerItem = parts(quads, Math.min(quads, parts(ITEMS, count)));

  const sums = engine.scratch("parts", (count + 1) * length * 4);
  const total = count > 1 ? sums + count * length * 4 : sums;
  const plan = engine.numbers("filter gradient plan", [
    ...[input, dy, sums, images, height, width, channels, shape.top, shape.left],
    ...[shape.outputHeight, shape.outputWidth, outputChannels],
    ...[tilesPerPart, quadsPerItem, tilesPerBlock],
  ]);
  const tileBytes = POSITIONS * (quadsPerItem * QUAD * 4 + LANES * 4);
  const bytes = SUMS_BYTES + 256 + channels * 4 + tilesPerBlock * tileBytes;
  engine.run("winogradFilterGradient", [plan], count * parts(quads, quadsPerItem), bytes);
  if (count > 1) sumParts(engine, sums, total, length, count);
  engine.run("winogradFilterResult", [total, gradient, pairs, PIECE], pieces(pairs), 192);
}
