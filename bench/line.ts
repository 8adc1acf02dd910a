import { canPin, processorModel } from "./machine.js";
import type { Environment } from "./side.js";

/** What the program found around it. */
export interface Setup {
  readonly python: string;
  /** Why there are no peers in Python, where there are none. */
  readonly peersMissing?: string;
  /** Processors, in the order in which sides get them. */
  readonly processors: readonly number[];
  /** Two repetitions, and no judgement of times. */
  readonly quick: boolean;
}

/** What every line that is printed has, whatever was measured. */
export interface Line {
  readonly case: string;
  readonly threads: number;
  /** Whether all other answers agree with ours; null where there is no other. */
  readonly answers_equal: boolean | null;
}

export interface Failure {
  readonly error: string;
}

/** What is printed where we ourselves could not compute. */
export interface FailedLine extends Failure {
  readonly case: string;
  readonly threads: number;
}

export interface JudgedAim {
  readonly aim: string;
  readonly value: number;
  readonly reached: boolean;
}

export const aimRemarks = (aims: readonly JudgedAim[]): string[] =>
  aims.map(
    ({ aim, value, reached }) =>
      `${reached ? "reached" : "missed"}: ${aim}, got ${Number(value.toPrecision(3))}`,
  );

/** To four digits: more is noise. */
export const round = (value: number): number => Number(value.toPrecision(4));

/** Where and with what a line was measured. */
export const machineOf = (
  threads: number,
  { processors }: Setup,
  environments: readonly (Environment | undefined)[],
): Readonly<Record<string, unknown>> => ({
  processor: processorModel(),
  processors: processors.length,
  pinned_to: canPin ? processors.slice(0, threads) : "not pinned: taskset is missing",
  ...Object.assign({}, ...environments),
});
