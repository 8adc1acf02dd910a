import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type LoadPackage, startBackend } from "../../src/node/startBackend.js";
import { type BackendName, useBackend } from "../../src/node/useBackend.js";
import { temporaryFolder } from "./temporaryFolder.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const missing = (packageName: string): Error =>
  Object.assign(new Error(`Cannot find package '${packageName}' imported from /app/index.js`), {
    code: "ERR_MODULE_NOT_FOUND",
  });

interface NativeOptions {
  readonly gpu?: boolean;
  readonly gpuPackage?: boolean;
  readonly starts?: boolean;
  readonly before?: string;
}

/** A stand-in for a native package, which cannot be installed everywhere. */
function fakeNative({ gpu = false, gpuPackage, starts = true, before = "" }: NativeOptions = {}) {
  let current = before;
  const asked: string[] = [];
  return {
    asked,
    version: { "tfjs-node": "4.22.1" },
    getBackend: () => current,
    setBackend: async (name: string) => {
      asked.push(name);
      current = name;
      return starts || name !== "tensorflow";
    },
    backend: () => ({ isUsingGpuDevice: gpu, isGPUPackage: gpuPackage ?? gpu }),
  };
}

/** Finds the given packages, throws the given errors, and lacks all others. */
const packages =
  (found: Readonly<Record<string, unknown>>): LoadPackage =>
  async (packageName) => {
    const module = found[packageName] ?? missing(packageName);
    if (module instanceof Error) throw module;
    // As Node wraps a CommonJS package.
    return { default: module };
  };

const wasmPackages = async () => ({
  "@tensorflow/tfjs-core": await import("@tensorflow/tfjs-core"),
  "@tensorflow/tfjs-layers": await import("@tensorflow/tfjs-layers"),
  "@tensorflow/tfjs-backend-wasm": await import("@tensorflow/tfjs-backend-wasm"),
});

describe("useBackend", () => {
  test('"auto" takes wasm where no other package is installed, and says so', async () => {
    const description = await startBackend("auto", packages(await wasmPackages()));
    expect(description).toEqual({
      name: "wasm",
      requested: "auto",
      package: "@tensorflow/tfjs-backend-wasm",
      version: "4.22.0",
      threads: availableParallelism(),
      heap: "shared",
      simd: true,
      reason: "wasm: @tensorflow/tfjs-node-gpu, @tensorflow/tfjs-node and webgpu are not installed",
    });
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
    expect(tf.getBackend()).toBe("wasm");
  });

  test("wasm can train: it has the gradient of a convolution's filter", async () => {
    await useBackend("wasm");
    const gradient = tf.tidy(() =>
      tf
        .grad((filter) =>
          tf.sum(
            tf.conv2d(tf.ones([1, 2, 2, 1]) as tf.Tensor4D, filter as tf.Tensor4D, 1, "valid"),
          ),
        )(tf.zeros([1, 1, 1, 1]))
        .dataSync(),
    );
    expect(Array.from(gradient)).toEqual([4]);
  });

  test("the cpu backend starts on request, without its advertisement and with all settings kept", async () => {
    const output = [vi.spyOn(console, "warn"), vi.spyOn(console, "log")];
    const settings = () => ["PROD", "DEBUG", "IS_TEST"].map((flag) => tf.env().getBool(flag));
    const before = settings();
    expect(await useBackend("cpu")).toEqual({
      name: "cpu",
      requested: "cpu",
      package: "@tensorflow/tfjs-backend-cpu",
      version: "4.22.0",
      reason: "cpu: asked for by name",
    });
    tf.dispose(tf.tensor1d([1, 2, 3]));
    expect(tf.getBackend()).toBe("cpu");
    expect(settings()).toEqual(before);
    for (const spy of output) expect(spy).not.toHaveBeenCalled();
  });

  test("tensors survive going from wasm to cpu and back, and nothing leaks", async () => {
    await useBackend("wasm");
    await useBackend("cpu");
    await useBackend("wasm");
    const wasm = tf.backend();
    const tensor = tf.tensor1d([1, 2, 3]);
    const before = [tf.memory().numTensors, tf.memory().numDataBuffers, wasm.numDataIds()];
    for (let round = 0; round < 3; round++) {
      await useBackend("cpu");
      expect(tf.tidy(() => Array.from(tf.square(tensor).dataSync()))).toEqual([1, 4, 9]);
      await useBackend("wasm");
      expect(tf.tidy(() => Array.from(tf.square(tensor).dataSync()))).toEqual([1, 4, 9]);
    }
    expect(tf.backend()).toBe(wasm);
    expect([tf.memory().numTensors, tf.memory().numDataBuffers, wasm.numDataIds()]).toEqual(before);
    tensor.dispose();
  });

  test("calls at once wait for each other, and the last one holds", async () => {
    const names: BackendName[] = ["wasm", "cpu", "wasm", "cpu"];
    const descriptions = await Promise.all(names.map((name) => useBackend(name)));
    expect(descriptions.map(({ name }) => name)).toEqual(["wasm", "cpu", "wasm", "cpu"]);
    expect(tf.getBackend()).toBe("cpu");
  });

  test.each(["tfjs-node", "tfjs-node-gpu"] as const)(
    "%s is an error with the installation command where it is missing",
    async (name) => {
      await useBackend("cpu");
      await expect(useBackend(name)).rejects.toThrow(
        `useBackend: "${name}" must be installed and start, got: @tensorflow/${name} is not installed. ` +
          `Install it with: npm install @tensorflow/${name}`,
      );
      expect(tf.getBackend()).toBe("cpu");
    },
  );

  test("an unknown name is a RangeError, another kind of value a TypeError", async () => {
    const call = (name: unknown) => useBackend(name as BackendName);
    await expect(call("webgl")).rejects.toThrow(
      new RangeError(
        'useBackend: name must be one of "auto", "tfjs-node-gpu", "tfjs-node", "webgpu", "wasm", "cpu", got "webgl"',
      ),
    );
    await expect(call({ name: "wasm" })).rejects.toThrow(TypeError);
  });

  test.each([
    ["wasm", { threads: 0 }, "threads must be an integer >= 1 and <= 256, got 0"],
    ["wasm", { threads: 2.5 }, "threads must be an integer >= 1 and <= 256, got 2.5"],
    ["auto", { threads: 257 }, "threads must be an integer >= 1 and <= 256, got 257"],
    ["cpu", { threads: 2 }, 'threads must be left out for "cpu", got 2'],
    ["wasm", { thread: 2 }, 'options must be made of threads, got "thread"'],
  ] as const)("%s with %j is an error", async (name, options, message) => {
    await expect(useBackend(name, options as { threads?: number })).rejects.toThrow(message);
  });
});

describe("useBackend: native packages", () => {
  test('"auto" takes the GPU package first', async () => {
    const native = fakeNative({ gpu: true });
    const load = packages({ "@tensorflow/tfjs-node-gpu": native });
    expect(await startBackend("auto", load)).toEqual({
      name: "tfjs-node-gpu",
      requested: "auto",
      package: "@tensorflow/tfjs-node-gpu",
      version: "4.22.1",
      gpu: true,
      reason: "tfjs-node-gpu: installed, and the first choice",
    });
    expect(native.asked).toEqual(["tensorflow"]);
  });

  test('"auto" says that the GPU package found no GPU', async () => {
    const load = packages({ "@tensorflow/tfjs-node-gpu": fakeNative({ gpuPackage: true }) });
    expect(await startBackend("auto", load)).toMatchObject({
      name: "tfjs-node-gpu",
      gpu: false,
      reason: "tfjs-node-gpu: installed, but TensorFlow found no GPU and computes on the CPU",
    });
  });

  test("the GPU package without a GPU is an error where it was asked for by name", async () => {
    const load = packages({ "@tensorflow/tfjs-node-gpu": fakeNative({ gpuPackage: true }) });
    await expect(startBackend("tfjs-node-gpu", load)).rejects.toThrow(
      'useBackend: "tfjs-node-gpu" must find a GPU, got none.',
    );
  });

  test('"auto" takes the CPU package next', async () => {
    expect(await startBackend("auto", packages({ "@tensorflow/tfjs-node": fakeNative() }))).toEqual(
      {
        name: "tfjs-node",
        requested: "auto",
        package: "@tensorflow/tfjs-node",
        version: "4.22.1",
        gpu: false,
        reason: "tfjs-node: @tensorflow/tfjs-node-gpu is not installed",
      },
    );
  });

  test('"auto" goes on, and says why, where a package is installed but broken', async () => {
    const broken = new TypeError("util_1.isNullOrUndefined is not a function");
    const load = packages({ ...(await wasmPackages()), "@tensorflow/tfjs-node": broken });
    expect(await startBackend("auto", load)).toMatchObject({
      name: "wasm",
      reason:
        "wasm: @tensorflow/tfjs-node-gpu and webgpu are not installed, " +
        "@tensorflow/tfjs-node did not start (util_1.isNullOrUndefined is not a function)",
    });
  });

  test("a package whose binary is missing is broken, not missing", async () => {
    const path = "/app/node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node";
    const broken = Object.assign(new Error(`Cannot find module '${path}'`), {
      code: "MODULE_NOT_FOUND",
    });
    await expect(
      startBackend("tfjs-node", packages({ "@tensorflow/tfjs-node": broken })),
    ).rejects.toThrow(
      `useBackend: "tfjs-node" must be installed and start, got: Cannot find module '${path}'. ` +
        "Install it anew with: npm install @tensorflow/tfjs-node",
    );
  });

  test("a native library that does not start leaves the back end as it was", async () => {
    const native = fakeNative({ starts: false, before: "wasm" });
    await expect(
      startBackend("tfjs-node", packages({ "@tensorflow/tfjs-node": native })),
    ).rejects.toThrow('tfjs could not initialise its backend "tensorflow"');
    expect(native.getBackend()).toBe("wasm");
  });

  test("the other native package cannot take over a process", async () => {
    const load = packages({ "@tensorflow/tfjs-node": fakeNative({ gpu: true }) });
    await expect(startBackend("tfjs-node", load)).rejects.toThrow(
      "this process already uses @tensorflow/tfjs-node-gpu",
    );
  });

  test("the cause of a failure is kept", async () => {
    const broken = new Error("out of luck");
    const call = startBackend("tfjs-node", packages({ "@tensorflow/tfjs-node": broken }));
    await expect(call).rejects.toMatchObject({ cause: broken });
  });

  test('"auto" with nothing installed is an error with the installation command, never plain JavaScript', async () => {
    const { "@tensorflow/tfjs-backend-wasm": _, ...withoutWasm } = await wasmPackages();
    const load = packages({
      ...withoutWasm,
      "@tensorflow/tfjs-backend-cpu": await import("@tensorflow/tfjs-backend-cpu"),
    });
    await expect(startBackend("auto", load)).rejects.toThrow(
      "useBackend: one of tfjs-node-gpu, tfjs-node, webgpu, wasm must be installed and start, got: " +
        "@tensorflow/tfjs-node-gpu is not installed; @tensorflow/tfjs-node is not installed; " +
        "webgpu is not installed; @tensorflow/tfjs-backend-wasm is not installed. Install the last one with: " +
        "npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-wasm",
    );
  });
});

/** A process that has WebGPU, with an adapter of this description or none. What real ones do is in backends.test.ts. */
const stubGpu = (info: object | null) =>
  vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => info && { info } } });

const hardware = { vendor: "acme", architecture: "", device: "Card 9", description: "driver 1.2" };

describe("useBackend: webgpu", () => {
  const webgpu = "@tensorflow/tfjs-backend-webgpu";
  const install = `Install it with: npm install webgpu @tensorflow/tfjs-core @tensorflow/tfjs-layers ${webgpu}`;

  test.each([
    ["webgpu", undefined],
    [webgpu, hardware],
  ])("without %s it is an error with the installation command", async (missing, info) => {
    if (info) stubGpu(info);
    await expect(startBackend("webgpu", packages(await wasmPackages()))).rejects.toThrow(
      `useBackend: "webgpu" must be installed and start, got: ${missing} is not installed. ${install}`,
    );
  });

  test("without an adapter it is an error that says what to do", async () => {
    stubGpu(null);
    await expect(startBackend("webgpu", packages(await wasmPackages()))).rejects.toThrow(
      'useBackend: "webgpu" must find a GPU, got none (no adapter). ' +
        'Install the GPU\'s driver, on Linux with Vulkan (libvulkan1), or ask for "wasm"',
    );
  });

  const first = "@tensorflow/tfjs-node-gpu";
  const second = "@tensorflow/tfjs-node";
  test.each([
    [hardware, `${first}, ${second} and ${webgpu} are not installed`],
    [null, `${first} and ${second} are not installed, webgpu found no GPU (no adapter)`],
    [
      { ...hardware, isFallbackAdapter: true },
      `${first} and ${second} are not installed, webgpu found no GPU ` +
        "(only a software adapter, slower than wasm: acme, Card 9, driver 1.2)",
    ],
  ])('"auto" says why it passed over the adapter %j', async (info, why) => {
    stubGpu(info);
    const { name, reason } = await startBackend("auto", packages(await wasmPackages()));
    expect([name, reason]).toEqual(["wasm", `wasm: ${why}`]);
  });

  test("a backend that was imported before there was a GPU is an error", async () => {
    stubGpu(hardware);
    const load = packages({ ...(await wasmPackages()), [webgpu]: {} });
    await expect(startBackend("webgpu", load)).rejects.toThrow(
      `${webgpu} was imported before useBackend, when there was no GPU yet`,
    );
  });
});

describe("useBackend: in a process of its own", () => {
  const path = temporaryFolder();
  const project = fileURLToPath(new URL("../..", import.meta.url));

  test("from any folder it sets up the one engine of the caller's tfjs, and prints nothing", async () => {
    const script = path("caller.mts");
    await writeFile(
      script,
      `
      import { createRequire } from "node:module";
      import { pathToFileURL } from "node:url";
      const require = createRequire(${JSON.stringify(`${project}package.json`)});
      const importFrom = (name) => import(pathToFileURL(require.resolve(name)).href);
      const { useBackend } = await import(${JSON.stringify(new URL("../../src/node/useBackend.ts", import.meta.url).href)});
      const chosen = [];
      for (const name of ["wasm", "cpu", "wasm"]) chosen.push((await useBackend(name)).name);
      const all = await importFrom("@tensorflow/tfjs");
      const copies = [all, await importFrom("@tensorflow/tfjs-core"), require("@tensorflow/tfjs"), require("@tensorflow/tfjs-core")];
      const model = all.sequential({ layers: [
        all.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [5, 5, 1], activation: "relu" }),
        all.layers.flatten(),
        all.layers.dense({ units: 1 }),
      ] });
      model.compile({ optimizer: all.train.sgd(0.1), loss: "meanSquaredError" });
      const loss = await model.trainOnBatch(all.ones([2, 5, 5, 1]), all.ones([2, 1]));
      process.stdout.write(JSON.stringify({
        chosen,
        backends: copies.map((tf) => tf.getBackend()),
        oneEngine: copies.every((tf) => tf.engine() === copies[0].engine()),
        trained: Number.isFinite(loss),
      }));
      `,
    );
    const tsx = `${project}node_modules/tsx/dist/cli.mjs`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [tsx, script], {
      cwd: tmpdir(),
    });
    expect(JSON.parse(stdout)).toEqual({
      chosen: ["wasm", "cpu", "wasm"],
      backends: ["wasm", "wasm", "wasm", "wasm"],
      oneEngine: true,
      trained: true,
    });
    expect(stderr).toBe("");
  });
});
