import { availableParallelism } from "node:os";
import { type Dawn, findGpu, NoGpu } from "./findGpu.js";
import { startWasm, type WasmPackage, type WasmTensorFlow } from "./startWasm.js";
import { enableSynchronousReads, type ReadableBackend } from "./synchronousReads.js";
import { type CheckedBackend, throwGpuErrors } from "./throwGpuErrors.js";
import type { BackendDescription, BackendName } from "./useBackend.js";

/** Imports a package, or a JSON file of one, by its name; tests pass one that knows other packages. */
export type LoadPackage = (packageName: string) => Promise<unknown>;

type StartableName = BackendDescription["name"];
type NativeName = "tfjs-node" | "tfjs-node-gpu";

interface Started extends Omit<BackendDescription, "name" | "requested" | "reason"> {
  /** What to add to the reason. */
  readonly remark?: string;
}

/** The part of tfjs that is needed here, so that this package's types do not depend on tfjs's. */
interface TensorFlow {
  getBackend(): string | undefined;
  setBackend(name: string): Promise<boolean>;
  backend(): unknown;
  findBackendFactory(name: string): unknown;
  tensor1d(values: number[]): { dispose(): void };
  env(): {
    getBool(flag: string): boolean;
    set(flag: string, value: boolean): void;
  };
  readonly util: {
    convertBackendValuesAndArrayBuffer(bytes: ArrayBuffer, dtype: string): unknown;
  };
}

interface NativePackage extends TensorFlow {
  readonly version: Readonly<Record<string, string>>;
  backend(): { readonly isUsingGpuDevice?: boolean; readonly isGPUPackage?: boolean };
}

const install: Readonly<Record<StartableName, string>> = {
  "tfjs-node-gpu": "npm install @tensorflow/tfjs-node-gpu",
  "tfjs-node": "npm install @tensorflow/tfjs-node",
  webgpu:
    "npm install webgpu @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-webgpu",
  wasm: "npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-wasm",
  cpu: "npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-cpu",
};

/** Best first. Nobody gets the cpu backend without asking: it trains hundreds of times slower. */
const automatic = ["tfjs-node-gpu", "tfjs-node", "webgpu", "wasm"] as const;

class MissingPackage extends Error {
  constructor(readonly packageName: string) {
    super(`${packageName} is not installed`);
  }
}

/** `useBackend`, with the packages that `load` finds; `threads` are those of the wasm backend. */
export async function startBackend(
  requested: BackendName,
  load: LoadPackage,
  threads = availableParallelism(),
): Promise<BackendDescription> {
  if (requested !== "auto") return startNamed(requested, load, threads);
  const failures: unknown[] = [];
  for (const name of automatic) {
    try {
      const started = await start(name, load, { threads, acceptSoftware: false });
      const reason = explain(failures, started.gpu === false && name === "tfjs-node-gpu");
      return describe(name, requested, started, reason);
    } catch (failure) {
      failures.push(failure);
    }
  }
  throw new Error(
    `useBackend: one of ${automatic.join(", ")} must be installed and start, got: ` +
      `${failures.map(messageOf).join("; ")}. Install the last one with: ${install.wasm}`,
    { cause: failures },
  );
}

/** What was started, and in one line why. */
function describe(
  name: StartableName,
  requested: BackendName,
  { remark, ...started }: Started,
  why: string,
): BackendDescription {
  const reason = `${name}: ${why}${remark === undefined ? "" : `; ${remark}`}`;
  return { name, requested, ...started, reason };
}

async function startNamed(
  name: StartableName,
  load: LoadPackage,
  threads: number,
): Promise<BackendDescription> {
  let started: Started;
  try {
    started = await start(name, load, { threads, acceptSoftware: true });
  } catch (cause) {
    if (cause instanceof NoGpu) {
      throw new Error(
        `useBackend: "${name}" must find a GPU, got none (${messageOf(cause)}). ` +
          'Install the GPU\'s driver, on Linux with Vulkan (libvulkan1), or ask for "wasm"',
        { cause },
      );
    }
    const todo = cause instanceof MissingPackage ? "Install it" : "Install it anew";
    throw new Error(
      `useBackend: "${name}" must be installed and start, got: ${messageOf(cause)}. ` +
        `${todo} with: ${install[name]}`,
      { cause },
    );
  }
  if (name === "tfjs-node-gpu" && started.gpu === false) {
    throw new Error(
      'useBackend: "tfjs-node-gpu" must find a GPU, got none. ' +
        'Install the GPU\'s driver with CUDA and cuDNN, or ask for "tfjs-node"',
    );
  }
  return describe(name, name, started, "asked for by name");
}

interface StartOptions {
  readonly threads: number;
  /** Whether WebGPU may compute on the CPU, by a program that acts as a GPU. */
  readonly acceptSoftware: boolean;
}

function start(name: StartableName, load: LoadPackage, options: StartOptions): Promise<Started> {
  if (name === "wasm") return startWasmWith(load, options);
  if (name === "cpu") return startCpu(load);
  if (name === "webgpu") return startWebGpu(load, options);
  return startNative(name, load);
}

async function startNative(name: NativeName, load: LoadPackage): Promise<Started> {
  const packageName = `@tensorflow/${name}`;
  // Contains all of tfjs.
  const tf = await loaded<NativePackage>(packageName, load);
  await activate(tf, "tensorflow");
  const { isUsingGpuDevice, isGPUPackage } = tf.backend();
  // Both native packages register the same backend name; the first one in a process keeps it.
  if (isGPUPackage !== undefined && isGPUPackage !== (name === "tfjs-node-gpu")) {
    throw new Error(
      `this process already uses @tensorflow/${isGPUPackage ? "tfjs-node-gpu" : "tfjs-node"}`,
    );
  }
  return {
    package: packageName,
    version: tf.version["tfjs-node"] ?? "unknown",
    ...(isUsingGpuDevice === undefined ? {} : { gpu: isUsingGpuDevice }),
  };
}

async function startWebGpu(load: LoadPackage, { acceptSoftware }: StartOptions): Promise<Started> {
  const { name, software, publish } = await findGpu(() => loaded<Dawn>("webgpu", load));
  if (software && !acceptSoftware) {
    throw new NoGpu(`only a software adapter, slower than wasm: ${name}`);
  }
  const tf = await loadCore(load);
  const packageName = "@tensorflow/tfjs-backend-webgpu";
  // The backend looks for a GPU when it is loaded.
  publish();
  await loaded(packageName, load);
  if (!tf.findBackendFactory("webgpu")) {
    throw new Error(`${packageName} was imported before useBackend, when there was no GPU yet`);
  }
  const { correctWebGpuKernels } = await import("../tfjs/webGpuKernels.js");
  correctWebGpuKernels();
  await activate(tf, "webgpu");
  const backend = tf.backend() as ReadableBackend & CheckedBackend;
  enableSynchronousReads(backend, (bytes, dtype) =>
    tf.util.convertBackendValuesAndArrayBuffer(bytes, dtype),
  );
  throwGpuErrors(backend);
  // Lets Dawn finish, so that even the next statement can read.
  await new Promise((resolve) => setImmediate(resolve));
  const { version } = await loaded<{ readonly version: string }>(
    `${packageName}/package.json`,
    load,
  );
  return { package: packageName, version, adapter: name, gpu: !software };
}

async function startWasmWith(load: LoadPackage, { threads }: StartOptions): Promise<Started> {
  const tf = await loadCore<TensorFlow & WasmTensorFlow>(load);
  const packageName = "@tensorflow/tfjs-backend-wasm";
  const wasm = await loaded<WasmPackage & { readonly version_wasm: string }>(packageName, load);
  const started = await startWasm(tf, wasm, threads, () => activate(tf, "wasm"));
  return { package: packageName, version: wasm.version_wasm, simd: true, ...started };
}

async function startCpu(load: LoadPackage): Promise<Started> {
  const tf = await loadCore(load);
  const packageName = "@tensorflow/tfjs-backend-cpu";
  const cpu = await loaded<{ readonly version_cpu: string }>(packageName, load);
  await activate(tf, "cpu");
  // The first tensor makes this backend print an advertisement, unless warnings are off.
  const environment = tf.env();
  const production = environment.getBool("PROD");
  environment.set("PROD", true);
  try {
    tf.tensor1d([0]).dispose();
  } finally {
    environment.set("PROD", production);
  }
  return { package: packageName, version: cpu.version_cpu };
}

async function loadCore<T = TensorFlow>(load: LoadPackage): Promise<T> {
  // In Node, tfjs-core has operations without their gradients; tfjs-layers registers those.
  await loaded("@tensorflow/tfjs-layers", load);
  return loaded<T>("@tensorflow/tfjs-core", load);
}

/** Makes a registered backend the current one; if it does not start, the current one stays. */
async function activate(tf: TensorFlow, backendName: string): Promise<void> {
  const before = tf.getBackend();
  if (await tf.setBackend(backendName)) return;
  if (before) await tf.setBackend(before);
  throw new Error(`tfjs could not initialise its backend "${backendName}"`);
}

async function loaded<T>(packageName: string, load: LoadPackage): Promise<T> {
  try {
    const module = (await load(packageName)) as { default?: T };
    // tfjs's packages are CommonJS: everything that they export is in the default export.
    return module.default ?? (module as T);
  } catch (error) {
    throw isMissing(error, packageName) ? new MissingPackage(packageName) : error;
  }
}

/** Whether the package itself is missing, rather than a file or a dependency of it. */
function isMissing(error: unknown, packageName: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (
    (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") &&
    (String(message).includes(`'${packageName}'`) || String(message).includes(`"${packageName}"`))
  );
}

/** Why the better back ends were not taken, or that there is none. */
function explain(failures: readonly unknown[], gpuIdle: boolean): string {
  if (gpuIdle) return "installed, but TensorFlow found no GPU and computes on the CPU";
  if (failures.length === 0) return "installed, and the first choice";
  const missing = failures.filter((failure) => failure instanceof MissingPackage);
  const names = missing.map(({ packageName }) => packageName);
  const last = names.pop();
  return [
    names.length > 0 ? `${names.join(", ")} and ${last} are not installed` : missing[0]?.message,
    ...failures.map((failure, i) => {
      if (failure instanceof MissingPackage) return undefined;
      if (failure instanceof NoGpu) return `${automatic[i]} found no GPU (${failure.message})`;
      const name = automatic[i] === "webgpu" ? automatic[i] : `@tensorflow/${automatic[i]}`;
      return `${name} did not start (${messageOf(failure)})`;
    }),
  ]
    .filter((reason) => reason !== undefined)
    .join(", ");
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
