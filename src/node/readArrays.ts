import { type ArrayData, readStoredArrays } from "../formats/index.js";
import { type ReadArraysOptions, withArrayFile } from "./withArrayFile.js";

/**
 * Reads all arrays of a `.npy`, `.npz` or `.safetensors` file.
 *
 * The format is found from the contents, not from the extension. Arrays come in C order (last index fastest)
 * whatever order and byte order the file has: row-major `[examples, neurons]` can go straight into the similarity
 * functions. float16 and bfloat16 widen exactly to `Float32Array`; 64-bit integers are `BigInt64Array` or
 * `BigUint64Array`; bool is a `Uint8Array` of 0 and 1. Each array owns its memory.
 *
 * A file that is damaged, cut short or made to mislead gives an error, never wrong values: sizes are checked against
 * the file before memory is taken, and `.npz` members against their CRC-32. Nothing in a file is ever executed: arrays of Python
 * objects, which are pickles, are refused.
 *
 * @param path - Path of the file, or a `file:` URL. Files may be of any size that fits into memory (`openArrays` reads
 * larger ones); one array may have as many elements as the JavaScript engine allows (2^32 in Node 20).
 * @returns The arrays by name, in the file's order (names that are whole numbers come first, as in any
 * JavaScript object). The only array of a `.npy` file has the name of the file without its extension. The record has no
 * prototype, so that every name is safe.
 * @throws ArrayFileError if the file is missing, damaged or of an unsupported kind.
 * @example
 * ```ts
 * import { readArrays, writeArrays } from "closerlook/node";
 * import { tmpdir } from "node:os";
 *
 * const path = `${tmpdir()}/layers.npz`;
 * await writeArrays(path, {
 *   conv1: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] },
 *   labels: { data: BigInt64Array.of(7n, 1n), shape: [2] },
 * });
 * const arrays = await readArrays(path);
 * Object.keys(arrays); // ["conv1", "labels"]
 * arrays.conv1?.shape; // [2, 3]
 * arrays.labels?.dtype; // "int64"
 * ```
 */
export async function readArrays(
  path: string | URL,
  options: ReadArraysOptions = {},
): Promise<Record<string, ArrayData>> {
  return withArrayFile("readArrays", path, options, async ({ arrays }, fail, maxBytes) => {
    const result: Record<string, ArrayData> = Object.create(null);
    for (const [name, array] of await readStoredArrays(arrays, maxBytes, fail)) {
      result[name] = array;
    }
    return result;
  });
}
