import { parse } from "node:path";
import { type ArrayFile, type ByteSource, type Fail, openArrayFile } from "../formats/index.js";
import { checkInteger, checkOptions } from "../internal/checks.js";
import { checkPath, withOpenFile } from "./fileSource.js";
import { zipCodec } from "./rawDeflate.js";

/** Options of `readArrays` and `readArray`. */
export interface ReadArraysOptions {
  /**
   * Largest number of bytes that the compressed members of a `.npz` file may unpack to, all together. Guards
   * against small files made to fill the memory; arrays that are not compressed are never larger than their file.
   * @defaultValue 2^32 (4 GiB)
   */
  readonly maxBytes?: number;
}

/** Opens a file of arrays in any format for the time that `use` runs. */
export async function withArrayFile<T>(
  where: string,
  path: string | URL,
  options: ReadArraysOptions,
  use: (file: ArrayFile, fail: Fail, maxBytes: number) => Promise<T>,
): Promise<T> {
  const file = checkPath(where, path);
  checkOptions(where, options, ["maxBytes"]);
  const { maxBytes = 2 ** 32 } = options;
  checkInteger(where, "maxBytes", maxBytes, { min: 0 });
  return withOpenFile(where, file, async (source, fail) =>
    use(await parseArrayFile(file, source, fail), fail, maxBytes),
  );
}

/** What an opened file says about its arrays. */
export function parseArrayFile(file: string, source: ByteSource, fail: Fail): Promise<ArrayFile> {
  const { name, ext: extension } = parse(file);
  return openArrayFile(source, { name, extension, codec: zipCodec }, fail);
}
