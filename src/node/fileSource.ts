import { type FileHandle, open, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  ArrayFileError,
  allocate,
  type ByteSource,
  type Fail,
  failFor,
  pieces,
} from "../formats/index.js";
import { typeError } from "../internal/checks.js";

/** A path as text. */
export function checkPath(where: string, path: unknown): string {
  if (path instanceof URL && path.protocol === "file:") return fileURLToPath(path);
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw typeError(where, "path", "the path of a file, as a string or a file: URL", path);
  }
  return path;
}

/** Opens a file for the time that `use` runs. */
export async function withFileSource<T>(
  where: string,
  path: string,
  use: (source: ByteSource, fail: Fail) => Promise<T>,
): Promise<T> {
  const fail = failFor(where, path);
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for a writer, and a device has no size.
    if (!(await stat(path)).isFile()) throw fail("file", "a regular file", "another kind");
    handle = await open(path);
    return await use(fileSource(handle, (await handle.stat()).size, fail), fail);
  } catch (error) {
    throw asArrayFileError(error, "a file that exists and can be read", fail);
  } finally {
    await handle?.close();
  }
}

/** Errors of the operating system name the file as all others do; others pass. */
export function asArrayFileError(error: unknown, must: string, fail: Fail): unknown {
  const isSystemError =
    error instanceof Error && !(error instanceof ArrayFileError) && "syscall" in error;
  return isSystemError ? fail("file", must, error.message, "", error) : error;
}

function fileSource(handle: FileHandle, size: number, fail: Fail): ByteSource {
  async function read(offset: number, length: number): Promise<ArrayBuffer> {
    const buffer = allocate(length, fail, () => new ArrayBuffer(length));
    let position = offset;
    for (const piece of pieces(buffer)) {
      for (let filled = 0; filled < piece.length; ) {
        const { bytesRead } = await handle.read(piece, filled, piece.length - filled, position);
        if (bytesRead === 0) {
          throw fail("file", `unchanged while it is read, ${size} bytes`, `${position} bytes`);
        }
        filled += bytesRead;
        position += bytesRead;
      }
    }
    return buffer;
  }
  return { size, read };
}
