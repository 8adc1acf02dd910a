import type { Dense } from "../internal/matrix.js";
import type { Arena } from "./arena.js";
import { materialised, transposed } from "./dense.js";
import type { Operand, SymmetricEigen, ThinSvd } from "./linearAlgebra.js";
import type { Processor } from "./processor.js";
import { tallQrOf } from "./tallQr.js";

/** Bytes of matrices whose singular values are computed together. */
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

  function singularValues(a: Operand): Float64Array {
    // Only the triangle of a long matrix is needed: its columns do not spoil each other's digits on the way there.
    if (a.rows > 2 * a.columns) return singularValues(tallQr(a, false).triangle);
    return singularValuesOfAll([materialised(a)])[0]!;
  }

  function singularValuesOfAll(list: readonly Dense[]): Float64Array[] {
    const results: Float64Array[] = [];
    while (results.length < list.length) {
      let end = results.length;
      for (let bytes = 0; end < list.length; end++) {
        bytes += 8 * list[end]!.data.length;
        if (bytes > MAX_BATCH && end > results.length) break;
      }
      results.push(...singularValuesOfBatch(list.slice(results.length, end)));
    }
    return results;
  }

  function singularValuesOfBatch(list: readonly Dense[]): Float64Array[] {
    return arena.within(() => {
      const items = list.map(({ data, rows, columns }) => {
        const count = Math.min(rows, columns);
        return { rows, columns, count, from: arena.put(data), values: arena.doubles(count + 1) };
      });
      const scratchBytes = items.reduce(
        (most, { rows, columns }) =>
          Math.max(most, jobs.singularValuesScratchBytes!(rows, columns) >>> 0),
        0,
      );
      const scratch = arena.bytes(scratchBytes * processor.threads);
      const table = arena.bytes(16 * items.length);
      new Uint32Array(processor.memory.buffer, table, 4 * items.length).set(
        items.flatMap(({ from, rows, columns, values }) => [from, rows, columns, values]),
      );
      processor.run("singularValuesOfItem", [table], items.length, scratch, scratchBytes);
      return items.map(({ count, values }) => {
        checkEnded(arena.view(values, count + 1)[count]!);
        return arena.take(values, count);
      });
    });
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

  return { symmetricEigen, singularValues, singularValuesOfAll, thinSvd };
}

function checkEnded(status: number): void {
  if (status !== 0) throw new Error("closerlook: an iteration of linear algebra did not end");
}
