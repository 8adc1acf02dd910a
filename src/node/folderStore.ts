import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { type ByteStore, failFor } from "../formats/index.js";
import { rangeError, typeError } from "../internal/checks.js";
import { asArrayFileError, checkPath } from "./fileSource.js";
import { isTemporary, replaceFile } from "./replaceFile.js";

const where = "folderStore";

/**
 * A folder as a store of files, for the checkpoints of `train`.
 *
 * A file is written to a temporary one that takes its place once it is complete on disk: whenever the process is killed,
 * the old file or the new one is there. The folder is made when the first file is written. Temporary files that a killed
 * process has left are removed then, so that a folder is for one process at a time.
 *
 * @param path - Path of the folder, or a `file:` URL.
 * @returns See {@link ByteStore}. Its functions reject with an ArrayFileError if the folder cannot be read or written, and
 * with a RangeError if a name is not that of a file in the folder.
 * @throws TypeError if `path` is no path.
 * @example
 * ```ts
 * import { folderStore } from "closerlook/node";
 * import { tmpdir } from "node:os";
 *
 * const store = folderStore(`${tmpdir()}/closerlook-run-1`);
 * await store.write("greeting", new TextEncoder().encode("hello"));
 * await store.list(); // ["greeting"]
 * new TextDecoder().decode(await store.read("greeting")); // "hello"
 * await store.remove("greeting");
 * await store.read("greeting"); // undefined
 * ```
 */
export function folderStore(path: string | URL): ByteStore {
  const folder = checkPath(where, path);

  const pathOf = (name: string): string => {
    if (typeof name !== "string") throw typeError(where, "name", "a string", name);
    if (name === "" || name !== basename(name) || name.startsWith(".") || name.includes("\0")) {
      throw rangeError(where, "name", "the name of a file, without folders and leading dot", name);
    }
    return join(folder, name);
  };

  /** Names of the files, those not meant for others included. */
  const files = async (): Promise<string[]> => {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    } catch (error) {
      if (isMissing(error)) return [];
      throw asArrayFileError(error, "a folder that can be read", failFor(where, folder));
    }
  };

  const prepare = async (): Promise<void> => {
    try {
      await mkdir(folder, { recursive: true });
      for (const name of await files()) {
        if (isTemporary(name)) await rm(join(folder, name), { force: true });
      }
    } catch (error) {
      throw asArrayFileError(error, "a folder that can be made", failFor(where, folder));
    }
  };
  let prepared: Promise<void> | undefined;

  return {
    async read(name) {
      const file = pathOf(name);
      try {
        return await readFile(file);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw asArrayFileError(error, "a file that can be read", failFor(where, file));
      }
    },

    async write(name, bytes) {
      const file = pathOf(name);
      if (!(bytes instanceof Uint8Array)) throw typeError(where, "bytes", "a Uint8Array", bytes);
      prepared ??= prepare();
      await prepared;
      await replaceFile(file, [bytes], failFor(where, file));
    },

    list: async () => (await files()).filter((name) => !name.startsWith(".")).sort(),

    async remove(name) {
      const file = pathOf(name);
      try {
        await rm(file, { force: true });
      } catch (error) {
        throw asArrayFileError(error, "a file that can be removed", failFor(where, file));
      }
    },
  };
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";
