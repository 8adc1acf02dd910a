import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Lease, type LeaseOptions, takeLease } from "../../examples/common/lease.js";
import { temporaryFolder } from "../node/temporaryFolder.js";

const path = temporaryFolder();
const PATIENCE = 60_000;

const take = (name: string, options: Partial<LeaseOptions> = {}): Promise<Lease> =>
  takeLease(path(name), { signal: new AbortController().signal, ...options });

const filesOf = async (name: string): Promise<string[]> =>
  (await readdir(path("."))).filter((file) => file.startsWith(`${name}.`)).sort();

/** What a process on a machine that cannot be asked has left. */
const elsewhere = (name: string, n: number, seen = "then"): Promise<void> =>
  writeFile(
    path(`${name}.lease-${n}`),
    JSON.stringify({ id: `${n}`, host: "far", system: "another", pid: process.pid, seen }),
  );

/** A process that has taken a lease and does nothing but compute. */
async function holder(name: string, beat: number, milliseconds: number): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("leaseHolder.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--import", "tsx", file, path(name), `${beat}`, `${milliseconds}`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(child.stdout!, "data");
  return child;
}

describe("takeLease", () => {
  test("has one holder at a time, and leaves nothing behind", async () => {
    let holders = 0;
    let most = 0;
    const waited: string[] = [];
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        const lease = await take("one", { patience: 2_000, waiting: (who) => waited.push(who) });
        most = Math.max(most, ++holders);
        await setTimeout(20);
        holders--;
        await lease.release();
      }),
    );
    expect(most).toBe(1);
    expect(waited).toEqual(Array(3).fill(`process ${process.pid} on ${hostname()}`));
    expect(await filesOf("one")).toEqual([]);
  });

  test("takes over at once from a process of this machine that was killed", async () => {
    const child = await holder("killed", 5_000, 60_000);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    expect(await filesOf("killed")).toEqual(["killed.lease-1"]);
    const lease = await take("killed", { patience: 1e9 });
    expect(await filesOf("killed")).toEqual(["killed.lease-1", "killed.lease-2"]);
    await lease.release();
    expect(await filesOf("killed")).toEqual([]);
  });

  test("takes over from one of another machine that gives no sign of life, and not before", async () => {
    await elsewhere("gone", 1);
    await elsewhere("gone", 2);
    const waited: string[] = [];
    const from = performance.now();
    const lease = await take("gone", { patience: 300, waiting: (who) => waited.push(who) });
    expect(performance.now() - from).toBeGreaterThan(299);
    expect(waited).toEqual([`process ${process.pid} on far`]);
    expect((await filesOf("gone")).at(-1)).toBe("gone.lease-3");
    await lease.release();
    expect(await filesOf("gone")).toEqual([]);
  });

  test("one of several that find it abandoned has it", async () => {
    await elsewhere("raced", 1);
    let holders = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        const lease = await take("raced", { patience: 200, beat: 10 });
        most = Math.max(most, ++holders);
        await setTimeout(30);
        holders--;
        await lease.release();
      }),
    );
    expect(most).toBe(1);
  });

  test("an empty file, of a process that has just come, counts as one", async () => {
    await writeFile(path("empty.lease-1"), "");
    const from = performance.now();
    const lease = await take("empty", { patience: 200 });
    expect(performance.now() - from).toBeGreaterThan(199);
    await lease.release();
  });

  test(
    "waits for one that computes without a pause for longer than the patience of others",
    async () => {
      const child = await holder("busy", 50, 2_000);
      const released = once(child.stdout!, "data");
      const lease = await take("busy", { patience: 1_000 });
      expect(await filesOf("busy")).toEqual(["busy.lease-1"]);
      expect(`${(await released)[0]}`).toBe("released\n");
      await lease.release();
    },
    PATIENCE,
  );

  test("a holder that another has replaced is told, and leaves that one's file alone", async () => {
    const slept = await take("slept", { beat: 20 });
    expect(slept.lost.aborted).toBe(false);
    await elsewhere("slept", 2);
    await once(slept.lost, "abort");
    await slept.release();
    expect(await filesOf("slept")).toEqual(["slept.lease-1", "slept.lease-2"]);
  });

  test("a holder shows that it lives", async () => {
    const lease = await take("alive", { beat: 20 });
    const seen = async () => JSON.parse(await readFile(path("alive.lease-1"), "utf8")).seen;
    const first = await seen();
    await expect.poll(seen, { interval: 30, timeout: 10_000 }).not.toBe(first);
    await lease.release();
  });

  test("the waiting ends with the signal", async () => {
    const lease = await take("patient");
    const stop = new AbortController();
    const waiting = take("patient", { signal: stop.signal, waiting: () => stop.abort() });
    await expect(waiting).rejects.toThrow(/abort/i);
    await lease.release();
  });

  test("a folder that does not exist is an error", async () => {
    await expect(take("no/such/folder/job")).rejects.toThrow("ENOENT");
  });
});
