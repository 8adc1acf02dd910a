import type { Engine } from "./engine.js";
import { PIECE, pieces } from "./pieces.js";

/** output[i] = min(max(input[i], 0), limit) for `length` numbers; NaN stays NaN. */
export function clip(
  engine: Engine,
  length: number,
  limit: number,
  { input, output }: { input: number; output: number },
): void {
  engine.run("clip", [input, output, limit, length, PIECE], pieces(length));
}

/** Gradient of {@link clip}: dy[i] where 0 < input[i] <= limit, NaN where the input is NaN, else 0. */
export function clipGradient(
  engine: Engine,
  length: number,
  limit: number,
  { dy, input, gradient }: { dy: number; input: number; gradient: number },
): void {
  engine.run("clipGradient", [dy, input, gradient, limit, length, PIECE], pieces(length));
}
