import { setTimeout } from "node:timers/promises";
import { type Failure, round, type Setup } from "./line.js";
import { type Command, type Environment, type Run, Side, type Task } from "./side.js";

/** How long all repetitions of one side took. */
export interface Seconds {
  readonly min: number;
  readonly median: number;
  readonly repetitions: number;
}

/** So that no idle thread of the last side still spins when the next one starts. */
const PAUSE_MS = 100;
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 11;
const ENOUGH_SECONDS = 20;
/** A side whose runs took longer is not asked again. */
const LONG_SECONDS = 60;

/** Starts all sides, warms them up and lets them compute in turns; then ends them. */
export async function takeTurns<Answer>(
  contenders: readonly Contender<Answer>[],
  { processors, quick }: Setup,
  onProgress: (text: string) => void,
): Promise<void> {
  try {
    onProgress("all sides load their data");
    await Promise.all(contenders.map((one) => one.start(processors)));
    for (const contender of contenders) {
      onProgress(`${contender.name} warms up`);
      await contender.warmUp();
    }
    for (let round = 0; round < (quick ? 2 : MAX_ROUNDS); round++) {
      const spent = contenders.reduce((sum, contender) => sum + contender.spent, 0);
      if (round >= MIN_ROUNDS && spent > ENOUGH_SECONDS) break;
      for (const contender of contenders) {
        onProgress(`${contender.name}: repetition ${round + 1}`);
        if (!quick) await setTimeout(PAUSE_MS);
        await contender.repeat();
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** One side with all that it has measured so far. */
export class Contender<Answer> {
  readonly name: string;
  readonly runs: Run<Answer>[] = [];
  environment: Environment = {};
  failure?: Failure;
  readonly #command: Command;
  readonly #task: Task;
  readonly #warmUpCounts: boolean;
  #side?: Side;

  /** With `warmUpCounts` the warm-up is the only run: for sides so slow that it makes no difference. */
  constructor(name: string, command: Command, task: Task, { warmUpCounts = false } = {}) {
    this.name = name;
    this.#command = command;
    this.#task = task;
    this.#warmUpCounts = warmUpCounts;
  }

  /** Seconds of all repetitions. */
  get spent(): number {
    return this.#warmUpCounts ? 0 : this.runs.reduce((sum, { spent }) => sum + spent, 0);
  }

  get threads(): number {
    return this.#task.threads;
  }

  get fastest(): number {
    return Math.min(...this.runs.map(({ seconds }) => seconds));
  }

  get lastRun(): Run<Answer> {
    return this.runs.at(-1)!;
  }

  get seconds(): Seconds {
    const sorted = this.runs.map(({ seconds }) => seconds).sort((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
    return { min: round(sorted[0]!), median: round(median), repetitions: sorted.length };
  }

  start(processors: readonly number[]): Promise<void> {
    return this.#attempt(async () => {
      this.#side = await Side.start(this.#command, processors, this.#task);
      this.environment = this.#side.environment;
    });
  }

  warmUp(): Promise<void> {
    return this.#attempt(async () => {
      const run = await this.#side!.ask<Run<Answer>>("warm");
      if (this.#warmUpCounts) this.runs.push(run);
    });
  }

  async repeat(): Promise<void> {
    if (this.#warmUpCounts || this.spent > LONG_SECONDS) return;
    await this.#attempt(async () => {
      this.runs.push(await this.#side!.ask<Run<Answer>>("run"));
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
