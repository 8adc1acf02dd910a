import { checkInteger, rangeError, typeError } from "./checks.js";

/** Any typed array of plain numbers. Half-precision files are read into `Float32Array`. */
export type NumericArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array
  | Uint8ClampedArray;

/** A row-major array with its shape, as `readArrays` and `fromTensor` give it. */
export interface ShapedArray {
  /** 64-bit integers are accepted by the type, since files hold them, and refused with a hint how to convert them. */
  readonly data: NumericArray | BigInt64Array | BigUint64Array;
  readonly shape: readonly number[];
}

/** The part of an ml-matrix `Matrix` that is read. */
export interface MatrixObject {
  readonly rows: number;
  readonly columns: number;
  get(row: number, column: number): number;
}

/**
 * A matrix: **rows are examples, columns are neurons** (for logits: classes). An array with its shape
 * `[examples, neurons]`, rows of numbers, or an ml-matrix `Matrix`.
 */
export type MatrixLike = ShapedArray | readonly ArrayLike<number>[] | MatrixObject;

/** A real matrix, row-major: entry (i, j) is `data[i * columns + j]`. */
export interface Dense {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** The same in single or double precision; the numbers are the caller's own and are only read. */
export interface RealMatrix {
  readonly data: Float64Array | Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export const isShaped = (value: unknown): value is ShapedArray =>
  typeof value === "object" && value !== null && "data" in value && "shape" in value;

export const isMatrixObject = (value: unknown): value is MatrixObject =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as MatrixObject).get === "function" &&
  typeof (value as MatrixObject).rows === "number" &&
  typeof (value as MatrixObject).columns === "number";

/** The numbers of an array with its shape, once they are as many as the shape says; not copied. */
export function checkShaped(where: string, name: string, array: ShapedArray): NumericArray {
  const { data, shape } = array;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    throw typeError(
      where,
      `${name}.data`,
      "an array of numbers",
      data,
      "64-bit integers are read as BigInt: convert with Float64Array.from(data, Number)",
    );
  }
  if (!ArrayBuffer.isView(data) || data instanceof DataView) {
    throw typeError(where, `${name}.data`, "a typed array of numbers", data);
  }
  if (!Array.isArray(shape) || shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw typeError(where, `${name}.shape`, "an array of non-negative integers", shape);
  }
  const size = shape.reduce((product, factor) => product * factor, 1);
  if (size !== data.length) {
    throw rangeError(
      where,
      `${name}.data`,
      `of ${shape.join(" × ")} = ${size} numbers, as its shape says`,
      data.length,
    );
  }
  return data;
}

/** No NaN and no infinity; `hint` says what to do about them. */
export function checkFinite(
  where: string,
  name: string,
  data: Float64Array | Float32Array,
  shape: readonly number[],
  hint: string,
): void {
  if (allFinite(data)) return;
  const at = data.findIndex((value: number) => !Number.isFinite(value));
  const index: number[] = [];
  let rest = at;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  throw new RangeError(
    `${where}: ${name} must be finite everywhere, got ${data[at]} at [${index.join(", ")}]. ${hint}`,
  );
}

/**
 * Zero times what is not finite is NaN: sums of such products say whether there is any, faster than a test of each number.
 * Four of them, since each addition waits for the one before.
 */
function allFinite(data: Float64Array | Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let at = 0; at < whole; at += 4) {
    a += 0 * data[at]!;
    b += 0 * data[at + 1]!;
    c += 0 * data[at + 2]!;
    d += 0 * data[at + 3]!;
  }
  for (let at = whole; at < data.length; at++) a += 0 * data[at]!;
  return a + b + c + d === 0;
}

/** Any accepted matrix in double precision (a copy), its numbers finite or not; see {@link readNumbers}. */
export function readMatrix(where: string, name: string, value: unknown, columnsAre: string): Dense {
  const { data, rows, columns } = readNumbers(where, name, value, columnsAre);
  return { data: Float64Array.from(data), rows, columns };
}

/**
 * Any accepted matrix, its numbers finite or not. Arrays of single or double precision are not copied.
 *
 * @param columnsAre - What the columns are, for messages: `"neurons"`, `"classes"`.
 */
export function readNumbers(
  where: string,
  name: string,
  value: unknown,
  columnsAre: string,
): RealMatrix {
  if (isShaped(value)) {
    const data = checkShaped(where, name, value);
    const { shape } = value;
    if (shape.length !== 2) {
      throw rangeError(where, name, `a matrix [examples, ${columnsAre}]`, shape);
    }
    const [rows, columns] = shape as [number, number];
    checkSize(where, name, rows, columns);
    return { data: asReal(data), rows, columns };
  }
  if (Array.isArray(value)) return fromRows(where, name, value);
  if (isMatrixObject(value)) return fromObject(where, name, value);
  throw typeError(
    where,
    name,
    `a matrix: { data, shape: [examples, ${columnsAre}] }, number[][], or an ml-matrix Matrix`,
    value,
  );
}

/** In a precision that the kernels read, copied only where it must be converted. */
export const asReal = (data: NumericArray): Float64Array | Float32Array =>
  data instanceof Float32Array || data instanceof Float64Array ? data : Float64Array.from(data);

function fromRows(where: string, name: string, rows: readonly ArrayLike<number>[]): Dense {
  const columns = rows[0]?.length ?? 0;
  let data = new Float64Array(0);
  // By index, not by forEach, which would leave out the holes of a sparse array.
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (typeof row !== "object" || row === null || typeof row.length !== "number") {
      throw typeError(where, `${name}[${i}]`, "an array of numbers", row);
    }
    if (row.length !== columns) {
      throw rangeError(
        where,
        `${name}[${i}]`,
        `of ${columns} numbers like the first row`,
        row.length,
      );
    }
    // After the first row's kind is known: a text has a length too.
    if (i === 0) {
      checkInteger(where, `${name}[0].length`, columns, { min: 0 });
      checkSize(where, name, rows.length, columns);
      data = new Float64Array(rows.length * columns);
    }
    for (let j = 0; j < columns; j++) {
      // Not left to the typed array, which would turn null into 0 and "2" into 2.
      if (typeof row[j] !== "number") {
        throw typeError(where, `${name}[${i}][${j}]`, "a number", row[j]);
      }
      data[i * columns + j] = row[j]!;
    }
  }
  return { data, rows: rows.length, columns };
}

function fromObject(where: string, name: string, matrix: MatrixObject): Dense {
  const { rows, columns } = matrix;
  checkInteger(where, `${name}.rows`, rows, { min: 0 });
  checkInteger(where, `${name}.columns`, columns, { min: 0 });
  checkSize(where, name, rows, columns);
  const data = new Float64Array(rows * columns);
  for (let at = 0; at < data.length; at++) {
    const row = Math.floor(at / columns);
    const column = at % columns;
    const value = matrix.get(row, column);
    if (typeof value !== "number") {
      throw typeError(where, `${name}.get(${row}, ${column})`, "a number", value);
    }
    data[at] = value;
  }
  return { data, rows, columns };
}

/** 32 GB in double precision; more is a mistake. */
const MAX_NUMBERS = 2 ** 32;

/** A size may be only claimed, without an array of that length to show for it. */
function checkSize(where: string, name: string, rows: number, columns: number): void {
  // A zero must not hide an absurd size beside it: loops over empty rows take their time too.
  const size = Math.max(rows, 1) * Math.max(columns, 1);
  if (size <= MAX_NUMBERS) return;
  throw rangeError(where, name, `a matrix of at most ${MAX_NUMBERS} numbers`, size);
}
