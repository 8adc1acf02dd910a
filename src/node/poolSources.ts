import { BLOCK, MAX_NUMBERS, Own, Pool, SLOT_BITS, Slot } from "./poolWords.js";

// Programs of threads, as text so that no bundler has to find a file.

/**
 * What a worker does: wait for a job, take items while there are any. Of more threads than items the last ones stay out,
 * so that there need be no scratch space for them.
 *
 * It says which slot it looks at before it makes sure that the slot's job is still the present one, and the main thread
 * puts nothing into the present slot or one that somebody looks at: so what it reads there belongs together.
 */
export const workerSource = `
const { workerData, parentPort } = require("node:worker_threads");
const { module, memory, words, numbers, threads, spins, thread } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const jobs = Object.values(exports);
const own = ${BLOCK} * thread;

function takeItems(slot) {
  const block = ${BLOCK} * (threads + slot);
  const items = words[block + ${Slot.items}];
  // The main thread wakes one, and each the next while there is work: waking takes as long as a small job.
  if (Atomics.load(words, block + ${Slot.next}) < items) Atomics.notify(words, ${Pool.job}, 1);
  if (thread >= items) return;
  const job = jobs[words[block + ${Slot.name}]];
  const scratch = words[block + ${Slot.scratch}] + thread * words[block + ${Slot.scratchBytes}];
  const from = ${MAX_NUMBERS} * slot;
  const given = [...numbers.subarray(from, from + words[block + ${Slot.numbers}]), scratch, 0];
  const last = given.length - 1;
  for (let item; (item = Atomics.add(words, block + ${Slot.next}, 1)) < items; ) {
    Atomics.store(words, own + ${Own.item}, item + 1);
    given[last] = item;
    try {
      job(...given);
    } catch {
      Atomics.store(words, block + ${Slot.failed}, 1);
    }
    Atomics.store(words, own + ${Own.item}, 0);
    const done = Atomics.add(words, block + ${Slot.done}, 1) + 1;
    if (done === Atomics.load(words, block + ${Slot.awaited})) {
      Atomics.add(words, ${Pool.signal}, 1);
      Atomics.notify(words, ${Pool.signal});
    }
  }
}

let seen = 0;
parentPort.postMessage("ready");
for (;;) {
  for (let spin = 0; spin < spins && Atomics.load(words, ${Pool.job}) === seen; spin++);
  Atomics.wait(words, ${Pool.job}, seen);
  seen = Atomics.load(words, ${Pool.job});
  const slot = seen & ${(1 << SLOT_BITS) - 1};
  Atomics.store(words, own + ${Own.slot}, slot + 1);
  if (Atomics.load(words, ${Pool.job}) === seen) takeItems(slot);
  Atomics.store(words, own + ${Own.slot}, 0);
}
`;

/**
 * Starts the workers and sees when one ends, for which it must be a thread of its own: the main thread may wait for that
 * very worker, and hears of no event meanwhile. A thread whose end is known has written its last number.
 */
export const supervisorSource = `
const { Worker, workerData, parentPort } = require("node:worker_threads");
const { source, words, threads } = workerData;

function wakeMainThread() {
  Atomics.add(words, ${Pool.signal}, 1);
  Atomics.notify(words, ${Pool.signal});
}

let starting = threads;
function oneIsReady() {
  starting--;
  if (starting === 0) parentPort.postMessage("ready");
}
oneIsReady(); // The calling thread.
for (let thread = 1; thread < threads; thread++) {
  const options = { eval: true, workerData: { ...workerData, thread }, execArgv: [] };
  const worker = new Worker(source, options);
  let reason = "it was stopped";
  worker.on("message", oneIsReady);
  worker.on("error", (error) => {
    reason = String(error);
  });
  worker.on("exit", () => {
    Atomics.store(words, ${BLOCK} * thread + ${Own.ended}, 1);
    wakeMainThread();
    parentPort.postMessage({ ended: reason });
  });
}

// Whoever is asked and answers is alive.
parentPort.on("message", () => {
  Atomics.add(words, ${Pool.answers}, 1);
  wakeMainThread();
});
`;
