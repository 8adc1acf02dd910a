import { extname } from "node:path";
import {
  type ArrayData,
  type ByteLayout,
  checkArray,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  failFor,
  metadataKey,
  npyDtypes,
  type WritableArray,
} from "../formats/index.js";
import {
  checkBoolean,
  checkOneOf,
  checkOptions,
  rangeError,
  show,
  typeError,
} from "../internal/checks.js";
import { checkPath } from "./fileSource.js";
import { deflateRaw } from "./rawDeflate.js";
import { replaceFile } from "./replaceFile.js";

/** Options of `writeArrays`; each is an error for a format that lacks it. */
export interface WriteArraysOptions {
  /** `.npz`: deflate the members. @defaultValue false */
  readonly compress?: boolean;
  /** `.npy` and `.npz`: which index varies fastest in the file, the last (`"C"`) or the first. @defaultValue "C" */
  readonly order?: "C" | "Fortran";
  /** `.npy` and `.npz`: byte order in the file. @defaultValue "little" */
  readonly byteOrder?: "little" | "big";
  /** `.safetensors`: texts to keep with the arrays; `readMetadata` reads them. @defaultValue none */
  readonly metadata?: Readonly<Record<string, string>>;
}

type NamedArrays = readonly (readonly [name: string, array: ArrayData])[];

const where = "writeArrays";

/**
 * Writes arrays to a `.npy`, `.npz` or `.safetensors` file, as its extension says.
 *
 * The file is written all or nothing: a reader sees the old file or the new one, and after a failure the old one
 * is still there. The same arrays give the same bytes. float16 and bfloat16 are rounded to the nearest, ties to
 * even; NaN stays NaN. The arrays must not be changed until the promise settles.
 *
 * @param path - Path of the file, or a `file:` URL; its folder must exist.
 * @param arrays - The arrays by name. A `.npy` file takes exactly one and does not keep its name.
 * @throws TypeError or RangeError if an array, a name or an option does not fit the format.
 * @throws ArrayFileError if the file cannot be written.
 * @example
 * ```ts
 * import { readArray, writeArrays } from "closerlook/node";
 * import { tmpdir } from "node:os";
 *
 * const path = `${tmpdir()}/layers.safetensors`;
 * await writeArrays(path, {
 *   fc1: { data: Float64Array.of(1, 2, 3, 4), shape: [2, 2] },
 *   fc2: { data: Float32Array.of(1, 0.1), shape: [2, 1], dtype: "bfloat16" },
 * });
 * [...(await readArray(path, "fc1")).data]; // [1, 2, 3, 4]
 * [...(await readArray(path, "fc2")).data]; // [1, 0.10009765625]
 * ```
 */
export async function writeArrays(
  path: string | URL,
  arrays: Readonly<Record<string, WritableArray>>,
  options: WriteArraysOptions = {},
): Promise<void> {
  const file = checkPath(where, path);
  const extension = extname(file).toLowerCase();
  const encode = encoders[extension];
  if (!encode) {
    throw rangeError(where, "path", `named ${Object.keys(encoders).join(", ")}`, file);
  }
  const contents = encode(checkArrays(arrays), options);
  await replaceFile(file, contents, failFor(where, file));
}

type Encoder = (
  arrays: NamedArrays,
  options: WriteArraysOptions,
) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

const encoders: Readonly<Record<string, Encoder>> = {
  ".npy": (arrays, options) => {
    checkOptions(`${where} (.npy)`, options, ["order", "byteOrder"]);
    const [first, second] = arrays;
    if (!first || second) {
      const names = arrays.map(([name]) => name);
      throw rangeError(where, "arrays", "exactly one for .npy", names, "Use .npz for several.");
    }
    checkNumpyDtypes(arrays);
    return encodeNpy(first[1], layoutOf(options));
  },
  ".npz": (arrays, options) => {
    checkOptions(`${where} (.npz)`, options, ["order", "byteOrder", "compress"]);
    const { compress = false } = options;
    checkBoolean(where, "compress", compress);
    checkNumpyDtypes(arrays);
    for (const [name] of arrays) {
      // Python cuts names at NUL; the format counts a name's bytes in 16 bits.
      if (name.includes("\0") || new TextEncoder().encode(name).length > 65531) {
        throw rangeError(where, "a name", "free of NUL and at most 65531 bytes for .npz", name);
      }
    }
    return encodeNpz(arrays, layoutOf(options), compress ? deflateRaw : undefined);
  },
  ".safetensors": (arrays, options) => {
    checkOptions(`${where} (.safetensors)`, options, ["metadata"]);
    const { metadata = {} } = options;
    checkMetadata(metadata);
    if (arrays.some(([name]) => name === metadataKey)) {
      throw rangeError(where, "a name", "other than the format's own", metadataKey);
    }
    return encodeSafetensors(arrays, metadata);
  },
};

function checkArrays(arrays: unknown): NamedArrays {
  if (typeof arrays !== "object" || arrays === null || Array.isArray(arrays)) {
    throw typeError(where, "arrays", "an object of arrays by name", arrays);
  }
  if (arrays instanceof Map || ArrayBuffer.isView(arrays)) {
    throw typeError(where, "arrays", "a plain object of arrays by name", arrays);
  }
  return Object.entries(arrays).map(([name, array]) => {
    checkText("a name", name);
    return [name, checkArray(where, `arrays[${show(name)}]`, array)];
  });
}

function checkMetadata(metadata: unknown): void {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw typeError(where, "metadata", "an object of texts by key", metadata);
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") {
      throw typeError(where, `metadata[${show(key)}]`, "a string", value);
    }
    checkText("a key of metadata", key);
    checkText(`metadata[${show(key)}]`, value);
  }
}

/** Half of a surrogate pair has no UTF-8, so that two different names could become the same. */
function checkText(argument: string, text: string): void {
  if (/\p{Surrogate}/u.test(text)) throw rangeError(where, argument, "valid Unicode", text);
}

function checkNumpyDtypes(arrays: NamedArrays): void {
  for (const [name, { dtype }] of arrays) {
    if (npyDtypes.includes(dtype)) continue;
    const hint = "numpy has no bfloat16: write float32, or a .safetensors file.";
    const must = `one of ${npyDtypes.join(", ")}`;
    throw rangeError(where, `arrays[${show(name)}].dtype`, must, dtype, hint);
  }
}

function layoutOf({ order = "C", byteOrder = "little" }: WriteArraysOptions): ByteLayout {
  checkOneOf(where, "order", order, ["C", "Fortran"]);
  checkOneOf(where, "byteOrder", byteOrder, ["little", "big"]);
  return { bigEndian: byteOrder === "big", fortranOrder: order === "Fortran" };
}
