import { aimRemarks, type Failure } from "../line.js";
import { type Column, equalCell, headingOf, rowOf, show } from "../report.js";
import type { Other, SimilarityLine } from "./compare.js";

const seconds = (other: Other | Failure | undefined): string =>
  other && "ratio" in other ? show(other.seconds.min) : other ? "failed" : "–";

const ratio = (other: Other | Failure | undefined): string =>
  other && "ratio" in other ? show(other.ratio) : "–";

const megabytes = (other: Other | Failure | undefined): string =>
  other && "ratio" in other ? String(other.peak_megabytes) : "–";

const peersOf = ({ peers }: SimilarityLine) => (typeof peers === "string" ? {} : peers);

const columns: readonly Column<SimilarityLine>[] = [
  ["threads", 7, (line) => String(line.threads)],
  ["ours s", 9, (line) => show(line.ours_seconds.min)],
  ["streamed s", 10, (line) => seconds(line.streamed)],
  ["google s", 9, (line) => seconds(peersOf(line).google)],
  ["ratio", 7, (line) => ratio(peersOf(line).google)],
  ["gram s", 9, (line) => seconds(peersOf(line).gram)],
  ["ratio", 7, (line) => ratio(peersOf(line).gram)],
  ["equal", 5, equalCell],
  ["peak MB", 7, (line) => String(line.peak_megabytes)],
  ["streamed MB", 11, (line) => megabytes(line.streamed)],
];

/** The line above the rows of {@link row}. */
export const heading = headingOf(columns);

/** A line for people, fastest times; below it what failed or is missing, and the aims. */
export function row(line: SimilarityLine): string {
  const failures = Object.entries({ ...peersOf(line), streamed: line.streamed }).flatMap(
    ([name, other]) => (other && "error" in other ? [`${name} failed: ${other.error}`] : []),
  );
  const missing = typeof line.peers === "string" ? [line.peers] : [];
  return rowOf(line, columns, [...failures, ...missing, ...aimRemarks(line.aims)]);
}
