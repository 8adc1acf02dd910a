import type { Arguments } from "./arguments.js";
import type { Option } from "./option.js";
import type { Progress } from "./progress.js";

/** What a command may use of the process that it runs in. */
export interface Shell {
  readonly version: string;
  readonly progress: Progress;
  /** Columns of the terminal, or what suits a file. */
  readonly columns: number;
  /** Bits of colour that the terminal shows: 1 for none, 8 or 24. */
  readonly colorDepth: number;
}

/** What a command prints. */
export interface Output {
  /** Lines for people. */
  readonly lines: readonly string[];
  /** The same and more for programs. */
  readonly document: Readonly<Record<string, unknown>>;
  /** What went wrong with a part of the work, which makes the exit code 1. */
  readonly errors?: readonly string[];
}

export interface Command {
  readonly name: string;
  /** The arguments, such as `X Y`. */
  readonly usage: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** Paragraphs of its help. */
  readonly details: readonly string[];
  /** A call as it is typed. */
  readonly example: string;
  readonly options: readonly Option<unknown>[];
  /** Fewest and most files. */
  readonly files: readonly [min: number, max: number];
  run(args: Arguments, shell: Shell): Promise<Output>;
}
