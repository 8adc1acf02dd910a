import { show } from "../internal/checks.js";
import type { ArrayData } from "./arrayData.js";
import { type Fail, failWithin } from "./arrayFileError.js";
import type { ByteSource } from "./byteSource.js";
import { fileReader } from "./elementReader.js";
import { encodeElements } from "./elements.js";
import {
  formatSafetensorsHeader,
  maxSafetensorsHeaderBytes,
  parseSafetensorsHeader,
  placeTensors,
  type SafetensorsHeader,
} from "./safetensorsHeader.js";
import type { OpenedArray, StoredArrays } from "./storedArrays.js";

/** The format knows no other layout. */
const layout = { bigEndian: false, fortranOrder: false };

const lengthBytes = 8;

/** Whether a file could be `.safetensors`, which has no magic string: a length that fits, then `{`. */
export function startsLikeSafetensors(start: Uint8Array, fileSize: number): boolean {
  return start[lengthBytes] === 0x7b && lengthBytes + headerLength(start) <= fileSize;
}

/** The number at the start of the file. */
function headerLength(start: Uint8Array): number {
  return Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
}

/** Opens a `.safetensors` file. */
export async function openSafetensors(
  source: ByteSource,
  fail: Fail,
): Promise<{ arrays: StoredArrays; metadata: SafetensorsHeader["metadata"] }> {
  if (source.size < lengthBytes) {
    throw fail("file", `at least ${lengthBytes} bytes long`, `${source.size} bytes`);
  }
  const length = headerLength(new Uint8Array(await source.read(0, lengthBytes)));
  const rest = source.size - lengthBytes;
  const limit = Math.min(rest, maxSafetensorsHeaderBytes);
  if (length > limit) {
    const reason = limit === rest ? "which follow it" : "the limit of the format";
    throw fail("header length", `at most ${limit} bytes, ${reason}`, `${length}`);
  }
  const header = new Uint8Array(await source.read(lengthBytes, length));
  const { tensors, metadata } = parseSafetensorsHeader(header, rest - length, fail);
  const arrays = tensors.map(({ name, dtype, shape, start: offset }) => {
    const start = lengthBytes + length + offset;
    const failHere = failWithin(fail, `tensor ${show(name)}`);
    const array: OpenedArray = {
      layout: { dtype, shape, ...layout },
      fail: failHere,
      reader: (signal) => fileReader({ source, start, fail: failHere, signal }),
    };
    return [name, { inflatedBytes: 0, open: async () => array }] as const;
  });
  return { arrays: new Map(arrays), metadata };
}

/** The bytes of a `.safetensors` file, in pieces. */
export function* encodeSafetensors(
  arrays: readonly (readonly [name: string, array: ArrayData])[],
  metadata: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const placed = placeTensors(arrays);
  const entryOf = new Map(placed.map(({ entry }) => [entry.name, entry]));
  const inGivenOrder = arrays.map(([name]) => entryOf.get(name)!);
  yield formatSafetensorsHeader(inGivenOrder, metadata);
  for (const { array } of placed) yield* encodeElements(array, layout);
}
