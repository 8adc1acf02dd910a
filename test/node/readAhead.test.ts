import { describe, expect, test } from "vitest";
import { readAhead } from "../../src/node/readAhead.js";

/** Counts up, noting what happens; fails at `bad`. */
async function* counter(log: string[], bad = Number.POSITIVE_INFINITY) {
  try {
    for (let i = 0; i < 5; i++) {
      log.push(`made ${i}`);
      if (i === bad) throw new Error(`bad ${i}`);
      yield i;
    }
  } finally {
    log.push("closed");
  }
}

const aMoment = () => new Promise((resolve) => setTimeout(resolve));

describe("readAhead", () => {
  test("gives the same values, each made while the one before it is used", async () => {
    const log: string[] = [];
    for await (const i of readAhead(counter(log))) {
      await aMoment();
      log.push(`used ${i}`);
    }
    expect(log.join(", ")).toBe(
      "made 0, made 1, used 0, made 2, used 1, made 3, used 2, made 4, used 3, closed, used 4",
    );
  });

  test("a failure comes in its place, after the values before it", async () => {
    const used: number[] = [];
    const reading = async () => {
      for await (const i of readAhead(counter([], 2))) {
        await aMoment();
        used.push(i);
      }
    };
    await expect(reading()).rejects.toThrow("bad 2");
    expect(used).toEqual([0, 1]);
  });

  test("leaving early closes what gives the values, even if the next one fails", async () => {
    for (const bad of [1, 4]) {
      const log: string[] = [];
      for await (const i of readAhead(counter(log, bad))) {
        expect(i).toBe(0);
        break;
      }
      expect(log).toEqual(["made 0", "made 1", "closed"]);
    }
  });

  test("nothing is given once it is aborted, even if it has been made", async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const values = readAhead(counter(log), controller.signal);
    expect(await values.next()).toEqual({ done: false, value: 0 });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(values.next()).rejects.toBe(reason);
    expect(log.at(-1)).toBe("closed");
    expect(await values.next()).toEqual({ done: true, value: undefined });
  });
});
