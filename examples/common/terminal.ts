/** Progress for people: one line that rewrites itself on a terminal, plain lines elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #last = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Where the work stands; only a terminal shows it. */
  update(fraction: number, text: string): void {
    if (!this.#stream.isTTY) return;
    const now = Date.now();
    if (fraction < 1 && now - this.#last < 100) return;
    this.#last = now;
    const filled = Math.round(24 * fraction);
    const bar = "█".repeat(filled) + "░".repeat(24 - filled);
    const line = `${bar} ${Math.round(100 * fraction)} %  ${text}`;
    this.#stream.write(`\r\x1b[2K${line.slice(0, (this.#stream.columns ?? 100) - 1)}`);
  }

  /** A line that stays. */
  line(text: string): void {
    if (this.#stream.isTTY) this.#stream.write("\r\x1b[2K");
    this.#stream.write(`${text}\n`);
  }
}

/** A table in plain text; long cells are wrapped to the given widths. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
): string {
  const line = (cells: readonly string[]) => {
    const wrapped = cells.map((cell, i) => wrap(cell, widths[i]!));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, k) =>
      wrapped
        .map((lines, i) => (lines[k] ?? "").padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    ).join("\n");
  };
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [line(headings), rule, ...rows.map(line)].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(" ")) {
    if (current && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else {
      current = current ? `${current} ${word}` : word;
    }
  }
  return [...lines, current];
}
