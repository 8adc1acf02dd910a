import { checkOneOf, rangeError, show, typeError } from "../internal/checks.js";
import {
  type ArrayData,
  type DType,
  type DTypeArrays,
  dtypes,
  elementCount,
  shapeRule,
} from "./arrayData.js";

/** An array to write: `ArrayData`, or anything with `data` and `shape` like it. */
export interface WritableArray {
  /** Values in C order (last index fastest). */
  readonly data: DTypeArrays[DType];
  readonly shape: readonly number[];
  /**
   * How the values are stored; by default as what they are. `Float32Array` can also be stored as float16 or
   * bfloat16, rounded to the nearest, ties to even, and `Uint8Array` of 0 and 1 as bool.
   */
  readonly dtype?: DType | undefined;
}

const defaultDType: readonly DType[] = [
  "float32",
  "float64",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "int64",
  "uint64",
];

/** An array to write, checked and with its dtype. */
export function checkArray(where: string, argument: string, array: unknown): ArrayData {
  checkObject(where, argument, array);
  const { data, shape, dtype: wanted } = array;
  const own = defaultDType.find((dtype) => data instanceof dtypes[dtype].Values);
  if (!own) {
    const kinds = defaultDType.map((dtype) => dtypes[dtype].Values.name).join(", ");
    throw typeError(where, `${argument}.data`, `one of ${kinds}`, data);
  }
  const values = data as DTypeArrays[DType];
  const dtype =
    wanted === undefined
      ? own
      : checkOneOf(where, `${argument}.dtype`, wanted, Object.keys(dtypes) as DType[]);
  if (dtypes[dtype].Values !== dtypes[own].Values) {
    const must = `a ${dtypes[dtype].Values.name} for dtype ${show(dtype)}`;
    throw typeError(where, `${argument}.data`, must, data, "Convert it before writing.");
  }
  const count = elementCount(shape);
  if (count === undefined) throw rangeError(where, `${argument}.shape`, shapeRule, shape);
  if (count !== values.length) {
    throw rangeError(where, `${argument}.shape`, `that of ${values.length} values`, shape);
  }
  if (dtype === "bool") {
    const at = (values as Uint8Array).findIndex((value) => value > 1);
    if (at >= 0) {
      throw rangeError(where, `${argument}.data[${at}]`, "0 or 1 for dtype bool", values[at]);
    }
  }
  return { data: values, shape: [...(shape as number[])], dtype } as ArrayData;
}

function checkObject(
  where: string,
  argument: string,
  value: unknown,
): asserts value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw typeError(where, argument, "an object with data and shape", value);
  }
}
