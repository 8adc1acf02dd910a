import type { Engine } from "./engine.js";
import { PIECE } from "./pieces.js";

/** Parts that the rows are cut into at most; each has its own sums. */
const PARTS = 64;
/** The kernels take so many columns at a time. */
const LANES = 16;

/**
 * How a matrix [rows, columns] is worked on: as one of `lanes` columns, so many rows of the matrix in one that the kernels'
 * vectors come out even. It has `length / lanes` rows, the last of which may be cut short.
 */
interface Layout {
  readonly columns: number;
  readonly length: number;
  readonly lanes: number;
  readonly rowsPerPart: number;
  readonly parts: number;
}

function layoutOf(rows: number, columns: number): Layout {
  let lanes = columns;
  while (lanes % LANES !== 0) lanes *= 2;
  const length = rows * columns;
  const wide = Math.floor(length / lanes);
  const rowsPerPart = Math.max(1, Math.ceil(wide / PARTS), Math.ceil(PIECE / lanes));
  return { columns, length, lanes, rowsPerPart, parts: Math.max(1, Math.ceil(wide / rowsPerPart)) };
}

/** Adds the parts' sums, in their order, and the lanes of the same column. */
function joinParts(engine: Engine, sums: number, { columns, lanes, parts }: Layout): Float64Array {
  const joined = new Float64Array(columns);
  const all = engine.doubles(sums, parts * lanes);
  for (let i = 0, column = 0; i < all.length; i++) {
    joined[column] = joined[column]! + all[i]!;
    if (++column === columns) column = 0;
  }
  return joined;
}

/** Puts rows of one number for each column where the kernels read them, repeated for all lanes. */
function putRows(
  engine: Engine,
  { columns, lanes }: Layout,
  rows: readonly ArrayLike<number>[],
): number {
  const address = engine.scratch("coefficients", 4 * rows.length * lanes);
  const floats = engine.floats(address, rows.length * lanes);
  rows.forEach((row, i) => {
    for (let lane = 0; lane < lanes; lane += columns) floats.set(row, i * lanes + lane);
  });
  return address;
}

/** Sums of the columns of each of `batches` matrices [rows, columns], one after the other at `input`. */
export function columnSums(
  engine: Engine,
  { batches, rows, columns }: { batches: number; rows: number; columns: number },
  input: number,
): Float64Array {
  const joined = new Float64Array(batches * columns);
  if (rows * joined.length === 0) return joined;
  const layout = layoutOf(rows, columns);
  const { length, lanes, rowsPerPart, parts } = layout;
  const bytes = 8 * parts * lanes;
  const sums = engine.scratch("column sums", batches * bytes);
  engine.run("sumColumns", [input, sums, length, lanes, rowsPerPart, parts], batches * parts);
  for (let batch = 0; batch < batches; batch++) {
    joined.set(joinParts(engine, sums + batch * bytes, layout), batch * columns);
  }
  return joined;
}

/** A matrix [rows, columns]. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
}

/** Σ (x − centre)² of each column. */
export function columnSquares(
  engine: Engine,
  { rows, columns }: Matrix,
  input: number,
  centre: ArrayLike<number>,
): Float64Array {
  const layout = layoutOf(rows, columns);
  const { length, lanes, rowsPerPart, parts } = layout;
  const middle = putRows(engine, layout, [centre]);
  const sums = engine.scratch("column sums", 8 * parts * lanes);
  engine.run("sumSquares", [input, middle, sums, length, lanes, rowsPerPart, parts], parts);
  return joinParts(engine, sums, layout);
}

/** Σ dy and Σ dy · (x − centre) of each column. */
export function columnProducts(
  engine: Engine,
  { rows, columns }: Matrix,
  { dy, input }: { dy: number; input: number },
  centre: ArrayLike<number>,
): { sums: Float64Array; products: Float64Array } {
  const layout = layoutOf(rows, columns);
  const { length, lanes, rowsPerPart, parts } = layout;
  const middle = putRows(engine, layout, [centre]);
  const bytes = 8 * parts * lanes;
  const sums = engine.scratch("column sums", 2 * bytes);
  engine.run("sumProducts", [dy, input, middle, sums, length, lanes, rowsPerPart, parts], parts);
  return {
    sums: joinParts(engine, sums, layout),
    products: joinParts(engine, sums + bytes, layout),
  };
}

/** Numbers by which each column is moved and scaled. */
interface Affine {
  readonly centre: ArrayLike<number>;
  readonly slope: ArrayLike<number>;
  readonly shift: ArrayLike<number>;
}

/** output = (x − centre) · slope + shift */
export function scaleColumns(
  engine: Engine,
  { rows, columns }: Matrix,
  { input, output }: { input: number; output: number },
  { centre, slope, shift }: Affine,
): void {
  const layout = layoutOf(rows, columns);
  const { length, lanes, rowsPerPart } = layout;
  const coefficients = putRows(engine, layout, [centre, slope, shift]);
  const items = Math.ceil(Math.ceil(length / lanes) / rowsPerPart);
  engine.run("scaleColumns", [input, coefficients, output, length, lanes, rowsPerPart], items);
}

/** output = x + shift, to the bit. */
export function addToColumns(
  engine: Engine,
  matrix: Matrix,
  places: { input: number; output: number },
  shift: ArrayLike<number>,
): void {
  const { columns } = matrix;
  if (matrix.rows * columns === 0) return;
  const [centre, slope] = [new Float32Array(columns), new Float32Array(columns).fill(1)];
  scaleColumns(engine, matrix, places, { centre, slope, shift });
}

/** output = dy · gain + (x − centre) · slope + shift */
export function combineColumns(
  engine: Engine,
  { rows, columns }: Matrix,
  { dy, input, output }: { dy: number; input: number; output: number },
  { centre, slope, shift, gain }: Affine & { readonly gain: ArrayLike<number> },
): void {
  const layout = layoutOf(rows, columns);
  const { length, lanes, rowsPerPart } = layout;
  const coefficients = putRows(engine, layout, [centre, slope, shift, gain]);
  const items = Math.ceil(Math.ceil(length / lanes) / rowsPerPart);
  const numbers = [dy, input, coefficients, output, length, lanes, rowsPerPart];
  engine.run("combineColumns", numbers, items);
}
