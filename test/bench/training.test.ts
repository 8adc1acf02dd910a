import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowedProcessors } from "../../bench/machine.js";
import { quickCases } from "../../bench/training/cases.js";
import type { TrainingLine } from "../../bench/training/compare.js";
import type { ProfileLine } from "../../bench/training/profile.js";
import { usefulFlops } from "../../bench/training/work.js";
import { vggShape } from "../../examples/common/networkShapes.js";
import { runBench } from "./runBench.js";

let temporary: string;
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "closerlook-test-"));
});
afterAll(() => rm(temporary, { recursive: true, force: true }));

describe("the bench of training", () => {
  test("computes every case, and all answers agree", { timeout: 240_000 }, async () => {
    const args = ["training", "--quick", "--json", "--threads", "1"];
    const { code, output } = await runBench(args, temporary);
    const lines = output
      .trim()
      .split("\n")
      .map((text): TrainingLine => JSON.parse(text));
    expect(lines.map((line) => line.case)).toEqual(quickCases.map(({ name }) => name));
    for (const [i, line] of lines.entries()) {
      const { work, peers, references } = quickCases[i]!;
      expect(line).not.toHaveProperty("error");
      expect(line.answers_equal, line.case).toBe(true);
      expect(line.gflop).toBe(usefulFlops(work) / 1e9);
      expect(line.ours.gflops).toBeAllclose(line.gflop / line.ours.seconds.min, { rtol: 1e-3 });
      expect(Object.keys(line.peers)).toEqual(peers);
      for (const [name, peer] of Object.entries(line.peers)) {
        // Without PyTorch, every line with a step says so.
        if ("missing" in peer) {
          expect(name).toBe("torch");
          expect(peer.missing).toMatch(/is missing/);
        } else expect(peer, name).toMatchObject({ equal: true, threads: 1 });
      }
      expect(Object.keys(line.references)).toEqual(Object.keys(references ?? {}));
      for (const reference of Object.values(line.references)) {
        expect(reference).toHaveProperty("relative");
      }
      if (work.kind === "step") {
        expect(line.losses).toHaveLength(3);
        expect(line.losses![2]).toBeLessThan(line.losses![0]!);
        const perImage = work.batch / line.ours.seconds.min;
        expect(line.ours.images_per_second).toBeAllclose(perImage, { rtol: 1e-3 });
        expect(line.bare_kernel).toBe(undefined);
      } else expect(line.bare_kernel).toBeDefined();
    }
    expect(code).toBe(0);
  });

  test("compares a kernel on all threads with itself on one", { timeout: 120_000 }, async () => {
    const args = ["training", "--quick", "--json", "--threads", "all", "--only", "output"];
    const line: TrainingLine = JSON.parse((await runBench(args, temporary)).output);
    const threads = allowedProcessors().length;
    expect(line.threads).toBe(threads);
    expect(Object.keys(line.references)).toEqual(threads > 1 ? ["one thread"] : []);
    expect(line.peers.composed).toMatchObject({ equal: true, threads: 1 });
  });

  test("profiles a step by kernels, and the parts add up", { timeout: 120_000 }, async () => {
    const args = ["training", "--profile", "--quick", "--json", "--threads", "1", "--only", "VGG"];
    const { code, output } = await runBench(args, temporary);
    const line: ProfileLine = JSON.parse(output);
    expect(line.kernels).toHaveLength(15);
    for (const side of ["ours", "composed"] as const) {
      const inKernels = line.kernels.reduce((sum, costs) => sum + (costs[side]?.seconds ?? 0), 0);
      const total = inKernels + line.other_kernels[side] + line.outside_of_kernels[side];
      expect(total).toBeAllclose(line.seconds[side], { rtol: 0.01 });
      expect(line.outside_of_kernels[side]).toBeGreaterThan(0);
    }
    expect(code).toBe(0);
  });
});

describe("usefulFlops", () => {
  test("counts two operations for each multiply-add of the result", () => {
    const size = { batch: 2, size: 4, inputs: 3, outputs: 5 };
    const convolution = { kind: "convolution", result: "filter gradient", ...size } as const;
    expect(usefulFlops(convolution)).toBe(2 * (2 * 4 * 4 * 5) * (9 * 3));
    expect(usefulFlops({ kind: "product", size: 7 })).toBe(2 * 343);
  });

  test("counts a step of VGG-16 on 100 images as three times its 62.7 GFLOP forwards", () => {
    const step = { kind: "step", network: vggShape(16), batch: 100 } as const;
    expect(usefulFlops(step) / 1e9).toBeAllclose(3 * 62.7, { rtol: 1e-3 });
  });
});
