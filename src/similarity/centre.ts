import type { Dense } from "../internal/matrix.js";
import { linearAlgebra, materialised, type Operand, type Shift } from "./linearAlgebra.js";

/**
 * A matrix whose column means are removed when its numbers are used, and which is scaled into a range in which squares
 * neither over- nor underflow.
 */
export interface CentredOperand extends Operand {
  /** The centred numbers are divided by 2 to this power, which is exact. */
  readonly exponent: number;
  /** Columns that are the same for every example. */
  readonly dead: readonly number[];
}

/** A {@link CentredOperand} with the largest distance of each column's numbers from their mean, not divided. */
interface Found extends CentredOperand {
  readonly shift: Shift;
  readonly spreads: Float64Array;
}

/** A {@link CentredOperand} whose numbers are the centred ones. */
export type Centred = CentredOperand & Dense;

/** Finds what centring takes off; the numbers stay where they are. */
export function centredOperand(x: Operand): Found {
  const { columns } = x;
  const { smallest, largest, means, rests } = linearAlgebra.columnStatistics(x);
  const guard = guardExponent(smallest, largest);
  if (guard !== 0) {
    const factor = 2 ** -guard;
    const scaled = { ...x, data: Float64Array.from(x.data, (value) => value * factor) };
    const inRange = centredOperand(scaled);
    return { ...inRange, exponent: inRange.exponent + guard };
  }
  const dead: number[] = [];
  const spreads = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    if (smallest[j] === largest[j]) {
      dead.push(j);
      // A constant column is exactly zero afterwards, not a column of rounding errors that counts as rank.
      means[j] = smallest[j]!;
      rests[j] = 0;
    }
    spreads[j] = Math.max(farthest(largest[j]!, j), farthest(smallest[j]!, j));
  }
  function farthest(value: number, j: number): number {
    return Math.abs(value - means[j]! - rests[j]!);
  }
  const spread = spreads.reduce((most, value) => Math.max(most, value), 0);
  const exponent = spread > 0 ? Math.floor(Math.log2(spread)) : 0;
  const { data, rows } = x;
  const shift = { means, rests, scale: 2 ** -exponent };
  return { data, rows, columns, shift, exponent, dead, spreads };
}

/** Centres a matrix, into an array of its own. */
export function centre(x: Operand): Centred {
  const found = centredOperand(x);
  const { exponent, dead } = found;
  return { ...materialised(found), exponent, dead };
}

/**
 * Near the largest double a difference could overflow, near the smallest one a mean has no digits: there the numbers
 * are divided by 2 to this power first.
 */
function guardExponent(smallest: Float64Array, largest: Float64Array): number {
  let size = 0;
  for (let j = 0; j < smallest.length; j++) {
    size = Math.max(size, Math.abs(smallest[j]!), Math.abs(largest[j]!));
  }
  return size > 2 ** 1000 ? 60 : size > 0 && size < 2 ** -900 ? -100 : 0;
}
