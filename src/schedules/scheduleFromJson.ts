import { checkOneOf, checkOptions, typeError } from "../internal/checks.js";
import { constant } from "./constant.js";
import { cosineDecay } from "./cosineDecay.js";
import { cosineRestarts } from "./cosineRestarts.js";
import { curveDecay } from "./curveDecay.js";
import { exponentialDecay } from "./exponentialDecay.js";
import { interpolatePoints } from "./interpolatePoints.js";
import { inverseSquareRoot } from "./inverseSquareRoot.js";
import { inverseTime } from "./inverseTime.js";
import { join } from "./join.js";
import { linearDecay } from "./linearDecay.js";
import { perEpoch } from "./perEpoch.js";
import { polynomialDecay } from "./polynomialDecay.js";
import { scale } from "./scale.js";
import type { Schedule } from "./schedule.js";
import type { ScheduleJson } from "./scheduleToJson.js";
import { shift } from "./shift.js";
import { stepDecay } from "./stepDecay.js";
import { warmup } from "./warmup.js";

const where = "scheduleFromJson";

// biome-ignore lint/suspicious/noExplicitAny: the factories themselves check what they are given
type Factory = (options: any) => Schedule;

/** Those that take their arguments one by one: the names that the arguments have in JSON. */
const positional = (
  schedule: string,
  names: readonly string[],
  factory: (...args: never[]) => Schedule,
): Factory => {
  return (options) => {
    checkOptions(`${where}: ${schedule}`, options, names);
    return factory(...(names.map((name) => options[name]) as never[]));
  };
};

const factories: Readonly<Record<string, Factory>> = {
  constant: /* @__PURE__ */ positional("constant", ["value"], constant),
  cosineDecay,
  cosineRestarts,
  curveDecay,
  exponentialDecay,
  interpolatePoints,
  inverseSquareRoot,
  inverseTime,
  join: /* @__PURE__ */ positional("join", ["schedules", "boundaries"], join),
  linearDecay,
  perEpoch: ({ of, stepsPerEpoch, ...options }) => perEpoch(of, stepsPerEpoch, options),
  polynomialDecay,
  scale: /* @__PURE__ */ positional("scale", ["of", "factor"], scale),
  shift: /* @__PURE__ */ positional("shift", ["of", "steps"], shift),
  stepDecay,
  warmup,
};

/**
 * Makes the schedule that {@link scheduleToJson} wrote down: the same values, bit for bit, except that a −0 that has been
 * through `JSON.stringify` comes back as 0.
 *
 * It may as well be written by hand, in a configuration file: `schedule` names the function, the rest are its options. What
 * takes a schedule as its first argument (`scale`, `shift`, `perEpoch`) has it as `of`.
 *
 * @param json - What `JSON.parse` gives.
 * @returns Schedule of the 0-based update index.
 * @throws TypeError or RangeError if `json` is no object, names no function of this package, or its options are not those of
 * the function.
 * @example
 * ```ts
 * import { scheduleFromJson } from "closerlook/schedules";
 * const text = '{ "schedule": "cosineRestarts", "max": 0.05, "min": 1e-6, "period": 10, "multiplier": 2 }';
 * scheduleFromJson(JSON.parse(text))(30); // 0.05
 * ```
 */
export function scheduleFromJson(json: ScheduleJson): Schedule {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw typeError(where, "json", "an object, e.g. of JSON.parse", json);
  }
  const { schedule, ...rest } = json;
  const key = 'the key "schedule", which names the kind,';
  checkOneOf(where, key, schedule, Object.keys(factories));
  const options = Object.entries(rest).map(([key, value]) => [key, read(value)]);
  return factories[schedule]!(Object.fromEntries(options));
}

/** Schedules are the only objects among the options. */
function read(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(read);
  const isSchedule = typeof value === "object" && value !== null;
  return isSchedule ? scheduleFromJson(value as ScheduleJson) : value;
}
