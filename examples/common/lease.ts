import { randomUUID } from "node:crypto";
import { open, readFile, readlink, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";

/** The right to compute a job, which one of all processes that share a folder has at a time. */
export interface Lease {
  /** Aborted once another process has taken the job over. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface LeaseOptions {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Told once, if another process has the lease. */
  readonly waiting?: (holder: string) => void;
  /** Milliseconds between two signs of life of a holder. */
  readonly beat?: number;
  /** Milliseconds without one after which a holder counts as gone. */
  readonly patience?: number;
}

/** What a lease's file says. */
interface Holder {
  readonly id: string;
  readonly host: string;
  /** The running system in which `pid` means something. */
  readonly system: string;
  readonly pid: number;
  /** Changes with every sign of life. No two clocks are compared. */
  readonly seen: string;
}

/** Name of the file of the n-th holder; the file of n + 1 takes the lease from n. */
const fileOf = (path: string, n: number): string => `${path}.lease-${n}`;

/**
 * Waits until nobody else computes what is at `path`, and takes the lease.
 *
 * Holders have numbers. File n is created, never opened, so that only one process can have it, on a network's file system
 * too; a thread of its own changes it every few seconds, however busy the process is. Who finds it unchanged for a
 * minute, or knows that the process is dead since it ran on the same machine, creates n + 1. Should number n have been
 * asleep only, it finds that file and stops.
 */
export async function takeLease(path: string, options: LeaseOptions): Promise<Lease> {
  const { signal, waiting, beat = 5_000, patience = 60_000 } = options;
  const self: Omit<Holder, "seen"> = {
    id: randomUUID(),
    host: hostname(),
    system: await system,
    pid: process.pid,
  };
  let watched = { n: 0, text: "", since: 0 };
  let told = false;
  for (;;) {
    const newest = await newestOf(path);
    if (newest.n !== watched.n || newest.text !== watched.text) {
      watched = { ...newest, since: performance.now() };
    }
    const isFree =
      newest.n === 0 ||
      performance.now() - watched.since >= patience ||
      (await isDead(parse(newest.text)));
    if (isFree && (await create(fileOf(path, newest.n + 1), self))) {
      return hold(path, newest.n + 1, self, beat);
    }
    if (isFree) continue;
    if (!told) waiting?.(describe(parse(newest.text)));
    told = true;
    await setTimeout(Math.min(1_000, patience / 4), undefined, { signal });
  }
}

/** The number of the newest holder and what its file says; 0 if there is none. */
async function newestOf(path: string): Promise<{ n: number; text: string }> {
  let [n, text] = [0, ""];
  for (;;) {
    const next = await readFile(fileOf(path, n + 1), "utf8").catch(orMissing);
    if (next === undefined) return { n, text };
    n++;
    text = next;
  }
}

async function create(file: string, holder: Omit<Holder, "seen">): Promise<boolean> {
  const handle = await open(file, "wx").catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
  if (!handle) return false;
  try {
    await handle.writeFile(contentsOf(holder));
  } finally {
    await handle.close();
  }
  return true;
}

const contentsOf = (holder: Omit<Holder, "seen">): string =>
  JSON.stringify({ ...holder, seen: new Date().toISOString() });

function hold(path: string, n: number, self: Omit<Holder, "seen">, beat: number): Lease {
  const lost = new AbortController();
  const worker = new Worker(new URL("./leaseBeat.mjs", import.meta.url), {
    workerData: { file: fileOf(path, n), next: fileOf(path, n + 1), self, beat },
    execArgv: [],
  });
  worker.unref();
  worker.once("message", () => lost.abort(new Error(`${path}: another process has taken it over`)));
  // Without signs of life others take the lease in a minute: nothing is wrong but that.
  worker.on("error", (error) => process.emitWarning(error));
  return {
    lost: lost.signal,
    async release() {
      await worker.terminate();
      // The newest goes first: in between, those below count as holders that are gone.
      for (let each = n; each > 0 && !lost.signal.aborted; each--) {
        await rm(fileOf(path, each), { force: true });
      }
    },
  };
}

/** Names this system since it was started, and the space of process numbers in it (a container has its own). */
const system: Promise<string> = (async () => {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()} ${await readlink("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
})();

async function isDead(holder: Holder | undefined): Promise<boolean> {
  if (!holder || holder.system !== (await system)) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Undefined while the file is being written. */
function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const describe = (holder: Holder | undefined): string =>
  holder ? `process ${holder.pid} on ${holder.host}` : "another process";

function orMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
