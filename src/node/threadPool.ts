import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { instantiate, type Processor } from "../kernels/index.js";
import { supervisorSource, workerSource } from "./poolSources.js";
import { BLOCK, MAX_NUMBERS, Own, Pool, SLOT_BITS, Slot } from "./poolWords.js";

/** Kernels on a memory that several threads share; the calling thread takes part and waits for the others. */
export interface ThreadPool extends Processor {
  /** Settles when all workers are there; rejects if one cannot start. */
  readonly ready: Promise<void>;
  /** Whether no thread has ended. */
  readonly intact: boolean;
  close(): Promise<void>;
}

/** What the threads of a pool share, and how they speak about themselves. */
export interface ThreadPoolOptions {
  /** Kernels for a shared memory. */
  readonly module: WebAssembly.Module;
  /** A shared memory. */
  readonly memory: WebAssembly.Memory;
  readonly fusedMultiplyAdd: boolean;
  readonly threads: number;
  /** The function that errors and warnings name. */
  readonly where: string;
  /** Jobs of which an item may be computed once more after a thread ended in the middle of it: they change no input. */
  readonly repeatable?: ReadonlySet<string>;
  /** Who does not answer for so long is taken for dead. */
  readonly patienceSeconds?: number;
}

/**
 * How often a thread looks before it goes to sleep, some 50 µs: the next job of a step mostly comes sooner, and waking takes
 * as long. Of more threads than processors, one that looks keeps another from work.
 */
const SPINS = 5000;

const SILENT = "worker threads that do not answer";

/** How long the main thread sleeps before it asks whether anybody is there. */
const NAP_MILLISECONDS = 1000;

/**
 * Starts threads that wait for jobs and do not keep the process alive.
 *
 * A worker that ends is noticed at once. The others go on, in the end the calling thread alone; an item in the middle of
 * which it ended is computed again, or makes the job an error where that cannot be done.
 */
export function startThreadPool({
  module,
  memory,
  fusedMultiplyAdd,
  threads,
  where,
  repeatable = new Set(),
  patienceSeconds = 30,
}: ThreadPoolOptions): ThreadPool {
  const jobs = instantiate(module, memory);
  const names = new Map(Object.keys(jobs).map((name, index) => [name, index]));
  const slots = threads + 1;
  const words = new Int32Array(new SharedArrayBuffer(4 * BLOCK * (threads + slots)));
  const numbers = new Float64Array(new SharedArrayBuffer(8 * MAX_NUMBERS * slots));
  /** Numbers of the workers whose threads have not ended, as far as is known. */
  let alive = Array.from({ length: threads - 1 }, (_, i) => i + 1);
  /** Why the pool cannot be used. */
  let broken: string | undefined;
  /** Whether an end is news; that of a pool that does not start is an error of `ready`. */
  let warns = false;
  let count = 0;
  let present = 0;

  const read = (at: number): number => Atomics.load(words, at);
  const ofWorker = (thread: number, word: number): number => read(BLOCK * thread + word);

  const spins = threads <= availableParallelism() ? SPINS : 0;
  const workerData = { source: workerSource, module, memory, words, numbers, threads, spins };
  const supervisor = new Worker(supervisorSource, { eval: true, workerData, execArgv: [] });
  const ready = new Promise<void>((resolve, reject) => {
    supervisor.on("message", (message: "ready" | { ended: string }) => {
      if (message === "ready") {
        // From now on it does not keep the process alive.
        supervisor.unref();
        warns = true;
        resolve();
      } else {
        reject(new Error(`a worker thread ended: ${message.ended}`));
        noticeEnds();
      }
    });
    supervisor.on("error", reject);
    // Its workers end before it does.
    supervisor.on("exit", () => {
      reject(new Error("the worker threads ended"));
      if (broken === undefined || broken === SILENT) {
        broken = undefined;
        for (const thread of alive) Atomics.store(words, BLOCK * thread + Own.ended, 1);
        noticeEnds();
      }
    });
  });
  // Whoever does not wait for it sees the errors of jobs.
  ready.catch(() => {});

  /** Whether a worker has ended since the last call. */
  function noticeEnds(): boolean {
    const left = alive.filter((thread) => ofWorker(thread, Own.ended) === 0);
    if (left.length === alive.length) return false;
    alive = left;
    if (warns && broken === undefined) {
      warns = false;
      process.emitWarning(
        `${where}: a worker thread ended. The others go on, and the calling thread alone if none is left`,
      );
    }
    return true;
  }

  const nobodyLooksAt = (slot: number): boolean =>
    alive.every((thread) => ofWorker(thread, Own.slot) !== slot + 1);

  /** The next slot that neither holds the present job nor is looked at. */
  function freeSlot(): number {
    let slot = present;
    do slot = (slot + 1) % slots;
    while (slot === present || !nobodyLooksAt(slot));
    return slot;
  }

  /** What workers left in the middle when they ended. */
  function takeLostItems(slot: number): number[] {
    const items: number[] = [];
    for (let thread = 1; thread < threads; thread++) {
      const item = ofWorker(thread, Own.item) - 1;
      const here = ofWorker(thread, Own.slot) === slot + 1;
      if (ofWorker(thread, Own.ended) === 0 || !here || item < 0) continue;
      items.push(item);
      Atomics.store(words, BLOCK * thread + Own.item, 0);
    }
    return items;
  }

  /**
   * Waits as long as the supervisor answers. Counts its own naps instead of reading a clock, which goes on while the system
   * holds the whole process.
   */
  function waitUntil(isSo: () => boolean, napMilliseconds = NAP_MILLISECONDS): void {
    const patience = Math.ceil((1000 * patienceSeconds) / napMilliseconds);
    let answers = read(Pool.answers);
    for (let naps = 0; naps <= patience; ) {
      const signal = read(Pool.signal);
      if (isSo()) return;
      if (noticeEnds()) continue;
      if (Atomics.wait(words, Pool.signal, signal, napMilliseconds) !== "timed-out") continue;
      naps++;
      if (answers !== read(Pool.answers)) {
        answers = read(Pool.answers);
        naps = 0;
      }
      supervisor.postMessage("alive?");
    }
    broken = SILENT;
    // Its end is what frees the pool again: until then somebody may still write.
    void supervisor.terminate();
    throw new Error(
      `${where}: all worker threads must answer, got no answer for ${patienceSeconds} s. ` +
        "Await something before the next call, so that they can be stopped",
    );
  }

  return {
    memory,
    jobs,
    threads,
    fusedMultiplyAdd,
    ready,
    get intact() {
      return broken === undefined && alive.length === threads - 1;
    },
    run(name, given, items, scratch, scratchBytes) {
      if (broken !== undefined) {
        throw new Error(`${where}: the threads must be alive, got: ${broken}`);
      }
      const job = jobs[name]!;
      const inputs = [...given, scratch, 0];
      const compute = (item: number): void => {
        inputs[inputs.length - 1] = item;
        job(...inputs);
      };
      if (items <= 1 || alive.length === 0) {
        for (let item = 0; item < items; item++) compute(item);
        return;
      }

      const slot = freeSlot();
      const block = BLOCK * (threads + slot);
      words[block + Slot.next] = 0;
      words[block + Slot.done] = 0;
      words[block + Slot.awaited] = 0;
      words[block + Slot.failed] = 0;
      words[block + Slot.items] = items;
      words[block + Slot.name] = names.get(name)!;
      words[block + Slot.numbers] = given.length;
      words[block + Slot.scratch] = scratch;
      words[block + Slot.scratchBytes] = scratchBytes;
      numbers.set(given, MAX_NUMBERS * slot);
      present = slot;
      count++;
      Atomics.store(words, Pool.job, (count << SLOT_BITS) | slot);
      // It wakes the next.
      Atomics.notify(words, Pool.job, 1);

      let awaited = items;
      let lost = false;
      const finished = (): boolean => read(block + Slot.done) === awaited;
      try {
        for (let item: number; ; awaited--) {
          item = Atomics.add(words, block + Slot.next, 1);
          if (item >= items) break;
          compute(item);
        }
        Atomics.store(words, block + Slot.awaited, awaited);
        for (let spin = 0; spin < spins && !finished(); spin++);
        waitUntil(() => {
          if (finished()) return true;
          for (const item of takeLostItems(slot)) {
            if (repeatable.has(name)) compute(item);
            else lost = true;
            awaited--;
          }
          Atomics.store(words, block + Slot.awaited, awaited);
          const left = nobodyLooksAt(slot);
          if (finished()) return true;
          // Nobody is there any more who could finish the rest.
          lost ||= left;
          return left;
        });
      } catch (error) {
        Atomics.store(words, block + Slot.next, items);
        if (broken === undefined) waitUntil(() => nobodyLooksAt(slot), 20);
        throw error;
      }
      if (lost) {
        throw new Error(
          `${where}: a worker thread must finish its part of ${name}, but it ended before. Call again: the others go on`,
        );
      }
      if (read(block + Slot.failed) === 1) {
        throw new Error(`${where}: a worker thread must finish its part of ${name}, got a failure`);
      }
    },
    async close() {
      broken = "they were closed";
      await supervisor.terminate();
    },
  };
}
