import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bytesSource } from "../../src/formats/byteSource.js";
import { crc32 } from "../../src/formats/crc32.js";
import { encodeNpy, type ZipCodec } from "../../src/formats/index.js";
import { openNpz } from "../../src/formats/npz.js";
import { readStoredArrays } from "../../src/formats/storedArrays.js";
import { encodeZip, type ZipMember } from "../../src/formats/zip.js";
import { zipCodec } from "../../src/node/rawDeflate.js";
import { errorOf, fail, join, plainLayout, readBytes } from "./arrays.js";

const npyOf = (values: number[]) =>
  join(
    encodeNpy(
      { data: Float32Array.from(values), shape: [values.length], dtype: "float32" },
      plainLayout,
    ),
  );

interface Lies {
  name?: string;
  crc?: number;
  bytes?: number;
  packed?: Uint8Array;
}

function member(contents: Uint8Array, deflated: boolean, lies: Lies = {}): ZipMember {
  const packed = lies.packed ?? (deflated ? deflateRawSync(contents) : contents);
  return {
    name: lies.name ?? "a.npy",
    deflated,
    crc: lies.crc ?? crc32(contents),
    bytes: lies.bytes ?? contents.length,
    storedBytes: packed.length,
    contents: [packed],
  };
}

async function zip(members: ZipMember[], zip64From?: number): Promise<Uint8Array> {
  async function* each() {
    yield* members;
  }
  return join(encodeZip(each(), zip64From));
}

/** Position of a record, by the last bytes of its signature `PK??`. */
function find(bytes: Uint8Array, a: number, b: number): number {
  return Buffer.from(bytes).indexOf(Buffer.from([0x50, 0x4b, a, b]));
}
const directoryEntry = (bytes: Uint8Array) => find(bytes, 1, 2);
const directoryEnd = (bytes: Uint8Array) => find(bytes, 5, 6);

function changed(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

const contents = await npyOf([1, 2, 3]);
const zeros = await npyOf(Array(1000).fill(0));
const stored = await zip([member(contents, false)]);
const deflated = await zip([member(zeros, true)]);

const damaged: [string, Uint8Array, string, RegExp][] = [
  [
    "a wrong CRC-32",
    await zip([member(contents, false, { crc: 1 })]),
    'member "a.npy": CRC-32',
    /0x00000001, got 0x/,
  ],
  [
    "a wrong CRC-32 of a deflated member",
    await zip([member(zeros, true, { crc: 1 })]),
    'member "a.npy": CRC-32',
    /damaged/,
  ],
  [
    "a stored size that is not the size",
    await zip([member(contents, false, { bytes: 5 })]),
    'member "a.npy": size',
    /stored size, got 5 from 140/,
  ],
  [
    "a size beyond what deflate can pack",
    await zip([member(zeros, true, { bytes: 2 ** 31 })]),
    'member "a.npy": size',
    /1032 times/,
  ],
  [
    "a size that its header contradicts",
    await zip([member(zeros, true, { bytes: 5000 })]),
    'member "a.npy": shape',
    /4872 bytes/,
  ],
  [
    "a stream that goes on after its size",
    await zip([
      member(contents, true, { packed: deflateRawSync(Buffer.concat([contents, zeros])) }),
    ]),
    'member "a.npy": data',
    /140 bytes, got more/,
  ],
  [
    "a stream that ends before its size",
    await zip([member(contents, true, { packed: deflateRawSync(contents.subarray(0, 130)) })]),
    'member "a.npy": data',
    /140 bytes, got 130/,
  ],
  [
    "a stream that is cut",
    await zip([member(zeros, true, { packed: deflateRawSync(zeros).subarray(0, 40) })]),
    'member "a.npy": data',
    /a deflate stream, got unexpected end/,
  ],
  [
    "no deflate stream at all",
    await zip([member(zeros, true, { packed: new Uint8Array(99).fill(0xff) })]),
    'member "a.npy": data',
    /a deflate stream, got invalid/,
  ],
  [
    "a name that comes twice",
    await zip([member(contents, false), member(contents, false)]),
    "member name",
    /used once, got "a\.npy"/,
  ],
  [
    "a member that is no .npy",
    await zip([member(contents, false, { name: "a.txt" })]),
    "member name",
    /got "a\.txt"/,
  ],
  [
    "a name with NUL",
    await zip([member(contents, false, { name: "a\0b.npy" })]),
    "member name",
    /without NUL/,
  ],
  [
    "an encrypted member",
    changed(stored, directoryEntry(stored) + 8, 1),
    'member "a.npy": contents',
    /free of encryption/,
  ],
  [
    "patched data",
    changed(stored, directoryEntry(stored) + 8, 0x20),
    'member "a.npy": flags',
    /0x820/,
  ],
  [
    "an unknown compression",
    changed(stored, directoryEntry(stored) + 10, 93),
    'member "a.npy": compression',
    /method 93/,
  ],
  [
    "a start beyond the file",
    changed(stored, directoryEntry(stored) + 42, 0, 0, 0, 0x7f),
    'member "a.npy": local header',
    /got byte 2130706432/,
  ],
  [
    "a start inside the member",
    changed(stored, directoryEntry(stored) + 42, 1),
    'member "a.npy": local header',
    /something else/,
  ],
  [
    "a local header of another name",
    changed(stored, 30, 0x62),
    'member "a.npy": local header',
    /got "b\.npy"/,
  ],
  [
    "a local header of another method",
    changed(stored, 8, 8),
    'member "a.npy": local header',
    /method 8/,
  ],
  [
    "a local header that pushes the data out",
    changed(stored, 28, 9),
    'member "a.npy": data',
    /140 bytes from byte 44 on/,
  ],
  [
    "an unmarked name that is not ASCII",
    changed(changed(stored, directoryEntry(stored) + 46, 0x81), directoryEntry(stored) + 8, 0, 0),
    "member name",
    /ASCII/,
  ],
  [
    "a marked name that is not UTF-8",
    changed(stored, directoryEntry(stored) + 46, 0x81),
    "member name",
    /UTF-8/,
  ],
  [
    "a count of too many members",
    changed(stored, directoryEnd(stored) + 8, 2, 0, 2, 0),
    "central directory",
    /one of 2 entries, got 1/,
  ],
  [
    "a count of too few members",
    changed(stored, directoryEnd(stored) + 8, 0, 0, 0, 0),
    "central directory",
    /must be 0 bytes/,
  ],
  [
    "a part of several disks",
    changed(stored, directoryEnd(stored) + 4, 1),
    "zip file",
    /a single file/,
  ],
  [
    "a directory elsewhere",
    changed(stored, directoryEnd(stored) + 16, 0),
    "central directory",
    /followed by its end record/,
  ],
  ["bytes after the end", new Uint8Array([...stored, 0]), "end of the zip file", /appended/],
];

describe(".npz", () => {
  test("members are read, stored or deflated", async () => {
    expect([...(await readBytes(stored)).get("a")!.data]).toEqual([1, 2, 3]);
    expect((await readBytes(deflated)).get("a")!.shape).toEqual([1000]);
  });

  test("zip64 records are read", async () => {
    const members = [member(contents, false), member(zeros, true, { name: "b.npy" })];
    // In all records; in those of b.npy and the end; in those of b.npy alone.
    for (const zip64From of [0, 200, 1000]) {
      const file = await zip(members, zip64From);
      expect(find(file, 6, 6) > 0).toBe(zip64From < 1000);
      expect([...(await readBytes(file)).keys()]).toEqual(["a", "b"]);
    }
  });

  test.each(damaged)("%s is an error", async (_, bytes, field, message) => {
    const error = await errorOf(bytes);
    expect(error.field).toBe(field);
    expect(error.message).toMatch(message);
  });

  test("members that overlap are an error", async () => {
    const two = await zip([member(contents, false), member(contents, false, { name: "b.npy" })]);
    const second = directoryEntry(two) + 46 + 5;
    // Both entries mean the same bytes.
    const same = changed(two, second + 42, 0, 0, 0, 0);
    expect((await errorOf(same)).message).toMatch(/local header must be in front of byte 0,/);
    // The second lies inside the data of the first.
    const inside = changed(two, second + 42, 60, 0, 0, 0);
    expect((await errorOf(inside)).message).toMatch(/"a.npy": data must be in front of byte 60,/);
  });

  test("members that all start beyond the file are an error", async () => {
    const two = await zip([member(contents, false), member(contents, false, { name: "b.npy" })]);
    const first = directoryEntry(two);
    const far = changed(changed(two, first + 42, 0, 0, 0, 1), first + 46 + 5 + 42, 0, 0, 0, 2);
    expect((await errorOf(far)).message).toMatch(
      /"a.npy": local header must be in front of byte 350/,
    );
  });

  test("a bomb is refused before its bulk is unpacked", async () => {
    const bomb = Buffer.concat([contents, Buffer.alloc(30 * 2 ** 20)]);
    const file = await zip([member(bomb, true)]);
    expect(file.length).toBeLessThan(40_000);
    const asked: number[] = [];
    let unpacked = 0;
    const codec: ZipCodec = {
      ...zipCodec,
      async *inflate(packed, bytes) {
        asked.push(bytes);
        for await (const chunk of zipCodec.inflate(packed, bytes)) {
          unpacked += chunk.length;
          yield chunk;
        }
      },
    };
    async function refusal(maxBytes: number): Promise<string> {
      const arrays = await openNpz(bytesSource(file), codec, fail);
      return readStoredArrays(arrays, maxBytes, fail).then(
        () => "none",
        (error) => error.message,
      );
    }
    // Its size is over the limit; or, with a higher limit, its header asks for less.
    expect(await refusal(2 ** 20)).toMatch(
      /size must be .* maxBytes = 1048576 bytes, got 31457420/,
    );
    expect(await refusal(2 ** 30)).toMatch(/shape must be that of the 31457292 bytes/);
    expect(asked).toEqual([12 + 65535]);
    expect(unpacked).toBe(12 + 65535);
  });

  test("the limit holds for the sum of the deflated members", async () => {
    const array = await npyOf(Array(150_000).fill(0));
    const one = await zip([member(array, true)]);
    expect((await readBytes(one)).size).toBe(1);
    const two = await zip([member(array, true), member(array, true, { name: "b.npy" })]);
    expect((await errorOf(two)).message).toMatch(
      /"b\.npy": size must be .* got 600128 of 1200256 so far/,
    );
    // Before the first member is unpacked: eight of a gigabyte each are refused at once.
    const inflate = () => expect.unreachable("unpacked");
    const opened = await openNpz(bytesSource(two), { ...zipCodec, inflate }, fail);
    await expect(readStoredArrays(opened, 2 ** 20, fail)).rejects.toThrow("maxBytes");
    const storedTwo = await zip([member(array, false), member(array, false, { name: "b.npy" })]);
    expect((await readBytes(storedTwo)).size).toBe(2);
  });

  test("the same arrays give the same bytes, without time stamps", async () => {
    expect(await zip([member(contents, false)])).toEqual(stored);
    expect([...stored.subarray(10, 14)]).toEqual([0, 0, 0x21, 0]);
  });
});
