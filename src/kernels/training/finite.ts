import type { Engine } from "./engine.js";
import { PIECE } from "./pieces.js";

/** Whether all numbers of all arrays are finite. */
export function areFinite(
  engine: Engine,
  arrays: readonly { readonly address: number; readonly length: number }[],
): boolean {
  const pieces: number[] = [];
  for (const { address, length } of arrays) {
    for (let from = 0; from < length; from += PIECE) {
      pieces.push(address + 4 * from, Math.min(PIECE, length - from));
    }
  }
  const count = pieces.length / 2;
  const table = engine.numbers("pieces", pieces);
  // Not left to what lay there before.
  const flags = engine.numbers("finite", new Array<number>(count).fill(0));
  engine.run("areFinite", [table, flags], count);
  return engine.integers(flags, count).every((flag) => flag === 1);
}
