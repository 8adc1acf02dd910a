import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quickCases } from "../../bench/similarity/cases.js";
import type { Line } from "../../bench/similarity/compare.js";

const project = fileURLToPath(new URL("../..", import.meta.url));

let temporary: string;
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "closerlook-test-"));
});
afterAll(() => rm(temporary, { recursive: true, force: true }));

/** Runs the program as `npm run bench` does; `interrupt` ends it at its first sign of life. */
function bench(args: readonly string[], interrupt = false) {
  const child = spawn(process.execPath, ["--import", "tsx", "bench/main.ts", ...args], {
    cwd: project,
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary },
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (text) => {
    output += text;
    if (interrupt) child.kill("SIGINT");
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  return new Promise<{ code: number | null; output: string; errors: string }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output, errors }));
  });
}

describe("the bench", () => {
  test("computes every case, and all answers agree", async () => {
    const { code, output } = await bench(["similarity", "--quick", "--json", "--threads", "1"]);
    const lines = output
      .trim()
      .split("\n")
      .map((text): Line => JSON.parse(text));
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
    const line: Line = JSON.parse(output);
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
    [["training"], /what to measure must be one of similarity, all, got "training"/],
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
