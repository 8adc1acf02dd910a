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
import { type ByThreads, type Case, ONE_THREAD, type PeerName } from "./cases.js";
import { type Answer, type StepFiles, type TrainingTask, UPDATE } from "./task.js";
import { usefulFlops, type Work } from "./work.js";

/** What one side did. */
interface Speed {
  readonly seconds: Seconds;
  /** Useful work over the fastest time. */
  readonly gflops: number;
  /** Of a step of training. */
  readonly images_per_second?: number;
}

/** Another implementation of the same work. */
interface Peer extends Speed {
  /** Threads that it had. */
  readonly threads: number;
  /** Its fastest time over ours: above 1 we are faster. */
  readonly ratio: number;
  readonly equal: boolean;
  /** Of an answer from ours, over the largest of ours. */
  readonly largest_difference: number;
  readonly peak_megabytes: number;
}

/** Ours on other work. */
interface Reference extends Speed {
  /** Our GFLOP/s over the reference's. */
  readonly relative: number;
}

interface Missing {
  readonly missing: string;
}

/** One case on one number of threads, as it is printed. */
export interface TrainingLine extends Line {
  /** Useful floating-point operations of one computation. */
  readonly gflop: number;
  readonly ours: Speed;
  readonly peers: Readonly<Record<string, Peer | Failure | Missing>>;
  readonly references: Readonly<Record<string, Reference | Failure>>;
  /** GFLOP/s of the bare kernel on one thread, and our rate for each thread over it; or why there is none. */
  readonly bare_kernel?: { readonly gflops: number; readonly share: number } | Missing;
  /** Of the first steps, before each of them. */
  readonly losses?: readonly number[];
  readonly aims: readonly JudgedAim[];
  /** Largest resident memory of our process. */
  readonly peak_megabytes: number;
  /** The same before any data. */
  readonly baseline_megabytes: number;
  readonly machine: Readonly<Record<string, unknown>>;
}

/** Sums of up to 10⁵ products in single precision, relative to the largest result. */
const KERNEL_TOLERANCE = 1e-5;
/**
 * Rounding that batch norm, ReLUs and pools amplify from step to step: in three steps PyTorch differs from itself in
 * double precision by 4e-6 on VGG-16 /8, 6e-6 with batch norm, and 2e-5 on VGG-16 /2 with batch norm.
 */
const STEP_TOLERANCE = 2e-4;

const FIRST_STEPS = 3;
/** Of the cpu backend, for the sake of the time: the second loss shows the first update. */
const FIRST_STEPS_OF_CPU = 2;
/** A step of more work than this, which takes it minutes, is its only one. */
const MUCH_WORK_FOR_CPU = 5e9;
const ENOUGH_SECONDS = 0.25;

type Side = Contender<Answer>;

export const node = nodeProgram("training/ours.ts");

/** Runs one case on all its sides in turns and compares times and answers. */
export async function compare(
  one: Case,
  files: StepFiles | undefined,
  threads: number,
  setup: Setup,
  onProgress: (text: string) => void,
): Promise<TrainingLine | FailedLine> {
  const task = taskOf(one.work, files, threads, setup);
  const mine: Side = new Contender("ours", node, task);
  const names = one.peers.filter(
    (name) =>
      !(name === "torch" && setup.peersMissing) &&
      // It has one thread only, and all the time in the world.
      !(name === "cpu" && threads > 1),
  );
  const peers = names.map((name) => peer(name, task, setup));
  const references = Object.entries({
    ...one.references,
    ...(one.isKernel && threads > 1 && { [ONE_THREAD]: one.work }),
  }).map(([name, work]) => {
    const its = taskOf(work, files, name === ONE_THREAD ? 1 : threads, setup);
    return { work, side: new Contender<Answer>(name, node, its) };
  });
  await takeTurns([mine, ...peers, ...references.map(({ side }) => side)], setup, onProgress);
  if (mine.failure) return { case: one.name, threads, ...mine.failure };

  const measuredPeers: TrainingLine["peers"] = {
    ...Object.fromEntries(peers.map((side) => [side.name, comparePeer(one.work, mine, side)])),
    ...(one.peers.includes("torch") &&
      setup.peersMissing && { torch: { missing: setup.peersMissing } }),
  };
  const measuredReferences = Object.fromEntries(
    references.map(({ work, side }) => [side.name, compareReference(one.work, mine, work, side)]),
  );
  const bare_kernel = one.isKernel ? compareBareKernel(one.work, threads, mine) : undefined;
  const judged = Object.values(measuredPeers).filter((one) => !("missing" in one));
  const { baseline_megabytes, ...ourEnvironment } = mine.environment;
  return {
    case: one.name,
    threads,
    gflop: usefulFlops(one.work) / 1e9,
    ours: speedOf(one.work, mine),
    peers: measuredPeers,
    references: measuredReferences,
    ...(bare_kernel && { bare_kernel }),
    answers_equal: judged.length === 0 ? null : judged.every((one) => "equal" in one && one.equal),
    ...(one.work.kind === "step" && { losses: mine.lastRun.answer.values }),
    aims: setup.quick ? [] : judge(one, threads, measuredPeers, measuredReferences, bare_kernel),
    peak_megabytes: Math.round(mine.lastRun.peakMegabytes),
    baseline_megabytes: Math.round(baseline_megabytes as number),
    machine: machineOf(threads, setup, [
      ourEnvironment,
      peers.find(({ name }) => name === "torch")?.environment,
    ]),
  };
}

export const taskOf = (
  work: Work,
  files: StepFiles | undefined,
  threads: number,
  { quick }: Setup,
): TrainingTask => ({
  kernels: "ours",
  work,
  ...(files && { files }),
  threads,
  update: UPDATE,
  firstSteps: FIRST_STEPS,
  enoughSeconds: quick ? 0 : ENOUGH_SECONDS,
});

function peer(name: PeerName, task: TrainingTask, { python }: Setup): Side {
  if (name === "torch") {
    return new Contender(name, pythonPeer("torch_step.py", task.threads, python), task);
  }
  const alone: TrainingTask = { ...task, kernels: name, threads: 1 };
  if (name === "composed") return new Contender(name, node, alone);
  const firstSteps = usefulFlops(task.work) > MUCH_WORK_FOR_CPU ? 1 : FIRST_STEPS_OF_CPU;
  const few: TrainingTask = { ...alone, firstSteps };
  return new Contender(name, node, few, { warmUpCounts: true });
}

function speedOf(work: Work, side: Side): Speed {
  return {
    seconds: side.seconds,
    gflops: round(rateOf(work, side)),
    ...(work.kind === "step" && { images_per_second: round(work.batch / side.fastest) }),
  };
}

const rateOf = (work: Work, side: Side): number => usefulFlops(work) / side.fastest / 1e9;

function comparePeer(work: Work, mine: Side, other: Side): Peer | Failure {
  if (other.failure) return other.failure;
  const tolerance = work.kind === "step" ? STEP_TOLERANCE : KERNEL_TOLERANCE;
  const { answer, peakMegabytes } = other.lastRun;
  const largestDifference = difference(mine.lastRun.answer.values, answer.values);
  return {
    ...speedOf(work, other),
    threads: other.threads,
    ratio: round(other.fastest / mine.fastest),
    equal: largestDifference <= tolerance,
    largest_difference: largestDifference,
    peak_megabytes: Math.round(peakMegabytes),
  };
}

/** Relative to the largest of ours. The other one may have made fewer steps; infinite where it has no answer at all. */
function difference(ours: readonly number[], others: readonly number[]): number {
  if (others.length === 0 || others.length > ours.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...ours.map(Math.abs));
  return Math.max(...others.map((value, i) => Math.abs(value - ours[i]!))) / largest;
}

function compareReference(work: Work, mine: Side, other: Work, side: Side): Reference | Failure {
  if (side.failure) return side.failure;
  const relative = round(rateOf(work, mine) / rateOf(other, side));
  return { ...speedOf(other, side), relative };
}

function compareBareKernel(work: Work, threads: number, mine: Side): TrainingLine["bare_kernel"] {
  const rates = mine.runs.flatMap(({ answer }) => answer.bareKernel ?? []);
  if (rates.length === 0)
    return { missing: "there is no bare kernel that can be called on its own" };
  const gflops = Math.max(...rates);
  return { gflops: round(gflops), share: round(rateOf(work, mine) / threads / gflops) };
}

function judge(
  { aims = {} }: Case,
  threads: number,
  peers: TrainingLine["peers"],
  references: TrainingLine["references"],
  bareKernel: TrainingLine["bare_kernel"],
): JudgedAim[] {
  const judged: JudgedAim[] = [];
  const add = (wanted: ByThreads | undefined, value: number, text: (aim: number) => string) => {
    const aim = typeof wanted === "object" ? wanted[threads] : wanted;
    if (aim !== undefined) judged.push({ aim: text(aim), value, reached: value >= aim });
  };
  for (const [name, aim] of Object.entries(aims.peers ?? {})) {
    const peer = peers[name];
    if (peer && "ratio" in peer) add(aim, peer.ratio, (x) => `${x} times as fast as ${name}`);
  }
  for (const [name, aim] of Object.entries(aims.references ?? {})) {
    const reference = references[name];
    if (reference && "relative" in reference) {
      add(aim, reference.relative, (x) => `${x} of the rate "${name}"`);
    }
  }
  if (bareKernel && "share" in bareKernel) {
    add(aims.bareKernel, bareKernel.share, (x) => `${x} of the bare kernel's rate`);
  }
  return judged;
}
