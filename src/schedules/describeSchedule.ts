import { checkInteger, checkOptions } from "../internal/checks.js";
import { type KeyPoint, keyPoints } from "./keyPoints.js";
import type { Schedule } from "./schedule.js";
import { scheduleValues } from "./scheduleValues.js";

export interface DescribeScheduleOptions {
  /** Updates of the training, an integer from 1 to 10 million. */
  steps: number;
  /** Updates in an epoch, an integer >= 1: adds a column of epochs. @defaultValue none */
  stepsPerEpoch?: number;
}

const where = "describeSchedule";
const bars = "▁▂▃▄▅▆▇█";
const mostBars = 60;
const mostRows = 20;

/**
 * A schedule as text: its course, and the steps at which something happens.
 *
 * The first line is the course of all updates, each character the largest value of its part, on a linear scale from 0 (or the
 * least value, if it is negative) to the largest value. Then come the first and the last update, peaks and lows, jumps (a
 * change far larger than those beside it; the step is the first with the new value), and the ends of stretches of one value.
 * If there are more than 20 of them, the middle ones are left out. Values are rounded to 5 digits.
 *
 * @param schedule - Any schedule, a function of your own too.
 * @param options - See {@link DescribeScheduleOptions}.
 * @returns Lines of text, without a line break at the end.
 * @throws RangeError if `steps` or `stepsPerEpoch` is out of range, or a value is not a finite number; TypeError for another
 * kind of value.
 * @example
 * ```ts
 * import { describeSchedule, warmup } from "closerlook/schedules";
 * const lines = describeSchedule(warmup({ to: 0.5, steps: 4 }), { steps: 8 }).split("\n");
 * lines[0]; // "▁▃▅▆████"
 * lines[1]; // "step  value"
 * lines[2]; // "   0  0      first update"
 * lines[3]; // "   4  0.5    peak, held from here"
 * lines[4]; // "   7  0.5    last update"
 * ```
 */
export function describeSchedule(schedule: Schedule, options: DescribeScheduleOptions): string {
  checkOptions(where, options, ["steps", "stepsPerEpoch"]);
  const { steps, stepsPerEpoch } = options;
  if (stepsPerEpoch !== undefined) checkInteger(where, "stepsPerEpoch", stepsPerEpoch, { min: 1 });
  const values = scheduleValues(where, schedule, steps);
  const inEpochs = (column: string | number) =>
    stepsPerEpoch === undefined
      ? []
      : [typeof column === "number" ? short(column / stepsPerEpoch) : column];
  const row = ({ step, value, what }: KeyPoint) => [
    `${step}`,
    ...inEpochs(step),
    short(value),
    what,
  ];
  return [
    course(values),
    ...table(["step", ...inEpochs("epoch"), "value", ""], keyPoints(values).map(row)),
  ].join("\n");
}

const short = (value: number): string => `${Number(value.toPrecision(5))}`;

function course(values: Float64Array): string {
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), low);
  const count = Math.min(mostBars, values.length);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * values.length) / count);
    const to = Math.floor(((i + 1) * values.length) / count);
    const most = values.subarray(from, to).reduce((a, b) => Math.max(a, b));
    const height = high > low ? (most - low) / (high - low) : 0;
    return bars[Math.round(height * (bars.length - 1))];
  }).join("");
}

/** Numbers of steps and epochs to the right, the rest to the left; the middle left out if it is too long. */
function table(head: string[], rows: string[][]): string[] {
  const left = rows.length - mostRows;
  const shown = left > 0 ? [...rows.slice(0, mostRows / 2), ...rows.slice(-mostRows / 2)] : rows;
  const widths = head.map((_, i) => Math.max(...[head, ...shown].map((row) => row[i]!.length)));
  const lines = [head, ...shown].map((row) =>
    row
      .map((cell, i) => (i < head.length - 2 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
  if (left > 0) lines.splice(1 + mostRows / 2, 0, `… ${left} more`);
  return lines;
}
