import type { Dense } from "../internal/matrix.js";

/** A matrix with its column means removed, scaled into a range in which squares neither over- nor underflow. */
export interface Centred extends Dense {
  /** The centred numbers were divided by 2 to this power, which is exact. */
  readonly exponent: number;
  /** Columns that are the same for every example. */
  readonly dead: readonly number[];
}

/** Centres in place and returns the matrix as {@link Centred}. Goes along rows, since columns are far apart in memory. */
export function centre({ data, rows, columns }: Dense): Centred {
  const varies = new Uint8Array(columns);
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < columns; j++, at++) if (data[at] !== data[j]) varies[j] = 1;
  }
  const dead: number[] = [];
  for (let j = 0; j < columns; j++) if (varies[j] === 0) dead.push(j);
  // A constant column is exactly zero afterwards, not a column of rounding errors that counts as rank.
  for (const j of dead) for (let at = j; at < data.length; at += columns) data[at] = 0;
  const guard = intoSafeRange(data);
  // The mean of a column far from zero is not a double: what its rounding left is removed by itself.
  removeMeans(data, rows, columns);
  removeMeans(data, rows, columns);
  const largest = largestOf(data);
  const exponent = largest > 0 ? Math.floor(Math.log2(largest)) : 0;
  divideByPowerOfTwo(data, exponent);
  return { data, rows, columns, exponent: exponent + guard, dead };
}

function removeMeans(data: Float64Array, rows: number, columns: number): void {
  const means = new Float64Array(columns);
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < columns; j++, at++) means[j]! += data[at]! / rows;
  }
  for (let at = 0; at < data.length; ) {
    for (let j = 0; j < columns; j++, at++) data[at]! -= means[j]!;
  }
}

function largestOf(data: Float64Array): number {
  let largest = 0;
  for (let at = 0; at < data.length; at++) largest = Math.max(largest, Math.abs(data[at]!));
  return largest;
}

/**
 * Near the largest double a difference could overflow, near the smallest one a mean has no digits: there the numbers
 * are divided by a power of two, whose exponent is returned.
 */
function intoSafeRange(data: Float64Array): number {
  const largest = largestOf(data);
  const exponent = largest > 2 ** 1000 ? 60 : largest > 0 && largest < 2 ** -900 ? -100 : 0;
  divideByPowerOfTwo(data, exponent);
  return exponent;
}

function divideByPowerOfTwo(data: Float64Array, exponent: number): void {
  if (exponent === 0) return;
  const factor = 2 ** -exponent;
  for (let at = 0; at < data.length; at++) data[at]! *= factor;
}
