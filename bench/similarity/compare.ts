import { nodeProgram, pythonPeer } from "../commands.js";
import { Contender, type Seconds, takeTurns } from "../contender.js";
import {
  type FailedLine,
  type Failure,
  type JudgedAim,
  type Line,
  machineOf,
  round,
  type Setup,
} from "../line.js";
import type { Task } from "../side.js";
import type { Files } from "./activations.js";
import type { Case } from "./cases.js";

/** What one side is asked to compute, on the layers of these files. */
export interface SimilarityTask extends Task, Files {
  readonly measure: string;
}

export interface Answer {
  /** The numbers to compare: similarities, pair by pair, or relative eigenvalues. */
  readonly values: readonly number[];
  /** Directions kept of either layer, pair by pair, where the measure drops any. */
  readonly kept: readonly (readonly number[])[];
}

/** Another way to the same answer, beside ours in memory. */
export interface Other {
  readonly seconds: Seconds;
  /** Its fastest time over ours: above 1 we are faster. */
  readonly ratio: number;
  readonly equal: boolean;
  readonly largest_difference: number;
  readonly peak_megabytes: number;
}

/** One case on one number of threads, as it is printed. */
export interface SimilarityLine extends Line {
  readonly ours_seconds: Seconds;
  /** By name; or why there are none. */
  readonly peers: Readonly<Record<string, Other | Failure>> | string;
  readonly streamed?: Other | Failure;
  /** Directions kept of the first pair of layers. */
  readonly kept?: readonly number[];
  readonly aims: readonly JudgedAim[];
  /** Largest resident memory of our process, with its input. */
  readonly peak_megabytes: number;
  /** The same before any data. */
  readonly baseline_megabytes: number;
  readonly machine: Readonly<Record<string, unknown>>;
}

/** The ridge of google's route moves its answers by up to 1e-7. */
const PEER_TOLERANCE = 1e-6;
const STREAMED_TOLERANCE = 1e-9;
const ours = nodeProgram("similarity/ours.ts");

/** Runs one case on all its sides in turns and compares times and answers. */
export async function compare(
  one: Case,
  files: Files,
  threads: number,
  setup: Setup,
  onProgress: (text: string) => void,
): Promise<SimilarityLine | FailedLine> {
  const peers = setup.peersMissing ? [] : one.peers;
  const task: SimilarityTask = { measure: one.measure, ...files, threads };
  const streamedTask: SimilarityTask = { ...task, measure: "streamed" };
  const contenders = [
    new Contender<Answer>("ours", ours, task),
    ...(one.alsoStreamed ? [new Contender<Answer>("streamed", ours, streamedTask)] : []),
    ...peers.map((name) => {
      const peer = pythonPeer(`svcca_${name}.py`, threads, setup.python);
      return new Contender<Answer>(name, peer, task);
    }),
  ];
  await takeTurns(contenders, setup, onProgress);
  return toLine(one, threads, setup, contenders);
}

type Side = Contender<Answer>;

function toLine(
  one: Case,
  threads: number,
  setup: Setup,
  contenders: readonly Side[],
): SimilarityLine | FailedLine {
  const [mine, ...rest] = contenders as [Side, ...Side[]];
  if (mine.failure) return { case: one.name, threads, ...mine.failure };
  const others = rest.map((contender) => [contender.name, compareWith(mine, contender)] as const);
  const streamed = others.find(([name]) => name === "streamed")?.[1];
  const peers = Object.fromEntries(others.filter(([name]) => name !== "streamed"));
  const { answer, peakMegabytes } = mine.lastRun;
  const { baseline_megabytes, ...ourEnvironment } = mine.environment;
  return {
    case: one.name,
    threads,
    ours_seconds: mine.seconds,
    peers: (one.peers.length > 0 && setup.peersMissing) || peers,
    ...(streamed && { streamed }),
    answers_equal:
      others.length === 0 ? null : others.every(([, other]) => "equal" in other && other.equal),
    ...(answer.kept[0] && { kept: answer.kept[0] }),
    aims: setup.quick ? [] : judge(one, threads, setup, mine, peers),
    peak_megabytes: Math.round(peakMegabytes),
    baseline_megabytes: Math.round(baseline_megabytes as number),
    machine: machineOf(threads, setup, [
      ourEnvironment,
      contenders.find(({ name }) => name in peers)?.environment,
    ]),
  };
}

function compareWith(mine: Side, other: Side): Other | Failure {
  if (other.failure) return other.failure;
  const tolerance = other.name === "streamed" ? STREAMED_TOLERANCE : PEER_TOLERANCE;
  const a = mine.lastRun.answer;
  const { answer: b, peakMegabytes } = other.lastRun;
  const largestDifference = difference(a.values, b.values);
  return {
    seconds: other.seconds,
    ratio: round(other.fastest / mine.fastest),
    equal: largestDifference <= tolerance && sameKept(a, b),
    largest_difference: largestDifference,
    peak_megabytes: Math.round(peakMegabytes),
  };
}

/** Infinite where the answers do not even have the same form. */
function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
}

/** Where both sides tell. */
const sameKept = (a: Answer, b: Answer): boolean =>
  a.kept.length === 0 || b.kept.length === 0 || JSON.stringify(a.kept) === JSON.stringify(b.kept);

function judge(
  { aims = {} }: Case,
  threads: number,
  { processors }: Setup,
  mine: Side,
  peers: Readonly<Record<string, Other | Failure>>,
): JudgedAim[] {
  const kind = threads === 1 ? "one" : threads === processors.length ? "all" : undefined;
  const judged: JudgedAim[] = [];
  for (const [name, { [kind ?? "one"]: aim }] of Object.entries(aims.ratios ?? {})) {
    const peer = peers[name];
    if (!kind || aim === undefined || !peer || !("ratio" in peer)) continue;
    judged.push({
      aim: `${aim} times as fast as ${name}`,
      value: peer.ratio,
      reached: peer.ratio >= aim,
    });
  }
  const seconds = kind && aims.seconds?.[kind];
  if (seconds !== undefined) {
    const value = round(mine.fastest);
    judged.push({ aim: `at most ${seconds} s`, value, reached: value <= seconds });
  }
  if (aims.peakMegabytes !== undefined) {
    const value = Math.round(mine.lastRun.peakMegabytes);
    const reached = value < aims.peakMegabytes;
    judged.push({ aim: `under ${aims.peakMegabytes} MB resident`, value, reached });
  }
  return judged;
}
