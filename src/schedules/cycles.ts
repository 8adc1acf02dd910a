import { checkInteger, checkNumber, checkOptions } from "../internal/checks.js";

/** The lengths of the cycles of a schedule with restarts. */
export interface CycleOptions {
  /** Length of the first cycle in steps, an integer >= 1. */
  period: number;
  /** How many times as long each cycle is as the one before, a number >= 1. @defaultValue 1 */
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
  checkNumber(where, "multiplier", multiplier, { min: 1 });
  if (cycles !== Number.POSITIVE_INFINITY) checkInteger(where, "cycles", cycles, { min: 1 });
  return { period, multiplier, cycles };
}

/** The cycle that a step lies in: its 0-based number, its length and the steps since its restart. */
export function cycleOf(step: number, period: number, multiplier: number) {
  // Remainders and differences are exact for whole lengths; a logarithm would be just below a whole number at some restarts
  // and give the end of the cycle before.
  if (multiplier === 1) {
    return { cycle: Math.floor(step / period), length: period, elapsed: step % period };
  }
  if (!Number.isInteger(multiplier)) return fractionalCycleOf(step, period, multiplier);
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

/** In closed form: with a multiplier just above 1 there is no end of cycles. */
function fractionalCycleOf(step: number, period: number, multiplier: number) {
  const growth = multiplier - 1;
  const nearest = Math.round(Math.log1p((step / period) * growth) / Math.log1p(growth));
  const cycle = isReached(startOf(nearest, period, multiplier), step) ? nearest : nearest - 1;
  const elapsed = Math.max(0, step - startOf(cycle, period, multiplier));
  return { cycle, length: period * multiplier ** cycle, elapsed };
}

/** The first whole step of a cycle. */
export function firstStepOf(cycle: number, period: number, multiplier: number): number {
  const start = startOf(cycle, period, multiplier);
  const step = Math.round(start);
  return isReached(start, step) ? step : step + 1;
}

/** period · (1 + multiplier + … + multiplier^(cycle − 1)), exact for whole lengths. */
function startOf(cycle: number, period: number, multiplier: number): number {
  if (multiplier === 1) return period * cycle;
  if (!Number.isInteger(multiplier)) {
    return (period * Math.expm1(cycle * Math.log1p(multiplier - 1))) / (multiplier - 1);
  }
  let start = 0;
  let length = period;
  for (let k = 0; k < cycle; k++) {
    start += length;
    length *= multiplier;
  }
  return start;
}

/** Whether the step is at the start or behind it; a start that only a rounding error has put behind the step is reached. */
const isReached = (start: number, step: number): boolean => start <= step * (1 + 1e-12);
