import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { BackendDescription } from "../../src/node/useBackend.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const execute = promisify(execFile);

/** A software adapter compiles every kernel first, which takes seconds on a machine of its own. */
const PATIENCE = 240_000;

type Environment = Readonly<Record<string, string>>;

/** Runs TypeScript in a process of its own, which must end by itself, and returns what it printed. */
async function run(args: readonly string[], environment: Environment = {}) {
  return execute(process.execPath, ["--import", "tsx", ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    timeout: PATIENCE,
    maxBuffer: 2 ** 26,
  });
}

/** Runs the body of a program that knows `useBackend` and prints JSON with `print`. */
async function runProgram(body: string, environment?: Environment): Promise<unknown> {
  const program = `
    import { useBackend } from "./src/node/useBackend.ts";
    const print = (value) => process.stdout.write(JSON.stringify(value));
    ${body}
  `;
  return JSON.parse((await run(["--input-type=module", "--eval", program], environment)).stdout);
}

interface Steps {
  readonly description: BackendDescription;
  readonly results: Readonly<Record<string, Result>>;
}

/** Of one network in `trainingSteps.ts`. */
interface Result {
  readonly losses: readonly number[];
  readonly update: readonly number[];
  readonly velocity: readonly (readonly number[])[];
  readonly evaluation: readonly number[];
  readonly activations: readonly number[];
  readonly reads: readonly number[];
  readonly leaked: number;
}

/** What the steps came to, and what the back end printed besides. */
async function trainingSteps(name: string, environment?: Environment) {
  const { stdout, stderr } = await run(["test/node/trainingSteps.ts", name], environment);
  return { ...(JSON.parse(stdout) as Steps), stderr };
}

let wasm: Steps;

beforeAll(async () => {
  wasm = await trainingSteps("wasm");
}, PATIENCE);

/** Sums of up to 3000 products in single precision, in another order. */
function expectSame({ results }: Steps): void {
  expect(Object.keys(results)).toEqual(["plain", "with batch norm"]);
  for (const [network, result] of Object.entries(results)) {
    const expected = wasm.results[network]!;
    const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));
    for (const key of ["losses", "update", "evaluation", "activations"] as const) {
      const atol = 1e-5 * largest(expected[key]);
      expect(result[key], `${network}: ${key}`).toBeAllclose(expected[key], { atol });
    }
    const velocity = expected.velocity.flat();
    expect(velocity.length).toBeGreaterThan(1000);
    expect(result.velocity.flat()).toBeAllclose(velocity, { atol: 1e-5 * largest(velocity) });
    expect(result.reads).toEqual([100, 100, 1200, 101]);
    expect(result.leaked).toBe(0);
  }
}

/** Chromium brings a Vulkan library, and with it an adapter that computes on the CPU. */
const usual = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];
const chromium = usual.find((folder) =>
  ["libvulkan.so.1", "vk_swiftshader_icd.json"].every((file) => existsSync(join(folder, file))),
);
const software = chromium
  ? { LD_LIBRARY_PATH: chromium, VK_ICD_FILENAMES: join(chromium, "vk_swiftshader_icd.json") }
  : undefined;
// Without it, a GPU of the machine.
const start = "print(await useBackend('webgpu').then(({ adapter }) => adapter, String));";
const adapter = String(await runProgram(start, software));
const webgpu = /^Error/.test(adapter)
  ? `webgpu: not tested, no Chromium at the usual places and no GPU (${adapter})`
  : `webgpu on ${adapter}`;

describe.skipIf(/^Error/.test(adapter))(webgpu, { timeout: PATIENCE }, () => {
  test("a training step is that of the wasm back end", async () => {
    const steps = await trainingSteps("webgpu", software);
    expect(steps.description).toEqual({
      name: "webgpu",
      requested: "webgpu",
      package: "@tensorflow/tfjs-backend-webgpu",
      version: "4.22.0",
      adapter,
      gpu: !software,
      reason: "webgpu: asked for by name",
    });
    expectSame(steps);
    expect(steps.stderr).toBe("");
  });

  test("two calls give one back end, and tensors survive a change", async () => {
    const body = `
      import * as tf from "@tensorflow/tfjs-core";
      const first = await useBackend("webgpu");
      const backend = tf.backend();
      const product = tf.matMul(tf.ones([20, 30]), tf.ones([30, 20]));
      await useBackend("cpu");
      const onCpu = tf.square(product).dataSync()[399];
      const second = await useBackend("webgpu");
      print({
        same: JSON.stringify(first) === JSON.stringify(second) && tf.backend() === backend,
        values: [onCpu, tf.add(tf.tensor1d([1]), product).dataSync()[7]],
        sumOfMany: tf.addN(Array.from({ length: 40 }, (_, i) => tf.fill([50, 50], i))).dataSync()[9],
        navigator: Object.keys(navigator).includes("gpu"),
      });
    `;
    const answer = await runProgram(body, software);
    expect(answer).toEqual({ same: true, values: [900, 31], sumOfMany: 780, navigator: true });
  });

  test("a command that the GPU refuses is an error, never a number", async () => {
    const body = `
      import * as tf from "@tensorflow/tfjs-core";
      await useBackend("webgpu");
      const backend = tf.backend();
      const good = tf.matMul(tf.ones([20, 30]), tf.ones([30, 20]));
      backend.device.createBuffer({ size: 16, usage: 0 });
      const failed = [];
      try { good.dataSync(); } catch (error) { failed.push(error.message); }
      try { tf.add(good, 1); } catch (error) { failed.push(error.message); }
      await good.data().catch((error) => failed.push(error.message));
      print(failed);
    `;
    const failed = (await runProgram(body, software)) as string[];
    expect(failed).toHaveLength(3);
    for (const message of failed) {
      expect(message).toMatch(/^webgpu: the GPU must accept all commands, got an error: Buffer /);
    }
  });

  test.skipIf(!software)('"auto" passes over a software adapter, and sets no global', async () => {
    const body = `
      const { name, reason } = await useBackend();
      const globals = ["GPUBuffer", "GPUMapMode"].filter((name) => name in globalThis);
      print({ name, reason, globals, gpu: Boolean(globalThis.navigator?.gpu) });
    `;
    expect(await runProgram(body, software)).toEqual({
      name: "wasm",
      reason:
        "wasm: @tensorflow/tfjs-node-gpu and @tensorflow/tfjs-node are not installed, " +
        `webgpu found no GPU (only a software adapter, slower than wasm: ${adapter})`,
      globals: [],
      gpu: false,
    });
  });

  test.skipIf(!software)("without an adapter it is an error that says what to do", async () => {
    const body = `print(await useBackend("webgpu").catch((error) => error.message));`;
    const environment = { ...software, VK_ICD_FILENAMES: "/nowhere.json" };
    expect(await runProgram(body, environment)).toBe(
      'useBackend: "webgpu" must find a GPU, got none (no adapter). ' +
        'Install the GPU\'s driver, on Linux with Vulkan (libvulkan1), or ask for "wasm"',
    );
  });

  test("the backend's package must not come first", async () => {
    const body = `
      import "@tensorflow/tfjs-backend-webgpu";
      print(await useBackend("webgpu").catch((error) => error.message));
    `;
    expect(await runProgram(body, software)).toMatch(
      /^useBackend: "webgpu" .* @tensorflow\/tfjs-backend-webgpu was imported before useBackend/,
    );
  });
});

/** What scripts/build-tfjs-node.sh leaves. */
const built = process.env.TFJS_NODE;
const native = built
  ? "tfjs-node"
  : "tfjs-node: not tested, TFJS_NODE names no folder that scripts/build-tfjs-node.sh has filled";

describe.skipIf(!built)(native, { timeout: PATIENCE }, () => {
  const environment = { NODE_PATH: join(resolve(built ?? ""), "node_modules") };

  test("a training step is that of the wasm back end", async () => {
    const steps = await trainingSteps("tfjs-node", environment);
    expect(steps.description).toEqual({
      name: "tfjs-node",
      requested: "tfjs-node",
      package: "@tensorflow/tfjs-node",
      version: "4.22.0",
      gpu: false,
      reason: "tfjs-node: asked for by name",
    });
    expectSame(steps);
  });

  test('"auto" takes it', async () => {
    const body = "print((await useBackend()).reason);";
    expect(await runProgram(body, environment)).toBe(
      "tfjs-node: @tensorflow/tfjs-node-gpu is not installed",
    );
  });
});
