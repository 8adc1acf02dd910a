import { type ArrayData, readStoredArrays } from "../formats/index.js";
import { show, typeError } from "../internal/checks.js";
import { type ReadArraysOptions, withArrayFile } from "./withArrayFile.js";

/**
 * Reads one array of a `.npy`, `.npz` or `.safetensors` file, and no more of the file than it needs.
 *
 * @param path - Path of the file, or a `file:` URL.
 * @param name - Which array; may be left out if the file has only one.
 * @returns The array as `readArrays` gives it.
 * @throws ArrayFileError if the file is missing, damaged or of an unsupported kind; if it has no array `name`; or if
 * it has several and `name` is left out. The last two list the names.
 * @example
 * ```ts
 * import { readArray, writeArrays } from "closerlook/node";
 * import { tmpdir } from "node:os";
 *
 * const path = `${tmpdir()}/activations.npy`;
 * await writeArrays(path, {
 *   activations: { data: Float32Array.of(0.5, 1, 1.5, 2), shape: [2, 2], dtype: "float16" },
 * });
 * const { data, dtype } = await readArray(path);
 * [...data]; // [0.5, 1, 1.5, 2]
 * dtype; // "float16"
 * ```
 */
export async function readArray(
  path: string | URL,
  name?: string,
  options: ReadArraysOptions = {},
): Promise<ArrayData> {
  if (name !== undefined && typeof name !== "string") {
    throw typeError("readArray", "name", "a string, or left out", name);
  }
  return withArrayFile("readArray", path, options, async ({ arrays }, fail, maxBytes) => {
    const names = [...arrays.keys()];
    const wanted = name ?? (names.length === 1 ? names[0]! : undefined);
    const stored = wanted === undefined ? undefined : arrays.get(wanted);
    if (stored) {
      const [[, array]] = (await readStoredArrays(
        new Map([[wanted!, stored]]),
        maxBytes,
        fail,
      )) as [[string, ArrayData]];
      return array;
    }
    const shown = names.slice(0, 20).map(show).join(", ") + (names.length > 20 ? ", …" : "");
    if (names.length === 0) throw fail("file", "one with an array", "none");
    throw fail("name", `one of the file's ${names.length} arrays: ${shown}`, show(name));
  });
}
