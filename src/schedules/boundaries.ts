import { checkInteger, rangeError, typeError } from "../internal/checks.js";

/** A copy of a list of steps, each an integer >= 1 and larger than the one before. */
export function checkBoundaries(where: string, boundaries: unknown): readonly number[] {
  if (!Array.isArray(boundaries)) {
    throw typeError(where, "boundaries", "an array of integers", boundaries);
  }
  // Integers only: a computed boundary such as 0.1 * 3 * 10 lies just above 3 and would act a step late.
  for (const [i, boundary] of boundaries.entries()) {
    checkInteger(where, `boundaries[${i}]`, boundary, { min: 1 });
    if (i > 0 && boundary <= boundaries[i - 1]) {
      throw rangeError(where, "boundaries", "strictly increasing", boundaries);
    }
  }
  return [...boundaries];
}

/** How many of the boundaries lie at or before the step. */
export function boundariesPassed(boundaries: readonly number[], step: number): number {
  const next = boundaries.findIndex((boundary) => step < boundary);
  return next < 0 ? boundaries.length : next;
}
