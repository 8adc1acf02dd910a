import type { Dense } from "../internal/matrix.js";
import type { Arena } from "./arena.js";
import { materialised, transposed } from "./dense.js";
import type { Operand, SymmetricEigen, ThinSvd } from "./linearAlgebra.js";
import type { Processor } from "./processor.js";
import { tallQrOf } from "./tallQr.js";

/** Bytes of matrices that are decomposed together. */
const MAX_BATCH = 2 ** 28;

/** Decompositions of matrices by the kernels. */
export function decompositionsOf(processor: Processor, arena: Arena) {
  const { jobs } = processor;
  const tallQr = tallQrOf(processor, arena);

  function symmetricEigen(a: Dense, kept = a.rows): SymmetricEigen {
    const n = a.rows;
    return arena.within(() => {
      const from = arena.put(a.data);
      const values = arena.doubles(n);
      const vectors = arena.doubles(n * kept);
      const scratch = arena.bytes(jobs.symmetricEigenScratchBytes!(n, kept) >>> 0);
      checkEnded(jobs.symmetricEigen!(from, n, values, vectors, kept, scratch));
      return {
        values: arena.take(values, n),
        vectors: { data: arena.take(vectors, n * kept), rows: n, columns: kept },
      };
    });
  }

  function symmetricEigenOfAll(list: readonly Dense[]): SymmetricEigen[] {
    return inBatches(list, (batch) => {
      const items = batch.map(({ data, rows: n }) => ({
        n,
        from: arena.put(data),
        values: arena.doubles(n + 1),
        vectors: arena.doubles(n * n),
      }));
      runAll(
        "symmetricEigenOfItem",
        items.map(({ n, from, values, vectors }) => [from, n, values, vectors]),
        items.map(({ n }) => jobs.symmetricEigenScratchBytes!(n, n) >>> 0),
      );
      return items.map(({ n, values, vectors }) => ({
        values: takeChecked(values, n),
        vectors: { data: arena.take(vectors, n * n), rows: n, columns: n },
      }));
    });
  }

  function singularValues(a: Operand): Float64Array {
    // Only the triangle of a long matrix is needed: its columns do not spoil each other's digits on the way there.
    if (a.rows > 2 * a.columns) return singularValues(tallQr(a, false).triangle);
    return singularValuesOfAll([materialised(a)])[0]!;
  }

  function singularValuesOfAll(list: readonly Dense[]): Float64Array[] {
    return inBatches(list, (batch) => {
      const items = batch.map(({ data, rows, columns }) => {
        const count = Math.min(rows, columns);
        return { rows, columns, count, from: arena.put(data), values: arena.doubles(count + 1) };
      });
      runAll(
        "singularValuesOfItem",
        items.map(({ from, rows, columns, values }) => [from, rows, columns, values]),
        items.map(({ rows, columns }) => jobs.singularValuesScratchBytes!(rows, columns) >>> 0),
      );
      return items.map(({ count, values }) => takeChecked(values, count));
    });
  }

  /** Runs a job that finds what it needs in a table of four integers for each item. */
  function runAll(
    job: string,
    table: readonly (readonly number[])[],
    scratchBytes: readonly number[],
  ): void {
    const most = scratchBytes.reduce((largest, bytes) => Math.max(largest, bytes), 0);
    const scratch = arena.bytes(most * Math.min(processor.threads, table.length));
    const address = arena.bytes(16 * table.length);
    new Uint32Array(processor.memory.buffer, address, 4 * table.length).set(table.flat());
    processor.run(job, [address], table.length, scratch, most);
  }

  /** Cuts a list so that the matrices of one batch fit into the memory together. */
  function inBatches<T>(
    list: readonly Dense[],
    compute: (batch: readonly Dense[]) => readonly T[],
  ): T[] {
    const results: T[] = [];
    for (let first = 0; first < list.length; ) {
      let end = first;
      for (let bytes = 0; end < list.length; end++) {
        bytes += 8 * list[end]!.data.length;
        if (bytes > MAX_BATCH && end > first) break;
      }
      const batch = list.slice(first, end);
      results.push(...arena.within(() => compute(batch)));
      first = end;
    }
    return results;
  }

  /** Values of an item whose status lies behind them. */
  function takeChecked(address: number, count: number): Float64Array {
    checkEnded(arena.view(address, count + 1)[count]!);
    return arena.take(address, count);
  }

  function thinSvd(a: Operand): ThinSvd {
    if (a.rows < a.columns) {
      const { left, values, right } = thinSvd(transposed(materialised(a)));
      return { left: right, values, right: left };
    }
    if (a.rows === a.columns) return squareSvd(materialised(a));
    const { triangle, applyQ } = tallQr(a, true);
    const { left, values, right } = squareSvd(triangle);
    return { left: applyQ(left), values, right };
  }

  function squareSvd({ data, rows: n }: Dense): ThinSvd {
    return arena.within(() => {
      const from = arena.put(data);
      const left = arena.doubles(n * n);
      const values = arena.doubles(n);
      const right = arena.doubles(n * n);
      const scratch = arena.bytes(jobs.thinSvdScratchBytes!(n, n) >>> 0);
      checkEnded(jobs.thinSvd!(from, n, n, left, values, right, scratch));
      return {
        left: { data: arena.take(left, n * n), rows: n, columns: n },
        values: arena.take(values, n),
        right: { data: arena.take(right, n * n), rows: n, columns: n },
      };
    });
  }

  return { symmetricEigen, symmetricEigenOfAll, singularValues, singularValuesOfAll, thinSvd };
}

function checkEnded(status: number): void {
  if (status !== 0) throw new Error("closerlook: an iteration of linear algebra did not end");
}
