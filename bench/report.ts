import type { FailedLine, Failure, Line, Other } from "./similarity/compare.js";

type Column = readonly [title: string, width: number, cell: (line: Line) => string];

const seconds = (other: Other | Failure | undefined): string =>
  other && "ratio" in other ? show(other.seconds.min) : other ? "failed" : "–";

const ratio = (other: Other | Failure | undefined): string =>
  other && "ratio" in other ? show(other.ratio) : "–";

const megabytes = (other: Other | Failure | undefined): string =>
  other && "ratio" in other ? String(other.peak_megabytes) : "–";

const show = (value: number): string => value.toPrecision(3).replace(/e\+?/, "e");

const peersOf = ({ peers }: Line) => (typeof peers === "string" ? {} : peers);

const columns: readonly Column[] = [
  ["threads", 7, (line) => String(line.threads)],
  ["ours s", 9, (line) => show(line.ours_seconds.min)],
  ["streamed s", 10, (line) => seconds(line.streamed)],
  ["google s", 9, (line) => seconds(peersOf(line).google)],
  ["ratio", 7, (line) => ratio(peersOf(line).google)],
  ["gram s", 9, (line) => seconds(peersOf(line).gram)],
  ["ratio", 7, (line) => ratio(peersOf(line).gram)],
  [
    "equal",
    5,
    ({ answers_equal }) => (answers_equal === null ? "–" : answers_equal ? "yes" : "NO"),
  ],
  ["peak MB", 7, (line) => String(line.peak_megabytes)],
  ["streamed MB", 11, (line) => megabytes(line.streamed)],
];

const row = (name: string, cells: readonly string[]): string =>
  [name.padEnd(34), ...cells.map((cell, i) => cell.padStart(columns[i]![1]))].join(" ");

/** The line above the rows of {@link rowOf}. */
export const heading = row(
  "case",
  columns.map(([title]) => title),
);

/** A line for people, fastest times; below it what failed or is missing, and the aims. */
export function rowOf(line: Line | FailedLine): string {
  if ("error" in line) {
    return row(line.case, [String(line.threads), `failed: ${line.error}`]);
  }
  const failures = Object.entries({ ...peersOf(line), streamed: line.streamed }).flatMap(
    ([name, other]) => (other && "error" in other ? [`  ${name} failed: ${other.error}`] : []),
  );
  const missing = typeof line.peers === "string" ? [`  ${line.peers}`] : [];
  const aims = line.aims.map(
    ({ aim, value, reached }) => `  ${reached ? "reached" : "missed"}: ${aim}, got ${show(value)}`,
  );
  const cells = columns.map(([, , cell]) => cell(line));
  return [row(line.case, cells), ...failures, ...missing, ...aims].join("\n");
}
