import { checkFunction, checkInteger, checkNumber } from "../internal/checks.js";
import type { Schedule } from "./schedule.js";

/** The values of the first `steps` updates; checks both arguments. */
export function scheduleValues(where: string, schedule: Schedule, steps: number): Float64Array {
  checkFunction(where, "schedule", schedule, "a schedule");
  // More updates than a training has would only be a long wait.
  checkInteger(where, "steps", steps, { min: 1, max: 1e7 });
  return Float64Array.from({ length: steps }, (_, step) =>
    checkNumber(where, `schedule(${step})`, schedule(step)),
  );
}
