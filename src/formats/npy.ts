import type { ArrayData } from "./arrayData.js";
import type { Fail } from "./arrayFileError.js";
import type { ByteSource } from "./byteSource.js";
import { fileReader } from "./elementReader.js";
import { type ByteLayout, encodeElements } from "./elements.js";
import { formatNpyHeader, npyHeaderLimit, parseNpyHeader } from "./npyHeader.js";
import type { StoredArrays } from "./storedArrays.js";

/** Opens a `.npy` file; the format has no name for its array, so the caller gives one. */
export async function openNpy(source: ByteSource, name: string, fail: Fail): Promise<StoredArrays> {
  const start = await source.read(0, Math.min(source.size, npyHeaderLimit));
  const header = parseNpyHeader(new Uint8Array(start), source.size, fail);
  const array = {
    layout: header,
    fail,
    reader: (signal?: AbortSignal) =>
      fileReader({ source, start: header.dataOffset, fail, signal }),
  };
  return new Map([[name, { inflatedBytes: 0, open: async () => array }]]);
}

/** The bytes of a `.npy` file, in pieces. */
export function* encodeNpy(array: ArrayData, layout: ByteLayout): Generator<Uint8Array> {
  yield formatNpyHeader(array.dtype, array.shape, layout);
  yield* encodeElements(array, layout);
}
