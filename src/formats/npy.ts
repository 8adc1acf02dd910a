import type { ArrayData } from "./arrayData.js";
import type { Fail } from "./arrayFileError.js";
import type { ByteSource } from "./byteSource.js";
import { type ByteLayout, decodeElements, encodeElements } from "./elements.js";
import { formatNpyHeader, npyHeaderLimit, parseNpyHeader } from "./npyHeader.js";
import type { StoredArrays } from "./storedArrays.js";

/** Opens a `.npy` file; the format has no name for its array, so the caller gives one. */
export async function openNpy(source: ByteSource, name: string, fail: Fail): Promise<StoredArrays> {
  const start = await source.read(0, Math.min(source.size, npyHeaderLimit));
  const header = parseNpyHeader(new Uint8Array(start), source.size, fail);
  const read = async () => {
    const data = await source.read(header.dataOffset, header.dataBytes);
    return decodeElements(data, header.dtype, header.shape, header, fail);
  };
  return new Map([[name, { inflatedBytes: 0, read }]]);
}

/** The bytes of a `.npy` file, in pieces. */
export function* encodeNpy(array: ArrayData, layout: ByteLayout): Generator<Uint8Array> {
  yield formatNpyHeader(array.dtype, array.shape, layout);
  yield* encodeElements(array, layout);
}
