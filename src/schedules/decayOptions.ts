import { checkInteger, checkNumber, checkOptions, rangeError } from "../internal/checks.js";

/** A decay from one value to another. */
export interface DecayOptions {
  /** Value at step 0. */
  initial: number;
  /** Value from step `steps` on, at most `initial`. @defaultValue 0 */
  final?: number;
  /** First step that has the final value, an integer >= 1. */
  steps: number;
}

/** The options with their defaults, checked. */
export function checkDecay(
  where: string,
  options: DecayOptions,
  others: readonly string[] = [],
): Required<DecayOptions> {
  checkOptions(where, options, ["initial", "final", "steps", ...others]);
  const { initial, final = 0, steps } = options;
  checkNumber(where, "initial", initial);
  checkInteger(where, "steps", steps, { min: 1 });
  checkFinal(where, initial, final);
  return { initial, final, steps };
}

export function checkFinal(where: string, initial: number, final: unknown): void {
  if (checkNumber(where, "final", final) <= initial) return;
  const hint = "A decay does not rise; warmup does";
  throw rangeError(where, "final", `at most initial (${initial})`, final, hint);
}
