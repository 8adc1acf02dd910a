import type { Interval, SimilarityGrid } from "../similarity/index.js";
import type { Shell } from "./command.js";
import type { GridMeasure } from "./gridOptions.js";
import { scaleOf } from "./gridScale.js";
import { gridLines } from "./gridTable.js";
import { counted, fixed, percent, printable, probability } from "./text.js";
import { isNearChance } from "./warnings.js";

interface Compared {
  readonly measure: GridMeasure;
  readonly grid: SimilarityGrid;
  readonly examples: number;
  readonly fileX: string;
  readonly fileY: string;
  /** What is to be warned of before the numbers. */
  readonly before: readonly string[];
  /** What may explain too few examples. */
  readonly hint: string;
}

interface GridReport {
  readonly lines: readonly string[];
  /** For the picture: measure, examples and chance level. */
  readonly caption: string;
  readonly warnings: readonly string[];
}

/** A grid in words. */
export function gridReport(
  { measure, grid, examples, fileX, fileY, before, hint }: Compared,
  { columns: width, colorDepth }: Pick<Shell, "columns" | "colorDepth">,
): GridReport {
  const { rows, columns, values, chance, pValues, intervals } = grid;
  const nearChance = (i: number, j: number): boolean =>
    chance !== undefined && isNearChance(values[i]![j]!, chance[i]![j]!, pValues?.[i]?.[j]);
  const marked = values.reduce(
    (count, row, i) => count + row.filter((_, j) => nearChance(i, j)).length,
    0,
  );
  const cells = rows.length * columns.length;
  const near = pValues ? "not distinguishable from chance" : "hardly above the chance level";
  const others = [
    ...before,
    ...(chance?.flat().some((level) => level > 0.9)
      ? [
          `in some cells unrelated data give more than 0.9: too few examples, or too many directions kept.${hint}`,
        ]
      : []),
  ];
  const warnings = [
    ...(marked > 0 ? [`${marked} of ${counted(cells, "cell")} ${near}.`] : []),
    ...others,
  ];
  const { distances } = scaleOf(measure);
  const facts = [
    distances && `${distances}: 0 means the same shape`,
    chance && `chance level ${range(chance.flat())} (unrelated data of this size)`,
    pValues && `p-values ${range(pValues.flat(), probability)}`,
    intervals && widest(intervals.flat()),
  ].filter((fact) => fact !== undefined);
  return {
    lines: [
      `${measure} of ${counted(examples, "example")}: ${filesText(fileX, fileY)}`,
      "",
      ...gridLines(
        { rows, columns, values, nearChance },
        { width, colorDepth, domain: scaleOf(measure).domain },
      ),
      ...(facts.length > 0 ? ["", ...facts] : []),
      ...(marked > 0 ? [`~ ${near}: ${marked} of ${counted(cells, "cell")}`] : []),
      ...others.map((warning) => `\nwarning: ${warning}`),
    ],
    caption: [`${measure}, ${counted(examples, "example")}`, ...facts].join("; "),
    warnings,
  };
}

const filesText = (x: string, y: string): string =>
  x === y ? `${printable(x)} with itself` : `${printable(x)} (rows) and ${printable(y)} (columns)`;

function range(
  numbers: readonly number[],
  text = (value: number): string => fixed(value, 2),
): string {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)].map((value) => text(value));
  return low === high ? low! : `${low} to ${high}`;
}

function widest(intervals: readonly Interval[]): string | undefined {
  if (intervals.length === 0) return undefined;
  const width = Math.max(...intervals.map(({ lower, upper }) => upper - lower));
  return `${percent(intervals[0]!.level)} intervals at most ${fixed(width, 2)} wide (all are in --json)`;
}
