import type { Interval, SimilarityGrid } from "../similarity/index.js";
import type { Shell } from "./command.js";
import { gridLines } from "./gridTable.js";
import { counted, fixed, percent, printable } from "./text.js";
import { isNearChance } from "./warnings.js";

interface Compared {
  readonly measure: string;
  readonly grid: SimilarityGrid;
  readonly examples: number;
  readonly fileX: string;
  readonly fileY: string;
}

interface GridReport {
  readonly lines: readonly string[];
  /** For the picture: measure, examples and chance level. */
  readonly caption: string;
  readonly warnings: readonly string[];
}

/** A grid in words. */
export function gridReport(
  { measure, grid, examples, fileX, fileY }: Compared,
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
  const warnings = [
    ...(marked > 0 ? [`${marked} of ${counted(cells, "cell")} ${near}.`] : []),
    ...(chance?.flat().some((level) => level > 0.9)
      ? [
          "in some cells unrelated data give more than 0.9: too few examples, or too many directions kept.",
        ]
      : []),
  ];
  const facts = [
    chance && `chance level ${range(chance.flat())} (unrelated data of this size)`,
    pValues && `p-values ${range(pValues.flat())}`,
    intervals && widest(intervals.flat()),
  ].filter((fact) => fact !== undefined);
  return {
    lines: [
      `${measure} of ${counted(examples, "example")}: ${filesText(fileX, fileY)}`,
      "",
      ...gridLines(
        { rows, columns, values, nearChance },
        { width, colorDepth, domain: measure === "procrustes" ? [0, 2] : [0, 1] },
      ),
      ...(facts.length > 0 ? ["", ...facts] : []),
      ...(marked > 0 ? [`~ ${near}: ${marked} of ${counted(cells, "cell")}`] : []),
      ...warnings.slice(marked > 0 ? 1 : 0).map((warning) => `\nwarning: ${warning}`),
    ],
    caption: [`${measure}, ${counted(examples, "example")}`, ...facts].join("; "),
    warnings,
  };
}

const filesText = (x: string, y: string): string =>
  x === y ? `${printable(x)} with itself` : `${printable(x)} (rows) and ${printable(y)} (columns)`;

function range(numbers: readonly number[]): string {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)].map((value) => fixed(value, 2));
  return low === high ? low! : `${low} to ${high}`;
}

function widest(intervals: readonly Interval[]): string | undefined {
  if (intervals.length === 0) return undefined;
  const width = Math.max(...intervals.map(({ lower, upper }) => upper - lower));
  return `${percent(intervals[0]!.level)} intervals at most ${fixed(width, 2)} wide (all are in --json)`;
}
