import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quickCases } from "../../bench/similarity/cases.js";
import type { SimilarityLine } from "../../bench/similarity/compare.js";
import { runBench } from "./runBench.js";

let temporary: string;
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "closerlook-test-"));
});
afterAll(() => rm(temporary, { recursive: true, force: true }));

const bench = (args: readonly string[], interrupt?: boolean) =>
  runBench(args, temporary, interrupt);

describe("the bench", () => {
  test("computes every case, and all answers agree", async () => {
    const { code, output } = await bench(["similarity", "--quick", "--json", "--threads", "1"]);
    const lines = output
      .trim()
      .split("\n")
      .map((text): SimilarityLine => JSON.parse(text));
    expect(lines.map((line) => line.case)).toEqual(quickCases.map(({ name }) => name));
    for (const [i, line] of lines.entries()) {
      expect(line).not.toHaveProperty("error");
      expect(line.machine.our_threads).toBe(1);
      expect(line.threads).toBe(1);
      expect(line.ours_seconds.min).toBeGreaterThan(0);
      expect(line.peak_megabytes).toBeGreaterThanOrEqual(line.baseline_megabytes);
      // Without numpy, every line says so.
      if (typeof line.peers === "string") {
        expect(line.peers).toMatch(/is missing/);
        expect(line.answers_equal, line.case).toBe("streamed" in line ? true : null);
      } else {
        expect(Object.keys(line.peers)).toEqual(quickCases[i]!.peers);
        expect(line.answers_equal, line.case).toBe(true);
      }
    }
    expect(code).toBe(0);
  });

  test("without Python every line says what is missing, and the rest is measured", async () => {
    const { code, output } = await bench([
      "all",
      "--quick",
      "--json",
      "--only",
      "eigen",
      "--threads",
      "1",
      "--python",
      "no-such-python",
    ]);
    const line: SimilarityLine = JSON.parse(output);
    expect(line.peers).toMatch(/^no-such-python is missing/);
    expect(line.answers_equal).toBe(null);
    expect(code).toBe(0);
  });

  test("an interrupted run leaves no data behind", async () => {
    const { code } = await bench(["similarity", "--quick", "--json", "--threads", "1"], true);
    expect(code).toBe(130);
    expect(
      (await readdir(temporary)).filter((name) => name.startsWith("closerlook-bench-")),
    ).toEqual([]);
  });

  test.each([
    [["speed"], /what to measure must be one of similarity, training, all, got "speed"/],
    [["all", "--profile"], /--profile must come with training, got all/],
    [["training", "--profile", "--only", "product"], /--only must be part of the name of a case/],
    [["similarity", "--threads", "0"], /--threads must be numbers from 1 to/],
    [["similarity", "--only", "nothing"], /--only must be part of the name of a case/],
    [["similarity", "--fast"], /Unknown option '--fast'/],
  ])("%j is refused with one line", async (args, message) => {
    const { code, output, errors } = await bench(args);
    expect(errors).toMatch(message);
    expect(errors.trim().split("\n")).toHaveLength(1);
    expect(output).toBe("");
    expect(code).toBe(2);
  });
});
