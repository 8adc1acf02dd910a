import { checkNumber } from "../internal/checks.js";

/**
 * A schedule: the value (learning rate, momentum, temperature, …) in force during the update of a
 * 0-based index.
 *
 * Schedules are pure functions: the same step gives the same value, in any order of calls, so that
 * there is nothing to save and nothing to resume. `step` is the index of the update (0 is the first);
 * {@link perEpoch} turns a schedule of epochs into one of updates. Fractional steps are accepted. Every
 * schedule made here throws for a step that is negative, not finite or not a number.
 */
export type Schedule = (step: number) => number;

/** A rule with a guard at either door: no bad step gets in, and no value that is not finite gets out. */
export function guarded(where: string, rule: Schedule): Schedule {
  return (step) => {
    checkNumber(where, "step", step, { min: 0 });
    const value = rule(step);
    // The rule may call a schedule that is the caller's own function.
    if (!Number.isFinite(value)) checkNumber(where, `the value at step ${step}`, value);
    return value;
  };
}
