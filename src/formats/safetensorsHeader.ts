import { show } from "../internal/checks.js";
import {
  type ArrayData,
  type DType,
  dtypes,
  elementCount,
  isSize,
  shapeRule,
  showShape,
} from "./arrayData.js";
import { type Fail, failWithin } from "./arrayFileError.js";
import { repeatedKey } from "./jsonKeys.js";

/** One tensor of a `.safetensors` file; `start` counts from the end of the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: readonly TensorEntry[];
  /** Without prototype, so that no key can mean anything else. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The key of the header that is no tensor. */
export const metadataKey = "__metadata__";

/** Limit of the reference implementation; keeps a hostile header from taking minutes. */
export const maxSafetensorsHeaderBytes = 100_000_000;

const dtypeOfCode: ReadonlyMap<string, DType> = new Map([
  ["BOOL", "bool"],
  ["I8", "int8"],
  ["I16", "int16"],
  ["I32", "int32"],
  ["I64", "int64"],
  ["U8", "uint8"],
  ["U16", "uint16"],
  ["U32", "uint32"],
  ["U64", "uint64"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["F32", "float32"],
  ["F64", "float64"],
]);

const codeOfDtype: ReadonlyMap<DType, string> = new Map(
  [...dtypeOfCode].map(([code, dtype]) => [dtype, code]),
);

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Only the outermost level: a hostile header may nest a million deep, or imitate a class. */
function showJson(value: unknown): string {
  if (Array.isArray(value)) {
    const items = value.slice(0, 8).map((item) => (typeof item === "object" ? "…" : show(item)));
    return `[${items.join(", ")}${value.length > 8 ? `, … ${value.length} items` : ""}]`;
  }
  return isObject(value) ? "an object" : show(value);
}

/**
 * The JSON header of a `.safetensors` file, checked against the number of data bytes that follow it:
 * the tensors must cover all of them, without holes or overlap.
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  dataBytes: number,
  fail: Fail,
): SafetensorsHeader {
  const { [metadataKey]: metadata = {}, ...entries } = parseJsonObject(bytes, fail);
  const tensors = Object.entries(entries).map(([name, entry]) =>
    parseTensor(name, entry, dataBytes, failWithin(fail, `tensor ${show(name)}`)),
  );
  let covered = 0;
  for (const { name, start, end } of tensors.toSorted(
    (a, b) => a.start - b.start || a.end - b.end,
  )) {
    if (start !== covered) {
      throw fail(
        `tensor ${show(name)}: data_offsets`,
        `from ${covered} on, where the tensor before it ends`,
        `[${start}, ${end}]`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw fail(
      "file",
      `as long as its tensors, ${covered} bytes after the header`,
      `${dataBytes} bytes`,
    );
  }
  return { tensors, metadata: parseMetadata(metadata, fail) };
}

function parseJsonObject(bytes: Uint8Array, fail: Fail): JsonObject {
  let json: string;
  let header: unknown;
  try {
    json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(json);
  } catch (error) {
    throw fail("header", "JSON in UTF-8", (error as Error).message, "", error);
  }
  if (!isObject(header) || !json.startsWith("{")) {
    throw fail("header", "a JSON object from its first byte on", show(json.slice(0, 20)));
  }
  const repeated = repeatedKey(json);
  if (repeated !== undefined) {
    throw fail("header", "free of repeated keys", `${show(repeated)} twice`);
  }
  return header;
}

function parseTensor(name: string, entry: unknown, dataBytes: number, fail: Fail): TensorEntry {
  if (!isObject(entry)) {
    throw fail("entry", "an object with dtype, shape and data_offsets", showJson(entry));
  }
  const { dtype: code, shape, data_offsets: offsets } = entry;
  const dtype = typeof code === "string" ? dtypeOfCode.get(code) : undefined;
  if (!dtype) throw fail("dtype", `one of ${[...dtypeOfCode.keys()].join(", ")}`, showJson(code));
  const count = elementCount(shape);
  if (count === undefined) throw fail("shape", shapeRule, showJson(shape));
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw fail("data_offsets", "two whole numbers >= 0", showJson(offsets));
  }
  const [start, end] = offsets as [number, number];
  if (start > end || end > dataBytes) {
    throw fail(
      "data_offsets",
      `rising and within the ${dataBytes} bytes of data`,
      `[${start}, ${end}]`,
    );
  }
  const bytes = count * dtypes[dtype].bytes;
  if (bytes !== end - start) {
    throw fail(
      "shape",
      `that of its ${end - start} bytes of ${dtype} data`,
      `${showShape(shape as number[])}, which takes ${bytes} bytes`,
    );
  }
  return { name, dtype, shape: shape as number[], start, end };
}

function parseMetadata(metadata: unknown, fail: Fail): Readonly<Record<string, string>> {
  if (!isObject(metadata)) throw fail(metadataKey, "an object", showJson(metadata));
  const result: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") {
      throw fail(`${metadataKey}: ${show(key)}`, "a string", showJson(value));
    }
    result[key] = value;
  }
  return result;
}

/** Length, header and padding of a file that holds `tensors`. */
export function formatSafetensorsHeader(
  tensors: readonly TensorEntry[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  // Joined by hand: an object literal would give "__proto__" a meaning.
  const entries = tensors.map(({ name, dtype, shape, start, end }) => {
    const entry = { dtype: codeOfDtype.get(dtype), shape, data_offsets: [start, end] };
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  if (Object.keys(metadata).length > 0) {
    entries.unshift(`"${metadataKey}":${JSON.stringify(metadata)}`);
  }
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  // Data that begin at a multiple of 8 can be used where they lie by those who map the file.
  const total = Math.ceil((8 + json.length) / 8) * 8;
  const header = new Uint8Array(total).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(total - 8), true);
  header.set(json, 8);
  return header;
}

/** Where each array goes: those with larger elements first, so that every one lies at a multiple of its element size. */
export function placeTensors(
  arrays: readonly (readonly [name: string, array: ArrayData])[],
): { entry: TensorEntry; array: ArrayData }[] {
  let at = 0;
  return arrays
    .toSorted(([, a], [, b]) => dtypes[b.dtype].bytes - dtypes[a.dtype].bytes)
    .map(([name, array]) => {
      const { dtype, shape, data } = array;
      const start = at;
      at += data.length * dtypes[dtype].bytes;
      return { entry: { name, dtype, shape, start, end: at }, array };
    });
}
