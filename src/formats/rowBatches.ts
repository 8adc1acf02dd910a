import { type ArrayData, dtypes } from "./arrayData.js";
import { allocate } from "./arrayFileError.js";
import { copyRuns } from "./byteRuns.js";
import type { ElementReader } from "./elementReader.js";
import { decodeElements, type ElementLayout } from "./elements.js";
import type { OpenedArray } from "./storedArrays.js";

/** Bytes of a batch in the file, by default. */
const defaultBatchBytes = 2 ** 22;

/** Rows of about 4 MiB, at least one. */
export function defaultRows(layout: ElementLayout): number {
  const { rows, rowBytes } = measure(layout);
  return Math.max(1, rowBytes === 0 ? rows : Math.floor(defaultBatchBytes / rowBytes));
}

/** All of an array. */
export async function readWhole(array: OpenedArray): Promise<ArrayData> {
  const reader = array.reader();
  try {
    return await readAll(array, reader);
  } finally {
    await reader.close();
  }
}

/**
 * An array in blocks of up to `rows` rows, in order. A single number is one block; no rows are no block.
 * Memory does not grow with the array: a few blocks, or a panel of the reader where rows are not in one piece.
 */
export async function* readBatches(
  array: OpenedArray,
  rows: number,
  signal?: AbortSignal,
): AsyncGenerator<ArrayData, void, undefined> {
  const reader = array.reader(signal);
  try {
    signal?.throwIfAborted();
    if (array.layout.shape.length === 0) yield await readAll(array, reader);
    else yield* readRows(array, reader, rows, signal);
  } finally {
    await reader.close();
  }
}

async function readAll({ layout, fail }: OpenedArray, reader: ElementReader): Promise<ArrayData> {
  const { rows, rowBytes } = measure(layout);
  const bytes = rows * rowBytes;
  const buffer = await reader.read({ start: 0, bytes, stride: bytes, count: 1 });
  await reader.finish();
  return decodeElements(buffer, layout, fail);
}

async function* readRows(
  { layout, fail }: OpenedArray,
  reader: ElementReader,
  batchRows: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArrayData, void, undefined> {
  const { rows, rowElements, rowBytes } = measure(layout);
  // In Fortran order the rows of a block are in pieces, one in each column.
  const scattered = layout.fortranOrder && rowElements > 1;
  const columns = scattered ? rowElements : 1;
  const pitch = scattered ? dtypes[layout.dtype].bytes : rowBytes;
  const batchesPerPanel = scattered
    ? Math.max(1, Math.floor(reader.panelBytes / (batchRows * rowBytes)))
    : 1;
  const panelRows = Math.min(batchRows * batchesPerPanel, rows);

  for (let top = 0; top < rows; top += panelRows) {
    const height = Math.min(panelRows, rows - top);
    const panel = await reader.read({
      start: top * pitch,
      bytes: height * pitch,
      stride: rows * pitch,
      count: columns,
    });
    for (let first = 0; first < height; first += batchRows) {
      signal?.throwIfAborted();
      const count = Math.min(batchRows, height - first);
      const runs = {
        start: first * pitch,
        bytes: count * pitch,
        stride: height * pitch,
        count: columns,
      };
      const buffer =
        count === height ? panel : allocate(count * rowBytes, fail, () => copyRuns(panel, runs));
      if (top + first + count === rows) await reader.finish();
      const shape = [count, ...layout.shape.slice(1)];
      yield decodeElements(buffer, { ...layout, shape }, fail, (top + first) * rowElements);
    }
  }
  if (rows === 0) await reader.finish();
}

/** A single number counts as one row. */
function measure({ dtype, shape }: ElementLayout) {
  const [rows = 1, ...rest] = shape;
  const rowElements = rest.reduce((product, size) => product * size, 1);
  return { rows, rowElements, rowBytes: rowElements * dtypes[dtype].bytes };
}
