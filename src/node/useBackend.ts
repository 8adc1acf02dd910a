import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { checkInteger, checkOneOf, checkOptions, rangeError } from "../internal/checks.js";
import { startBackend } from "./startBackend.js";

/** What to ask `useBackend` for; "auto" is the fastest that is installed. */
export type BackendName = "auto" | "tfjs-node-gpu" | "tfjs-node" | "webgpu" | "wasm" | "cpu";

/** How `useBackend` sets a back end up. */
export interface BackendOptions {
  /**
   * Threads that `"wasm"` computes with, the calling one among them; default: as many as the machine has for this process
   * (`availableParallelism()` of `node:os`). Of several processes at once, give each its share.
   */
  readonly threads?: number;
}

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
  /** Threads that wasm computes convolutions and matrix products with. */
  readonly threads?: number;
  /**
   * Where wasm's training kernels work: on tfjs's own heap, which is `"shared"` between threads or belongs to a `"single"`
   * one, or on tensors that are `"copied"` to a memory of theirs and back, on one thread.
   */
  readonly heap?: "shared" | "single" | "copied";
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
 * - `"wasm"`: WebAssembly, nothing native to install; made trainable by `registerTrainingKernels`, and parallel: several
 *   threads compute its convolutions and matrix products, with the same bits whatever their number.
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
 * The threads of `"wasm"` share tfjs's heap, for which this call must be the one that starts the backend. Where they
 * cannot, one thread computes, and `reason` says why. They wait for work and do not keep the process alive; they end with
 * `tf.removeBackend("wasm")`. A further call changes their number. A thread that ends before its time is reported by one
 * warning of the process, and the others go on with its work.
 *
 * `"webgpu"` sets what a browser has: `navigator.gpu` (which is used if it is there already) and WebGPU's
 * classes as globals. `dataSync()` works, and waits; `await tensor.data()` does not. A command that the GPU
 * refuses is an error. `@tensorflow/tfjs-backend-webgpu` must not be imported before the call.
 *
 * @param name - Back end to use; default "auto".
 * @param options - Number of threads.
 * @returns What was chosen, and why; plain data.
 * @throws RangeError for an unknown name or option, for a number of threads that is not an integer from 1 to 256, or with a
 * back end other than "wasm" or "auto"; TypeError for another kind of value. Error with the installation command if the
 * back end, or for "auto" every one of the four, is missing or does not start.
 * @example
 * ```ts
 * import { useBackend } from "closerlook/node";
 * const backend = await useBackend("wasm", { threads: 2 });
 * backend.name; // "wasm"
 * backend.package; // "@tensorflow/tfjs-backend-wasm"
 * backend.threads; // 2
 * backend.reason; // "wasm: asked for by name"
 * ```
 */
export function useBackend(
  name: BackendName = "auto",
  options: BackendOptions = {},
): Promise<BackendDescription> {
  const call = previousCall.then(() => {
    checkOneOf("useBackend", "name", name, names);
    checkOptions("useBackend", options, ["threads"]);
    const { threads } = options;
    if (threads !== undefined) {
      checkInteger("useBackend", "threads", threads, { min: 1, max: 256 });
      if (name !== "wasm" && name !== "auto") {
        throw rangeError("useBackend", "threads", `left out for "${name}"`, threads);
      }
    }
    return startBackend(name, load, threads);
  });
  previousCall = call.catch(() => {});
  return call;
}
