import { allocate, type Fail } from "./arrayFileError.js";
import { areAdjacent, type ByteRuns, placeRuns } from "./byteRuns.js";
import { type ByteSource, pieces } from "./byteSource.js";
import type { Checksum } from "./checksum.js";

/** Reads the bytes of one array's elements; positions count from the first of them. */
export interface ElementReader {
  /** How many bytes are worth reading together where the file does not have them in one piece. */
  readonly panelBytes: number;
  /** The runs one after the other, in memory that the caller owns. */
  read(runs: ByteRuns): Promise<ArrayBuffer>;
  /**
   * To be called when every byte has been read once, before the last are used: rejects if they are not what the
   * file's checksum says.
   */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface FileReaderOptions {
  readonly source: ByteSource;
  /** Where the elements begin in the file. */
  readonly start: number;
  readonly fail: Fail;
  readonly signal?: AbortSignal | undefined;
  readonly checksum?: {
    /** Has counted what precedes the elements. */
    readonly of: Checksum;
    /** Bytes that precede the elements in what the checksum is of. */
    readonly offset: number;
    readonly expected: number;
  };
}

/** Enough for long runs, and little enough for a few dozen readers at a time. */
const panelBytes = 2 ** 24;

/** Reading through a gap of this size takes no longer than one more call. */
const gapBytes = 2 ** 16;

/** Limit of one read that goes through gaps. */
const spanBytes = 2 ** 20;

/** Reads under way at a time; more than the few threads of a usual pool gain nothing. */
const parallelReads = 8;

/** Reads elements that lie in the file as they are, from any place at once. */
export function fileReader({
  source,
  start: offset,
  fail,
  signal,
  checksum,
}: FileReaderOptions): ElementReader {
  async function read(runs: ByteRuns): Promise<ArrayBuffer> {
    const { start, bytes, count } = runs;
    const adjacent = areAdjacent(runs);
    const buffer = adjacent
      ? await source.read(offset + start, bytes * count)
      : await readScattered(runs);
    if (checksum) {
      const parts = adjacent ? { ...runs, bytes: bytes * count, count: 1 } : runs;
      addRuns(checksum.of, buffer, { ...parts, start: checksum.offset + start });
    }
    return buffer;
  }

  async function readScattered({ start, bytes, stride, count }: ByteRuns): Promise<ArrayBuffer> {
    const target = allocate(bytes * count, fail, () => new ArrayBuffer(bytes * count));
    const runsPerRead =
      stride - bytes <= gapBytes ? Math.max(1, Math.floor(spanBytes / stride)) : 1;

    async function readSome(first: number): Promise<void> {
      const from = offset + start + first * stride;
      const some = Math.min(runsPerRead, count - first);
      if (some === 1) return source.readInto(new Uint8Array(target, first * bytes, bytes), from);
      // Not the gap after the last run, which may be where the file ends.
      const span = await source.read(from, (some - 1) * stride + bytes);
      placeRuns(span, { start: 0, bytes, stride, count: some }, target, first * bytes);
    }

    const step = runsPerRead * parallelReads;
    for (let first = 0; first < count; first += step) {
      signal?.throwIfAborted();
      const reads = [];
      for (let run = first; run < Math.min(first + step, count); run += runsPerRead) {
        reads.push(readSome(run));
      }
      await Promise.all(reads);
    }
    return target;
  }

  return {
    panelBytes,
    read,
    finish: async () => checksum?.of.check(checksum.expected, fail),
    close: async () => {},
  };
}

/** Counts runs that lie one after the other in `buffer`. */
function addRuns(
  checksum: Checksum,
  buffer: ArrayBuffer,
  { start, bytes, stride, count }: ByteRuns,
): void {
  for (let run = 0; run < count; run++) {
    let at = start + run * stride;
    for (const piece of pieces(buffer, run * bytes, bytes)) {
      checksum.add(piece, at);
      at += piece.length;
    }
  }
}
