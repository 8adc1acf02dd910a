import { show } from "../internal/checks.js";
import type { ArrayData } from "./arrayData.js";
import { type Fail, failWithin } from "./arrayFileError.js";
import { type ByteSource, SourceStream } from "./byteSource.js";
import { Checksum } from "./checksum.js";
import { type Crc32, crc32 } from "./crc32.js";
import { fileReader } from "./elementReader.js";
import type { ByteLayout } from "./elements.js";
import { InflatingReader } from "./inflatingReader.js";
import { encodeNpy } from "./npy.js";
import { npyHeaderLimit, parseNpyHeader } from "./npyHeader.js";
import type { OpenedArray, StoredArray, StoredArrays } from "./storedArrays.js";
import {
  encodeZip,
  locateZipData,
  readZipDirectory,
  type ZipEntry,
  type ZipMember,
} from "./zip.js";

/**
 * Unpacks a raw deflate stream; throws if it is damaged or cut short.
 *
 * @param bytes - How many bytes will be asked for at most, so that memory is not taken for more.
 */
type Inflate = (deflated: AsyncIterable<Uint8Array>, bytes: number) => AsyncIterable<Uint8Array>;

/** Packs bytes into a raw deflate stream. */
export type Deflate = (contents: Iterable<Uint8Array>) => Promise<Uint8Array[]>;

const suffix = ".npy";

/** What is needed to read a zip file, from wherever it is fastest. */
export interface ZipCodec {
  readonly inflate: Inflate;
  readonly crc32: Crc32;
}

/** Opens a `.npz` file. */
export async function openNpz(
  source: ByteSource,
  codec: ZipCodec,
  fail: Fail,
): Promise<StoredArrays> {
  const entries = await readZipDirectory(source, fail);
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
    const openMember = entry.deflated ? openDeflated : openStored;
    const failHere = failWithin(fail, `member ${show(entry.name)}`);
    arrays.set(entry.name.slice(0, -suffix.length), {
      inflatedBytes: entry.deflated ? entry.bytes : 0,
      open: () => openMember(source, entry, codec, failHere),
    });
  }
  return arrays;
}

async function openStored(
  source: ByteSource,
  entry: ZipEntry,
  { crc32 }: ZipCodec,
  fail: Fail,
): Promise<OpenedArray> {
  const start = await locateZipData(source, entry, fail);
  const head = new Uint8Array(await source.read(start, Math.min(entry.bytes, npyHeaderLimit)));
  const layout = parseNpyHeader(head, entry.bytes, fail);
  const offset = layout.dataOffset;
  const header = head.slice(0, offset);
  function reader(signal?: AbortSignal) {
    const sum = new Checksum(entry.bytes, crc32);
    sum.add(header, 0);
    const checksum = { of: sum, offset, expected: entry.crc };
    return fileReader({ source, start: start + offset, fail, signal, checksum });
  }
  return { layout, fail, reader };
}

async function openDeflated(
  source: ByteSource,
  entry: ZipEntry,
  { inflate, crc32 }: ZipCodec,
  fail: Fail,
): Promise<OpenedArray> {
  const start = await locateZipData(source, entry, fail);

  async function* inflateUpTo(bytes: number): AsyncGenerator<Uint8Array> {
    const deflated = new SourceStream(source, start, entry.storedBytes);
    try {
      yield* inflate(deflated, bytes);
    } catch (error) {
      if (deflated.failure) throw deflated.failure.error;
      throw fail("data", "a deflate stream", String((error as Error).message ?? error), "", error);
    }
  }

  // A header that contradicts the member's size is found before the bulk is unpacked.
  const headBytes = Math.min(entry.bytes, npyHeaderLimit);
  const layout = parseNpyHeader(
    await startOf(inflateUpTo(headBytes), headBytes),
    entry.bytes,
    fail,
  );
  const { bytes, crc } = entry;
  const contents = { start: layout.dataOffset, bytes, crc, crc32, fail };
  return {
    layout,
    fail,
    // One byte more, to notice a stream that goes on.
    reader: (signal) =>
      new InflatingReader({ ...contents, inflate: () => inflateUpTo(bytes + 1), signal }),
  };
}

/** The first `bytes` bytes of a stream, or all if it has fewer. */
async function startOf(chunks: AsyncIterable<Uint8Array>, bytes: number): Promise<Uint8Array> {
  const start = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(0, bytes - filled);
    start.set(part, filled);
    filled += part.length;
    if (filled === bytes) break;
  }
  return start.subarray(0, filled);
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
