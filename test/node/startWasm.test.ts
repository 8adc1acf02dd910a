import "@tensorflow/tfjs-backend-cpu";
import type { Worker } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { Random } from "../../src/internal/random.js";
import { useBackend } from "../../src/node/useBackend.js";
import { inNode } from "./inNode.js";

/** What `readFile` gives instead of tfjs's binary. */
let binary: Uint8Array | undefined;
vi.mock("node:fs/promises", async (original) => {
  const files = await original<typeof import("node:fs/promises")>();
  const readFile = (...call: Parameters<typeof files.readFile>) =>
    binary ?? files.readFile(...call);
  return { ...files, readFile };
});

/** Pools that were started here, and how many of them have not ended. */
const pools: Worker[] = [];
let alive = 0;
const watch = (worker: Worker) => {
  pools.push(worker);
  alive++;
  worker.on("exit", () => alive--);
};
beforeAll(() => void process.on("worker", watch));
afterAll(() => void process.off("worker", watch));

afterEach(() => {
  vi.restoreAllMocks();
  binary = undefined;
});

/** As in a new process. */
function removeBackend(): void {
  if (tf.findBackendFactory("wasm")) tf.removeBackend("wasm");
}

const values = (shape: number[], seed: number): tf.Tensor => {
  const random = new Random(seed);
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.normal()),
    shape,
  );
};

/** All numbers of a convolution, of both of its gradients, and of products, as bits. */
function bits(): number[][] {
  return tf.tidy(() => {
    const image = values([9, 13, 11, 6], 1) as tf.Tensor4D;
    const filter = values([3, 3, 6, 10], 2) as tf.Tensor4D;
    const dy = values([9, 13, 11, 10], 3);
    const convolve = (x: tf.Tensor, w: tf.Tensor) =>
      tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
    const [a, b] = [values([150, 131], 4), values([131, 97], 5)];
    const results = [
      convolve(image, filter),
      ...tf.grads(convolve)([image, filter], dy),
      tf.matMul(a, b),
      tf.matMul(tf.transpose(a), b, true, false),
      tf.matMul(a, tf.transpose(b), false, true),
    ];
    return results.map((result) => Array.from(new Uint32Array(result.dataSync().slice().buffer)));
  });
}

const heap = (): WebAssembly.Memory =>
  (tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm.memory;

describe("useBackend: threads of wasm", () => {
  test("any number of threads gives the same bits, on tfjs's own heap", async () => {
    removeBackend();
    let alone: number[][] | undefined;
    for (const threads of [1, 2, 3, 4, 2, 1]) {
      const description = await useBackend("wasm", { threads });
      expect(description).toMatchObject({ threads, heap: "shared" });
      expect(description.reason).toBe("wasm: asked for by name");
      alone ??= bits();
      expect(bits()).toEqual(alone);
      expect(heap().buffer).toBeInstanceOf(SharedArrayBuffer);
    }
  });

  test("another call keeps the threads, or ends them for others; none is left with one thread", async () => {
    await useBackend("wasm", { threads: 3 });
    const before = pools.length;
    await useBackend("cpu");
    await useBackend("wasm", { threads: 3 });
    expect([pools.length - before, alive]).toEqual([0, 1]);
    await useBackend("wasm", { threads: 2 });
    expect([pools.length - before, alive]).toEqual([1, 1]);
    await useBackend("wasm", { threads: 1 });
    expect([pools.length - before, alive]).toEqual([1, 0]);
  });

  test("a removed backend ends its threads, and can be started anew", async () => {
    await useBackend("wasm", { threads: 2 });
    const expected = bits();
    const first = heap();
    tf.removeBackend("wasm");
    await vi.waitFor(() => expect(alive).toBe(0), 10_000);
    expect(await useBackend("wasm", { threads: 2 })).toMatchObject({ threads: 2, heap: "shared" });
    expect(heap()).not.toBe(first);
    expect(bits()).toEqual(expected);
    expect(alive).toBe(1);
  });

  test("cpu and wasm take turns, on the same tensors", async () => {
    await useBackend("wasm", { threads: 2 });
    const a = values([40, 30], 1) as tf.Tensor2D;
    const product = () => tf.tidy(() => tf.matMul(a, a, false, true).dataSync());
    const tensors = tf.memory().numTensors;
    const wasm = product();
    for (let turn = 0; turn < 3; turn++) {
      await useBackend("cpu");
      expect(product()).toBeAllclose(wasm, { rtol: 1e-5, atol: 1e-5 });
      await useBackend("wasm", { threads: 2 });
      expect(product()).toEqual(wasm);
    }
    expect(tf.memory().numTensors).toBe(tensors);
    a.dispose();
  });

  test("a heap that grows between and inside of operations changes nothing", async () => {
    removeBackend();
    await useBackend("wasm", { threads: 3 });
    const expected = bits();
    const kept: tf.Tensor[] = [];
    const sizes = new Set<number>();
    for (let round = 0; round < 12; round++) {
      kept.push(tf.zeros([1, 1024, 1024 + round]));
      expect(bits()).toEqual(expected);
      sizes.add(heap().buffer.byteLength);
    }
    // Its output and scratch space do not fit into the heap before the call.
    const big = values([2000, 300], 6) as tf.Tensor2D;
    const square = tf.matMul(big, big, false, true);
    sizes.add(heap().buffer.byteLength);
    const corner = tf.tidy(() =>
      tf
        .matMul(tf.slice(big, [1990, 0]), tf.slice(big, [1980, 0], [10, 300]), false, true)
        .dataSync(),
    );
    expect(tf.tidy(() => tf.slice(square, [1990, 1980], [10, 10]).dataSync())).toEqual(corner);
    expect(sizes.size).toBeGreaterThan(5);
    tf.dispose([kept, big, square]);
    expect(bits()).toEqual(expected);
  });

  test("a full heap is a clear error, after which tensors can be disposed of and work goes on", async () => {
    removeBackend();
    await useBackend("wasm", { threads: 2 });
    const expected = bits();
    const tensors = tf.memory().numTensors;
    heap().grow = () => {
      throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
    };
    const kept: tf.Tensor[] = [];
    const fill = () => {
      for (;;) kept.push(tf.fill([1000, 500], 7));
    };
    const message =
      /^training kernels: tensors and scratch space must fit into the 4 GiB of a WebAssembly memory, got no room for 2000000 bytes more\./;
    expect(fill).toThrow(RangeError);
    expect(fill).toThrow(message);
    expect(kept.length).toBeGreaterThan(3);
    // What was there is as it was.
    for (const tensor of kept) expect(tensor.dataSync().every((value) => value === 7)).toBe(true);
    // Not enough for the output of a training kernel either.
    const square = () => tf.matMul(kept[0] as tf.Tensor2D, kept[1] as tf.Tensor2D, false, true);
    expect(square).toThrow(RangeError);
    tf.dispose(kept);
    expect(bits()).toEqual(expected);
    expect(tf.memory().numTensors).toBe(tensors);
    removeBackend();
  });
});

describe("useBackend: where threads cannot share the heap", () => {
  const start = async () => {
    removeBackend();
    const description = await useBackend("wasm", { threads: 3 });
    // Whatever it computes on, it computes.
    const gradient = tf.tidy(() =>
      tf
        .grad((x: tf.Tensor) => tf.matMul(x, x))(tf.eye(3))
        .dataSync(),
    );
    expect(Array.from(gradient)).toEqual(Array(9).fill(2));
    removeBackend();
    return description;
  };

  test("another binary than expected: one thread, and the reason", async () => {
    binary = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
    expect(await start()).toMatchObject({
      threads: 1,
      heap: "single",
      reason:
        "wasm: asked for by name; one thread, since threads cannot share the heap " +
        "(a WebAssembly binary without a memory of its own)",
    });
  });

  test("a tfjs that cannot load the binary: one thread, and the reason", async () => {
    vi.spyOn(tf.util, "fetch").mockRejectedValue(new Error("no data: addresses"));
    expect(await start()).toMatchObject({
      threads: 1,
      heap: "single",
      reason: expect.stringContaining("(no data: addresses)"),
    });
  });

  test("no room for a shared memory: one thread, and the reason", async () => {
    const { Memory } = WebAssembly;
    WebAssembly.Memory = new Proxy(Memory, {
      construct(_, [limits]: [WebAssembly.MemoryDescriptor]) {
        if (limits.shared) throw new RangeError("WebAssembly.Memory(): could not allocate memory");
        return new Memory(limits);
      },
    });
    onTestFinished(() => {
      WebAssembly.Memory = Memory;
    });
    expect(await start()).toMatchObject({
      threads: 1,
      heap: "single",
      reason: expect.stringContaining("(WebAssembly.Memory(): could not allocate memory)"),
    });
  });

  test("threads that do not start: one thread, and the reason", async () => {
    process.once("worker", (worker) => void worker.terminate());
    expect(await start()).toMatchObject({
      threads: 1,
      heap: "shared",
      reason:
        "wasm: asked for by name; one thread, since worker threads did not start (the worker threads ended)",
    });
    expect(alive).toBe(0);
  });

  test("a backend that was started before: one thread, and the reason", async () => {
    removeBackend();
    await useBackend("wasm", { threads: 1 });
    const factory = tf.findBackendFactory("wasm");
    removeBackend();
    tf.registerBackend("wasm", factory, 2);
    await tf.setBackend("wasm");
    const tensor = tf.tensor1d([1, 2, 3]);
    const description = await useBackend("wasm", { threads: 2 });
    expect(description).toMatchObject({
      threads: 1,
      heap: "single",
      reason: expect.stringContaining("(another call started the backend before useBackend)"),
    });
    // Asked for one thread, nothing is missing.
    expect(await useBackend("wasm", { threads: 1 })).toMatchObject({
      heap: "single",
      reason: "wasm: asked for by name",
    });
    expect(Array.from(tensor.dataSync())).toEqual([1, 2, 3]);
    tensor.dispose();
    removeBackend();
  });

  test("a tfjs whose heap cannot be found: copies, and the reason", async () => {
    await useBackend("wasm", { threads: 1 });
    const factory = tf.findBackendFactory("wasm");
    removeBackend();
    tf.registerBackend(
      "wasm",
      async () => {
        const backend = (await factory()) as tf.KernelBackend & { wasm: { asm: object } };
        backend.wasm.asm = { ...backend.wasm.asm, memory: undefined };
        return backend;
      },
      2,
    );
    expect(await useBackend("wasm", { threads: 2 })).toMatchObject({
      threads: 1,
      heap: "copied",
      reason:
        "wasm: asked for by name; one thread and copies of tensors, since the heap of this tfjs cannot be found",
    });
    const product = tf.tidy(() => tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).dataSync());
    expect(Array.from(product)).toEqual([3, 3, 3, 3]);
    removeBackend();
    tf.registerBackend("wasm", factory, 2);
  });
});

describe("useBackend: threads of wasm, in a process of its own", () => {
  const trained = `
    import * as tf from "@tensorflow/tfjs";
    import { useBackend } from "./src/node/useBackend.ts";
    const { conv2d, flatten, dense } = tf.layers;
    async function loss(threads) {
      const description = await useBackend("wasm", { threads });
      const seeded = (seed) => ({ kernelInitializer: tf.initializers.randomNormal({ seed }) });
      const model = tf.sequential({ layers: [
        conv2d({ filters: 8, kernelSize: 3, inputShape: [12, 12, 3], activation: "relu", ...seeded(1) }),
        flatten(),
        dense({ units: 1, ...seeded(2) }),
      ] });
      model.compile({ optimizer: tf.train.momentum(0.01, 0.9), loss: "meanSquaredError" });
      const [x, y] = [tf.randomUniform([16, 12, 12, 3], -1, 1, "float32", 3), tf.ones([16, 1])];
      let loss;
      for (let step = 0; step < 3; step++) loss = await model.trainOnBatch(x, y);
      tf.dispose([x, y]);
      model.dispose();
      return [description.threads, loss];
    }`;

  test("training gives the same loss on any number of threads, and the process ends by itself", async () => {
    const { printed, stderr } = await inNode(
      `${trained}\nprint([await loss(1), await loss(2), await loss(4)]);`,
    );
    const [[, alone]] = printed as [[number, number]];
    expect(alone).toBeGreaterThan(0);
    expect(printed).toEqual([
      [1, alone],
      [2, alone],
      [4, alone],
    ]);
    expect(stderr).toBe("");
  });

  test("a backend that is removed and started again and again leaves neither threads nor memory", async () => {
    const { printed } = await inNode(
      `import { readdirSync } from "node:fs";
      import * as tf from "@tensorflow/tfjs-core";
      import { useBackend } from "./src/node/useBackend.ts";
      const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
      async function start() {
        await useBackend("wasm", { threads: 3 });
        tf.tidy(() => [tf.fill([4000, 4000], 1), tf.matMul(tf.ones([100, 100]), tf.ones([100, 100]))]);
        tf.removeBackend("wasm");
        await pause(50);
        gc();
      }
      const threads = () => process.platform === "linux" ? readdirSync("/proc/self/task").length : 0;
      for (let i = 0; i < 3; i++) await start();
      const before = [process.memoryUsage().rss / 2 ** 20, threads()];
      for (let i = 0; i < 8; i++) await start();
      await pause(500);
      gc();
      print([process.memoryUsage().rss / 2 ** 20 - before[0], threads() - before[1]]);`,
      { flags: ["--expose-gc"] },
    );
    const [megabytes, threads] = printed as [number, number];
    // A heap that is kept is some 64 MB.
    expect(megabytes).toBeLessThan(200);
    expect(threads).toBeLessThanOrEqual(0);
  });
});
