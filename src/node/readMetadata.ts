import { withArrayFile } from "./withArrayFile.js";

/**
 * Reads the metadata of a `.safetensors` file, its `__metadata__` entry, and none of its arrays.
 *
 * @param path - Path of the file, or a `file:` URL.
 * @returns Texts by key; empty if the file has none. The record has no prototype, so that every key is safe.
 * @throws ArrayFileError if the file is missing, damaged, or in another format, none of which has metadata.
 * @example
 * ```ts
 * import { readMetadata, writeArrays } from "closerlook/node";
 * import { tmpdir } from "node:os";
 *
 * const path = `${tmpdir()}/weights.safetensors`;
 * await writeArrays(
 *   path,
 *   { bias: { data: Float32Array.of(0, 1), shape: [2] } },
 *   { metadata: { epoch: "12" } },
 * );
 * (await readMetadata(path)).epoch; // "12"
 * ```
 */
export async function readMetadata(path: string | URL): Promise<Readonly<Record<string, string>>> {
  return withArrayFile("readMetadata", path, {}, async ({ metadata }, fail) => {
    if (metadata) return metadata;
    throw fail("format", ".safetensors, the only one with metadata", ".npy or .npz");
  });
}
