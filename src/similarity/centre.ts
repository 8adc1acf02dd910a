import type { Dense } from "./linearAlgebra.js";

/** A matrix with its column means removed, scaled into a range in which squares neither over- nor underflow. */
export interface Centred extends Dense {
  /** Power of two by which the centred numbers were divided, so that scaling is exact. */
  readonly scale: number;
  /** Columns that are the same for every example. */
  readonly dead: readonly number[];
}

/** Centres in place and returns the matrix as {@link Centred}. */
export function centre({ data, rows, columns }: Dense): Centred {
  const dead: number[] = [];
  const guard = keepFinite(data);
  let largest = 0;
  for (let j = 0; j < columns; j++) {
    const first = data[j]!;
    let constant = true;
    let mean = 0;
    for (let i = 0, at = j; i < rows; i++, at += columns) {
      constant &&= data[at] === first;
      mean += data[at]! / rows;
    }
    // A constant column is exactly zero afterwards, not a column of rounding errors that counts as rank.
    if (constant) {
      dead.push(j);
      for (let i = 0, at = j; i < rows; i++, at += columns) data[at] = 0;
      continue;
    }
    // The mean of the differences is the rounding error of the first mean: large offsets lose nothing.
    let correction = 0;
    for (let i = 0, at = j; i < rows; i++, at += columns) correction += (data[at]! - mean) / rows;
    mean += correction;
    for (let i = 0, at = j; i < rows; i++, at += columns) {
      data[at] = data[at]! - mean;
      largest = Math.max(largest, Math.abs(data[at]!));
    }
  }
  const scale = largest > 0 ? 2 ** Math.floor(Math.log2(largest)) : 1;
  for (let at = 0; at < data.length; at++) data[at] = data[at]! / scale;
  return { data, rows, columns, scale: scale * guard, dead };
}

/** Entries so large that a difference of two could overflow are divided by a power of two, which is returned. */
function keepFinite(data: Float64Array): number {
  if (!data.some((value) => Math.abs(value) > 2 ** 1000)) return 1;
  const guard = 2 ** 60;
  for (let at = 0; at < data.length; at++) data[at] = data[at]! / guard;
  return guard;
}
