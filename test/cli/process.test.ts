import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { writeArrays } from "../../src/node/index.js";
import { temporaryFolder } from "../node/temporaryFolder.js";
import { activations } from "./command.js";
import { writeFiles } from "./files.js";

const path = temporaryFolder();
const repository = fileURLToPath(new URL("../..", import.meta.url));
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const { version } = JSON.parse(
  await readFile(new URL("../../package.json", import.meta.url), "utf8"),
);

beforeAll(() => writeFiles(path));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type OnStart = (child: ReturnType<typeof spawn>) => void;

/** Runs the command as a process; `onStart` may send it signals or close its streams. */
const closerlook = (args: readonly string[], onStart?: OnStart): Promise<Ended> =>
  run(["--import", "tsx", main, ...args], onStart);

function run(args: readonly string[], onStart: OnStart = () => {}): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, {
      cwd: repository,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
    onStart(child);
  });
}

describe.concurrent("the process", () => {
  test("prints the version of the package", async () => {
    expect(await closerlook(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test("has one JSON document on stdout, nothing on stderr, and exit code 0", async () => {
    const { code, stdout, stderr } = await closerlook([
      "svcca",
      path("a.npy"),
      path("b.npy"),
      "--json",
      // A busy machine may take long enough for lines of progress.
      "--quiet",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ closerlook: version, command: "svcca" });
  });

  test("has exit code 1 for an error and 2 for wrong usage, without a stack trace", async () => {
    const missing = await closerlook(["svcca", path("none.npy"), path("a.npy"), "-q"]);
    expect([missing.code, missing.stdout]).toEqual([1, ""]);
    expect(missing.stderr).toMatch(/^closerlook: svcca: .*none\.npy: .*\n$/);
    const wrong = await closerlook(["svcca"]);
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).not.toMatch(/^ +at /m);
  });

  test("ends quietly when nobody reads on, whatever it had to say", async () => {
    const layers = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`layer${i}`, activations(i, [8, 2])]),
    );
    await writeArrays(path("many.npz"), layers);
    for (const args of [["--json"], []]) {
      const { signal, stderr } = await closerlook(
        ["grid", path("many.npz"), "-q", ...args],
        (child) => child.stdout!.destroy(),
      );
      expect([signal, stderr]).toEqual([null, ""]);
    }
  });

  test("ends at once at Ctrl-C, also in the middle of a comparison", async () => {
    // Hours of work in one call of the library, which lets no listener have its turn.
    const endless = ["svcca", path("a.npy"), path("b.npy"), "--permutations", "1000000000"];
    const { signal, code, stdout } = await closerlook(endless, (child) => {
      setTimeout(() => child.kill("SIGINT"), 4000);
    });
    // What a shell reports as 130.
    expect([signal, code, stdout]).toEqual(["SIGINT", null, ""]);
  });

  test("ends what it is writing before it gives in to Ctrl-C", async () => {
    const script = `
      import { writeFileSync } from "node:fs";
      import { setTimeout } from "node:timers/promises";
      import { uninterrupted } from ${JSON.stringify(new URL("../../src/cli/interrupts.ts", import.meta.url).href)};
      await uninterrupted(async () => {
        process.stdout.write("writing");
        await setTimeout(500);
        writeFileSync(${JSON.stringify(path("whole.txt"))}, "whole");
      });
      process.stdout.write("not reached");
      await setTimeout(10_000);
    `;
    await writeFile(path("script.mts"), script);
    const { signal, stdout } = await run(["--import", "tsx", path("script.mts")], (child) => {
      child.stdout!.once("data", () => child.kill("SIGINT"));
    });
    expect([signal, stdout.replace("not reached", "")]).toEqual(["SIGINT", "writing"]);
    expect(await readFile(path("whole.txt"), "utf8")).toBe("whole");
  });
});
