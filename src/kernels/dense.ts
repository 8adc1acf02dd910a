import type { Dense } from "../internal/matrix.js";
import type { Operand } from "./linearAlgebra.js";

export const zeros = (rows: number, columns: number): Dense => ({
  data: new Float64Array(rows * columns),
  rows,
  columns,
});

export function transposed({ data, rows, columns }: Dense): Dense {
  const result = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j]!;
  }
  return { data: result, rows: columns, columns: rows };
}

/** The columns `first`, `first + step`, … of a matrix, `count` of them. */
export function takeColumns(a: Dense, count: number, first = 0, step = 1): Dense {
  const result = zeros(a.rows, count);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < count; j++) {
      result.data[i * count + j] = a.data[i * a.columns + first + j * step]!;
    }
  }
  return result;
}

/** Multiplies column j by `factor(j)`, in place. */
export function scaleColumns(a: Dense, factor: (column: number) => number): void {
  const factors = Float64Array.from({ length: a.columns }, (_, j) => factor(j));
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.columns; j++) a.data[i * a.columns + j]! *= factors[j]!;
  }
}

/** Multiplies row i by `factor(i)`, in place. */
export function scaleRows({ data, rows, columns }: Dense, factor: (row: number) => number): void {
  for (let i = 0; i < rows; i++) {
    const scale = factor(i);
    for (let j = 0; j < columns; j++) data[i * columns + j]! *= scale;
  }
}

/** An operand's numbers with their shift applied; itself if it has none and is in double precision. */
export function materialised({ data, rows, columns, shift }: Operand): Dense {
  if (!shift) {
    return { data: data instanceof Float64Array ? data : Float64Array.from(data), rows, columns };
  }
  const { means, rests, scale } = shift;
  const result = new Float64Array(data.length);
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < columns; j++, at++)
      result[at] = (data[at]! - means[j]! - rests[j]!) * scale;
  }
  return { data: result, rows, columns };
}
