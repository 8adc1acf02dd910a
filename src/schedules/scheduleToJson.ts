import { checkFunction, typeError } from "../internal/checks.js";
import { recipeOf, type Schedule } from "./schedule.js";

/** A schedule as plain values that JSON holds: the name of its factory and the options, every default among them. */
export interface ScheduleJson {
  readonly schedule: string;
  readonly [option: string]: unknown;
}

const where = "scheduleToJson";

/**
 * Writes a schedule down, so that {@link scheduleFromJson} makes the same one of it.
 *
 * The result holds only what JSON holds; numbers keep all their bits in `JSON.stringify`, except −0, which
 * becomes 0. Schedules inside of others
 * (`join`, `warmup`, …) are written in their places; the presets of other libraries appear as what they are made of.
 *
 * @param schedule - A schedule that was made by this package.
 * @returns See {@link ScheduleJson}.
 * @throws TypeError if the schedule is, or contains, a function of your own, whose code cannot be written down.
 * @example
 * ```ts
 * import { constant, scale, scheduleToJson } from "closerlook/schedules";
 * const json = scheduleToJson(scale(constant(0.1), 2));
 * json; // { schedule: "scale", of: { schedule: "constant", value: 0.1 }, factor: 2 }
 * ```
 */
export function scheduleToJson(schedule: Schedule): ScheduleJson {
  checkFunction(where, "schedule", schedule, "a schedule");
  const recipe = recipeOf(schedule);
  if (!recipe) {
    const hint = "A function of your own cannot be written down; interpolatePoints may replace it";
    throw typeError(where, "schedule", "made by this package's functions", schedule, hint);
  }
  const options = Object.entries(recipe.options).map(([key, value]) => [key, written(value)]);
  return { schedule: recipe.schedule, ...Object.fromEntries(options) };
}

function written(value: unknown): unknown {
  if (typeof value === "function") return scheduleToJson(value as Schedule);
  return Array.isArray(value) ? value.map(written) : value;
}
