import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { canPin, processorModel } from "../machine.js";
import { type Answer, type Command, type Environment, type Run, Side } from "../side.js";
import type { Files } from "./activations.js";
import type { Case, PeerName } from "./cases.js";

/** What the program found around it. */
export interface Setup {
  readonly python: string;
  /** Why there are no peers, where there are none. */
  readonly peersMissing?: string;
  /** Processors, in the order in which sides get them. */
  readonly processors: readonly number[];
  /** Two repetitions, and no judgement of times. */
  readonly quick: boolean;
}

interface Seconds {
  readonly min: number;
  readonly median: number;
  readonly repetitions: number;
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

export interface Failure {
  readonly error: string;
}

interface JudgedAim {
  readonly aim: string;
  readonly value: number;
  readonly reached: boolean;
}

/** One case on one number of threads, as it is printed. */
export interface Line {
  readonly case: string;
  readonly threads: number;
  readonly ours_seconds: Seconds;
  /** By name; or why there are none. */
  readonly peers: Readonly<Record<string, Other | Failure>> | string;
  readonly streamed?: Other | Failure;
  /** Whether all other answers agree with ours; null where there is no other. */
  readonly answers_equal: boolean | null;
  /** Directions kept of the first pair of layers. */
  readonly kept?: readonly number[];
  readonly aims: readonly JudgedAim[];
  /** Largest resident memory of our process, with its input. */
  readonly peak_megabytes: number;
  /** The same before any data. */
  readonly baseline_megabytes: number;
  readonly machine: Readonly<Record<string, unknown>>;
}

/** What is printed where we ourselves could not compute. */
export interface FailedLine extends Failure {
  readonly case: string;
  readonly threads: number;
}

/** The ridge of google's route moves its answers by up to 1e-7. */
const PEER_TOLERANCE = 1e-6;
const STREAMED_TOLERANCE = 1e-9;
/** So that no idle thread of the last side still spins when the next one starts. */
const PAUSE_MS = 100;
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 11;
const ENOUGH_SECONDS = 20;
/** A run that takes longer is not repeated. */
const LONG_SECONDS = 60;

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const ours: Command = {
  program: process.execPath,
  arguments: [...process.execArgv, here("ours.ts")],
};

/** Whichever library numpy was built with. */
const threadVariables = [
  "OMP_NUM_THREADS",
  "OPENBLAS_NUM_THREADS",
  "MKL_NUM_THREADS",
  "BLIS_NUM_THREADS",
  "VECLIB_MAXIMUM_THREADS",
];

const peer = (name: PeerName, threads: number, { python }: Setup): Command => ({
  program: python,
  arguments: [here(`../peers/svcca_${name}.py`)],
  environment: {
    ...Object.fromEntries(threadVariables.map((variable) => [variable, String(threads)])),
    // Leaves no files of its own among ours.
    PYTHONDONTWRITEBYTECODE: "1",
  },
});

/** Runs one case on all its sides in turns and compares times and answers. */
export async function compare(
  one: Case,
  files: Files,
  threads: number,
  setup: Setup,
  onProgress: (text: string) => void,
): Promise<Line | FailedLine> {
  const peers = setup.peersMissing ? [] : one.peers;
  const contenders = [
    new Contender("ours", ours, one.measure),
    ...(one.alsoStreamed ? [new Contender("streamed", ours, "streamed")] : []),
    ...peers.map((name) => new Contender(name, peer(name, threads, setup), one.measure)),
  ];
  try {
    onProgress("all sides load their data");
    await Promise.all(contenders.map((one) => one.start(setup.processors, files, threads)));
    for (const contender of contenders) {
      onProgress(`${contender.name} warms up`);
      await contender.warmUp();
    }
    for (let round = 0; round < (setup.quick ? 2 : MAX_ROUNDS); round++) {
      const spent = contenders.reduce((sum, contender) => sum + contender.spent, 0);
      if (round >= MIN_ROUNDS && spent > ENOUGH_SECONDS) break;
      for (const contender of contenders) {
        onProgress(`${contender.name}: repetition ${round + 1}`);
        if (!setup.quick) await setTimeout(PAUSE_MS);
        await contender.repeat();
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
  return toLine(one, threads, setup, contenders);
}

/** One side with all that it has measured so far. */
class Contender {
  readonly name: string;
  readonly runs: Run[] = [];
  environment: Environment = {};
  failure?: Failure;
  readonly #command: Command;
  readonly #measure: string;
  #side?: Side;

  constructor(name: string, command: Command, measure: string) {
    this.name = name;
    this.#command = command;
    this.#measure = measure;
  }

  get spent(): number {
    return this.runs.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  start(processors: readonly number[], files: Files, threads: number): Promise<void> {
    return this.#attempt(async () => {
      const task = { measure: this.#measure, ...files, threads };
      this.#side = await Side.start(this.#command, processors, task);
      this.environment = this.#side.environment;
    });
  }

  warmUp(): Promise<void> {
    return this.#attempt(async () => {
      await this.#side?.run("warm");
    });
  }

  async repeat(): Promise<void> {
    if (this.spent > LONG_SECONDS) return;
    await this.#attempt(async () => {
      this.runs.push(await this.#side!.run("run"));
    });
  }

  async stop(): Promise<void> {
    await this.#side?.stop();
  }

  /** A side that fails says so in its place, and is asked no more; the others go on. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.failure) return;
    try {
      await work();
    } catch (error) {
      this.failure = { error: (error as Error).message };
    }
  }
}

function toLine(
  one: Case,
  threads: number,
  setup: Setup,
  contenders: readonly Contender[],
): Line | FailedLine {
  const [mine, ...rest] = contenders as [Contender, ...Contender[]];
  if (mine.failure) return { case: one.name, threads, ...mine.failure };
  const others = rest.map((contender) => [contender.name, compareWith(mine, contender)] as const);
  const streamed = others.find(([name]) => name === "streamed")?.[1];
  const peers = Object.fromEntries(others.filter(([name]) => name !== "streamed"));
  const { answer, peakMegabytes } = mine.runs.at(-1)!;
  const { baseline_megabytes, ...ourEnvironment } = mine.environment;
  return {
    case: one.name,
    threads,
    ours_seconds: secondsOf(mine.runs),
    peers: (one.peers.length > 0 && setup.peersMissing) || peers,
    ...(streamed && { streamed }),
    answers_equal:
      others.length === 0 ? null : others.every(([, other]) => "equal" in other && other.equal),
    ...(answer.kept[0] && { kept: answer.kept[0] }),
    aims: setup.quick ? [] : judge(one, threads, setup, mine, peers),
    peak_megabytes: Math.round(peakMegabytes),
    baseline_megabytes: Math.round(baseline_megabytes as number),
    machine: {
      processor: processorModel(),
      processors: setup.processors.length,
      pinned_to: canPin ? setup.processors.slice(0, threads) : "not pinned: taskset is missing",
      ...ourEnvironment,
      ...contenders.find(({ name }) => name in peers)?.environment,
    },
  };
}

function compareWith(mine: Contender, other: Contender): Other | Failure {
  if (other.failure) return other.failure;
  const tolerance = other.name === "streamed" ? STREAMED_TOLERANCE : PEER_TOLERANCE;
  const a = mine.runs.at(-1)!.answer;
  const { answer: b, peakMegabytes } = other.runs.at(-1)!;
  const largestDifference = difference(a.values, b.values);
  return {
    seconds: secondsOf(other.runs),
    ratio: round(fastest(other) / fastest(mine)),
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

const fastest = ({ runs }: Contender): number => Math.min(...runs.map(({ seconds }) => seconds));

/** To four digits: more is noise. */
const round = (value: number): number => Number(value.toPrecision(4));

function secondsOf(runs: readonly Run[]): Seconds {
  const sorted = runs.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { min: round(sorted[0]!), median: round(median), repetitions: sorted.length };
}

function judge(
  { aims = {} }: Case,
  threads: number,
  { processors }: Setup,
  mine: Contender,
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
    const value = round(fastest(mine));
    judged.push({ aim: `at most ${seconds} s`, value, reached: value <= seconds });
  }
  if (aims.peakMegabytes !== undefined) {
    const value = Math.round(mine.runs.at(-1)!.peakMegabytes);
    const reached = value < aims.peakMegabytes;
    judged.push({ aim: `under ${aims.peakMegabytes} MB resident`, value, reached });
  }
  return judged;
}
