import { checkNumber, rangeError, typeError } from "../internal/checks.js";

/** A copy as plain numbers, each finite and, if there is one, at least `min`. */
export function finiteNumbers(
  where: string,
  name: string,
  values: unknown,
  length?: number,
  min?: number,
): number[] {
  if (!Array.isArray(values) && !(ArrayBuffer.isView(values) && "length" in values)) {
    throw typeError(where, name, "an array of numbers", values);
  }
  const numbers = Array.from(values as ArrayLike<number>);
  if (length !== undefined && numbers.length !== length) {
    throw rangeError(where, `the length of ${name}`, `${length}`, numbers.length);
  }
  for (const [i, value] of numbers.entries()) {
    checkNumber(where, `${name}[${i}]`, value, min === undefined ? {} : { min });
  }
  return numbers;
}

/** A copy of positions on a path, of which there must be at least `least`: strictly increasing. */
export function increasingPositions(
  where: string,
  name: string,
  values: unknown,
  least: number,
): number[] {
  const t = finiteNumbers(where, name, values);
  if (t.length < least) {
    throw rangeError(where, "the number of positions", `>= ${least}`, t.length);
  }
  for (const [i, position] of t.entries()) {
    if (i > 0 && position <= t[i - 1]!) {
      throw rangeError(where, name, "strictly increasing", t.slice(i - 1, i + 1));
    }
  }
  return t;
}

/** The same from one end of the path to the other, with at least one position between. */
export function positionsOfPath(where: string, name: string, values: unknown): number[] {
  const t = increasingPositions(where, name, values, 3);
  if (t[0] !== 0 || t.at(-1) !== 1) {
    throw rangeError(where, name, "from 0 to 1, both included", [t[0], t.at(-1)]);
  }
  return t;
}
