import { availableParallelism } from "node:os";
import { checkInteger } from "../internal/checks.js";
import {
  compileKernels,
  MAX_PAGES,
  sharedModule,
  useLinearAlgebra,
  wasmLinearAlgebra,
} from "../kernels/index.js";
import { startThreadPool, type ThreadPool } from "./threadPool.js";

/** How the similarity measures compute from now on. */
export interface Threads {
  /** Threads that compute, the calling one among them. */
  readonly threads: number;
  /**
   * `"wasm"`: compiled kernels with SIMD; `"plain"`: TypeScript alone, on one thread, where the runtime has no
   * WebAssembly SIMD.
   */
  readonly kernels: "wasm" | "plain";
  /**
   * Whether the kernels round a·b + c once, as newer runtimes can (Node ≥ 22): faster, and the last digits of results
   * differ from those without.
   */
  readonly fusedMultiplyAdd: boolean;
  /** Ends the threads; from then on the calling thread computes alone. */
  close(): Promise<void>;
}

/** The longest items, eigenvectors of some 8000 neurons, take several minutes. */
const PATIENCE_SECONDS = 3600;

let current: ThreadPool | undefined;

/** Calls start their threads one after the other, so that each ends those of the one before. */
let lastStart: Promise<unknown> = Promise.resolve();

/**
 * Lets the similarity measures compute on several threads.
 *
 * They stay synchronous calls with the same arguments, and give the same numbers to the last bit whatever the number of
 * threads. Without this call they use one thread. The threads wait for work and do not keep the process alive. A
 * second call replaces the threads of the first.
 *
 * @param threads - How many, the calling thread among them; default: as many as the machine has for this process.
 * @throws RangeError or TypeError if `threads` is not an integer from 1 to 256.
 * @example
 * ```ts
 * import { useThreads } from "closerlook/node";
 * import { svcca } from "closerlook/similarity";
 *
 * const pool = await useThreads(2);
 * pool.threads; // 2
 * svcca([[1, 0], [0, 1], [-1, 0]], [[1], [0], [-1]]).similarity; // 1
 * await pool.close();
 * ```
 */
export async function useThreads(threads: number = availableParallelism()): Promise<Threads> {
  checkInteger("useThreads", "threads", threads, { min: 1, max: 256 });
  const started = lastStart.then(() => start(threads));
  lastStart = started.catch(() => {});
  return started;
}

async function start(threads: number): Promise<Threads> {
  await stop(current);
  const kernels = compileKernels();
  if (!kernels) return { threads: 1, kernels: "plain", fusedMultiplyAdd: false, async close() {} };
  const { fusedMultiplyAdd } = kernels;
  if (threads === 1) return { threads, kernels: "wasm", fusedMultiplyAdd, async close() {} };
  const pool = startThreadPool({
    module: sharedModule(kernels),
    memory: new WebAssembly.Memory({ initial: 2, maximum: MAX_PAGES, shared: true }),
    fusedMultiplyAdd,
    threads,
    where: "useThreads",
    patienceSeconds: PATIENCE_SECONDS,
    onFailure: () => stop(pool),
  });
  try {
    await pool.ready;
  } catch (cause) {
    await pool.close();
    throw new Error(`useThreads: ${threads - 1} worker threads must start, got a failure`, {
      cause,
    });
  }
  current = pool;
  useLinearAlgebra(wasmLinearAlgebra(pool));
  return { threads, kernels: "wasm", fusedMultiplyAdd, close: () => stop(pool) };
}

/** Ends a pool; if it was in use, the calling thread computes alone from now on. */
async function stop(pool: ThreadPool | undefined): Promise<void> {
  if (!pool) return;
  if (current === pool) {
    current = undefined;
    useLinearAlgebra();
  }
  await pool.close();
}
