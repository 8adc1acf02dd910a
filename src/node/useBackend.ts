import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { checkOneOf } from "../internal/checks.js";
import { startBackend } from "./startBackend.js";

/** What to ask `useBackend` for; "auto" is the fastest that is installed. */
export type BackendName = "auto" | "tfjs-node-gpu" | "tfjs-node" | "webgpu" | "wasm" | "cpu";

/** Which back end computes from now on, and why this one. */
export interface BackendDescription {
  readonly name: Exclude<BackendName, "auto">;
  readonly requested: BackendName;
  /** The npm package that computes. */
  readonly package: string;
  /** Version of that package. */
  readonly version: string;
  /** One line for logs, such as "wasm: @tensorflow/tfjs-node-gpu is not installed, …". */
  readonly reason: string;
  /** Threads that wasm computes with. */
  readonly threads?: number;
  /** Whether wasm uses vector instructions. */
  readonly simd?: boolean;
  /** Whether the native library, or webgpu, computes on a GPU; `false` for a software adapter of webgpu. */
  readonly gpu?: boolean;
  /** What webgpu computes on: vendor, architecture, device and driver. */
  readonly adapter?: string;
}

const names = ["auto", "tfjs-node-gpu", "tfjs-node", "webgpu", "wasm", "cpu"] as const;

const require = createRequire(import.meta.url);

const load = async (name: string): Promise<unknown> => {
  // Bundlers put a module of their own in the place of a missing optional package; Node does not. It also finds the
  // packages of NODE_PATH, which `import` does not.
  const path = require.resolve(name);
  return name.endsWith(".json") ? require(path) : import(pathToFileURL(path).href);
};

/** Of two backends that are initialised at once tfjs gives up one, so calls wait for each other. */
let previousCall: Promise<unknown> = Promise.resolve();

/**
 * Sets up TensorFlow.js in Node and says which back end computes.
 *
 * - `"tfjs-node-gpu"`, `"tfjs-node"`: the native library of that package, on a GPU and on the CPU.
 * - `"webgpu"`: any GPU with a driver for Vulkan, Metal or Direct3D 12, through Dawn (npm package `webgpu`).
 * - `"wasm"`: WebAssembly, nothing native to install; made trainable by `registerTrainingKernels`.
 * - `"cpu"`: plain JavaScript, a slow reference that is only used when asked for.
 * - `"auto"`: the first of `tfjs-node-gpu`, `tfjs-node`, `webgpu` and `wasm` that is installed and starts.
 *   The result's `reason` tells why the others were passed over. A software adapter of WebGPU is: it
 *   computes on the CPU, and slower than wasm.
 *
 * A back end that is asked for by name and cannot start is an error, never another back end; so is
 * `"tfjs-node-gpu"` without a GPU, and `"webgpu"` without an adapter. All copies of tfjs in a process
 * share one engine, so the caller's own `import * as tf from "@tensorflow/tfjs"` (or `-core`) computes
 * with what was set up here. Tensors survive a change of the back end, and tfjs's settings stay as they
 * are.
 *
 * `"webgpu"` sets what a browser has: `navigator.gpu` (which is used if it is there already) and WebGPU's
 * classes as globals. `dataSync()` works, and waits; `await tensor.data()` does not. A command that the GPU
 * refuses is an error. `@tensorflow/tfjs-backend-webgpu` must not be imported before the call.
 *
 * @param name - Back end to use; default "auto".
 * @returns What was chosen, and why; plain data.
 * @throws RangeError for an unknown name, TypeError for another kind of value. Error with the
 * installation command if the back end, or for "auto" every one of the four, is missing or does not
 * start.
 * @example
 * ```ts
 * import { useBackend } from "closerlook/node";
 * const backend = await useBackend("wasm");
 * backend.name; // "wasm"
 * backend.package; // "@tensorflow/tfjs-backend-wasm"
 * backend.reason; // "wasm: asked for by name"
 * ```
 */
export function useBackend(name: BackendName = "auto"): Promise<BackendDescription> {
  const call = previousCall.then(() => {
    checkOneOf("useBackend", "name", name, names);
    return startBackend(name, load);
  });
  previousCall = call.catch(() => {});
  return call;
}
