import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Checksum } from "../../src/formats/checksum.js";
import { crc32, shiftCrc32 } from "../../src/formats/crc32.js";
import { fail } from "./arrays.js";

/** Straight from the definition: polynomial division bit by bit, reflected. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe("crc32", () => {
  test("the standard's check value", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });

  test("is the remainder of the definition, in one piece or in several", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 100 }), (bytes, cut) => {
        const expected = bitwise(bytes);
        expect(crc32(bytes)).toBe(expected);
        expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(expected);
      }),
    );
  });
});

describe("shiftCrc32", () => {
  test("is what zeros in the place of what follows would give", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat({ max: 300 }), (bytes, rest) => {
        const zeros = new Uint8Array(rest);
        const followed = crc32(zeros, crc32(bytes));
        expect((shiftCrc32(crc32(bytes), rest) ^ crc32(zeros)) >>> 0).toBe(followed);
      }),
    );
  });

  test("two shifts are one of their sum, beyond 2^32 bytes too", () => {
    const distance = fc.integer({ min: 0, max: 2 ** 45 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), distance, distance, (crc, a, b) => {
        expect(shiftCrc32(shiftCrc32(crc, a), b)).toBe(shiftCrc32(crc, a + b));
      }),
    );
    expect(shiftCrc32(1, 2 ** 32)).not.toBe(shiftCrc32(1, 0));
  });
});

describe("Checksum", () => {
  test("is the CRC-32 of the whole, in whatever order its parts come", () => {
    const anyParts = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });
    fc.assert(
      fc.property(anyParts, fc.array(fc.nat(), { maxLength: 8 }), (parts, order) => {
        const whole = Buffer.concat(parts);
        const placed = parts.map((part, i) => ({
          part,
          start: Buffer.concat(parts.slice(0, i)).length,
          rank: order[i] ?? 0,
        }));
        const checksum = new Checksum(whole.length, crc32);
        for (const { part, start } of placed.toSorted((a, b) => a.rank - b.rank)) {
          checksum.add(part, start);
        }
        checksum.check(crc32(whole), fail);
        expect(() => checksum.check(crc32(whole) ^ 1, fail)).toThrow(/CRC-32 must be 0x/);
      }),
    );
  });
});
