import type { BigIntStats } from "node:fs";
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

/** A file that is open, and closed by who opened it. */
export interface OpenFile {
  readonly source: ByteSource;
  readonly fail: Fail;
  /** Rejects if the file has been changed since it was opened. */
  checkUnchanged(): Promise<void>;
  /** Waits for what is being read; can be called again. */
  close(): Promise<void>;
}

/** Opens a file to read it. */
export async function openFile(where: string, path: string): Promise<OpenFile> {
  const fail = failFor(where, path);
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for a writer, and a device has no size.
    if (!(await stat(path)).isFile()) throw fail("file", "a regular file", "another kind");
    handle = await open(path);
    return readableFile(handle, await handle.stat({ bigint: true }), fail);
  } catch (error) {
    await handle?.close();
    throw asArrayFileError(error, readable, fail);
  }
}

const readable = "a file that exists and can be read";

/** Opens a file for the time that `use` runs. */
export async function withOpenFile<T>(
  where: string,
  path: string,
  use: (source: ByteSource, fail: Fail) => Promise<T>,
): Promise<T> {
  const file = await openFile(where, path);
  try {
    const result = await use(file.source, file.fail);
    await file.checkUnchanged();
    return result;
  } finally {
    await file.close();
  }
}

/** Errors of the operating system name the file as all others do; others pass. */
export function asArrayFileError(error: unknown, must: string, fail: Fail): unknown {
  const isSystemError =
    error instanceof Error && !(error instanceof ArrayFileError) && "syscall" in error;
  return isSystemError ? fail("file", must, error.message, "", error) : error;
}

function readableFile(handle: FileHandle, opened: BigIntStats, fail: Fail): OpenFile {
  const size = Number(opened.size);
  let closing: Promise<void> | undefined;

  const changed = (got: string) => fail("file", `unchanged while it is read, ${size} bytes`, got);

  /** Runs `use`, unless the file was closed; an error of the system names the file. */
  async function ask<T>(use: () => Promise<T>): Promise<T> {
    if (closing) throw fail("file", "open until its arrays have been read", "closed");
    try {
      return await use();
    } catch (error) {
      throw asArrayFileError(error, readable, fail);
    }
  }

  async function readInto(target: Uint8Array, offset: number): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      const position = offset + filled;
      const { bytesRead } = await ask(() =>
        handle.read(target, filled, target.length - filled, position),
      );
      if (bytesRead === 0) throw changed(`${position} bytes`);
      filled += bytesRead;
    }
  }

  async function read(offset: number, length: number): Promise<ArrayBuffer> {
    const buffer = allocate(length, fail, () => new ArrayBuffer(length));
    let position = offset;
    for (const piece of pieces(buffer)) {
      await readInto(piece, position);
      position += piece.length;
    }
    return buffer;
  }

  async function checkUnchanged(): Promise<void> {
    const now = await ask(() => handle.stat({ bigint: true }));
    if (now.size !== opened.size) throw changed(`${now.size} bytes`);
    if (now.mtimeNs !== opened.mtimeNs) throw changed("another time of its last change");
  }

  return {
    source: { size, read, readInto },
    fail,
    checkUnchanged,
    close: () => (closing ??= handle.close()),
  };
}
