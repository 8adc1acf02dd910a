import { show } from "../internal/checks.js";
import type { ArrayData } from "./arrayData.js";
import { type Fail, failWithin } from "./arrayFileError.js";

/** An array of an opened file, before it is read. */
export interface StoredArray {
  /** Bytes that it unpacks to if it is compressed, else 0: what a small file can make large. */
  readonly inflatedBytes: number;
  read(): Promise<ArrayData>;
}

/** Arrays of an opened file by name, in the file's order. */
export type StoredArrays = ReadonlyMap<string, StoredArray>;

/** Reads arrays of a file one after the other, once it is known that all of them together unpack to few enough bytes. */
export async function readStoredArrays(
  arrays: StoredArrays,
  maxBytes: number,
  fail: Fail,
): Promise<[name: string, array: ArrayData][]> {
  let bytes = 0;
  for (const [name, { inflatedBytes }] of arrays) {
    bytes += inflatedBytes;
    if (bytes > maxBytes) {
      throw failWithin(fail, `member ${show(`${name}.npy`)}`)(
        "size",
        `such that all deflated members unpack to at most maxBytes = ${maxBytes} bytes`,
        `${inflatedBytes} of ${bytes} so far`,
        "If you trust the file, pass a larger maxBytes.",
      );
    }
  }
  const result: [string, ArrayData][] = [];
  for (const [name, array] of arrays) result.push([name, await array.read()]);
  return result;
}
