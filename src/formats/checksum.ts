import type { Fail } from "./arrayFileError.js";
import { type Crc32, shiftCrc32 } from "./crc32.js";

/** The CRC-32 of contents whose parts come in any order, each of them once. */
export class Checksum {
  readonly #bytes: number;
  readonly #crc32: Crc32;
  #sum = 0;

  /** @param bytes - Length of the whole. */
  constructor(bytes: number, crc32: Crc32) {
    this.#bytes = bytes;
    this.#crc32 = crc32;
  }

  /** Counts a part that begins at byte `start` of the whole. */
  add(part: Uint8Array, start: number): void {
    // The CRC is linear: the whole's is the sum of those of its parts, each followed by zeros up to the end.
    this.#sum ^= shiftCrc32(this.#crc32(part, 0), this.#bytes - start - part.length);
  }

  check(expected: number, fail: Fail): void {
    checkCrc(expected, this.#sum >>> 0, fail);
  }
}

export function checkCrc(expected: number, crc: number, fail: Fail): void {
  if (crc === expected) return;
  const hex = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
  throw fail("CRC-32", hex(expected), hex(crc), "The file is damaged.");
}
