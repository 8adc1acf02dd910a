import { nats } from "./connectionChecks.js";
import type { ConnectedMode } from "./modeConnections.js";
import type { PathProfile } from "./paths.js";
import {
  accuracyNoise,
  decide,
  every,
  exactly,
  type Finding,
  percent,
  type Verdict,
} from "./verdicts.js";

const ends = (values: readonly number[]) => [values[0]!, values.at(-1)!] as const;
const least = ({ accuracy }: PathProfile) => Math.min(...accuracy);
const lowerEnd = ({ accuracy }: PathProfile) => Math.min(...ends(accuracy));
const middle = (values: readonly number[]) => values[(values.length - 1) / 2]!;

/** All modes in one check: all must hold. */
export function ofModes(
  modes: readonly ConnectedMode[],
  judge: (mode: ConnectedMode) => Finding,
): Finding {
  const findings = modes.map(judge);
  return {
    verdict: every(findings.map(({ verdict }) => verdict)),
    ours: findings.map(({ ours }, i) => `G–${modes[i]!.mode}: ${ours}`).join("; "),
  };
}

/** X1.a, X1.b: on the curve of one snapshot accuracy is nowhere more than `points` below the lower end. */
export function curveKeepsUp({ paths }: ConnectedMode, snapshot: number, points: number): Finding {
  const { test, images } = paths[snapshot]!;
  const [low, end] = [least(test), lowerEnd(test)];
  return {
    verdict: decide(low - end + points / 100, accuracyNoise(low, end, images.test)),
    ours: `${percent(low)}, lower end ${percent(end)}`,
  };
}

/** X1.c: on the segment accuracy falls below that of every curve, and more than 10 points below the ends. */
export function segmentFalls({ paths }: ConnectedMode): Finding {
  const [segment, ...curves] = paths;
  const { test, images } = segment!;
  const low = least(test);
  const noise = (other: number) => accuracyNoise(low, other, images.test);
  const lowOnCurves = Math.min(...curves.map((curve) => least(curve.test)));
  return {
    verdict: every([
      decide(lowOnCurves - low, noise(lowOnCurves)),
      decide(lowerEnd(test) - low - 0.1, noise(lowerEnd(test))),
    ]),
    ours: `${percent(low)} on the segment, ${percent(lowOnCurves)} on the curves`,
  };
}

/** X1.d: the bend fits no worse than the worse end, and its validation loss is above the mean of the ends. */
export function bendOverfits({ paths }: ConnectedMode): Finding {
  const { train, test } = paths.at(-1)!;
  const [start, end] = ends(test.loss);
  const noise = test.errors.startMiddle + test.errors.middleEnd;
  const validation: Verdict = decide(middle(test.loss) - (start + end) / 2, noise);
  return {
    verdict: every([exactly(middle(train.loss) <= Math.max(...ends(train.loss))), validation]),
    ours:
      `training ${nats(middle(train.loss))}, ends ${ends(train.loss).map(nats).join(" and ")}; validation ` +
      `${nats(middle(test.loss))}, ends ${ends(test.loss).map(nats).join(" and ")}`,
  };
}

/** X1.e: every two modes are connected by two curves that meet in G, which X1.a says of each. */
export function allPairsConnected(modes: readonly ConnectedMode[], points: number): Finding {
  const verdicts = modes.map((mode) => curveKeepsUp(mode, mode.paths.length - 1, points).verdict);
  const connected = verdicts.filter((verdict) => verdict === "holds").length;
  const count = (n: number) => ((n + 1) * n) / 2;
  return {
    verdict: every(verdicts),
    ours: `${count(connected)} of ${count(modes.length)} pairs`,
  };
}

/** One line about a mode for people. */
export function describeMode({ mode, paths }: ConnectedMode): string {
  const [segment, last] = [paths[0]!, paths.at(-1)!];
  const losses = (kind: "train" | "test") => ends(segment[kind].loss).map(nats).join(" and ");
  return (
    `G–${mode}, ${segment.distance.toFixed(1)} apart: training loss ${losses("train")} at the ends, at most ` +
    `${nats(Math.max(...segment.train.loss))} on the segment (chord excess ${nats(segment.train.barriers.chord.height)}), ` +
    `${nats(Math.max(...last.train.loss))} on the curve, which is ${last.length.toFixed(1)} long; validation loss ${losses("test")}.`
  );
}
