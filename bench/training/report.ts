import { aimRemarks } from "../line.js";
import { type Column, equalCell, headingOf, rowOf, show } from "../report.js";
import type { TrainingLine } from "./compare.js";

const rate = (line: TrainingLine, peer: string): string => {
  const found = line.peers[peer];
  return found && "gflops" in found ? show(found.gflops) : "–";
};

const ratio = (line: TrainingLine, peer: string): string => {
  const found = line.peers[peer];
  return found && "ratio" in found ? show(found.ratio) : "–";
};

const columns: readonly Column<TrainingLine>[] = [
  ["threads", 7, (line) => String(line.threads)],
  ["ours ms", 8, (line) => show(1000 * line.ours.seconds.min)],
  ["images/s", 8, ({ ours }) => (ours.images_per_second ? show(ours.images_per_second) : "–")],
  ["GFLOP/s", 8, (line) => show(line.ours.gflops)],
  ["composed", 8, (line) => rate(line, "composed")],
  ["ratio", 6, (line) => ratio(line, "composed")],
  ["torch", 8, (line) => rate(line, "torch")],
  ["ratio", 6, (line) => ratio(line, "torch")],
  ["cpu", 8, (line) => rate(line, "cpu")],
  ["ratio", 6, (line) => ratio(line, "cpu")],
  ["equal", 5, equalCell],
  ["peak MB", 7, (line) => String(line.peak_megabytes)],
];

/** The line above the rows of {@link row}; the columns of the peers are GFLOP/s. */
export const heading = headingOf(columns);

/** A line for people; below it references, what failed or is missing, and the aims. */
export function row(line: TrainingLine): string {
  const references = Object.entries(line.references).map(([name, one]) =>
    "error" in one
      ? `${name} failed: ${one.error}`
      : `${name}: ${show(one.gflops)} GFLOP/s, ours is ${show(one.relative)} of it`,
  );
  const bare = line.bare_kernel && "share" in line.bare_kernel ? [line.bare_kernel] : [];
  const remarks = Object.entries(line.peers).flatMap(([name, peer]) =>
    "error" in peer
      ? [`${name} failed: ${peer.error}`]
      : "missing" in peer
        ? [`no ${name}: ${peer.missing}`]
        : [],
  );
  return rowOf(line, columns, [
    ...references,
    ...bare.map(
      ({ gflops, share }) => `bare kernel: ${show(gflops)} GFLOP/s, ours is ${show(share)} of it`,
    ),
    ...remarks,
    ...aimRemarks(line.aims),
  ]);
}
