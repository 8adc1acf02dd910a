import type { Fail } from "./arrayFileError.js";
import type { ByteSource } from "./byteSource.js";
import { openNpy } from "./npy.js";
import { showBytes, startsLikeNpy } from "./npyHeader.js";
import { openNpz, type ZipCodec } from "./npz.js";
import { openSafetensors, startsLikeSafetensors } from "./safetensors.js";
import type { StoredArrays } from "./storedArrays.js";
import { startsLikeZip } from "./zip.js";

export interface ArrayFile {
  readonly arrays: StoredArrays;
  /** Only `.safetensors` has metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface OpenArrayFileOptions {
  readonly codec: ZipCodec;
  /** Name of the file without its extension, for the array of a `.npy` file. */
  readonly name: string;
  /** Extension of the file; it decides only which error helps most. */
  readonly extension: string;
}

const foreignFormats: readonly { start: readonly number[]; hint: string }[] = [
  { start: [0x1f, 0x8b], hint: "It is a gzip file: unpack it first." },
  {
    start: [0x89, 0x48, 0x44, 0x46],
    hint: "It is an HDF5 file: save its arrays with numpy.savez.",
  },
  {
    start: [0x80],
    hint: "It looks like a pickle, which can run any program when loaded: save with numpy.save or safetensors.",
  },
];

/** Opens a file of arrays in any format. Goes by what the file is, whatever it is called. */
export async function openArrayFile(
  source: ByteSource,
  { name, extension, codec }: OpenArrayFileOptions,
  fail: Fail,
): Promise<ArrayFile> {
  const start = new Uint8Array(await source.read(0, Math.min(source.size, 16)));
  if (startsLikeNpy(start)) return { arrays: await openNpy(source, name, fail) };
  if (startsLikeZip(start)) return { arrays: await openNpz(source, codec, fail) };
  if (startsLikeSafetensors(start, source.size)) return openSafetensors(source, fail);

  const foreign = foreignFormats.find((format) =>
    format.start.every((byte, i) => start[i] === byte),
  );
  const claimed = extension.toLowerCase();
  if (!foreign && claimed === ".safetensors") return openSafetensors(source, fail);
  const must = [".npy", ".npz"].includes(claimed)
    ? `that of a ${claimed} file`
    : "that of a .npy, .npz or .safetensors file";
  throw fail("start of the file", must, showBytes(start.subarray(0, 8)), foreign?.hint);
}
