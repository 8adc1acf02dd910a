import { show } from "../internal/checks.js";
import type { ArrayData } from "./arrayData.js";
import { allocate, type Fail, failWithin } from "./arrayFileError.js";
import { type ByteSource, pieces } from "./byteSource.js";
import { crc32 } from "./crc32.js";
import { type ByteLayout, decodeElements } from "./elements.js";
import { encodeNpy } from "./npy.js";
import { npyHeaderLimit, parseNpyHeader } from "./npyHeader.js";
import type { StoredArray, StoredArrays } from "./storedArrays.js";
import {
  encodeZip,
  locateZipData,
  readZipDirectory,
  type ZipEntry,
  type ZipMember,
} from "./zip.js";

/**
 * Unpacks a raw deflate stream into `target`, stopping when it is full.
 * Returns the number of bytes written; rejects if the stream is damaged or cut short.
 */
export type Inflate = (deflated: ArrayBuffer, target: Uint8Array) => Promise<number>;

/** Packs bytes into a raw deflate stream. */
export type Deflate = (contents: Iterable<Uint8Array>) => Promise<Uint8Array[]>;

const suffix = ".npy";

/** Opens a `.npz` file. */
export async function openNpz(
  source: ByteSource,
  inflate: Inflate,
  fail: Fail,
): Promise<StoredArrays> {
  const entries = await readZipDirectory(source, fail);

  async function read(entry: ZipEntry): Promise<ArrayData> {
    const failHere = failWithin(fail, `member ${show(entry.name)}`);
    return entry.deflated
      ? readDeflated(source, entry, inflate, failHere)
      : readStored(source, entry, failHere);
  }

  const arrays = new Map<string, StoredArray>();
  for (const entry of entries) {
    if (!entry.name.endsWith(suffix)) {
      throw fail(
        "member name",
        "the name of a .npy file",
        show(entry.name),
        "A PyTorch checkpoint is a zip file too: save its tensors with numpy.savez or safetensors.",
      );
    }
    arrays.set(entry.name.slice(0, -suffix.length), {
      inflatedBytes: entry.deflated ? entry.bytes : 0,
      read: () => read(entry),
    });
  }
  return arrays;
}

async function readStored(source: ByteSource, entry: ZipEntry, fail: Fail): Promise<ArrayData> {
  const start = await locateZipData(source, entry, fail);
  const head = new Uint8Array(await source.read(start, Math.min(entry.bytes, npyHeaderLimit)));
  const header = parseNpyHeader(head, entry.bytes, fail);
  const data = await source.read(start + header.dataOffset, header.dataBytes);
  checkCrc(entry.crc, [head.subarray(0, header.dataOffset), ...pieces(data)], fail);
  return decodeElements(data, header.dtype, header.shape, header, fail);
}

async function readDeflated(
  source: ByteSource,
  entry: ZipEntry,
  inflate: Inflate,
  fail: Fail,
): Promise<ArrayData> {
  const start = await locateZipData(source, entry, fail);
  const deflated = await source.read(start, entry.storedBytes);

  async function inflateUpTo(bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const target = allocate(bytes, fail, () => new Uint8Array(bytes));
    try {
      return target.subarray(0, await inflate(deflated, target));
    } catch (error) {
      throw fail("data", "a deflate stream", String((error as Error).message ?? error), "", error);
    }
  }

  // A header that contradicts the member's size is found before the bulk is unpacked.
  const head = await inflateUpTo(Math.min(entry.bytes, npyHeaderLimit));
  const header = parseNpyHeader(head, entry.bytes, fail);
  // Room for one byte more, to notice a stream that goes on.
  const contents = await inflateUpTo(entry.bytes + 1);
  if (contents.length !== entry.bytes) {
    const got = contents.length > entry.bytes ? "more" : `${contents.length} bytes`;
    throw fail("data", `a deflate stream of ${entry.bytes} bytes`, got);
  }
  checkCrc(entry.crc, pieces(contents.buffer, 0, entry.bytes), fail);
  const data = allocate(header.dataBytes, fail, () =>
    contents.buffer.slice(header.dataOffset, entry.bytes),
  );
  return decodeElements(data, header.dtype, header.shape, header, fail);
}

function checkCrc(expected: number, contents: Iterable<Uint8Array>, fail: Fail): void {
  const crc = crcOf(contents);
  if (crc === expected) return;
  const hex = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
  throw fail("CRC-32", hex(expected), hex(crc), "The file is damaged.");
}

function crcOf(contents: Iterable<Uint8Array>): number {
  let crc = 0;
  for (const piece of contents) crc = crc32(piece, crc);
  return crc;
}

/**
 * The bytes of a `.npz` file, in pieces.
 *
 * @param deflate - Packs the members; without it they are stored.
 */
export function encodeNpz(
  arrays: Iterable<readonly [name: string, array: ArrayData]>,
  layout: ByteLayout,
  deflate?: Deflate,
): AsyncGenerator<Uint8Array> {
  async function* members(): AsyncGenerator<ZipMember> {
    for (const [name, array] of arrays) {
      const contents = [...encodeNpy(array, layout)];
      const packed = deflate ? await deflate(contents) : contents;
      yield {
        name: name + suffix,
        deflated: deflate !== undefined,
        crc: crcOf(contents),
        bytes: lengthOf(contents),
        storedBytes: lengthOf(packed),
        contents: packed,
      };
    }
  }
  return encodeZip(members());
}

function lengthOf(contents: readonly Uint8Array[]): number {
  return contents.reduce((sum, { length }) => sum + length, 0);
}
