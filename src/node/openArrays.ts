import {
  type ArrayData,
  type DType,
  defaultRows,
  type OpenedArray,
  readBatches,
} from "../formats/index.js";
import { checkInteger, checkOptions, checkSignal } from "../internal/checks.js";
import { checkPath, type OpenFile, openFile } from "./fileSource.js";
import { readAhead } from "./readAhead.js";
import { parseArrayFile } from "./withArrayFile.js";

/** Options of `batches`. */
export interface BatchesOptions {
  /**
   * Rows of a batch; the last one may have fewer. Give it when several arrays are read side by side.
   * @defaultValue as many as take about 4 MiB of the file, at least 1
   */
  readonly rows?: number;
  /** Ends the reading: the loop rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** An array of an open file: all but its values, which are read in batches. */
export interface OpenArray {
  readonly name: string;
  /** Rows first; empty for a single number. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /**
   * Reads the array once, from its first row to its last, in batches `[rows, ...rest]` like those of `readArrays`.
   * Each owns its memory. No rows are no batch; a single number is one batch of shape `[]`.
   */
  batches(options?: BatchesOptions): AsyncGenerator<ArrayData, void, undefined>;
}

/** A file of arrays that is open until `close` is called. */
export interface OpenArrays {
  /** By name, in the file's order, as those of `readArrays`. */
  readonly arrays: Readonly<Record<string, OpenArray>>;
  /** Texts by key; only of a `.safetensors` file. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Closes the file. Loops that still run fail. */
  close(): Promise<void>;
  /** Does what `close` does, at the end of a block that says `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const where = "openArrays";

/**
 * Opens a `.npy`, `.npz` or `.safetensors` file to read its arrays in batches of rows, so that the file may be far larger
 * than memory.
 *
 * Values, names, shapes and errors are those of `readArrays`. Only headers are read at first. Every loop over
 * `batches` has a position of its own: several arrays, or one of them twice, can be read side by side. While a
 * batch is used, the next is being read; so a loop needs the memory of about three batches. Leaving a loop early is
 * fine, and `close` ends everything.
 *
 * Nothing wrong passes unnoticed: a file that is cut short, damaged or changed while it is read makes the loop reject. The
 * CRC-32 of a `.npz` member is known only at its end, so it is checked before the last batch is handed out: believe the
 * sum of a loop when the loop has ended, not before.
 *
 * There is no `maxBytes`: deflated members are unpacked as they are needed and never held.
 *
 * Arrays in Fortran order (`array.T` of numpy, for one) are read too, but their rows lie scattered: at least 16 MiB are
 * gathered at a time, and from a deflated member at least 64 MiB, for which the whole member must be unpacked once
 * more each time. Larger `rows` gather more. Where that is too slow, save `numpy.ascontiguousarray(array)`.
 *
 * @param path - Path of the file, or a `file:` URL.
 * @returns The arrays, once their headers have been checked. Close the file when done.
 * @throws ArrayFileError if the file is missing, damaged or of an unsupported kind.
 * @example
 * ```ts
 * import { openArrays, writeArrays } from "closerlook/node";
 * import { tmpdir } from "node:os";
 *
 * const path = `${tmpdir()}/streamed.npz`;
 * await writeArrays(path, {
 *   fc1: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] },
 * });
 * const file = await openArrays(path);
 * const fc1 = file.arrays.fc1!;
 * const shapes: (readonly number[])[] = [];
 * let sum = 0;
 * for await (const { data, shape } of fc1.batches({ rows: 2 })) {
 *   shapes.push(shape);
 *   for (const value of data) sum += Number(value);
 * }
 * await file.close();
 * fc1.shape; // [3, 2]
 * shapes; // [[2, 2], [1, 2]]
 * sum; // 21
 * ```
 */
export async function openArrays(path: string | URL): Promise<OpenArrays> {
  const name = checkPath(where, path);
  const file = await openFile(where, name);
  const close = () => file.close();
  try {
    const { arrays: stored, metadata } = await parseArrayFile(name, file.source, file.fail);
    const arrays: Record<string, OpenArray> = Object.create(null);
    for (const [arrayName, array] of stored) {
      arrays[arrayName] = openArray(arrayName, await array.open(), file);
    }
    await file.checkUnchanged();
    return { arrays, ...(metadata && { metadata }), close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openArray(name: string, array: OpenedArray, file: OpenFile): OpenArray {
  const { shape, dtype } = array.layout;
  function batches(options: BatchesOptions = {}) {
    checkOptions("batches", options, ["rows", "signal"]);
    const { rows = defaultRows(array.layout), signal } = options;
    checkInteger("batches", "rows", rows, { min: 1 });
    checkSignal("batches", signal);
    return readAhead(unchanged(readBatches(array, rows, signal), file), signal);
  }
  return { name, shape, dtype, batches };
}

/** The same values, each after a look at whether the file is still the one that was opened. */
async function* unchanged<T>(
  values: AsyncGenerator<T, void, undefined>,
  file: OpenFile,
): AsyncGenerator<T, void, undefined> {
  for await (const value of values) {
    await file.checkUnchanged();
    yield value;
  }
}
