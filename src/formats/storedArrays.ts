import type { ArrayData } from "./arrayData.js";

/** Arrays of an opened file by name, in the file's order; calling one reads it. */
export type StoredArrays = ReadonlyMap<string, () => Promise<ArrayData>>;
