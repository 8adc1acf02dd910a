/** The part of `process.stderr` that is used. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly quiet?: boolean;
  /** Seconds since any fixed time. */
  readonly elapsed: () => number;
}

/** Work that is over in so many seconds leaves no lines in a log. */
const lineDelay = 2;

/**
 * What is being done and how far it is: one line that rewrites itself on a terminal, elsewhere plain lines once the work
 * takes long, at most one for each tenth of it.
 */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #quiet: boolean;
  readonly #elapsed: () => number;
  #what = "";
  #shown = "";
  #tenth = 0;
  readonly #since: number;

  constructor(stream: ProgressStream, { quiet = false, elapsed }: ProgressOptions) {
    this.#stream = stream;
    this.#quiet = quiet;
    this.#elapsed = elapsed;
    this.#since = elapsed();
  }

  /** Something else is being done from now on. */
  start(what: string): void {
    this.#what = what;
    this.#tenth = 0;
    this.#show(what);
  }

  /** `done` of `total` is finished of what was started. */
  update(done: number, total: number): void {
    const fraction = total > 0 ? done / total : 1;
    const share = `${Math.floor(100 * fraction)} %`;
    if (this.#stream.isTTY) {
      const filled = Math.round(24 * fraction);
      const bar = "█".repeat(filled) + "░".repeat(24 - filled);
      this.#show(`${bar} ${share.padStart(5)}  ${this.#what}`);
    } else if (Math.floor(10 * fraction) > this.#tenth) {
      this.#tenth = Math.floor(10 * fraction);
      this.#show(`${this.#what}: ${share}`);
    }
  }

  /** Gives the line of the terminal back. */
  end(): void {
    if (this.#shown !== "") this.#stream.write("\r\x1b[2K");
    this.#shown = "";
  }

  #show(text: string): void {
    if (this.#quiet) return;
    if (!this.#stream.isTTY) {
      if (this.#elapsed() - this.#since >= lineDelay) this.#stream.write(`${text}\n`);
      return;
    }
    const line = [...text].slice(0, (this.#stream.columns || 80) - 1).join("");
    if (line === this.#shown) return;
    this.#shown = line;
    this.#stream.write(`\r\x1b[2K${line}`);
  }
}
