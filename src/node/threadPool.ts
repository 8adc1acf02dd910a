import { Worker } from "node:worker_threads";
import { instantiate, type Processor } from "../kernels/index.js";

/** Where the threads meet: 32-bit words that all of them see. */
const Word = {
  /** Counts the jobs; a change wakes the workers. */
  job: 0,
  /** 1 while items of the job may be taken. */
  open: 1,
  /** Workers that may be at an item. */
  inside: 2,
  /** The next item to take. */
  next: 3,
  /** Items of the job. */
  items: 4,
  /** Index of the job's name. */
  name: 5,
  /** How many of the numbers the job takes. */
  numbers: 6,
  /** Address of the scratch space, and its size for one thread. */
  scratch: 7,
  scratchBytes: 8,
  /** 1 when an item failed. */
  failed: 9,
  /** Items that workers have finished since the start. */
  done: 10,
} as const;

const MAX_NUMBERS = 32;

/**
 * What a worker does: wait for a job, take items while there are any. As text, so that no bundler has to find a file.
 * Of more threads than items the last ones stay out, so that there need be no scratch space for them.
 * A worker says that it is inside before it looks whether the job is open, and the main thread closes the job before
 * it looks whether somebody is inside: so nobody works on a job that the main thread has left.
 */
const workerSource = `
const { workerData, parentPort } = require("node:worker_threads");
const { module, memory, words, numbers, thread } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const jobs = Object.values(exports);
let job = 0;
parentPort.postMessage("ready");
for (;;) {
  for (let spin = 0; spin < 5000 && Atomics.load(words, ${Word.job}) === job; spin++);
  Atomics.wait(words, ${Word.job}, job);
  job = Atomics.load(words, ${Word.job});
  Atomics.add(words, ${Word.inside}, 1);
  const items = words[${Word.items}];
  if (Atomics.load(words, ${Word.open}) === 1 && thread < items) {
    try {
      const work = jobs[words[${Word.name}]];
      const given = Array.from(numbers.subarray(0, words[${Word.numbers}]));
      const scratch = (words[${Word.scratch}] >>> 0) + thread * (words[${Word.scratchBytes}] >>> 0);
      for (let item; (item = Atomics.add(words, ${Word.next}, 1)) < items; ) {
        work(...given, scratch, item);
        Atomics.add(words, ${Word.done}, 1);
      }
    } catch {
      Atomics.store(words, ${Word.failed}, 1);
    }
  }
  Atomics.sub(words, ${Word.inside}, 1);
  Atomics.notify(words, ${Word.inside});
}
`;

/** Kernels on a memory that several threads share; the calling thread takes part and waits for the others. */
export interface ThreadPool extends Processor {
  /** Settles when all workers are there. */
  readonly ready: Promise<void>;
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
  /** The function that errors name. */
  readonly where: string;
  /** Workers that have finished no item for so long are taken for dead. */
  readonly patienceSeconds: number;
  /** Called when the pool can no longer be used. */
  onFailure(): void;
}

export function startThreadPool({
  module,
  memory,
  fusedMultiplyAdd,
  threads,
  where,
  patienceSeconds,
  onFailure,
}: ThreadPoolOptions): ThreadPool {
  const jobs = instantiate(module, memory);
  const words = new Int32Array(new SharedArrayBuffer(4 * Object.keys(Word).length));
  const numbers = new Float64Array(new SharedArrayBuffer(8 * MAX_NUMBERS));
  const names = Object.keys(jobs);
  let broken: string | undefined;

  function fail(reason: string): void {
    if (broken !== undefined) return;
    broken = reason;
    onFailure();
  }

  const workers = Array.from({ length: threads - 1 }, (_, i) => {
    const workerData = { module, memory, words, numbers, thread: i + 1 };
    const worker = new Worker(workerSource, { eval: true, workerData, execArgv: [] });
    worker.on("error", () => fail("a worker thread failed"));
    worker.on("exit", () => fail("a worker thread ended"));
    return worker;
  });
  const ready = Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          worker.once("message", () => {
            // From now on a waiting worker does not keep the process alive.
            worker.unref();
            resolve();
          });
          worker.once("error", reject);
          worker.once("exit", () => reject(new Error("a worker thread ended")));
        }),
    ),
  ).then(() => {});

  /** Waits until no worker is inside, as long as they get on. */
  function waitForWorkers(): void {
    for (let spin = 0; spin < 5000 && Atomics.load(words, Word.inside) !== 0; spin++);
    let done = Atomics.load(words, Word.done);
    for (let waited = 0; ; waited++) {
      const inside = Atomics.load(words, Word.inside);
      if (inside === 0) return;
      if (waited === patienceSeconds) break;
      const waking = Atomics.wait(words, Word.inside, inside, 1000);
      const now = Atomics.load(words, Word.done);
      if (now !== done || waking !== "timed-out") waited = 0;
      done = now;
    }
    fail("worker threads that do not answer");
    throw new Error(
      `${where}: all worker threads must answer, got no answer for ${patienceSeconds} s`,
    );
  }

  return {
    memory,
    jobs,
    threads,
    fusedMultiplyAdd,
    ready,
    run(name, given, items, scratch, scratchBytes) {
      if (broken !== undefined)
        throw new Error(`${where}: the threads must be alive, got: ${broken}`);
      const job = jobs[name]!;
      if (items <= 1) {
        if (items === 1) job(...given, scratch, 0);
        return;
      }
      words[Word.name] = names.indexOf(name);
      words[Word.numbers] = given.length;
      words[Word.items] = items;
      words[Word.scratch] = scratch;
      words[Word.scratchBytes] = scratchBytes;
      numbers.set(given);
      // May be left from a job that ended with an error of this thread.
      Atomics.store(words, Word.failed, 0);
      Atomics.store(words, Word.next, 0);
      Atomics.store(words, Word.open, 1);
      Atomics.add(words, Word.job, 1);
      Atomics.notify(words, Word.job);
      try {
        for (let item: number; ; ) {
          item = Atomics.add(words, Word.next, 1);
          if (item >= items) break;
          job(...given, scratch, item);
        }
      } finally {
        Atomics.store(words, Word.open, 0);
        waitForWorkers();
      }
      if (Atomics.exchange(words, Word.failed, 0) === 1) {
        throw new Error(`${where}: a worker thread must finish its part of ${name}, got a failure`);
      }
    },
    async close() {
      broken ??= "they were closed";
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
