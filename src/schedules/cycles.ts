import { checkInteger, checkOptions, rangeError } from "../internal/checks.js";

/** The lengths of the cycles of a schedule with restarts. */
export interface CycleOptions {
  /** Length of the first cycle in steps, an integer >= 1. */
  period: number;
  /** How many times as long each cycle is as the one before, an integer >= 1. @defaultValue 1 */
  multiplier?: number;
  /** Number of cycles, an integer >= 1 or `Infinity`. @defaultValue Infinity */
  cycles?: number;
}

/** The three options that lay out the cycles, with their defaults, checked. */
export function checkCycles(where: string, options: CycleOptions): Required<CycleOptions> {
  checkOptions(where, options, [
    "max",
    "min",
    "period",
    "multiplier",
    "decay",
    "decayOf",
    "cycles",
    "endpoint",
    "k",
  ]);
  const { period, multiplier = 1, cycles = Number.POSITIVE_INFINITY } = options;
  checkInteger(where, "period", period, { min: 1 });
  if (typeof multiplier === "number" && multiplier >= 1 && !Number.isInteger(multiplier)) {
    const hint = "A restart must fall on a step; for cycles of any other lengths join cosineDecays";
    throw rangeError(where, "multiplier", "an integer >= 1", multiplier, hint);
  }
  checkInteger(where, "multiplier", multiplier, { min: 1 });
  if (cycles !== Number.POSITIVE_INFINITY) checkInteger(where, "cycles", cycles, { min: 1 });
  return { period, multiplier, cycles };
}

/** The cycle that a step lies in: its 0-based number, its length and the steps since its restart. */
export function cycleOf(step: number, period: number, multiplier: number) {
  // Remainders and differences are exact here; a logarithm would be just below a whole number at some
  // restarts and give the end of the cycle before.
  if (multiplier === 1) {
    return { cycle: Math.floor(step / period), length: period, elapsed: step % period };
  }
  let cycle = 0;
  let length = period;
  let elapsed = step;
  while (elapsed >= length) {
    elapsed -= length;
    length *= multiplier;
    cycle++;
  }
  return { cycle, length, elapsed };
}
