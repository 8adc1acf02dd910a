import fc from "fast-check";
import { dtypes } from "../../src/formats/arrayData.js";
import { bytesSource } from "../../src/formats/byteSource.js";
import { decodeElements } from "../../src/formats/elements.js";
import {
  type ArrayData,
  ArrayFileError,
  type ByteLayout,
  type DType,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  failFor,
  npyDtypes,
  openArrayFile,
  readStoredArrays,
} from "../../src/formats/index.js";
import { deflateRaw, zipCodec } from "../../src/node/rawDeflate.js";

export const fail = failFor("readArrays", "file");

export const plainLayout: ByteLayout = { bigEndian: false, fortranOrder: false };

/** All pieces in one. */
export async function join(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const list: Uint8Array[] = [];
  for await (const piece of pieces) list.push(piece);
  return new Uint8Array(Buffer.concat(list));
}

/** Every array of a file in memory. */
export async function readBytes(
  bytes: Uint8Array,
  extension = "",
): Promise<Map<string, ArrayData>> {
  const options = { name: "file", extension, codec: zipCodec };
  const { arrays } = await openArrayFile(bytesSource(bytes), options, fail);
  return new Map(await readStoredArrays(arrays, 2 ** 20, fail));
}

/** The error that a file in memory gives. */
export async function errorOf(bytes: Uint8Array, extension = ""): Promise<ArrayFileError> {
  try {
    await readBytes(bytes, extension);
  } catch (error) {
    if (error instanceof ArrayFileError) return error;
    throw error;
  }
  throw new Error("the file was read without an error");
}

export type Format = ".npy" | "stored .npz" | "deflated .npz" | ".safetensors";

export const formats: readonly Format[] = [".npy", "stored .npz", "deflated .npz", ".safetensors"];

export function dtypesOf(format: Format): readonly DType[] {
  return format === ".safetensors" ? [...npyDtypes, "bfloat16"] : npyDtypes;
}

/** A file of any format; `.npy` takes the first array only. */
export function encode(
  format: Format,
  arrays: readonly (readonly [string, ArrayData])[],
  layout = plainLayout,
): Promise<Uint8Array<ArrayBuffer>> {
  if (format === ".npy") return join(encodeNpy(arrays[0]![1], layout));
  if (format === ".safetensors") return join(encodeSafetensors(arrays, {}));
  return join(encodeNpz(arrays, layout, format === "deflated .npz" ? deflateRaw : undefined));
}

/** Any array of up to 4 dimensions: its elements are any bits at all, NaNs with payloads included. */
export function anyArray(allowed: readonly DType[]): fc.Arbitrary<ArrayData> {
  return fc
    .record({
      dtype: fc.constantFrom(...allowed),
      shape: fc.array(fc.nat({ max: 4 }), { maxLength: 4 }),
    })
    .chain(({ dtype, shape }) => {
      const length = shape.reduce((a, b) => a * b, 1) * dtypes[dtype].bytes;
      return fc
        .uint8Array({ minLength: length, maxLength: length, max: dtype === "bool" ? 1 : 255 })
        .map((bytes) =>
          decodeElements(new Uint8Array(bytes).buffer, { dtype, shape, ...plainLayout }, fail),
        );
    });
}

/** The bits of the values; equal bits are more than equal values. */
export function bitsOf({ data }: ArrayData): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");
}
