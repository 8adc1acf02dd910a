import { checkFunction } from "../internal/checks.js";
import type { Schedule } from "../schedules/schedule.js";

/** A number stands for the schedule that always has it. Values are checked when they are read. */
export function asSchedule(where: string, argument: string, value: Schedule | number): Schedule {
  if (typeof value === "number") return () => value;
  return checkFunction(where, argument, value, "a number or a schedule");
}
