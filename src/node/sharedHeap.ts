/**
 * A WebAssembly binary whose own memory is shared between threads: the same binary with another flag before the limits
 * of its memory. A shared memory must have a limit; so must the one that is there.
 *
 * @throws Error with what is unexpected about the binary.
 */
export function withSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(binary);
  if (bytes.length < HEADER.length || HEADER.some((byte, i) => bytes[i] !== byte)) {
    throw new Error("no WebAssembly binary of version 1");
  }
  for (let at = HEADER.length; at < bytes.length; ) {
    const id = bytes[at]!;
    const length = readNumber(bytes, at + 1);
    const end = length.end + length.value;
    if (end > bytes.length) throw new Error("a WebAssembly binary that is cut off");
    if (id === MEMORY_SECTION) {
      const count = readNumber(bytes, length.end);
      const flag = bytes[count.end];
      if (count.value !== 1) throw new Error(`a WebAssembly binary with ${count.value} memories`);
      if (flag !== LIMITED) throw new Error(`a WebAssembly memory with the flag ${flag}`);
      bytes[count.end] = LIMITED_AND_SHARED;
      return bytes;
    }
    at = end;
  }
  throw new Error("a WebAssembly binary without a memory of its own");
}

/** Zero byte, "asm", version 1. */
const HEADER = [0, 97, 115, 109, 1, 0, 0, 0];
const MEMORY_SECTION = 5;
const LIMITED = 1;
const LIMITED_AND_SHARED = 3;

/** An unsigned number in LEB128: seven bits a byte, the lowest first, and a high bit on all bytes but the last. */
function readNumber(bytes: Uint8Array, from: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) break;
    value += (byte & 127) * 128 ** i;
    if (byte < 128) return { value, end: from + i + 1 };
  }
  throw new Error("a WebAssembly binary that is cut off");
}
