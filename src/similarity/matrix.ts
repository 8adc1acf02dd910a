import { rangeError, typeError } from "../internal/checks.js";
import type { Dense } from "./linearAlgebra.js";

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
 * Activations: **rows are examples, columns are neurons**. An array with its shape `[examples, neurons]`, rows of
 * numbers, or an ml-matrix `Matrix`.
 */
export type MatrixLike = ShapedArray | readonly ArrayLike<number>[] | MatrixObject;

export const isShaped = (value: unknown): value is ShapedArray =>
  typeof value === "object" && value !== null && "data" in value && "shape" in value;

const isMatrixObject = (value: unknown): value is MatrixObject =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as MatrixObject).get === "function" &&
  typeof (value as MatrixObject).rows === "number" &&
  typeof (value as MatrixObject).columns === "number";

/** Checks an array with its shape and returns its numbers in double precision (a copy). */
function numbers(where: string, name: string, { data, shape }: ShapedArray): Float64Array {
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
  return Float64Array.from(data);
}

function checkFinite(where: string, name: string, data: Float64Array, shape: readonly number[]) {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const index: number[] = [];
  let rest = at;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  throw new RangeError(
    `${where}: ${name} must be finite everywhere, got ${data[at]} at [${index.join(", ")}]. ` +
      "Remove the examples or neurons with such values first",
  );
}

function fromRows(where: string, name: string, rows: readonly ArrayLike<number>[]): Dense {
  const columns = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * columns);
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
    for (let j = 0; j < columns; j++) {
      if (typeof row[j] !== "number") {
        throw typeError(where, `${name}[${i}][${j}]`, "a number", row[j]);
      }
      data[i * columns + j] = row[j]!;
    }
  }
  return { data, rows: rows.length, columns };
}

/** Any accepted matrix as doubles (a copy): the one door through which activations come in. */
export function toDense(where: string, name: string, value: unknown): Dense {
  const matrix = toDenseUnchecked(where, name, value);
  if (matrix.rows < 2) {
    throw rangeError(where, name, "a matrix of at least 2 rows (examples)", matrix.rows);
  }
  if (matrix.columns < 1) {
    throw rangeError(where, name, "a matrix of at least 1 column (neuron)", matrix.columns);
  }
  checkFinite(where, name, matrix.data, [matrix.rows, matrix.columns]);
  return matrix;
}

export function toDenseUnchecked(where: string, name: string, value: unknown): Dense {
  if (isShaped(value)) {
    const data = numbers(where, name, value);
    const { shape } = value;
    if (shape.length === 4) {
      throw rangeError(
        where,
        name,
        "a matrix [examples, neurons]",
        shape,
        "Use convSvcca or dftCca for convolutional maps, or pool them first",
      );
    }
    if (shape.length !== 2) {
      throw rangeError(where, name, "a matrix [examples, neurons]", shape);
    }
    return { data, rows: shape[0]!, columns: shape[1]! };
  }
  if (Array.isArray(value)) return fromRows(where, name, value);
  if (isMatrixObject(value)) {
    const { rows, columns } = value;
    const data = Float64Array.from({ length: rows * columns }, (_, at) =>
      value.get(Math.floor(at / columns), at % columns),
    );
    return { data, rows, columns };
  }
  throw typeError(
    where,
    name,
    "a matrix: { data, shape: [examples, neurons] }, number[][], or an ml-matrix Matrix",
    value,
  );
}

/** Both matrices of a comparison, with the same examples in the same order. */
export function toDensePair(where: string, x: unknown, y: unknown): [Dense, Dense] {
  const a = toDense(where, "x", x);
  const b = toDense(where, "y", y);
  checkSameExamples(where, "x", a, "y", b);
  return [a, b];
}

export function checkSameExamples(
  where: string,
  nameX: string,
  x: Pick<Dense, "rows" | "columns">,
  nameY: string,
  y: Pick<Dense, "rows" | "columns">,
): void {
  if (x.rows === y.rows) return;
  const fitsX = x.columns === y.rows;
  const fitsY = y.columns === x.rows;
  const hint =
    x.columns === y.columns
      ? "If the arrays are [neurons, examples], pass transpose(x) and transpose(y)"
      : fitsX && fitsY
        ? `One of them looks like [neurons, examples]: pass transpose(${nameX}) or transpose(${nameY})`
        : fitsX
          ? `${nameX} looks like [neurons, examples]: pass transpose(${nameX})`
          : fitsY
            ? `${nameY} looks like [neurons, examples]: pass transpose(${nameY})`
            : "Both must hold the same examples in the same order";
  throw new RangeError(
    `${where}: ${nameX} and ${nameY} must have the same number of rows (examples), ` +
      `got ${x.rows} and ${y.rows}. ${hint}`,
  );
}

/** Convolutional maps in double precision: `[examples, height, width, channels]`, row-major. */
export interface Maps {
  readonly data: Float64Array;
  readonly examples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Whether a value is 4-D, that is convolutional maps. */
export const areMaps = (value: unknown): boolean =>
  isShaped(value) && Array.isArray(value.shape) && value.shape.length === 4;

/** Any accepted maps as doubles (a copy). */
export function toMaps(where: string, name: string, value: unknown): Maps {
  if (!isShaped(value)) {
    throw typeError(
      where,
      name,
      "maps: { data, shape: [examples, height, width, channels] }",
      value,
      Array.isArray(value) || isMatrixObject(value) ? "Use svcca or cca for matrices" : "",
    );
  }
  const data = numbers(where, name, value);
  const { shape } = value;
  if (shape.length !== 4) {
    throw rangeError(
      where,
      name,
      "maps of shape [examples, height, width, channels]",
      shape,
      shape.length === 2 ? "Use svcca or cca for matrices" : "",
    );
  }
  const [examples, height, width, channels] = shape as [number, number, number, number];
  if (examples < 2) throw rangeError(where, name, "maps of at least 2 examples", examples);
  if (data.length === 0) {
    throw rangeError(where, name, "maps with height, width and channels >= 1", shape);
  }
  checkFinite(where, name, data, shape);
  return { data, examples, height, width, channels };
}

/** Both maps of a comparison, with the same examples in the same order. */
export function toMapsPair(where: string, x: unknown, y: unknown): [Maps, Maps] {
  const a = toMaps(where, "x", x);
  const b = toMaps(where, "y", y);
  if (a.examples !== b.examples) {
    throw new RangeError(
      `${where}: x and y must have the same number of examples, got ${a.examples} and ${b.examples}. ` +
        "Maps are [examples, height, width, channels]",
    );
  }
  return [a, b];
}
