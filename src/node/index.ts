export type {
  ArrayData,
  ByteStore,
  Cifar10Images,
  DType,
  DTypeArrays,
  WritableArray,
} from "../formats/index.js";
export { ArrayFileError } from "../formats/index.js";
export { folderStore } from "./folderStore.js";
export {
  type BatchesOptions,
  type OpenArray,
  type OpenArrays,
  openArrays,
} from "./openArrays.js";
export { readArray } from "./readArray.js";
export { readArrays } from "./readArrays.js";
export { type Cifar10, readCifar10 } from "./readCifar10.js";
export { readMetadata } from "./readMetadata.js";
export {
  type BackendDescription,
  type BackendName,
  type BackendOptions,
  useBackend,
} from "./useBackend.js";
export { type Threads, useThreads } from "./useThreads.js";
export type { ReadArraysOptions } from "./withArrayFile.js";
export { type WriteArraysOptions, writeArrays } from "./writeArrays.js";
