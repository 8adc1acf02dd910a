import { rangeError, typeError } from "../internal/checks.js";

/**
 * Logits, the numbers that go into a softmax: rows are examples, columns are classes. Either an array
 * with its shape `[examples, classes]`, or rows of numbers.
 */
export type LogitsLike =
  | { readonly data: Float32Array | Float64Array; readonly shape: readonly number[] }
  | readonly ArrayLike<number>[];

/** One number per example and class, in rows: what `softmax` and `logSoftmax` return. */
export interface ClassValues {
  readonly data: Float64Array;
  /** `[examples, classes]` */
  readonly shape: readonly [examples: number, classes: number];
}

/** A copy in double precision, checked: at least one example, at least two classes, all finite. */
export function readLogits(where: string, name: string, logits: LogitsLike): ClassValues {
  const { data, shape } = Array.isArray(logits)
    ? fromRows(where, name, logits)
    : fromShaped(where, name, logits);
  const [examples, classes] = shape;
  if (examples < 1) throw rangeError(where, `the number of examples of ${name}`, ">= 1", examples);
  if (classes < 2) {
    const hint = "The softmax of a single class is always 1: give both classes a logit";
    throw rangeError(where, `the number of classes of ${name}`, ">= 2", classes, hint);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const at = `${name}[${Math.floor(bad / classes)}][${bad % classes}]`;
    throw rangeError(where, at, "a finite number", data[bad]);
  }
  return { data, shape };
}

function fromRows(where: string, name: string, rows: readonly unknown[]): ClassValues {
  const isRow = (row: unknown): row is ArrayLike<number> =>
    Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView));
  const first = rows[0];
  const classes = isRow(first) ? first.length : 0;
  const data = new Float64Array(rows.length * classes);
  for (const [i, row] of rows.entries()) {
    if (!isRow(row)) throw typeError(where, `${name}[${i}]`, "a row of numbers", row);
    if (row.length !== classes) {
      throw rangeError(where, `${name}[${i}]`, `as long as row 0 (${classes})`, row.length);
    }
    for (let j = 0; j < classes; j++) {
      // Not left to the typed array, which would turn null into 0 and "2" into 2.
      if (typeof row[j] !== "number") {
        throw typeError(where, `${name}[${i}][${j}]`, "a finite number", row[j]);
      }
      data[i * classes + j] = row[j]!;
    }
  }
  return { data, shape: [rows.length, classes] };
}

function fromShaped(where: string, name: string, logits: unknown): ClassValues {
  const { data, shape } = (logits ?? {}) as { data?: unknown; shape?: unknown };
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw typeError(where, name, "rows of numbers, or a float array with its shape", logits);
  }
  const isShape = Array.isArray(shape) && shape.length === 2;
  const [examples, classes] = isShape ? (shape as [number, number]) : [Number.NaN, Number.NaN];
  if (!Number.isSafeInteger(examples) || !Number.isSafeInteger(classes)) {
    throw rangeError(where, `${name}.shape`, "[examples, classes]", shape);
  }
  if (data.length !== examples * classes) {
    const must = `${examples} × ${classes} = ${examples * classes}, as its shape says`;
    throw rangeError(where, `the length of ${name}.data`, must, data.length);
  }
  return { data: Float64Array.from(data), shape: [examples, classes] };
}
