import { checkNumber, checkOptions } from "../internal/checks.js";

export interface InverseDecayOptions {
  /** Value at step 0. */
  initial: number;
  /** Time scale in steps, a number > 0. */
  steps: number;
}

/** The options, checked. */
export function checkInverseDecay(
  where: string,
  options: InverseDecayOptions,
): Required<InverseDecayOptions> {
  checkOptions(where, options, ["initial", "steps"]);
  const { initial, steps } = options;
  checkNumber(where, "initial", initial);
  checkNumber(where, "steps", steps, { above: 0 });
  return { initial, steps };
}
