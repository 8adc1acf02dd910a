import type { DType } from "../node/index.js";
import { withArrayFile } from "../node/withArrayFile.js";
import { MissingFile } from "./errors.js";

/** What the header of an array says. */
export interface StoredArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface Contents {
  /** In the file's order, which an object would not keep for names that are whole numbers. */
  readonly arrays: readonly StoredArray[];
  /** Only of a `.safetensors` file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a file holds, without its numbers. */
export const contentsOf = (where: string, file: string): Promise<Contents> =>
  withArrayFile(where, file, {}, async ({ arrays, metadata }) => {
    const found: StoredArray[] = [];
    for (const [name, stored] of arrays) {
      const { shape, dtype } = (await stored.open()).layout;
      found.push({ name, shape, dtype });
    }
    return { arrays: found, ...(metadata && { metadata }) };
  }).catch((error: unknown) => {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    if (code !== "ENOENT") throw error;
    throw new MissingFile(`${where}: ${file}: no such file`, { cause: error });
  });

/** Names of arrays for a message; a model may have hundreds. */
export function listed(arrays: readonly StoredArray[]): string {
  const names = arrays.slice(0, 20).map(({ name }) => name);
  return names.join(", ") + (arrays.length > 20 ? ", …" : "");
}

export const elementsOf = ({ shape }: Pick<StoredArray, "shape">): number =>
  shape.reduce((product, size) => product * size, 1);

/** Bytes that the numbers of an array take when they are not compressed. */
export const bytesOf = (array: StoredArray): number => elementsOf(array) * bytesOfOne(array.dtype);

const bytesOfOne = (dtype: DType): number => Number(/\d+$/.exec(dtype)?.[0] ?? 8) / 8;
