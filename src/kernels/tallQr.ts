import type { Dense } from "../internal/matrix.js";
import type { Arena } from "./arena.js";
import { materialised } from "./dense.js";
import type { Operand } from "./linearAlgebra.js";
import type { Processor } from "./processor.js";

/** Rows that are worked into the triangle at a time. */
const BLOCK_ROWS = 1024;

interface Block {
  /** The reflectors, in the place of the rows that they came from. */
  readonly reflectors: Float64Array;
  readonly rows: number;
  readonly factors: Float64Array;
}

export interface TallQr {
  /** R, `[columns, columns]`. */
  readonly triangle: Dense;
  /** QZ for Z with as many rows as R. */
  applyQ(z: Dense): Dense;
}

/** QR of matrices with at least as many rows as columns, block of rows by block of rows. */
export function tallQrOf({ jobs }: Processor, arena: Arena) {
  /** @param keepQ - Whether Q is wanted, which takes as much memory as the matrix. */
  return function tallQr(x: Operand, keepQ: boolean): TallQr {
    const { rows, columns } = x;
    const blockRows = Math.max(BLOCK_ROWS, 2 * columns);
    const factorLength = jobs.qrFactorLength!(columns);
    const blocks: Block[] = [];
    const triangle = arena.within(() => {
      const r = arena.doubles(columns * columns);
      const block = arena.doubles(blockRows * columns);
      const factors = arena.doubles(factorLength);
      const scratch = arena.bytes(jobs.qrScratchBytes!(blockRows, columns, columns) >>> 0);
      // A last block of fewer rows than columns is fine, a first one is not: it takes what is there.
      for (let first = 0; first < rows; first += blockRows) {
        const count = Math.min(blockRows, rows - first);
        const from = x.data.subarray(first * columns, (first + count) * columns);
        const { data } = materialised({ ...x, data: from, rows: count });
        arena.view(block, data.length).set(data);
        const reduce = first === 0 ? jobs.qrFirstBlock! : jobs.qrBlock!;
        reduce(r, columns, columns, block, count, columns, factors, scratch);
        if (keepQ) {
          const reflectors = arena.take(block, data.length);
          blocks.push({ reflectors, rows: count, factors: arena.take(factors, factorLength) });
        }
      }
      return { data: arena.take(r, columns * columns), rows: columns, columns };
    });

    function applyQ(z: Dense): Dense {
      const result = { data: new Float64Array(rows * z.columns), rows, columns: z.columns };
      arena.within(() => {
        const top = arena.put(z.data);
        const bottom = arena.doubles(blockRows * z.columns);
        const block = arena.doubles(blockRows * columns);
        const factors = arena.doubles(factorLength);
        const scratch = arena.bytes(jobs.qrScratchBytes!(blockRows, columns, z.columns) >>> 0);
        for (let i = blocks.length - 1; i >= 0; i--) {
          const { reflectors, rows: count, factors: own } = blocks[i]!;
          arena.view(block, reflectors.length).set(reflectors);
          arena.view(factors, factorLength).set(own);
          const apply = i === 0 ? jobs.applyQFirstBlock! : jobs.applyQBlock!;
          apply(block, count, columns, columns, factors, top, z.columns, bottom, scratch);
          const part = arena.view(bottom, count * z.columns);
          result.data.set(part, i * blockRows * z.columns);
        }
      });
      return result;
    }

    return { triangle, applyQ };
  };
}
