import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/internal/random.js";
import { temporaryFolder } from "../node/temporaryFolder.js";

const program = fileURLToPath(new URL("killedTraining.ts", import.meta.url));

interface Life {
  /** Numbers of the updates that it reported. */
  readonly updates: readonly number[];
  /** All that came of the training; undefined if it was killed before. */
  readonly end: string | undefined;
}

/** Runs the training in a process of its own, which is killed some time after so many updates. */
function live(args: readonly string[], death?: { updates: number; delay: number }): Promise<Life> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ["--import", "tsx", program, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, errors] = ["", ""];
    let dying = false;
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (death && !dying && output.split("update").length > death.updates) {
        dying = true;
        setTimeout(() => child.kill("SIGKILL"), death.delay);
      }
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", fail);
    child.on("close", (code, signal) => {
      if (code !== 0 && signal !== "SIGKILL") fail(new Error(errors));
      const updates = Array.from(output.matchAll(/^update (\d+)$/gm), ([, n]) => Number(n));
      done({ updates, end: /^end (.*)\n/m.exec(output)?.[1] });
    });
  });
}

describe("a training whose process is killed again and again", () => {
  const folder = temporaryFolder();
  const random = new Random(2026, "deaths");

  test.each(["adam", "momentum"])(
    "ends with the same bits as an undisturbed one: %s",
    async (optimizer) => {
      const undisturbed = await live([optimizer, "1"]);
      expect(undisturbed.updates).toHaveLength(24);
      expect(undisturbed.end).toContain('"stopped":"finished"');

      let kills = 0;
      let last = 0;
      for (let life = 1; ; life++) {
        // Each life begins with other weights; only those of the first may matter.
        const death = { updates: 1 + random.integer(5), delay: 10 * random.uniform() };
        const args = [optimizer, String(life), folder(optimizer)];
        const { updates, end } = await live(args, life <= 5 ? death : undefined);
        // Every update that was reported was saved: it is not done again.
        if (life > 1) expect(updates[0]).toBeGreaterThan(last);
        last = updates.at(-1)!;
        if (end === undefined) {
          kills++;
          continue;
        }
        expect(end).toBe(undisturbed.end);
        break;
      }
      expect(kills).toBeGreaterThanOrEqual(3);
      const left = await readdir(folder(optimizer));
      expect(left.filter((name) => name.startsWith("checkpoint"))).toHaveLength(4);
      expect(left.filter((name) => name.includes("tmp"))).toEqual([]);
    },
    300_000,
  );
});
