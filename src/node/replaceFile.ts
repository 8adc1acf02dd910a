import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Fail, pieceBytes } from "../formats/index.js";
import { asArrayFileError } from "./fileSource.js";

let temporaryFiles = 0;

/** Whether a name is that of a temporary file, perhaps one that a killed process has left. */
export const isTemporary = (name: string): boolean => /^\.closerlook-\d+-\d+\.tmp$/.test(name);

/**
 * Writes `contents` to `path` all or nothing: to a temporary file in the same folder, which takes the place of `path`
 * once it is complete on disk, and is removed if anything fails.
 */
export async function replaceFile(
  path: string,
  contents: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  fail: Fail,
): Promise<void> {
  let temporary: string | undefined;
  try {
    const created = await createTemporary(dirname(path));
    temporary = created.path;
    await writeAll(created.handle, contents);
    await rename(temporary, path);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true });
    throw asArrayFileError(error, "a file that can be written", fail);
  }
}

/** Never opens a file that exists, be it of another process or left by one that was killed. */
async function createTemporary(folder: string): Promise<{ path: string; handle: FileHandle }> {
  for (;;) {
    const path = join(folder, `.closerlook-${process.pid}-${temporaryFiles++}.tmp`);
    try {
      return { path, handle: await open(path, "wx") };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

async function writeAll(
  handle: FileHandle,
  contents: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    for await (const bytes of contents) {
      for (let written = 0; written < bytes.length; ) {
        const length = Math.min(bytes.length - written, pieceBytes);
        written += (await handle.write(bytes, written, length)).bytesWritten;
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}
