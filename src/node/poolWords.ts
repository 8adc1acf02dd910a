/**
 * Where the threads of a pool meet: 32-bit words that all of them see, in blocks of a cache line. The first block belongs
 * to the pool, then comes one for each worker, then one for each slot.
 *
 * A slot holds one job. There is one slot more than threads, so that the main thread always finds one for its next job
 * that no worker looks at and that is not the present one. So it never waits for a worker that the system lets sleep at a
 * wrong moment, unless that worker is at an item.
 */
export const BLOCK = 16;

/** Words of the pool. */
export const Pool = {
  /** Counts the jobs, with the slot of the present one in its last bits; a change wakes the workers. */
  job: 0,
  /** A change wakes the main thread. */
  signal: 1,
  /** Counts the answers of the supervisor. */
  answers: 2,
} as const;

/** Words of a worker. */
export const Own = {
  /** The slot that it looks at, plus one; 0 for none. */
  slot: 0,
  /** The item that it computes, plus one; 0 for none. */
  item: 1,
  /** 1 after its thread has ended. */
  ended: 2,
} as const;

/** Words of a slot. */
export const Slot = {
  /** The next item to take. */
  next: 0,
  /** Items that workers have finished. */
  done: 1,
  /** How many finished items the main thread waits for; 0 while it does not wait. */
  awaited: 2,
  /** 1 when an item failed. */
  failed: 3,
  /** Items of the job. */
  items: 4,
  /** Index of the job's name. */
  name: 5,
  /** How many numbers the job takes. */
  numbers: 6,
  /** Address of the scratch space, and its size for one thread. */
  scratch: 7,
  scratchBytes: 8,
} as const;

/** Enough for the slots of 256 threads. */
export const SLOT_BITS = 9;

export const MAX_NUMBERS = 32;
