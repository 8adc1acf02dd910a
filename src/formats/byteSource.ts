/**
 * Bytes that can be read at any place: a file, a Blob, or memory. Formats ask only for what they need, and
 * never for what lies beyond `size`.
 */
export interface ByteSource {
  readonly size: number;
  /** A fresh buffer of exactly `length` bytes, which the caller owns. */
  read(offset: number, length: number): Promise<ArrayBuffer>;
  /** Fills `target`. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)).buffer,
    readInto: async (target, offset) => target.set(bytes.subarray(offset, offset + target.length)),
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

/** Bytes per step of a stream: few steps, little memory. */
const streamBytes = 2 ** 18;

/** Consecutive bytes of a source as a stream, which remembers why it broke off. */
export class SourceStream implements AsyncIterable<Uint8Array> {
  readonly #source: ByteSource;
  readonly #start: number;
  readonly #bytes: number;
  /** What reading the source threw, so that it is not taken for an error of who uses the stream. */
  failure: { readonly error: unknown } | undefined;

  constructor(source: ByteSource, start: number, bytes: number) {
    this.#source = source;
    this.#start = start;
    this.#bytes = bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < this.#bytes; at += streamBytes) {
        const length = Math.min(streamBytes, this.#bytes - at);
        yield new Uint8Array(await this.#source.read(this.#start + at, length));
      }
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}
