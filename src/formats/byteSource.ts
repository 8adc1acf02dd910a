/** Bytes that can be read at any place: a file, a Blob, or memory. Formats ask only for what they need. */
export interface ByteSource {
  readonly size: number;
  /** A fresh buffer of exactly `length` bytes, which the caller owns. Callers keep `offset + length <= size`. */
  read(offset: number, length: number): Promise<ArrayBuffer>;
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)).buffer,
  };
}

/** Below the 2 GiB that one system call moves and the 4 GiB that one Uint8Array spans; a multiple of 8. */
export const pieceBytes = 2 ** 28;

/** Views on consecutive pieces of a buffer of any size. */
export function* pieces<B extends ArrayBufferLike>(
  buffer: B,
  byteOffset = 0,
  byteLength = buffer.byteLength - byteOffset,
): Generator<Uint8Array<B>> {
  for (let start = 0; start < byteLength; start += pieceBytes) {
    yield new Uint8Array(buffer, byteOffset + start, Math.min(pieceBytes, byteLength - start));
  }
}
