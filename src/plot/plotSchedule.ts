import {
  checkInteger,
  checkOneOf,
  checkOptions,
  rangeError,
  typeError,
} from "../internal/checks.js";
import type { Schedule } from "../schedules/schedule.js";
import { scheduleValues } from "../schedules/scheduleValues.js";
import { type LineChart, type LineChartOptions, lineChart } from "./lineChart.js";

/** Options of `lineChart` that leave the data alone, and those of the schedule. */
export interface PlotScheduleOptions
  extends Pick<
    LineChartOptions,
    "title" | "subtitle" | "xLabel" | "yLabel" | "width" | "height" | "yScale" | "references"
  > {
  /** Updates of the training, an integer from 1 to 10 million. */
  steps: number;
  /** Updates in an epoch, an integer >= 1: the x axis then counts epochs. @defaultValue none */
  stepsPerEpoch?: number;
}

const where = "plotSchedule";

/** Parts of the x axis of which the least and the largest value are drawn; about as many as there are pixels. */
const parts = 500;

/**
 * Line chart of one or more schedules, as they are in force: each value is held until the next update.
 *
 * Of long schedules the first, the least and the largest value of each five-hundredth are drawn, so that no peak and no drop is
 * missing. On a logarithmic axis the line has a gap where the value is 0.
 *
 * @param schedules - A schedule, or schedules by their names, which stand beside the lines.
 * @param options - See {@link PlotScheduleOptions}.
 * @returns As {@link lineChart}; `renderSvg` draws it.
 * @throws RangeError if there is no schedule, a value is not a finite number, or is negative on a logarithmic axis, or an option is
 * out of range; TypeError for another kind of value.
 * @example
 * ```ts
 * import { plotSchedule, renderSvg } from "closerlook/plot";
 * import { cosineRestarts, linearDecay } from "closerlook/schedules";
 * const schedules = {
 *   restarts: cosineRestarts({ max: 0.05, period: 1000, multiplier: 2 }),
 *   linear: linearDecay({ initial: 0.05, steps: 7000 }),
 * };
 * const panel = plotSchedule(schedules, { steps: 7000, stepsPerEpoch: 100 });
 * panel.x.label; // "epoch"
 * renderSvg({ panels: [panel] }).startsWith("<svg"); // true
 * ```
 */
export function plotSchedule(
  schedules: Schedule | Readonly<Record<string, Schedule>>,
  options: PlotScheduleOptions,
): LineChart {
  checkOptions(where, options, [
    "title",
    "subtitle",
    "xLabel",
    "yLabel",
    "width",
    "height",
    "yScale",
    "references",
    "steps",
    "stepsPerEpoch",
  ]);
  const { steps, stepsPerEpoch, ...look } = options;
  const { yScale = "linear" } = look;
  if (stepsPerEpoch !== undefined) checkInteger(where, "stepsPerEpoch", stepsPerEpoch, { min: 1 });
  checkOneOf(where, "yScale", yScale, ["linear", "log"]);
  const single = typeof schedules === "function";
  const named = Object.entries(single ? { schedule: schedules } : readNamed(schedules));
  const series = named.map(([name, schedule]) => {
    const values = scheduleValues(where, schedule, steps);
    const shown = shownSteps(values);
    return {
      name,
      x: shown.map((step) => step / (stepsPerEpoch ?? 1)),
      // No logarithm; a negative value is the chart's to refuse.
      y: shown.map((step) => (yScale === "log" && values[step] === 0 ? Number.NaN : values[step]!)),
      ...(single && { marker: "none" as const }),
    };
  });
  return lineChart(series, {
    xLabel: stepsPerEpoch === undefined ? "update" : "epoch",
    yLabel: "learning rate",
    curve: "step-after",
    ...(single && { labels: "none" }),
    ...look,
  });
}

function readNamed(schedules: unknown): Readonly<Record<string, Schedule>> {
  if (typeof schedules !== "object" || schedules === null || Array.isArray(schedules)) {
    throw typeError(where, "schedules", "a schedule, or { name: schedule, … }", schedules);
  }
  if (Object.keys(schedules).length === 0) {
    throw rangeError(where, "schedules", "one or more schedules", schedules);
  }
  return schedules as Readonly<Record<string, Schedule>>;
}

/** Steps of the first, the least and the largest value of each part, and the last step, in order. */
function shownSteps(values: Float64Array): number[] {
  const shown = new Set<number>();
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((part * values.length) / parts);
    const to = Math.floor(((part + 1) * values.length) / parts);
    if (from === to) continue;
    let [least, most] = [from, from];
    for (let step = from; step < to; step++) {
      if (values[step]! < values[least]!) least = step;
      if (values[step]! > values[most]!) most = step;
    }
    for (const step of [from, least, most].sort((a, b) => a - b)) shown.add(step);
  }
  shown.add(values.length - 1);
  return Array.from(shown);
}
