import type { NumericArray, ShapedArray } from "../internal/matrix.js";
import type { ArrayData } from "../node/index.js";
import type { Arguments } from "./arguments.js";
import { CommandError } from "./errors.js";
import { channelsFirst, transpose, transposeX, transposeY } from "./options.js";

/** An array of a file. */
export interface ReadArray {
  readonly file: string;
  readonly name: string;
  /** How messages call it. */
  readonly label: string;
  /** As it is in the file. */
  readonly stored: ArrayData;
}

interface PlainArray extends ShapedArray {
  readonly data: NumericArray;
}

/** One side of a comparison. */
export interface Side extends ReadArray {
  /** In the layout of the library. */
  readonly array: ShapedArray;
}

/** Brings arrays of one side into the layout of the library, examples first and channels last. */
export type Arrange = (array: ArrayData) => Promise<ShapedArray>;

export function arrangeAs(args: Arguments, side: "x" | "y"): Arrange {
  const turned = args.has(transpose) || args.has(side === "x" ? transposeX : transposeY);
  const moved = args.has(channelsFirst);
  return async (stored) => {
    const array = { data: plainNumbers(stored.data), shape: stored.shape };
    if (moved && array.shape.length === 4) return channelsLast(array);
    if (!turned) return array;
    const { transpose: transposed } = await import("../similarity/index.js");
    return transposed(array);
  };
}

/**
 * What explains too few examples where every array has fewer rows than columns, as it has when it was saved the other way
 * round; empty elsewhere.
 */
export function transposeHint(args: Arguments, arrays: readonly ShapedArray[]): string {
  if ([transpose, transposeX, transposeY].some((option) => args.has(option))) return "";
  const wide = arrays.every(({ shape: [rows, columns, ...more] }) => {
    return more.length === 0 && rows! < columns!;
  });
  return wide ? " Rows are examples; if the arrays are [neurons, examples], pass --transpose." : "";
}

/** numpy makes 64-bit integers where nobody asked for them; the measures know doubles. */
function plainNumbers(data: ArrayData["data"]): NumericArray {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return data;
  const numbers = Float64Array.from(data as ArrayLike<bigint>, Number);
  if (numbers.every(Number.isSafeInteger)) return numbers;
  throw new CommandError("it holds integers of 2^53 and more. Save it as float32");
}

/** `[examples, channels, height, width]` to `[examples, height, width, channels]`. */
function channelsLast({ data, shape }: PlainArray): ShapedArray {
  const [examples, channels, height, width] = shape as [number, number, number, number];
  const positions = height * width;
  const moved = data.slice();
  for (let example = 0, from = 0; example < examples; example++) {
    const start = example * channels * positions;
    for (let channel = 0; channel < channels; channel++) {
      for (let at = start + channel; at < start + channels * positions; at += channels, from++) {
        moved[at] = data[from]!;
      }
    }
  }
  return { data: moved, shape: [examples, height, width, channels] };
}
