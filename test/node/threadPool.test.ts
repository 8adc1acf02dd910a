import { writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { BLOCK, Own } from "../../src/node/poolWords.js";
import { inNode } from "./inNode.js";
import { temporaryFolder } from "./temporaryFolder.js";

const path = temporaryFolder();
let killer: string;

/** Runs in every thread: in that of the supervisor it ends a worker, or the thread itself, at the moment in KILL. */
const killerSource = `
const { isMainThread, workerData } = require("node:worker_threads");
if (!isMainThread && workerData?.words && workerData.thread === undefined) {
  let made = 0;
  process.on("worker", (worker) => {
    made++;
    if (made > 1) return;
    const timer = setInterval(() => {
      const item = Atomics.load(workerData.words, ${BLOCK + Own.item});
      if ((item !== 0) !== (process.env.KILL !== "idle")) return;
      if (process.env.KILL === "idle" && !globalThis.ready) return void (globalThis.ready = true);
      clearInterval(timer);
      if (process.env.KILL === "supervisor") process.exit(1);
      worker.terminate();
    }, process.env.KILL === "idle" ? 200 : 0);
  });
}
`;

beforeAll(async () => {
  killer = path("killer.cjs");
  await writeFile(killer, killerSource);
});

/** Products on three threads, of which one is ended; `steps` gets at them. */
const inPool = (kill: "item" | "idle" | "supervisor", repeatable: string, steps: string) =>
  inNode(
    `
    import { compileTrainingKernels, engineOn, product, repeatableJobs, trainingProcessor } from "./src/kernels/training/index.ts";
    import { sharedModule } from "./src/kernels/index.ts";
    import { startThreadPool } from "./src/node/threadPool.ts";
    const module = sharedModule(compileTrainingKernels());
    const memory = new WebAssembly.Memory({ initial: 512, maximum: 65536, shared: true });
    let top = 1024;
    const heap = { memory, allocate: (bytes) => (top += bytes + 64) - bytes - 64, free() {} };
    const size = 700;
    const [a, b, y] = [0, 1, 2].map(() => heap.allocate(4 * size ** 2));
    const floats = (address) => new Float32Array(memory.buffer, address, size ** 2);
    for (const [address, step] of [[a, 1e-4], [b, 7e-4]]) floats(address).forEach((_, i, all) => { all[i] = Math.sin(step * i); });
    /** All bits of a product in one number. */
    function hash(engine) {
      floats(y).fill(NaN);
      const side = (address) => ({ address, transposed: false, batch: [0] });
      product(engine, { m: size, k: size, n: size }, side(a), side(b), { output: y });
      return new Uint32Array(floats(y)).reduce((sum, bits) => (Math.imul(sum, 31) + bits) | 0, 0);
    }
    const expected = hash(engineOn(heap, trainingProcessor(module, memory)));
    const pool = startThreadPool({ module, memory, fusedMultiplyAdd: false, threads: 3, where: "useBackend",
      repeatable: ${repeatable}, patienceSeconds: 1 });
    await pool.ready;
    const engine = engineOn(heap, pool);
    const again = () => {
      try { return hash(engine) === expected; } catch (error) { return error.message; }
    };
    const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    let warnings = 0;
    process.on("warning", ({ message }) => { if (message.startsWith("useBackend: a worker thread ended")) warnings++; });
    ${steps}
    await pause(100);
    print({ answers, warnings, intact: pool.intact });
    `,
    { env: { KILL: kill, NODE_OPTIONS: `--require ${killer}` } },
  );

describe("a worker that ends", () => {
  test("in the middle of an item: the item is computed again, and the others go on", async () => {
    const { printed } = await inPool(
      "item",
      "repeatableJobs",
      "const answers = Array.from({ length: 8 }, again);",
    );
    expect(printed).toEqual({ answers: Array(8).fill(true), warnings: 1, intact: false });
  });

  test("in the middle of an item that cannot be repeated: an error, and the others go on", async () => {
    const { printed } = await inPool(
      "item",
      "new Set()",
      "const answers = Array.from({ length: 8 }, again);",
    );
    const { answers, ...rest } = printed as { answers: unknown[] };
    const errors = answers.filter((answer) => answer !== true);
    expect(errors).toEqual([
      expect.stringMatching(
        /^useBackend: a worker thread must finish its part of \w+, but it ended before\./,
      ),
    ]);
    expect(rest).toEqual({ warnings: 1, intact: false });
  });

  test("between two jobs: nothing is lost", async () => {
    const { printed } = await inPool(
      "idle",
      "new Set()",
      "const answers = [again()]; await pause(1500); for (let i = 0; i < 5; i++) answers.push(again());",
    );
    expect(printed).toEqual({ answers: Array(6).fill(true), warnings: 1, intact: false });
  });

  test("and the thread that watches over them ends too: an error in time if an item was lost, then the calling thread alone", async () => {
    const { printed, milliseconds } = await inPool(
      "supervisor",
      "repeatableJobs",
      `let first = true;
       for (const begin = Date.now(); first === true && pool.intact && Date.now() - begin < 20000; ) {
         first = again();
         if (first === true) await pause(0);
       }
       const answers = [first, again()];
       await pause(1000);
       answers.push(again(), again());`,
    );
    const { answers, ...rest } = printed as { answers: unknown[] };
    // The workers end with it. What they were at is lost, if they were at something at that very moment.
    const lost = answers[0] !== true;
    expect(answers).toEqual([
      lost
        ? expect.stringMatching(
            /^useBackend: all worker threads must answer, got no answer for 1 s\./,
          )
        : true,
      lost ? "useBackend: the threads must be alive, got: worker threads that do not answer" : true,
      true,
      true,
    ]);
    expect(rest).toEqual({ warnings: 1, intact: false });
    expect(milliseconds).toBeLessThan(30_000);
  });
});
