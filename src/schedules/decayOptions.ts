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
export function checkDecay(where: string, options: DecayOptions): Required<DecayOptions> {
  checkOptions(where, options, ["initial", "final", "steps"]);
  const { initial, final = 0, steps } = options;
  checkNumber(where, "initial", initial);
  checkNumber(where, "final", final);
  checkInteger(where, "steps", steps, { min: 1 });
  if (final > initial) {
    const hint = "A decay does not rise; warmup does";
    throw rangeError(where, "final", `at most initial (${initial})`, final, hint);
  }
  return { initial, final, steps };
}
