import { allocate, type Fail } from "./arrayFileError.js";
import type { ByteRuns } from "./byteRuns.js";
import { checkCrc } from "./checksum.js";
import type { Crc32 } from "./crc32.js";
import type { ElementReader } from "./elementReader.js";

export interface InflatingReaderOptions {
  /** Unpacks the contents from their beginning. */
  readonly inflate: () => AsyncIterable<Uint8Array>;
  /** Where the elements begin in the contents. */
  readonly start: number;
  /** Bytes of the contents. */
  readonly bytes: number;
  /** CRC-32 of the contents. */
  readonly crc: number;
  readonly crc32: Crc32;
  readonly fail: Fail;
  readonly signal?: AbortSignal | undefined;
}

const nothing = new Uint8Array();

/**
 * Reads elements that are deflated, which can only be unpacked from the beginning: going back costs another pass over
 * everything. Every pass is checked as a whole.
 */
export class InflatingReader implements ElementReader {
  /** Far more than for a file: each panel is one pass. */
  readonly panelBytes = 2 ** 26;

  readonly #options: InflatingReaderOptions;
  #pass: AsyncIterator<Uint8Array> | undefined;
  /** What has been unpacked and not yet been asked for. */
  #chunk: Uint8Array = nothing;
  /** Bytes of the contents in front of `#chunk`. */
  #position = 0;
  /** CRC-32 of all up to the end of `#chunk`. */
  #crc = 0;

  constructor(options: InflatingReaderOptions) {
    this.#options = options;
  }

  async read({ start, bytes, stride, count }: ByteRuns): Promise<ArrayBuffer> {
    const first = this.#options.start + start;
    if (first < this.#position) await this.#rewind();
    const target = allocate(
      bytes * count,
      this.#options.fail,
      () => new ArrayBuffer(bytes * count),
    );
    for (let run = 0; run < count; run++) {
      await this.#skip(first + run * stride - this.#position);
      await this.#take(target, run * bytes, bytes);
    }
    return target;
  }

  async finish(): Promise<void> {
    const { bytes, crc, fail } = this.#options;
    await this.#skip(bytes - this.#position);
    // Up to the end of the stream, which rejects if it goes on.
    while (await this.#advance());
    checkCrc(crc, this.#crc, fail);
  }

  async close(): Promise<void> {
    await this.#pass?.return?.();
  }

  /** Bytes that were handed out before are checked before others are. */
  async #rewind(): Promise<void> {
    await this.finish();
    await this.close();
    this.#pass = undefined;
    this.#position = 0;
    this.#crc = 0;
  }

  async #skip(bytes: number): Promise<void> {
    for (let rest = bytes; rest > 0; ) rest -= (await this.#next(rest)).length;
  }

  async #take(target: ArrayBuffer, at: number, bytes: number): Promise<void> {
    for (let taken = 0; taken < bytes; ) {
      const part = await this.#next(bytes - taken);
      new Uint8Array(target, at + taken, part.length).set(part);
      taken += part.length;
    }
  }

  /** At least one byte and at most `limit` of those that follow. */
  async #next(limit: number): Promise<Uint8Array> {
    while (this.#chunk.length === 0) {
      if (!(await this.#advance())) throw this.#wrongLength(`${this.#position} bytes`);
    }
    const part = this.#chunk.subarray(0, limit);
    this.#chunk = this.#chunk.subarray(part.length);
    this.#position += part.length;
    return part;
  }

  /** Unpacks more, once `#chunk` is used up; tells whether there is more. */
  async #advance(): Promise<boolean> {
    const { inflate, crc32, bytes, signal } = this.#options;
    signal?.throwIfAborted();
    this.#pass ??= inflate()[Symbol.asyncIterator]();
    const { done, value } = await this.#pass.next();
    if (done) return false;
    if (this.#position + value.length > bytes) throw this.#wrongLength("more");
    this.#crc = crc32(value, this.#crc);
    this.#chunk = value;
    return true;
  }

  #wrongLength(got: string): Error {
    const { bytes, fail } = this.#options;
    return fail("data", `a deflate stream of ${bytes} bytes`, got);
  }
}
