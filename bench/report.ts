import type { FailedLine, Line } from "./line.js";

/** One column of a table for people. */
export type Column<Line> = readonly [title: string, width: number, cell: (line: Line) => string];

const NAME_WIDTH = 40;

/** Three digits, without a plus in the exponent. */
export const show = (value: number): string => value.toPrecision(3).replace(/e\+?/, "e");

/** The line above the rows of a table. */
export const headingOf = <Line>(columns: readonly Column<Line>[]): string =>
  align(
    "case",
    columns.map(([title]) => title),
    columns,
  );

/** One row, and below it remarks, each on a line of its own. */
export const rowOf = <Line extends { readonly case: string }>(
  line: Line,
  columns: readonly Column<Line>[],
  remarks: readonly string[],
): string =>
  [
    align(
      line.case,
      columns.map(([, , cell]) => cell(line)),
      columns,
    ),
    ...remarks.map((remark) => `  ${remark}`),
  ].join("\n");

const align = <Line>(
  name: string,
  cells: readonly string[],
  columns: readonly Column<Line>[],
): string =>
  [name.padEnd(NAME_WIDTH), ...cells.map((cell, i) => cell.padStart(columns[i]![1]))].join(" ");

/** Whether the answers of all sides agree. */
export const equalCell = ({ answers_equal }: Line): string =>
  answers_equal === null ? "–" : answers_equal ? "yes" : "NO";

/** What stands in place of a row where we ourselves could not compute. */
export const failedRow = ({ case: name, threads, error }: FailedLine): string =>
  `${name.padEnd(NAME_WIDTH)} ${threads} failed: ${error}`;
