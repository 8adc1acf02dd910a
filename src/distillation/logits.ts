import { rangeError } from "../internal/checks.js";
import { checkFinite, type MatrixLike, readMatrix } from "../internal/matrix.js";

/**
 * Logits, the numbers that go into a softmax: rows are examples, columns are classes. An array with its
 * shape `[examples, classes]`, rows of numbers, or an ml-matrix `Matrix`.
 */
export type LogitsLike = MatrixLike;

/** One number per example and class, in rows: what `softmax` and `logSoftmax` return. */
export interface ClassValues {
  readonly data: Float64Array;
  /** `[examples, classes]` */
  readonly shape: readonly [examples: number, classes: number];
}

/** A copy in double precision, checked: at least one example, at least two classes, all finite. */
export function readLogits(where: string, name: string, logits: LogitsLike): ClassValues {
  const { data, rows, columns } = readMatrix(where, name, logits, "classes");
  if (rows < 1) throw rangeError(where, `the number of examples of ${name}`, ">= 1", rows);
  if (columns < 2) {
    const hint = "The softmax of a single class is always 1: give both classes a logit";
    throw rangeError(where, `the number of classes of ${name}`, ">= 2", columns, hint);
  }
  const shape = [rows, columns] as const;
  checkFinite(where, name, data, shape, "Leave out the examples with such logits");
  return { data, shape };
}
