import { show } from "../internal/checks.js";
import { type DType, dtypes, elementCount, shapeRule, showShape } from "./arrayData.js";
import type { Fail } from "./arrayFileError.js";
import type { ByteLayout, ElementLayout } from "./elements.js";
import { parsePythonDict } from "./pythonDict.js";

export interface NpyHeader extends ElementLayout {
  readonly dataOffset: number;
  readonly dataBytes: number;
}

/** Only structured types, which are not supported, need a longer text. */
const maxTextBytes = 65535;

/** No valid header reaches beyond this many bytes. */
export const npyHeaderLimit = 12 + maxTextBytes;

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Whether bytes begin like a `.npy` file. */
export function startsLikeNpy(start: Uint8Array): boolean {
  return magic.every((byte, i) => start[i] === byte);
}

const dtypeOfCode: ReadonlyMap<string, DType> = new Map([
  ["b1", "bool"],
  ["i1", "int8"],
  ["i2", "int16"],
  ["i4", "int32"],
  ["i8", "int64"],
  ["u1", "uint8"],
  ["u2", "uint16"],
  ["u4", "uint32"],
  ["u8", "uint64"],
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
]);

const codeOfDtype: ReadonlyMap<DType, string> = new Map(
  [...dtypeOfCode].map(([code, dtype]) => [dtype, code]),
);

/** Dtypes that numpy knows, and so a `.npy` file can hold. */
export const npyDtypes: readonly DType[] = [...codeOfDtype.keys()];

/**
 * Header of a `.npy` file (versions 1.0, 2.0 and 3.0), checked against the size of the whole file.
 *
 * @param start - The file's first `npyHeaderLimit` bytes, or all of it if it is shorter.
 */
export function parseNpyHeader(start: Uint8Array, fileSize: number, fail: Fail): NpyHeader {
  if (!startsLikeNpy(start)) {
    throw fail("magic string", '"\\x93NUMPY"', showBytes(start.subarray(0, magic.length)));
  }
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const major = start[6];
  const minor = start[7];
  if (major === undefined || minor === undefined || major < 1 || major > 3 || minor !== 0) {
    throw fail("version", "1.0, 2.0 or 3.0", `${major}.${minor}`);
  }
  const textOffset = major === 1 ? 10 : 12;
  if (start.length < textOffset) {
    throw fail("file", `at least ${textOffset} bytes long`, `${fileSize} bytes`);
  }
  const textBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataOffset = textOffset + textBytes;
  if (dataOffset > fileSize) {
    const rest = fileSize - textOffset;
    throw fail("header length", `at most the ${rest} bytes that follow it`, `${textBytes}`);
  }
  if (textBytes > maxTextBytes) {
    throw fail("header length", `at most ${maxTextBytes}`, `${textBytes}`, structuredHint);
  }

  // Everything that a supported header holds is ASCII.
  const text = new TextDecoder("latin1").decode(start.subarray(textOffset, dataOffset));
  const { descr, fortran_order, shape, ...others } = parsePythonDict(text, fail);
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw fail("header", "made of descr, fortran_order and shape", show(other));
  }
  const { dtype, bigEndian } = parseDescr(descr, fail);
  if (typeof fortran_order !== "boolean") {
    throw fail("fortran_order", "True or False", show(fortran_order));
  }
  const count = elementCount(shape);
  if (count === undefined) {
    throw fail("shape", shapeRule, Array.isArray(shape) ? showShape(shape) : show(shape));
  }
  const dataBytes = count * dtypes[dtype].bytes;
  if (dataOffset + dataBytes !== fileSize) {
    const rest = fileSize - dataOffset;
    throw fail(
      "shape",
      `that of the ${rest} bytes of ${dtype} data that follow`,
      `${showShape(shape as number[])}, which takes ${dataBytes} bytes`,
      rest < dataBytes
        ? "The file was cut short or its header is wrong."
        : "One array per .npy file: save several with numpy.savez.",
    );
  }
  return {
    dtype,
    shape: shape as number[],
    bigEndian,
    fortranOrder: fortran_order,
    dataOffset,
    dataBytes,
  };
}

const structuredHint =
  "Structured types are not supported: save each field as an array of its own.";

/** Why a kind of numpy type is not read, by its letter. */
const refusals: Readonly<Record<string, string>> = {
  O: "Python objects are stored as a pickle, and loading a pickle can run any program, so it is never done. Save numbers with allow_pickle=False.",
  c: "Complex numbers are not supported: save array.real and array.imag.",
  S: "Strings are not supported.",
  a: "Strings are not supported.",
  U: "Strings are not supported.",
  M: 'Dates are not supported: save array.astype("int64").',
  m: 'Time spans are not supported: save array.astype("int64").',
  V: "numpy stores types that it does not know, such as bfloat16, as raw bytes: save as float32, or as .safetensors.",
  f: 'Save array.astype("float64").',
};

/** A type such as `<f4`: byte order, kind, bytes. */
function parseDescr(descr: unknown, fail: Fail): { dtype: DType; bigEndian: boolean } {
  const must = `one of ${[...dtypeOfCode.keys()].join(", ")} with its byte order (<, > or |)`;
  if (Array.isArray(descr)) {
    throw fail("descr", must, "a structured type", structuredHint);
  }
  const text = typeof descr === "string" ? descr : "";
  const dtype = dtypeOfCode.get(text.slice(1));
  const order = text[0] ?? "";
  // "|" says that byte order means nothing, which is true of single bytes only.
  if (!dtype || !"<>|".includes(order) || (order === "|" && dtypes[dtype].bytes > 1)) {
    throw fail("descr", must, show(descr), refusals[text.replace(/^[<>|=]/, "")[0] ?? ""]);
  }
  return { dtype, bigEndian: order === ">" };
}

/** Header of a version 1.0 file, padded so that the data begin at a multiple of 64 bytes. */
export function formatNpyHeader(
  dtype: DType,
  shape: readonly number[],
  { bigEndian, fortranOrder }: ByteLayout,
): Uint8Array {
  const order = dtypes[dtype].bytes === 1 ? "|" : bigEndian ? ">" : "<";
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${order}${codeOfDtype.get(dtype)}', 'fortran_order': ${fortranOrder ? "True" : "False"}, 'shape': (${tuple}), }`;
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = new Uint8Array(total);
  header.set([...magic, 1, 0]);
  new DataView(header.buffer).setUint16(8, total - 10, true);
  header.set(new TextEncoder().encode(`${text.padEnd(total - 11)}\n`), 10);
  return header;
}

/** Bytes as hexadecimal, for error messages. */
export function showBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return "nothing";
  return `bytes ${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
}
