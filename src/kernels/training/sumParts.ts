import type { Engine } from "./engine.js";
import { PIECE, pieces } from "./pieces.js";

/** total[i] = Σ parts[p][i], in the order of the parts, for `count` parts of `length` numbers each. */
export function sumParts(
  engine: Engine,
  parts: number,
  total: number,
  length: number,
  count: number,
): void {
  engine.run("sumParts", [parts, total, length, count, PIECE], pieces(length));
}
