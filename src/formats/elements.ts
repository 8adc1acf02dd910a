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

const hostIsBigEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

const halves = {
  float16: { widen: widenFloat16, narrow: narrowToFloat16 },
  bfloat16: { widen: widenBfloat16, narrow: narrowToBfloat16 },
};

const isHalf = (dtype: DType): dtype is keyof typeof halves => dtype in halves;

/** The array in a file's bytes. Takes over `buffer`, whose size fits `dtype` and `shape`. */
export function decodeElements(
  buffer: ArrayBuffer,
  dtype: DType,
  shape: readonly number[],
  { bigEndian, fortranOrder }: ByteLayout,
  fail: Fail,
): ArrayData {
  return allocate(buffer.byteLength, fail, () => {
    const { bytes, Values } = dtypes[dtype];
    if (bigEndian !== hostIsBigEndian) reverseBytes(buffer, bytes);
    // First index fastest is the C order of the reversed shape.
    const ordered = fortranOrder ? reverseAxes(buffer, shape.toReversed(), bytes) : buffer;
    const data = isHalf(dtype) ? widenHalves(ordered, dtype) : new Values(ordered);
    if (dtype === "bool") checkBooleans(data as Uint8Array, fail);
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
  if (elementBytes === 1) return;
  for (const piece of pieces(buffer)) {
    for (let start = 0; start < piece.length; start += elementBytes) {
      for (let low = start, high = start + elementBytes - 1; low < high; low++, high--) {
        const byte = piece[low]!;
        piece[low] = piece[high]!;
        piece[high] = byte;
      }
    }
  }
}

/** C order of `shape` into C order of the reversed shape. */
function reverseAxes(
  buffer: ArrayBuffer,
  shape: readonly number[],
  elementBytes: number,
): ArrayBuffer {
  const axes = shape
    .map((size, axis) => ({ size, stride: shape.slice(axis + 1).reduce((a, b) => a * b, 1) }))
    .filter(({ size }) => size !== 1);
  if (axes.length < 2 || buffer.byteLength === 0) return buffer;

  // Whole words, never floats: an engine may change the bits of a NaN that it copies.
  const Words = elementBytes === 1 ? Uint8Array : elementBytes === 2 ? Uint16Array : Uint32Array;
  const source = new Words(buffer);
  const target = new Words(new ArrayBuffer(buffer.byteLength));
  const wordsPerElement = elementBytes / Words.BYTES_PER_ELEMENT;
  const sizes = axes.map(({ size }) => size);
  const strides = axes.map(({ stride }) => stride * wordsPerElement);
  const index = axes.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.length; to += wordsPerElement) {
    for (let word = 0; word < wordsPerElement; word++) target[to + word] = source[from + word]!;
    for (let axis = 0; axis < sizes.length; axis++) {
      from += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < sizes[axis]!) break;
      from -= strides[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return target.buffer;
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

function checkBooleans(values: Uint8Array, fail: Fail): void {
  const at = values.findIndex((value) => value > 1);
  if (at >= 0) throw fail("bool values", "0 or 1", `${values[at]} at [${at}]`);
}
