import { show } from "../internal/checks.js";
import type { Fail } from "./arrayFileError.js";
import { failWithin } from "./arrayFileError.js";
import type { ByteSource } from "./byteSource.js";

/** A member of a zip file, as the central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly deflated: boolean;
  readonly crc: number;
  /** Bytes in the file. */
  readonly storedBytes: number;
  /** Bytes of the contents. */
  readonly bytes: number;
  /** Where the member's local header begins. */
  readonly start: number;
  /** Where the next member or the central directory begins. */
  readonly limit: number;
}

const signatures = {
  localHeader: 0x04034b50,
  directoryEntry: 0x02014b50,
  directoryEnd: 0x06054b50,
  zip64DirectoryEnd: 0x06064b50,
  zip64Locator: 0x07064b50,
};

const full16 = 0xffff;
/** Stands in a 32-bit field for "see the zip64 field". */
const full32 = 0xffffffff;
const zip64ExtraId = 1;

const flags = { encrypted: 1, utf8: 1 << 11 };
/** Compression level (bits 1 and 2), data descriptor (3), UTF-8 name (11): none changes how data are read. */
const knownFlags = 0b110 | (1 << 3) | flags.utf8;

const methods = { stored: 0, deflated: 8 };

/** Deflate packs at most 258 bytes into two bits, so a larger ratio is a lie. */
const maxDeflateRatio = 1032;

const directoryEndBytes = 22;
const zip64LocatorBytes = 20;
const entryBytes = 46;
const localHeaderBytes = 30;

/** Whether bytes begin like a zip file: with a member, or with the end of an empty one. */
export function startsLikeZip(start: Uint8Array): boolean {
  if (start.length < 4) return false;
  const signature = viewOf(start).getUint32(0, true);
  return signature === signatures.localHeader || signature === signatures.directoryEnd;
}

/**
 * The members of a zip file, zip64 included. The central directory is believed, not the local headers;
 * it must fill the file up to its end record, and no two members may share a name.
 */
export async function readZipDirectory(source: ByteSource, fail: Fail): Promise<ZipEntry[]> {
  const { entries, start, bytes } = await findDirectory(source, fail);
  const view = new DataView(await source.read(start, bytes));
  const members: Omit<ZipEntry, "limit">[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < entries; i++) {
    if (at + entryBytes > bytes || view.getUint32(at, true) !== signatures.directoryEntry) {
      throw fail("central directory", `one of ${entries} entries`, `${i}, then something else`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const commentBytes = view.getUint16(at + 32, true);
    const next = at + entryBytes + nameBytes + extraBytes + commentBytes;
    if (next > bytes) {
      throw fail("central directory", `at least ${next} bytes long`, `${bytes} bytes`);
    }
    const member = parseEntry(new DataView(view.buffer, at, next - at), fail);
    if (names.has(member.name)) throw fail("member name", "used once", show(member.name));
    names.add(member.name);
    members.push(member);
    at = next;
  }
  if (at !== bytes) throw fail("central directory", `${at} bytes long`, `${bytes} bytes`);

  const starts = members.map((member) => member.start).sort((a, b) => a - b);
  const limitOf = new Map<number, number>();
  // The first of several members with one start gets that start as its limit, and so no room.
  starts.forEach((from, i) => {
    if (!limitOf.has(from)) limitOf.set(from, Math.min(starts[i + 1] ?? start, start));
  });
  return members.map((member) => ({ ...member, limit: limitOf.get(member.start)! }));
}

interface Directory {
  readonly entries: number;
  readonly start: number;
  readonly bytes: number;
}

async function findDirectory(source: ByteSource, fail: Fail): Promise<Directory> {
  const tailBytes = Math.min(source.size, directoryEndBytes + full16);
  const tail = new DataView(await source.read(source.size - tailBytes, tailBytes));
  let at = tailBytes - directoryEndBytes;
  // The record is followed by nothing but its own comment.
  const isEnd = () =>
    tail.getUint32(at, true) === signatures.directoryEnd &&
    at + directoryEndBytes + tail.getUint16(at + 20, true) === tailBytes;
  while (at >= 0 && !isEnd()) at--;
  if (at < 0) {
    throw fail(
      "end of the zip file",
      "an end of central directory record",
      "none",
      "The file was cut short, or something was appended to it.",
    );
  }
  const disks = [tail.getUint16(at + 4, true), tail.getUint16(at + 6, true)];
  const fields = {
    entries: tail.getUint16(at + 10, true),
    bytes: tail.getUint32(at + 12, true),
    start: tail.getUint32(at + 16, true),
  };
  if (disks.some((disk) => disk !== 0) || tail.getUint16(at + 8, true) !== fields.entries) {
    throw fail("zip file", "a single file", "a part of several");
  }
  const end = source.size - tailBytes + at;
  const { directoryEnd, ...directory } = await findZip64Directory(source, end, fields, fail);
  if (directory.start + directory.bytes !== directoryEnd) {
    throw fail(
      "central directory",
      `followed by its end record at byte ${directoryEnd}`,
      `${directory.bytes} bytes from byte ${directory.start} on`,
    );
  }
  return directory;
}

/** The same fields from the zip64 records, if the file has them in front of its end record. */
async function findZip64Directory(
  source: ByteSource,
  end: number,
  fields: Directory,
  fail: Fail,
): Promise<Directory & { directoryEnd: number }> {
  const locatorStart = end - zip64LocatorBytes;
  if (locatorStart < 0) return { ...fields, directoryEnd: end };
  const locator = new DataView(await source.read(locatorStart, zip64LocatorBytes));
  if (locator.getUint32(0, true) !== signatures.zip64Locator) {
    return { ...fields, directoryEnd: end };
  }
  const directoryEnd = getUint64(locator, 8);
  const must = "in front of its locator";
  if (directoryEnd + 56 > locatorStart) {
    throw fail("zip64 end record", must, `byte ${directoryEnd}`);
  }
  const record = new DataView(await source.read(directoryEnd, 56));
  if (
    record.getUint32(0, true) !== signatures.zip64DirectoryEnd ||
    directoryEnd + 12 + getUint64(record, 4) !== locatorStart
  ) {
    throw fail("zip64 end record", must, `something else at byte ${directoryEnd}`);
  }
  const wide = {
    entries: getUint64(record, 32),
    bytes: getUint64(record, 40),
    start: getUint64(record, 48),
  };
  const agrees =
    [wide.entries, full16].includes(fields.entries) &&
    [wide.bytes, full32].includes(fields.bytes) &&
    [wide.start, full32].includes(fields.start);
  if (!agrees) {
    throw fail(
      "zip64 end record",
      "the same as the end record",
      `${wide.entries} entries in ${wide.bytes} bytes from byte ${wide.start} on`,
    );
  }
  return { ...wide, directoryEnd };
}

function parseEntry(view: DataView<ArrayBuffer>, fail: Fail): Omit<ZipEntry, "limit"> {
  const entryFlags = view.getUint16(8, true);
  const method = view.getUint16(10, true);
  const nameBytes = new Uint8Array(
    view.buffer,
    view.byteOffset + entryBytes,
    view.getUint16(28, true),
  );
  const name = decodeName(nameBytes, (entryFlags & flags.utf8) !== 0, fail);
  const failHere = failWithin(fail, `member ${show(name)}`);
  if (entryFlags & flags.encrypted) {
    throw failHere("contents", "free of encryption", "encrypted contents");
  }
  if (entryFlags & ~knownFlags) {
    throw failHere("flags", "those of plain data", `0x${entryFlags.toString(16)}`);
  }
  if (method !== methods.stored && method !== methods.deflated) {
    throw failHere(
      "compression",
      "stored (0) or deflated (8)",
      `method ${method}`,
      "Save with numpy.savez or numpy.savez_compressed.",
    );
  }
  const deflated = method === methods.deflated;
  const [bytes, storedBytes, start] = parseSizes(view, failHere) as [number, number, number];
  const possible = deflated ? bytes <= storedBytes * maxDeflateRatio : bytes === storedBytes;
  if (!possible) {
    throw failHere(
      "size",
      deflated ? `at most ${maxDeflateRatio} times the deflated size` : "the stored size",
      `${bytes} from ${storedBytes} bytes`,
    );
  }
  return { name, nameBytes, deflated, crc: view.getUint32(16, true), bytes, storedBytes, start };
}

/** Size, stored size and start of an entry; those that overflow 32 bits are in its zip64 field, in this order. */
function parseSizes(view: DataView, fail: Fail): number[] {
  const sizes = [24, 20, 42].map((at) => view.getUint32(at, true));
  if (!sizes.includes(full32)) return sizes;
  let at = entryBytes + view.getUint16(28, true);
  const end = at + view.getUint16(30, true);
  while (at + 4 <= end) {
    const next = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === zip64ExtraId) {
      let value = at + 4;
      const wide = sizes.map((size) => {
        if (size !== full32) return size;
        value += 8;
        return value <= Math.min(next, end) ? getUint64(view, value - 8) : Number.NaN;
      });
      if (!wide.some(Number.isNaN)) return wide;
    }
    at = next;
  }
  throw fail("zip64 field", "present, for sizes of 4 GiB and more", "none or a shorter one");
}

function decodeName(bytes: Uint8Array, utf8: boolean, fail: Fail): string {
  try {
    // Without the flag a name is in some old code page, of which ASCII is the part that is sure.
    if (!utf8 && bytes.some((byte) => byte > 127)) throw new TypeError("not ASCII");
    const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    // Python cuts names there, so that one file would have other names in the two languages.
    if (name.includes("\0")) throw new TypeError("holds a NUL character");
    return name;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const got = new TextDecoder("latin1").decode(bytes);
    throw fail("member name", "ASCII, or UTF-8 and marked so, without NUL", show(got), "", error);
  }
}

/** Where the data of a member begin; its local header must belong to it, and its data must end before what follows. */
export async function locateZipData(
  source: ByteSource,
  entry: ZipEntry,
  fail: Fail,
): Promise<number> {
  const { start, limit, nameBytes, storedBytes } = entry;
  const headerBytes = localHeaderBytes + nameBytes.length;
  const space = `in front of byte ${limit}, where something else begins`;
  if (start + headerBytes > limit) throw fail("local header", space, `byte ${start}`);
  const view = new DataView(await source.read(start, headerBytes));
  if (view.getUint32(0, true) !== signatures.localHeader) {
    throw fail("local header", `at byte ${start}`, "something else");
  }
  const name = new Uint8Array(view.buffer, localHeaderBytes);
  if (
    view.getUint16(26, true) !== nameBytes.length ||
    !nameBytes.every((byte, i) => byte === name[i])
  ) {
    throw fail("local header", "that of the same name", show(new TextDecoder().decode(name)));
  }
  const method = entry.deflated ? methods.deflated : methods.stored;
  if (view.getUint16(8, true) !== method) {
    throw fail("local header", `that of method ${method}`, `method ${view.getUint16(8, true)}`);
  }
  const dataStart = start + headerBytes + view.getUint16(28, true);
  if (dataStart + storedBytes > limit) {
    throw fail("data", space, `${storedBytes} bytes from byte ${dataStart} on`);
  }
  return dataStart;
}

/** A member to write; its contents are already packed if `deflated`. */
export interface ZipMember {
  readonly name: string;
  readonly deflated: boolean;
  readonly crc: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly contents: Iterable<Uint8Array>;
}

/**
 * The bytes of a zip file, in pieces. Files carry no time, so that the same arrays give the same bytes.
 *
 * @param zip64From - Smallest size or offset that is written as zip64.
 */
export async function* encodeZip(
  members: AsyncIterable<ZipMember>,
  zip64From = full32,
): AsyncGenerator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let at = 0;
  for await (const { name, deflated, crc, bytes, storedBytes, contents } of members) {
    const nameBytes = new TextEncoder().encode(name);
    const wide = Math.max(bytes, storedBytes, at) >= zip64From;
    // 1 January 1980, the earliest date of the format.
    const common: Field[] = [
      [2, wide ? 45 : 20],
      [2, flags.utf8],
      [2, deflated ? methods.deflated : methods.stored],
      [2, 0],
      [2, 0x21],
      [4, crc],
      [4, wide ? full32 : storedBytes],
      [4, wide ? full32 : bytes],
      [2, nameBytes.length],
    ];
    const sizes: Field[] = [
      [8, bytes],
      [8, storedBytes],
    ];
    const localExtra = wide ? record([2, zip64ExtraId], [2, 16], ...sizes) : new Uint8Array();
    const extra = wide ? record([2, zip64ExtraId], [2, 24], ...sizes, [8, at]) : new Uint8Array();
    directory.push(
      record(
        [4, signatures.directoryEntry],
        [2, wide ? 45 : 20],
        ...common,
        [2, extra.length],
        [2, 0], // comment
        [2, 0], // disk
        [2, 0], // internal attributes
        [4, 0], // external attributes
        [4, wide ? full32 : at],
      ),
      nameBytes,
      extra,
    );
    const header = record([4, signatures.localHeader], ...common, [2, localExtra.length]);
    yield header;
    yield nameBytes;
    yield localExtra;
    yield* contents;
    at += header.length + nameBytes.length + localExtra.length + storedBytes;
  }
  yield* directory;

  const entries = directory.length / 3;
  const directoryBytes = directory.reduce((sum, { length }) => sum + length, 0);
  const wide = Math.max(at, directoryBytes) >= zip64From || entries >= full16;
  if (wide) {
    yield record(
      [4, signatures.zip64DirectoryEnd],
      [8, 44], // bytes of this record that follow
      [2, 45],
      [2, 45],
      [4, 0], // disk
      [4, 0],
      [8, entries],
      [8, entries],
      [8, directoryBytes],
      [8, at],
    );
    yield record([4, signatures.zip64Locator], [4, 0], [8, at + directoryBytes], [4, 1]);
  }
  yield record(
    [4, signatures.directoryEnd],
    [2, 0], // disk
    [2, 0],
    [2, wide ? full16 : entries],
    [2, wide ? full16 : entries],
    [4, wide ? full32 : directoryBytes],
    [4, wide ? full32 : at],
    [2, 0], // comment
  );
}

/** Width in bytes and value. */
type Field = readonly [2 | 4 | 8, number];

/** Little-endian fields one after the other. */
function record(...fields: Field[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = viewOf(bytes);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}

/** Beyond 2^53 the number is rounded, but then it is larger than any file. */
function getUint64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
