import { type FailedLine, type Line, machineOf, round, type Setup } from "../line.js";
import { Side } from "../side.js";
import type { Case } from "./cases.js";
import { node, taskOf } from "./compare.js";
import type { Profile } from "./profiled.js";
import type { StepFiles, TrainingTask } from "./task.js";

/** Where the time of one step goes. */
export interface ProfileLine extends Line {
  /** Of one step. */
  readonly seconds: Pair<number>;
  /** The slowest, by the larger of the two times, each without the kernels that it calls. */
  readonly kernels: readonly ({ readonly kernel: string } & Pair<KernelCost | null>)[];
  /** Seconds of all further kernels. */
  readonly other_kernels: Pair<number>;
  /** Seconds of everything else: gradients' bookkeeping, layers, reading the loss. */
  readonly outside_of_kernels: Pair<number>;
  readonly machine: Readonly<Record<string, unknown>>;
}

/** On our kernels and on those that are composed of tfjs's own. */
type Pair<Value> = Readonly<Record<(typeof sides)[number], Value>>;

interface KernelCost {
  readonly seconds: number;
  readonly calls: number;
}

const sides = ["ours", "composed"] as const;
const KERNELS = 15;
const STEPS = 3;

/** Profiles one step on either kind of kernels: the fastest of a few. */
export async function profile(
  one: Case,
  files: StepFiles | undefined,
  threads: number,
  setup: Setup,
  onProgress: (text: string) => void,
): Promise<ProfileLine | FailedLine> {
  const found: Partial<Record<(typeof sides)[number], Profile>> = {};
  let side: Side | undefined;
  try {
    for (const name of sides) {
      onProgress(`${name} is profiled`);
      const count = name === "ours" ? threads : 1;
      const task: TrainingTask = { ...taskOf(one.work, files, count, setup), kernels: name };
      side = await Side.start(node, setup.processors, task);
      await side.ask("warm");
      const profiles: Profile[] = [];
      for (let i = 0; i < STEPS; i++) profiles.push(await side.ask<Profile>("profile"));
      found[name] = profiles.reduce((a, b) => (b.seconds < a.seconds ? b : a));
      await side.stop();
    }
  } catch (error) {
    await side?.stop();
    return { case: one.name, threads, error: (error as Error).message };
  }
  return toLine(one, threads, setup, found as Pair<Profile>);
}

function toLine(one: Case, threads: number, setup: Setup, profiles: Pair<Profile>): ProfileLine {
  const both = <Value>(value: (profile: Profile) => Value): Pair<Value> => ({
    ours: value(profiles.ours),
    composed: value(profiles.composed),
  });
  const costs = both(({ kernels }) => new Map(kernels.map((cost) => [cost.kernel, cost])));
  const largest = (kernel: string) =>
    Math.max(...sides.map((name) => costs[name].get(kernel)?.seconds ?? 0));
  const names = [...new Set(sides.flatMap((name) => [...costs[name].keys()]))]
    .sort((a, b) => largest(b) - largest(a))
    .slice(0, KERNELS);
  const total = (list: Profile["kernels"]) => list.reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    case: one.name,
    threads,
    answers_equal: null,
    seconds: both(({ seconds }) => round(seconds)),
    kernels: names.map((kernel) => {
      const cost = (name: (typeof sides)[number]) => {
        const its = costs[name].get(kernel);
        return its ? { seconds: round(its.seconds), calls: its.calls } : null;
      };
      return { kernel, ours: cost("ours"), composed: cost("composed") };
    }),
    other_kernels: both(({ kernels }) =>
      round(total(kernels.filter(({ kernel }) => !names.includes(kernel)))),
    ),
    outside_of_kernels: both(({ seconds, kernels }) => round(seconds - total(kernels))),
    machine: machineOf(threads, setup, []),
  };
}

const milliseconds = (seconds: number): string => (1000 * seconds).toFixed(1);

/** A table for people: one line for each kernel. */
export function profileTable(line: ProfileLine): string {
  const rows: string[][] = [
    ["kernel", "ours ms", "calls", "composed ms", "calls"],
    ...line.kernels.map(({ kernel, ...costs }) => [
      kernel,
      ...sides.flatMap((name) => {
        const cost = costs[name];
        return cost ? [milliseconds(cost.seconds), String(cost.calls)] : ["–", "–"];
      }),
    ]),
    ...(
      [
        ["other kernels", line.other_kernels],
        ["outside of kernels", line.outside_of_kernels],
        ["step", line.seconds],
      ] as const
    ).map(([name, pair]) => [name, ...sides.flatMap((side) => [milliseconds(pair[side]), ""])]),
  ];
  const cells = ([name, ...numbers]: string[]) =>
    `  ${name!.padEnd(34)}${numbers.map((cell) => cell.padStart(12)).join("")}`.trimEnd();
  return [`${line.case}, threads: ${line.threads}`, ...rows.map(cells)].join("\n");
}
