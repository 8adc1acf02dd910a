import { Readable, type Transform } from "node:stream";
import { createDeflateRaw, createInflateRaw } from "node:zlib";
import { type Deflate, type Inflate, pieces } from "../formats/index.js";

/** Fewer, larger steps than zlib's default of 16 KiB. */
const chunkBytes = 2 ** 20;

/** Never holds more than `target` and one chunk, however much the stream would unpack to. */
export const inflateRaw: Inflate = async (deflated, target) => {
  const chunkSize = Math.max(64, Math.min(chunkBytes, target.length));
  let filled = 0;
  for await (const chunk of through(pieces(deflated), createInflateRaw({ chunkSize }))) {
    const part = chunk.subarray(0, target.length - filled);
    target.set(part, filled);
    filled += part.length;
    if (filled === target.length) break;
  }
  return filled;
};

/** zlib's default level, which is also numpy's. */
export const deflateRaw: Deflate = async (contents) => {
  const packed: Uint8Array[] = [];
  for await (const chunk of through(contents, createDeflateRaw({ chunkSize: chunkBytes }))) {
    packed.push(chunk);
  }
  return packed;
};

function through(contents: Iterable<Uint8Array>, stream: Transform): AsyncIterable<Uint8Array> {
  return Readable.from(contents, { objectMode: false }).pipe(stream);
}
