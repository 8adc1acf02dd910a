import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type CompiledModule, MAX_PAGES, sharedModule } from "../kernels/index.js";
import {
  compileTrainingKernels,
  repeatableJobs,
  trainingProcessor,
} from "../kernels/training/index.js";
import { withSharedMemory } from "./sharedHeap.js";
import { startThreadPool, type ThreadPool } from "./threadPool.js";

/** The parts of tfjs-core that are needed here. */
export interface WasmTensorFlow {
  backend(): { dispose(): void };
  engine(): { readonly registry: Readonly<Record<string, unknown>> };
  env(): { getAsync(flag: string): Promise<unknown> };
  findBackendFactory(name: string): (() => unknown) | null;
  registerBackend(name: string, factory: () => unknown, priority: number): boolean;
  readonly util: { fetch(url: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }> };
}

export interface WasmPackage {
  setWasmPaths(paths: Readonly<Record<BinaryName, string>>, usePlatformFetch: boolean): void;
}

/** How tfjs's wasm backend computes from now on. */
export interface WasmStart {
  readonly threads: number;
  readonly heap: "shared" | "single" | "copied";
  /** Why it does not compute as it was asked to. */
  readonly remark?: string;
}

type BinaryName =
  | "tfjs-backend-wasm.wasm"
  | "tfjs-backend-wasm-simd.wasm"
  | "tfjs-backend-wasm-threaded-simd.wasm";

/** What tfjs gives the backend itself. */
const PRIORITY = 2;

const { resolve } = createRequire(import.meta.url);

/** tfjs forgets this when somebody removes the backend, and its package registers it only once. */
let factory: (() => unknown) | null = null;

/** What is known of a backend that was started, or found running. */
interface Running {
  /** Why threads cannot share its heap. */
  readonly refusal?: string | undefined;
  pool?: ThreadPool | undefined;
}

const running = new WeakMap<object, Running>();

/**
 * Makes tfjs's wasm backend the current one, with training kernels on that many threads.
 *
 * Where the backend starts here, its heap becomes a memory that threads share, so that they work where the tensors are.
 * Where that cannot be, one thread computes.
 *
 * @param activate - Makes the backend the current one.
 */
export async function startWasm(
  tf: WasmTensorFlow,
  wasm: WasmPackage,
  threads: number,
  activate: () => Promise<void>,
): Promise<WasmStart> {
  const kernels = compileTrainingKernels();
  if (!kernels) throw new Error("the runtime has no WebAssembly SIMD");
  const found = tf.findBackendFactory("wasm");
  if (found) factory = found;
  else if (factory) tf.registerBackend("wasm", factory, PRIORITY);

  const { registerTrainingKernels } = await import("../tfjs/trainingKernels.js");
  registerTrainingKernels();
  const starts = !("wasm" in tf.engine().registry);
  const refusal = starts
    ? await offerSharedHeap(tf, wasm)
    : "another call started the backend before useBackend";
  await activate();
  if (starts && refusal === undefined) restorePaths(wasm);
  const backend = tf.backend();
  let known = running.get(backend);
  if (!known) {
    known = { refusal };
    running.set(backend, known);
    closeWith(backend, known);
  }
  return computeOn(backend, known, kernels, threads);
}

/** Lets the next start of the backend take a binary whose memory is shared; returns why that cannot be. */
async function offerSharedHeap(tf: WasmTensorFlow, wasm: WasmPackage): Promise<string | undefined> {
  try {
    if ((await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")) === true) {
      return "tfjs was told to use threads of its own";
    }
    // Fails where there are no shared memories, or no room for one.
    new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
    const binary = withSharedMemory(await readFile(binaryPath("tfjs-backend-wasm-simd.wasm")));
    const url = `data:application/wasm;base64,${Buffer.from(binary).toString("base64")}`;
    // tfjs would wait forever for a binary that does not come or does not compile.
    const response = await tf.util.fetch(url);
    if (!WebAssembly.validate(await response.arrayBuffer())) return "the binary is not valid";
    wasm.setWasmPaths(
      pathsTo(() => url),
      true,
    );
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Where the backend finds its binaries by itself. */
const restorePaths = (wasm: WasmPackage): void => wasm.setWasmPaths(pathsTo(binaryPath), false);

const pathsTo = (path: (name: BinaryName) => string): Record<BinaryName, string> => ({
  "tfjs-backend-wasm.wasm": path("tfjs-backend-wasm.wasm"),
  "tfjs-backend-wasm-simd.wasm": path("tfjs-backend-wasm-simd.wasm"),
  "tfjs-backend-wasm-threaded-simd.wasm": path("tfjs-backend-wasm-threaded-simd.wasm"),
});

const binaryPath = (name: BinaryName): string =>
  resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`);

/** Ends the threads of a backend when tfjs gives it up. */
function closeWith(backend: { dispose(): void }, known: Running): void {
  const dispose = backend.dispose.bind(backend);
  backend.dispose = () => {
    void known.pool?.close();
    dispose();
  };
}

async function computeOn(
  backend: object,
  known: Running,
  kernels: CompiledModule,
  threads: number,
): Promise<WasmStart> {
  const { heapOf, useProcessor } = await import("../tfjs/wasmKernels/tensorMemory.js");
  type WasmBackend = Parameters<typeof heapOf>[0];
  const heap = heapOf(backend as WasmBackend);
  if (!heap) {
    const remark = "one thread and copies of tensors, since the heap of this tfjs cannot be found";
    return { threads: 1, heap: "copied", remark };
  }
  if (known.pool?.threads === threads && known.pool.intact) return { threads, heap: "shared" };

  const { memory } = heap;
  const unshared = memory.buffer instanceof ArrayBuffer;
  const module = unshared ? kernels.module : sharedModule(kernels);
  let remark: string | undefined;
  let pool: ThreadPool | undefined;
  if (threads > 1 && unshared) {
    remark = `one thread, since threads cannot share the heap (${known.refusal})`;
  } else if (threads > 1) {
    try {
      pool = await startedPool(module, memory, threads);
    } catch (error) {
      remark = `one thread, since worker threads did not start (${messageOf(error)})`;
    }
  }
  useProcessor(backend as WasmBackend, pool ?? trainingProcessor(module, memory));
  await known.pool?.close();
  known.pool = pool;
  return {
    threads: pool?.threads ?? 1,
    heap: unshared ? "single" : "shared",
    ...(remark === undefined ? {} : { remark }),
  };
}

async function startedPool(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
): Promise<ThreadPool> {
  const pool = startThreadPool({
    module,
    memory,
    fusedMultiplyAdd: false,
    threads,
    where: "useBackend",
    repeatable: repeatableJobs,
  });
  try {
    await pool.ready;
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
