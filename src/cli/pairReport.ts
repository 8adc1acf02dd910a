import type { Side } from "./layout.js";
import type { PairResult } from "./pairResult.js";
import { type Align, table } from "./table.js";
import { counted, fixed, percent, printable, probability, shapeText, short } from "./text.js";

const two: Align = ["left", "left"];
const three: Align = ["left", "right", "right"];

/** The lines of a comparison of two arrays. */
export function pairLines(
  measure: string,
  x: Side,
  y: Side,
  result: PairResult,
  warnings: readonly string[],
): string[] {
  return [
    `${measure} of ${counted(x.array.shape[0] ?? 0, "example")}`,
    ...table(
      [
        ["x", printable(x.label), shapeText(x.array.shape)],
        ["y", printable(y.label), shapeText(y.array.shape)],
      ],
      ["left", "left", "left"],
    ).map((line) => `  ${line}`),
    "",
    ...table(numbers(result), two),
    "",
    ...table([["", "x", "y"], ...sides(x, y, result)], three),
    ...warnings.map((warning) => `\nwarning: ${warning}`),
  ];
}

/** The headline and what it is to be compared with. */
function numbers(result: PairResult): string[][] {
  const { similarity, chance, pValue, interval, correlations, frequencies } = result;
  const rows: string[][] = [];
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) rows.push([name, value]);
  };
  const shown = (value: number | undefined, text: (value: number) => string) =>
    value === undefined ? undefined : text(value);
  add("similarity", shown(similarity, fixed));
  add("distance", shown(result.distance, short));
  add(
    "normalized",
    shown(result.normalized, (value) => `${fixed(value)}  (squared, 0 to 2)`),
  );
  add(
    "angle",
    shown(result.angle, (value) => `${fixed(value)}  (radians, 0 to π/2)`),
  );
  add(
    "chance level",
    shown(chance, (value) => `${fixed(value)}  (unrelated data of this size)`),
  );
  add("p-value", shown(pValue, probability));
  add(
    "interval",
    interval &&
      `${fixed(interval.lower)} to ${fixed(interval.upper)}  (${percent(interval.level)})`,
  );
  add("correlations", correlations && correlationsText(correlations));
  add(
    "distances",
    shown(result.pairs, (value) => value.toLocaleString("en")),
  );
  if (frequencies) {
    const all = frequencies.reduce((sum, { weight }) => sum + weight, 0);
    add("frequencies", `${all}  (${frequencies.length} computed; kept and rank are sums over all)`);
  }
  return rows;
}

const mostCorrelations = 8;

function correlationsText(correlations: Float64Array): string {
  if (correlations.length === 0) return "none";
  const all = [...correlations].map((value) => fixed(value, 2));
  if (all.length <= mostCorrelations) return all.join("  ");
  return `${all.slice(0, mostCorrelations - 2).join("  ")}  …  ${all.at(-1)}  (${all.length})`;
}

/** What was compared of each side. */
function sides(x: Side, y: Side, result: PairResult): string[][] {
  const rows: string[][] = [];
  const add = <T>(
    name: string,
    ofX: T | undefined,
    ofY: T | undefined,
    text: (value: T) => string,
  ) => {
    if (ofX !== undefined && ofY !== undefined) rows.push([name, text(ofX), text(ofY)]);
  };
  const isMap = x.array.shape.length === 4;
  add(isMap ? "channels" : "neurons", x.array.shape.at(-1), y.array.shape.at(-1), String);
  add("dead", result.deadX, result.deadY, ({ length }) => String(length));
  add("rank", result.rankX, result.rankY, String);
  add("kept", result.keptX, result.keptY, String);
  add("variance kept", result.varianceX, result.varianceY, percent);
  return rows;
}
