import { checkNumber, checkOneOf, rangeError, typeError } from "../internal/checks.js";
import { checkText } from "./checks.js";
import {
  type MarkerName,
  markerNames,
  type Palette,
  type SeriesStyle,
  seriesStyles,
} from "./seriesStyle.js";

/** One line of a chart. */
export interface LineSeries {
  /** Name in the legend; no two series share one. */
  readonly name: string;
  readonly x: ArrayLike<number>;
  /** As long as `x`; `NaN`, `null` and `undefined` break the line. */
  readonly y: ArrayLike<number | null | undefined>;
  /** Shaded area around the line, e.g. least to greatest value over seeds; as long as `x`. */
  readonly band?: {
    readonly low: ArrayLike<number | null | undefined>;
    readonly high: ArrayLike<number | null | undefined>;
  };
  /** CSS colour. @defaultValue a colour-blind safe one by the series' place */
  readonly color?: string;
  /** Dash pattern as in SVG's `stroke-dasharray`. @defaultValue by place; the first is solid */
  readonly dash?: string;
  /** @defaultValue by the series' place */
  readonly marker?: MarkerName;
}

/** A series with NaN for every kind of gap and with its look decided. */
export interface Line extends SeriesStyle {
  readonly name: string;
  readonly points: readonly Point[];
  readonly band: readonly BandPoint[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface BandPoint {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

/** Checks the series and decides their looks. */
export function readSeries(series: readonly LineSeries[], log: boolean, palette: Palette): Line[] {
  if (!Array.isArray(series)) {
    throw typeError("lineChart", "series", "an array of { name, x, y }", series);
  }
  if (series.length === 0) throw rangeError("lineChart", "series", "at least one series", series);
  const names = new Set<string>();
  const styles = seriesStyles(series.length, palette);
  const lines = series.map((one: LineSeries, i): Line => {
    const where = `series[${i}]`;
    if (typeof one !== "object" || one === null) {
      throw typeError("lineChart", where, "an object { name, x, y }", one);
    }
    const { name } = one;
    if (typeof name !== "string") throw typeError("lineChart", `${where}.name`, "a string", name);
    if (names.has(name)) {
      throw rangeError("lineChart", `${where}.name`, "different from the names before it", name);
    }
    names.add(name);
    checkArray(`${where}.x`, one.x);
    if (one.x.length === 0) {
      throw rangeError(
        "lineChart",
        `${where}.x`,
        "at least one number",
        one.x,
        "Leave out a series without points.",
      );
    }
    const x = Array.from(one.x, (value, j) => checkNumber("lineChart", `${where}.x[${j}]`, value));
    const y = readValues(`${where}.y`, one.y, x.length, log);
    const low = one.band && readValues(`${where}.band.low`, one.band.low, x.length, log);
    const high = one.band && readValues(`${where}.band.high`, one.band.high, x.length, log);
    const upsideDown = low?.findIndex((value, j) => value > high![j]!) ?? -1;
    if (upsideDown >= 0) {
      const must = `at most band.high[${upsideDown}] = ${high![upsideDown]}`;
      throw rangeError("lineChart", `${where}.band.low[${upsideDown}]`, must, low![upsideDown]);
    }
    const style = styles[i]!;
    const { color = style.color, dash = style.dash, marker = style.marker } = one;
    checkText("lineChart", `${where}.color`, color);
    checkText("lineChart", `${where}.dash`, dash);
    checkOneOf("lineChart", `${where}.marker`, marker, markerNames);
    return {
      name,
      color,
      dash,
      marker,
      points: x.map((value, j) => ({ x: value, y: y[j]! })),
      band: low ? x.map((value, j) => ({ x: value, low: low[j]!, high: high![j]! })) : [],
    };
  });
  if (!lines.some(({ points }) => points.some(isPresent))) {
    throw rangeError("lineChart", "series", "such that some y is a number", "only missing values");
  }
  return lines;
}

function checkArray(argument: string, value: ArrayLike<unknown>): void {
  if (typeof value !== "object" || value === null || typeof value.length !== "number") {
    throw typeError("lineChart", argument, "an array of numbers", value);
  }
}

/** Numbers with NaN for every kind of gap. */
function readValues(
  argument: string,
  values: ArrayLike<number | null | undefined>,
  length: number,
  log: boolean,
): number[] {
  checkArray(argument, values);
  if (values.length !== length) {
    throw rangeError("lineChart", argument, `as long as x (${length})`, values.length);
  }
  return Array.from(values, (value, i) => {
    const place = `${argument}[${i}]`;
    if (value === null || value === undefined || Number.isNaN(value)) return Number.NaN;
    checkNumber("lineChart", place, value);
    if (log && value <= 0) {
      const hint = "A logarithmic axis has no zero; use NaN for a gap.";
      throw rangeError("lineChart", place, "> 0", value, hint);
    }
    return value;
  });
}

export const isPresent = ({ y }: Point): boolean => !Number.isNaN(y);
