import { show } from "../internal/checks.js";
import type { ArrayData } from "./arrayData.js";
import { type Fail, failWithin } from "./arrayFileError.js";
import type { ElementReader } from "./elementReader.js";
import type { ElementLayout } from "./elements.js";
import { readWhole } from "./rowBatches.js";

/** An array of an opened file, before anything of it is read. */
export interface StoredArray {
  /** Bytes that it unpacks to if it is compressed, else 0: what a small file can make large. */
  readonly inflatedBytes: number;
  /** Reads and checks what the file says about the array. */
  open(): Promise<OpenedArray>;
}

/** An array of which all is known but the values. */
export interface OpenedArray {
  readonly layout: ElementLayout;
  /** Makes the errors about this array. */
  readonly fail: Fail;
  /** Any number of readers may be at work at a time. */
  reader(signal?: AbortSignal): ElementReader;
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
  for (const [name, array] of arrays) result.push([name, await readWhole(await array.open())]);
  return result;
}
