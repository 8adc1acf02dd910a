import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { canPin } from "./machine.js";

/** What one side of a comparison is asked to compute, as far as all subjects share it. */
export interface Task {
  readonly threads: number;
}

/** One timed computation. */
export interface Run<Answer> {
  /** Of one computation: what counts. */
  readonly seconds: number;
  /** Of all computations that this run took the time from. */
  readonly spent: number;
  readonly answer: Answer;
  /** Largest resident memory of the process so far. */
  readonly peakMegabytes: number;
}

/** What the process says of itself: versions, threads, memory before any data. */
export type Environment = Readonly<Record<string, string | number | boolean>>;

export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();

/** Ends every process that is under way. */
export function killSides(): void {
  for (const child of running) child.kill("SIGKILL");
}

/**
 * A process that holds its data in memory and computes when asked: ours or a peer, alike. It reads its task and then
 * requests from standard input, one per line, and answers each with a line of JSON, `{ "error": … }` if it cannot.
 */
export class Side {
  readonly environment: Environment;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, environment: Environment) {
    this.#child = child;
    this.#lines = lines;
    this.environment = environment;
  }

  /** Starts the process on the given processors and waits until the data are loaded. */
  static async start(command: Command, processors: readonly number[], task: Task): Promise<Side> {
    const pinned = pin(command, processors.slice(0, task.threads));
    const child = spawn(pinned.program, pinned.arguments, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...command.environment },
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    child.once("error", () => running.delete(child));
    // A process that has died is noticed by the line that does not come.
    child.stdin.on("error", () => {});
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stdin.write(`${JSON.stringify(task)}\n`);
    const { environment } = await nextMessage<{ environment: Environment }>(lines);
    return new Side(child, lines, environment);
  }

  /** Sends a request, such as `"run"`, or `"warm"` for a first run that does not count, and waits for the reply. */
  async ask<Reply>(request: string): Promise<Reply> {
    this.#child.stdin!.write(`${request}\n`);
    return nextMessage<Reply>(this.#lines);
  }

  async stop(): Promise<void> {
    if (!running.has(this.#child)) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    await ended;
  }
}

async function nextMessage<Message>(lines: AsyncIterator<string>): Promise<Message> {
  const { done, value } = await lines.next();
  if (done) throw new Error("the process ended without an answer");
  const message: Message | { readonly error: string } = JSON.parse(value);
  if (typeof message === "object" && message && "error" in message) throw new Error(message.error);
  return message as Message;
}

/** Keeps a process and its threads on the given processors. */
function pin({ program, arguments: args }: Command, processors: readonly number[]) {
  return canPin
    ? { program: "taskset", arguments: ["-c", processors.join(","), program, ...args] }
    : { program, arguments: args };
}
