import { describe, expect, test } from "vitest";
import { Progress } from "../../src/cli/progress.js";

const recorder = (columns?: number, seconds = 10, quiet = false) => {
  let now = 1e6;
  const elapsed = () => {
    now += seconds;
    return now;
  };
  const written: string[] = [];
  const stream = {
    ...(columns !== undefined && { isTTY: true, columns }),
    write: (text: string) => written.push(text),
  };
  return { written, progress: new Progress(stream, { quiet, elapsed }) };
};

describe("on a terminal", () => {
  test("one line rewrites itself and is taken away at the end", () => {
    const { written, progress } = recorder(80);
    progress.start("reading a.npy");
    progress.start("comparing");
    progress.update(1, 4);
    progress.end();
    progress.end();
    expect(written).toEqual([
      "\r\x1b[2Kreading a.npy",
      "\r\x1b[2Kcomparing",
      `\r\x1b[2K${"█".repeat(6)}${"░".repeat(18)}  25 %  comparing`,
      "\r\x1b[2K",
    ]);
  });

  test("nothing is written over the edge, nor twice", () => {
    const { written, progress } = recorder(20);
    progress.start("a long text that does not fit");
    progress.start("a long text that does not fit either");
    progress.update(1, 1000);
    progress.update(2, 1000);
    for (const text of written) expect(text.replace("\r\x1b[2K", "")).toHaveLength(19);
    expect(written).toHaveLength(2);
  });
});

describe("elsewhere", () => {
  test("there is a line for each tenth of long work", () => {
    const { written, progress } = recorder();
    progress.start("comparing");
    for (let i = 0; i <= 100; i++) progress.update(i, 100);
    progress.end();
    expect(written).toHaveLength(11);
    expect(written.slice(0, 3)).toEqual(["comparing\n", "comparing: 10 %\n", "comparing: 20 %\n"]);
  });

  test("short work has none", () => {
    const { written, progress } = recorder(undefined, 0.5);
    progress.start("comparing");
    progress.update(1, 1);
    expect(written).toEqual([]);
  });
});

test("quiet is quiet", () => {
  for (const columns of [80, undefined]) {
    const { written, progress } = recorder(columns, 10, true);
    progress.start("comparing");
    progress.update(1, 2);
    progress.end();
    expect(written).toEqual([]);
  }
});
