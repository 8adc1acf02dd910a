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

/** The factory that made a schedule, and the options that make it again; they may hold other schedules. */
interface Recipe {
  readonly schedule: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const recipes = new WeakMap<Schedule, Recipe>();

/** Undefined for a function of the caller's own. */
export const recipeOf = (schedule: Schedule): Recipe | undefined => recipes.get(schedule);

/**
 * A rule with a guard at either door: no bad step gets in, and no value that is not finite gets out. It remembers what it
 * was made of, by the name of its factory, for `scheduleToJson`.
 */
export function guarded(where: string, rule: Schedule, options?: Recipe["options"]): Schedule {
  const schedule = guard(where, rule);
  if (options) recipes.set(schedule, { schedule: where, options });
  return schedule;
}

function guard(where: string, rule: Schedule): Schedule {
  return (step) => {
    checkNumber(where, "step", step, { min: 0 });
    const value = rule(step);
    // The rule may call a schedule that is the caller's own function.
    if (!Number.isFinite(value)) checkNumber(where, `the value at step ${step}`, value);
    return value;
  };
}
