import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import {
  compileKernels,
  MAX_PAGES,
  sharedModule,
  wasmLinearAlgebra,
} from "../../src/kernels/index.js";
import { startThreadPool } from "../../src/node/threadPool.js";
import { type Threads, useThreads } from "../../src/node/useThreads.js";
import { cca, dftCca, similarityGrid, svcca } from "../../src/similarity/index.js";

let threads: Threads | undefined;
afterEach(() => threads?.close());

const random = new Random(1);
const activations = (rows: number, columns: number) => ({
  data: Float32Array.from({ length: rows * columns }, () => random.normal()),
  shape: [rows, columns],
});
const x = activations(700, 150);
const y = activations(700, 130);
const rankDeficient = { data: x.data.map((v, at) => (at % 150 < 2 ? 1 : v)), shape: x.shape };
const maps = activations(40, 6 * 6 * 8);
const layers = { x, y, rankDeficient };

/** All that the measures give, at one number of threads. */
function results() {
  const images = { data: maps.data, shape: [40, 6, 6, 8] };
  return {
    svcca: svcca(x, y),
    cca: cca(x, rankDeficient),
    grid: similarityGrid(layers, layers),
    pwcca: similarityGrid(layers, layers, { measure: "pwcca" }),
    cka: similarityGrid(layers, layers, { measure: "cka", debiased: true }),
    dft: dftCca(images, images),
  };
}

describe("useThreads", () => {
  test("any number of threads gives the same bits", async () => {
    const alone = results();
    for (const count of [1, 2, 3, 4, 7]) {
      threads = await useThreads(count);
      expect(threads.threads).toBe(count);
      expect(threads.kernels).toBe("wasm");
      expect(results()).toEqual(alone);
      expect(results()).toEqual(alone);
    }
    await threads!.close();
    expect(results()).toEqual(alone);
  });

  test("a second call takes the place of the first, and closing twice is fine", async () => {
    const first = await useThreads(2);
    threads = await useThreads(3);
    await first.close();
    expect(svcca(x, x).similarity).toBeCloseTo(1, 12);
    await threads.close();
    await threads.close();
    expect(svcca(x, x).similarity).toBeCloseTo(1, 12);
  });

  test.each([
    [0, "useThreads: threads must be an integer >= 1 and <= 256, got 0"],
    [1.5, "useThreads: threads must be an integer >= 1 and <= 256, got 1.5"],
  ])("rejects %j", async (count, message) => {
    await expect(useThreads(count)).rejects.toThrow(message);
  });

  test("waiting threads do not keep a process alive", async () => {
    const script = `
      import { useThreads } from "./src/node/useThreads.ts";
      import { svcca } from "./src/similarity/index.ts";
      await useThreads(3);
      console.log(svcca([[1, 0], [0, 1], [-1, 0]], [[1], [0], [-1]]).similarity);`;
    const node = promisify(execFile);
    const arguments_ = ["--import", "tsx", "--input-type=module", "--eval", script];
    const { stdout } = await node(process.execPath, arguments_, { timeout: 30_000 });
    expect(Number(stdout)).toBeCloseTo(1, 12);
  });
});

describe("a pool of threads", () => {
  const kernels = compileKernels()!;
  const start = (threads: number) =>
    startThreadPool({
      module: sharedModule(kernels),
      memory: new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES, shared: true }),
      fusedMultiplyAdd: kernels.fusedMultiplyAdd,
      threads,
      where: "useThreads",
    });

  test("refuses work after its end", async () => {
    const pool = start(2);
    await pool.ready;
    const { gram } = wasmLinearAlgebra(pool);
    const operand = { data: x.data, rows: 700, columns: 150 };
    expect(gram(operand).rows).toBe(150);
    await pool.close();
    expect(() => gram(operand)).toThrow(
      "useThreads: the threads must be alive, got: they were closed",
    );
  });

  test("an item that fails in any thread is an error of the whole job", async () => {
    const pool = start(3);
    await pool.ready;
    // Addresses outside of the memory make every item fail.
    const outside = pool.memory.buffer.byteLength - 8;
    const numbers = [outside, 8, 1000, 1000, 0, outside];
    expect(() => pool.run("columnStatistics", numbers, 16, 0, 0)).toThrow();
    await pool.close();
  });
});
