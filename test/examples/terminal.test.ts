import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Progress, table } from "../../examples/common/terminal.js";

describe("table", () => {
  test("wraps long cells at spaces, keeps columns aligned and ends lines without spaces", () => {
    const text = table(
      ["id", "claim"],
      [
        ["a", "one two three four"],
        ["b", "x"],
      ],
      [2, 9],
    );
    expect(text.split("\n")).toEqual([
      "id  claim",
      "──  ─────────",
      "a   one two",
      "    three",
      "    four",
      "b   x",
    ]);
  });

  test("a line may be exactly as long as the column", () => {
    expect(
      table(["h"], [["1234 678 0"]], [8])
        .split("\n")
        .slice(2),
    ).toEqual(["1234 678", "0"]);
  });

  test("a word longer than its column is not cut", () => {
    expect(
      table(["h"], [["a abcdefgh b"]], [3])
        .split("\n")
        .slice(2),
    ).toEqual(["a", "abcdefgh", "b"]);
  });

  test("the tallest cell of a row sets its height", () => {
    const rows = table(["", ""], [["p q", "r s t"]], [1, 1])
      .split("\n")
      .slice(2);
    expect(rows).toEqual(["p  r", "q  s", "   t"]);
  });
});

describe("Progress", () => {
  /** What is written to a stream that is a terminal of so many columns, or none. */
  const recorder = (columns?: number) => {
    const written: string[] = [];
    const stream = {
      isTTY: columns !== undefined,
      columns,
      write: (text: string) => written.push(text) > 0,
    };
    return { written, progress: new Progress(stream as unknown as NodeJS.WriteStream) };
  };

  beforeEach(() => {
    vi.useFakeTimers({ now: 1e12 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("writes plain lines, and nothing between them, where there is no terminal", () => {
    const { written, progress } = recorder();
    progress.update(0.5, "half");
    progress.line("[1/2] done");
    progress.update(1, "all");
    expect(written).toEqual(["[1/2] done\n"]);
  });

  test("rewrites one line on a terminal, and a line that stays replaces it", () => {
    const { written, progress } = recorder(80);
    progress.update(0.25, "loss 2.300");
    progress.line("done");
    expect(written).toEqual([
      `\r\x1b[2K${"█".repeat(6)}${"░".repeat(18)} 25 %  loss 2.300`,
      "\r\x1b[2K",
      "done\n",
    ]);
  });

  test("never writes over the edge of the terminal", () => {
    const { written, progress } = recorder(30);
    progress.update(0.5, "a long text that does not fit");
    expect(written[0]!.replace("\r\x1b[2K", "")).toHaveLength(29);
  });

  test("rewrites at most ten times a second, but always when all is done", () => {
    const { written, progress } = recorder(80);
    progress.update(0.1, "a");
    vi.advanceTimersByTime(99);
    progress.update(0.2, "b");
    vi.advanceTimersByTime(1);
    progress.update(0.3, "c");
    progress.update(1, "d");
    expect(written.map((text) => text.at(-1))).toEqual(["a", "c", "d"]);
  });
});
