import { pipeline, Readable } from "node:stream";
import { crc32, createDeflateRaw, createInflateRaw } from "node:zlib";
import type { Deflate, ZipCodec } from "../formats/index.js";

/** Fewer, larger steps than zlib's default of 16 KiB. */
const chunkBytes = 2 ** 20;

/** Reading `.npz` members with Node's own zlib. */
export const zipCodec: ZipCodec = {
  // Not `pipe`, which leaves the reader waiting when the source fails.
  inflate: (deflated, bytes) => {
    const chunkSize = Math.max(64, Math.min(chunkBytes, bytes));
    return pipeline(deflated, createInflateRaw({ chunkSize }), () => {});
  },
  crc32,
};

/** zlib's default level, which is also numpy's. */
export const deflateRaw: Deflate = async (contents) => {
  const packed: Uint8Array[] = [];
  const source = Readable.from(contents, { objectMode: false });
  for await (const chunk of source.pipe(createDeflateRaw({ chunkSize: chunkBytes }))) {
    packed.push(chunk);
  }
  return packed;
};
