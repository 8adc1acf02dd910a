import { type ArrayData, type DType, dtypes } from "./arrayData.js";
import { allocate, type Fail } from "./arrayFileError.js";
import { narrowToBfloat16, widenBfloat16 } from "./bfloat16.js";
import { pieces } from "./byteSource.js";
import { narrowToFloat16, widenFloat16 } from "./float16.js";

/** How a file lays out the bytes of an array. */
export interface ByteLayout {
  readonly bigEndian: boolean;
  /** First index fastest. */
  readonly fortranOrder: boolean;
}

/** All that says what the bytes of an array mean. */
export interface ElementLayout extends ByteLayout {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

type Words = Uint8Array | Uint16Array | Uint32Array;

const hostIsBigEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

const halves = {
  float16: { widen: widenFloat16, narrow: narrowToFloat16 },
  bfloat16: { widen: widenBfloat16, narrow: narrowToBfloat16 },
};

const isHalf = (dtype: DType): dtype is keyof typeof halves => dtype in halves;

/**
 * The array in a file's bytes. Takes over `buffer`, whose size fits the layout.
 *
 * @param first - Index of the first element in the file's array, for error messages.
 */
export function decodeElements(
  buffer: ArrayBuffer,
  { dtype, shape, bigEndian, fortranOrder }: ElementLayout,
  fail: Fail,
  first = 0,
): ArrayData {
  return allocate(buffer.byteLength, fail, () => {
    const { bytes, Values } = dtypes[dtype];
    if (bigEndian !== hostIsBigEndian) reverseBytes(buffer, bytes);
    // First index fastest is the C order of the reversed shape.
    const ordered = fortranOrder ? reverseAxes(buffer, shape.toReversed(), bytes) : buffer;
    const data = isHalf(dtype) ? widenHalves(ordered, dtype) : new Values(ordered);
    if (dtype === "bool") checkBooleans(data as Uint8Array, first, fail);
    return { data, shape, dtype } as ArrayData;
  });
}

/** The bytes that `decodeElements` turns back into `array`, in pieces; views on it where nothing changes. */
export function encodeElements(
  { data, shape, dtype }: ArrayData,
  { bigEndian, fortranOrder }: ByteLayout,
): Iterable<Uint8Array> {
  const { bytes } = dtypes[dtype];
  const swaps = bytes > 1 && bigEndian !== hostIsBigEndian;
  if (!isHalf(dtype) && !swaps && !fortranOrder) {
    return pieces(data.buffer, data.byteOffset, data.byteLength);
  }
  // A typed array's own `slice` is a copy that owns its whole buffer.
  const values = isHalf(dtype) ? narrowHalves(data as Float32Array, dtype) : data.slice();
  const copy = values.buffer as ArrayBuffer;
  const ordered = fortranOrder ? reverseAxes(copy, shape, bytes) : copy;
  if (swaps) reverseBytes(ordered, bytes);
  return pieces(ordered);
}

/** Reverses the bytes of every element in place. */
function reverseBytes(buffer: ArrayBuffer, elementBytes: number): void {
  for (const { byteOffset, length } of pieces(buffer)) {
    if (elementBytes === 2) {
      const words = new Uint16Array(buffer, byteOffset, length / 2);
      for (let i = 0; i < words.length; i++) words[i] = (words[i]! << 8) | (words[i]! >>> 8);
    } else if (elementBytes >= 4) {
      const words = new Uint32Array(buffer, byteOffset, length / 4);
      for (let i = 0; i < words.length; i++) words[i] = reversedWord(words[i]!);
      if (elementBytes === 8) swapPairs(words);
    }
  }
}

function swapPairs(words: Uint32Array): void {
  for (let i = 0; i < words.length; i += 2) {
    const first = words[i]!;
    words[i] = words[i + 1]!;
    words[i + 1] = first;
  }
}

function reversedWord(word: number): number {
  return (word << 24) | ((word << 8) & 0xff0000) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** C order of `shape` into C order of the reversed shape. */
function reverseAxes(
  buffer: ArrayBuffer,
  shape: readonly number[],
  elementBytes: number,
): ArrayBuffer {
  const sizes = shape.filter((size) => size !== 1);
  if (sizes.length < 2 || buffer.byteLength === 0) return buffer;

  // Whole words, never floats: an engine may change the bits of a NaN that it copies.
  const Words = elementBytes === 1 ? Uint8Array : elementBytes === 2 ? Uint16Array : Uint32Array;
  const source = new Words(buffer);
  const target = new Words(new ArrayBuffer(buffer.byteLength));
  const words = elementBytes / Words.BYTES_PER_ELEMENT;
  const axes = sizes.map((size, axis) => ({
    size,
    sourceStride: sizes.slice(axis + 1).reduce((a, b) => a * b, words),
    targetStride: sizes.slice(0, axis).reduce((a, b) => a * b, words),
  }));
  const [outer, inner] = [axes[0]!, axes.at(-1)!];
  const between = axes.slice(1, -1);

  // The first and the last axis change places as in a matrix, for every index of the axes between them.
  const index = between.map(() => 0);
  let from = 0;
  let to = 0;
  while (true) {
    for (let word = 0; word < words; word++) {
      transpose(source, from + word, outer, target, to + word, inner);
    }
    let axis = between.length - 1;
    for (; axis >= 0; axis--) {
      const { size, sourceStride, targetStride } = between[axis]!;
      from += sourceStride;
      to += targetStride;
      if (++index[axis]! < size) break;
      from -= sourceStride * size;
      to -= targetStride * size;
      index[axis] = 0;
    }
    if (axis < 0) return target.buffer;
  }
}

/** Side of the squares that are transposed one after the other, so that both sides of each stay in the cache. */
const tile = 32;

interface Axis {
  readonly size: number;
  readonly sourceStride: number;
  readonly targetStride: number;
}

/** Copies a matrix whose rows are far apart in the source and whose columns are far apart in the target. */
function transpose(
  source: Words,
  from: number,
  rows: Axis,
  target: Words,
  to: number,
  columns: Axis,
): void {
  for (let top = 0; top < rows.size; top += tile) {
    const bottom = Math.min(top + tile, rows.size);
    for (let left = 0; left < columns.size; left += tile) {
      const right = Math.min(left + tile, columns.size);
      for (let row = top; row < bottom; row++) {
        let read = from + row * rows.sourceStride + left * columns.sourceStride;
        let write = to + row * rows.targetStride + left * columns.targetStride;
        for (let column = left; column < right; column++) {
          target[write] = source[read]!;
          read += columns.sourceStride;
          write += columns.targetStride;
        }
      }
    }
  }
}

function widenHalves(buffer: ArrayBuffer, dtype: keyof typeof halves): Float32Array {
  const { widen } = halves[dtype];
  const source = new Uint16Array(buffer);
  const values = new Float32Array(source.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < source.length; i++) bits[i] = widen(source[i]!);
  return values;
}

function narrowHalves(values: Float32Array, dtype: keyof typeof halves): Uint16Array {
  const { narrow } = halves[dtype];
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const target = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) target[i] = narrow(bits[i]!);
  return target;
}

function checkBooleans(values: Uint8Array, first: number, fail: Fail): void {
  const at = values.findIndex((value) => value > 1);
  if (at >= 0) throw fail("bool values", "0 or 1", `${values[at]} at [${first + at}]`);
}
