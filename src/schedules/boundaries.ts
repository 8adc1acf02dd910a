import { checkInteger, type NumberRange, rangeError, typeError } from "../internal/checks.js";

/** A copy of a list of steps, each an integer in `range` and larger than the one before. */
export function checkBoundaries(
  where: string,
  argument: string,
  boundaries: unknown,
  range: NumberRange = { min: 1 },
): readonly number[] {
  if (!Array.isArray(boundaries)) {
    throw typeError(where, argument, "an array of integers", boundaries);
  }
  // Integers only: a computed boundary such as 0.1 * 3 * 10 lies just above 3 and would act a step late.
  for (const [i, boundary] of boundaries.entries()) {
    checkInteger(where, `${argument}[${i}]`, boundary, range);
    if (i > 0 && boundary <= boundaries[i - 1]) {
      throw rangeError(where, argument, "strictly increasing", boundaries);
    }
  }
  return [...boundaries];
}

/** How many of the boundaries lie at or before the step. */
export function boundariesPassed(boundaries: readonly number[], step: number): number {
  const next = boundaries.findIndex((boundary) => step < boundary);
  return next < 0 ? boundaries.length : next;
}
