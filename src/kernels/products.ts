import type { Dense } from "../internal/matrix.js";
import type { Arena } from "./arena.js";
import type { ColumnStatistics, Operand } from "./linearAlgebra.js";
import type { Processor } from "./processor.js";

/** Rows and columns of the result that are worked on at a time; the result and its operands stay small. */
const BLOCK = 4096;
/** Longest piece of the sums that is packed at a time. */
const MAX_DEPTH = 1024;
/** Numbers of an operand that are copied in at a time. */
const MAX_CHUNK = 2 ** 22;
/** Numbers of the results of several products together. */
const MAX_RESULTS = 2 ** 26;
/** Rows and columns of a tile. */
const TILE = 128;
/** Scratch space of one tile. */
const TILE_BYTES = 128;

/** A side of a product: its lanes are columns (rows) of the result, the sum runs over the other index. */
interface Side {
  readonly operand: Operand;
  readonly lanesAreRows: boolean;
}

const lanesOf = ({ operand, lanesAreRows }: Side) =>
  lanesAreRows ? operand.rows : operand.columns;
const depthOf = ({ operand, lanesAreRows }: Side) =>
  lanesAreRows ? operand.columns : operand.rows;

/** Products of matrices by the kernels. */
export function productsOf(processor: Processor, arena: Arena) {
  const { jobs } = processor;

  function multiply(left: Side, right: Side, symmetric: boolean): Dense {
    const m = lanesOf(left);
    const n = lanesOf(right);
    const result = { data: new Float64Array(m * n), rows: m, columns: n };
    if (depthOf(left) === 0) return result;
    for (let i = 0; i < m; i += BLOCK) {
      for (let j = symmetric ? i : 0; j < n; j += BLOCK) {
        const rows = Math.min(BLOCK, m - i);
        const columns = Math.min(BLOCK, n - j);
        arena.within(() => {
          const block = multiplyBlock(left, i, rows, right, j, columns, symmetric && i === j);
          const view = arena.view(block, rows * columns);
          if (columns === n) result.data.set(view, i * n);
          else copyRows(view, rows, columns, result.data, i * n + j, n);
        });
      }
    }
    if (symmetric) mirror(result);
    return result;
  }

  /** Address of one block of the product. */
  function multiplyBlock(
    left: Side,
    firstRow: number,
    rows: number,
    right: Side,
    firstColumn: number,
    columns: number,
    upper: boolean,
  ): number {
    const depth = depthOf(left);
    const result = arena.doubles(rows * columns);
    arena.view(result, rows * columns).fill(0);
    const chunk = Math.min(depth, MAX_DEPTH, chunkOf(rows), chunkOf(columns));
    const leftPacking = packing(left, firstRow, rows, chunk, rawSpace(left, rows, chunk));
    const rightPacking = upper
      ? leftPacking
      : packing(right, firstColumn, columns, chunk, rawSpace(right, columns, chunk));
    // Enough tiles for all threads, but not so small that packed panels are read too often.
    const size = rows * columns >= 2 * processor.threads * TILE ** 2 ? TILE : TILE / 2;
    const tiles = jobs.tileItems!(rows, columns, size, Number(upper));
    const tileScratch = arena.bytes(TILE_BYTES * processor.threads);
    for (let first = 0; first < depth; first += chunk) {
      const length = Math.min(chunk, depth - first);
      leftPacking.pack(first, length);
      if (!upper) rightPacking.pack(first, length);
      const numbers = [leftPacking.packed, rows, rightPacking.packed, columns, length];
      processor.run(
        "multiplyTile",
        [...numbers, result, columns, size, Number(upper)],
        tiles,
        tileScratch,
        TILE_BYTES,
      );
    }
    return result;
  }

  /** XᵀY for each X and each Y, of which every chunk is packed once for all products. */
  function crossProducts(xs: readonly Operand[], ys: readonly Operand[]): Dense[][] {
    const lanes = (list: readonly Operand[]) => list.reduce((sum, { columns }) => sum + columns, 0);
    if (lanes(xs) * lanes(ys) > MAX_RESULTS || lanes(xs) + lanes(ys) > MAX_CHUNK / 256) {
      return xs.map((x) => ys.map((y) => multiply(columnsOf(x), columnsOf(y), false)));
    }
    const depth = xs[0]?.rows ?? 0;
    const chunk = Math.min(depth, MAX_DEPTH, chunkOf(lanes(xs) + lanes(ys)));
    return arena.within(() => {
      const raw = arena.doubles(chunk * Math.max(1, ...[...xs, ...ys].map((one) => one.columns)));
      const packings = (list: readonly Operand[]) =>
        list.map((one) => packing(columnsOf(one), 0, one.columns, chunk, raw));
      const left = packings(xs);
      const right = packings(ys);
      const results = xs.map((x) =>
        ys.map((y) => {
          const result = arena.doubles(x.columns * y.columns);
          arena.view(result, x.columns * y.columns).fill(0);
          return result;
        }),
      );
      const table = xs.flatMap((x, a) =>
        ys.flatMap((y, b) =>
          tilesOf(x.columns, y.columns).map(([i, j]) => [
            ...[left[a]!.packed, x.columns, i, right[b]!.packed, y.columns, j],
            ...[results[a]![b]!, y.columns],
          ]),
        ),
      );
      const address = arena.bytes(32 * table.length);
      new Uint32Array(processor.memory.buffer, address, 8 * table.length).set(table.flat());
      const scratch = arena.bytes(TILE_BYTES * processor.threads);
      for (let first = 0; first < depth; first += chunk) {
        const length = Math.min(chunk, depth - first);
        for (const one of [...left, ...right]) one.pack(first, length);
        const numbers = [address, length, TILE];
        processor.run("multiplyListedTile", numbers, table.length, scratch, TILE_BYTES);
      }
      return xs.map((x, a) =>
        ys.map((y, b) => ({
          data: arena.take(results[a]![b]!, x.columns * y.columns),
          rows: x.columns,
          columns: y.columns,
        })),
      );
    });
  }

  /** First rows and columns of the tiles of a product. */
  function tilesOf(m: number, n: number): [number, number][] {
    const tiles: [number, number][] = [];
    for (let i = 0; i < m; i += TILE) for (let j = 0; j < n; j += TILE) tiles.push([i, j]);
    return tiles;
  }

  const chunkOf = (lanes: number) => Math.max(256, 256 * Math.floor(MAX_CHUNK / 256 / lanes));

  /** Space for a chunk of a side as it comes. */
  const rawSpace = ({ operand }: Side, lanes: number, depth: number): number =>
    arena.bytes(lanes * depth * operand.data.BYTES_PER_ELEMENT);

  /** Space for one side's packed chunks, and how to fill it by way of `raw`. */
  function packing(
    { operand, lanesAreRows }: Side,
    firstLane: number,
    lanes: number,
    depth: number,
    raw: number,
  ) {
    const { data, columns, shift } = operand;
    const bytes = data.BYTES_PER_ELEMENT;
    const packed = arena.doubles(4 * Math.ceil(lanes / 4) * depth);
    const means = shift ? arena.doubles(2 * columns) : 0;
    if (shift) {
      arena.view(means, columns).set(shift.means);
      arena.view(means + 8 * columns, columns).set(shift.rests);
    }
    const view = () =>
      bytes === 4 ? arena.floatView(raw, lanes * depth) : arena.view(raw, lanes * depth);
    return {
      packed,
      pack(first: number, length: number): void {
        const [row, rows, column, width] = lanesAreRows
          ? [firstLane, lanes, first, length]
          : [first, length, firstLane, lanes];
        copyBlock(data, columns, row, rows, column, width, view());
        processor.run(
          "packOperand",
          [
            ...[raw, bytes, width, Number(lanesAreRows), lanes, length],
            ...[means === 0 ? 0 : means + 8 * column, columns, shift?.scale ?? 1, packed],
          ],
          jobs.packItems!(lanes, length),
          0,
          0,
        );
      },
    };
  }

  function columnStatistics({ data, rows, columns }: Operand): ColumnStatistics {
    return arena.within(() => {
      const chunk = Math.max(1, Math.floor(MAX_CHUNK / columns));
      const bytes = data.BYTES_PER_ELEMENT;
      const raw = arena.bytes(Math.min(chunk, rows) * columns * bytes);
      const means = arena.doubles(columns);
      const statistics = arena.doubles(3 * columns);
      arena.view(statistics, columns).fill(Number.POSITIVE_INFINITY);
      arena.view(statistics + 8 * columns, columns).fill(Number.NEGATIVE_INFINITY);
      const sums = () => arena.view(statistics + 16 * columns, columns);
      const pass = (shift: number) => {
        sums().fill(0);
        for (let first = 0; first < rows; first += chunk) {
          const count = Math.min(chunk, rows - first);
          const part = data.subarray(first * columns, (first + count) * columns);
          const into =
            bytes === 4 ? arena.floatView(raw, part.length) : arena.view(raw, part.length);
          into.set(part);
          const numbers = [raw, bytes, count, columns, shift, statistics];
          processor.run("columnStatistics", numbers, jobs.columnItems!(columns), 0, 0);
        }
        return sums().map((sum) => sum / rows);
      };
      const first = pass(0);
      arena.view(means, columns).set(first);
      const second = pass(means);
      return {
        smallest: arena.take(statistics, columns),
        largest: arena.take(statistics + 8 * columns, columns),
        means: Float64Array.from(first),
        rests: Float64Array.from(second),
      };
    });
  }

  const columnsOf = (operand: Operand): Side => ({ operand, lanesAreRows: false });
  const rowsOf = (operand: Operand): Side => ({ operand, lanesAreRows: true });
  return {
    columnStatistics,
    gram: (x: Operand) => multiply(columnsOf(x), columnsOf(x), true),
    outerGram: (x: Operand) => multiply(rowsOf(x), rowsOf(x), true),
    crossProduct: (x: Operand, y: Operand) => multiply(columnsOf(x), columnsOf(y), false),
    crossProducts,
    product: (x: Operand, y: Operand) => multiply(rowsOf(x), columnsOf(y), false),
  };
}

/** Copies rows `row` … and columns `column` … of a row-major matrix. */
function copyBlock(
  data: Float64Array | Float32Array,
  columns: number,
  row: number,
  rows: number,
  column: number,
  width: number,
  into: Float64Array | Float32Array,
): void {
  if (width === columns) {
    into.set(data.subarray(row * columns, (row + rows) * columns));
    return;
  }
  for (let i = 0; i < rows; i++) {
    const from = (row + i) * columns + column;
    into.set(data.subarray(from, from + width), i * width);
  }
}

/** Copies the rows of a block to where they belong in a matrix of `width` columns, from index `at` on. */
function copyRows(
  block: Float64Array,
  rows: number,
  columns: number,
  into: Float64Array,
  at: number,
  width: number,
): void {
  for (let row = 0; row < rows; row++) {
    into.set(block.subarray(row * columns, (row + 1) * columns), at + row * width);
  }
}

/** Copies the upper triangle onto the lower one. */
function mirror({ data, rows }: Dense): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < i; j++) data[i * rows + j] = data[j * rows + i]!;
  }
}
