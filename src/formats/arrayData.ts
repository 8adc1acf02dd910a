/** The typed array that holds the values of each dtype; half precision widens exactly to float32. */
export interface DTypeArrays {
  /** 0 or 1. */
  bool: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  float16: Float32Array;
  bfloat16: Float32Array;
  float32: Float32Array;
  float64: Float64Array;
}

/** Element type as stored in the file. */
export type DType = keyof DTypeArrays;

/**
 * An array as read from a file: `data` in C order (last index fastest), `shape` (empty for a single number),
 * and the `dtype` that the file had. Checking `dtype` tells the type checker which typed array `data` is.
 */
export type ArrayData<D extends DType = DType> = {
  [K in D]: {
    readonly data: DTypeArrays[K];
    readonly shape: readonly number[];
    readonly dtype: K;
  };
}[D];

interface DTypeInfo {
  /** Bytes of one element in a file. */
  readonly bytes: number;
  readonly Values: new (buffer: ArrayBuffer) => DTypeArrays[DType];
}

export const dtypes: Readonly<Record<DType, DTypeInfo>> = {
  bool: { bytes: 1, Values: Uint8Array },
  int8: { bytes: 1, Values: Int8Array },
  int16: { bytes: 2, Values: Int16Array },
  int32: { bytes: 4, Values: Int32Array },
  int64: { bytes: 8, Values: BigInt64Array },
  uint8: { bytes: 1, Values: Uint8Array },
  uint16: { bytes: 2, Values: Uint16Array },
  uint32: { bytes: 4, Values: Uint32Array },
  uint64: { bytes: 8, Values: BigUint64Array },
  float16: { bytes: 2, Values: Float32Array },
  bfloat16: { bytes: 2, Values: Float32Array },
  float32: { bytes: 4, Values: Float32Array },
  float64: { bytes: 8, Values: Float64Array },
};

/** numpy's own limit; it also bounds the work that a hostile shape can cause. */
const maxDimensions = 64;

/** Keeps element count × 8 bytes an exact integer. */
const maxElements = 2 ** 50;

/** Words for what `elementCount` accepts, for error messages. */
export const shapeRule = `a list of at most ${maxDimensions} whole sizes >= 0 with a product below 2^50`;

/** Product of the sizes, or undefined if `shape` breaks `shapeRule`. */
export function elementCount(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || shape.length > maxDimensions) return undefined;
  let product = 1;
  for (const size of shape) {
    if (!isSize(size)) return undefined;
    // A zero must not hide an absurd size beside it.
    product *= Math.max(size, 1);
    if (product > maxElements) return undefined;
  }
  return shape.includes(0) ? 0 : product;
}

/** A whole number >= 0 that is exact as a double; -0 is not one, since it would print as another shape. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

/** All sizes, unlike `show`, which shortens. */
export function showShape(shape: readonly unknown[]): string {
  return `[${shape.map(String).join(", ")}]`;
}
