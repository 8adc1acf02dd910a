import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { useBackend } from "closerlook/node";
import { beforeAll, describe, expect, test } from "vitest";
import { keyOf } from "../../examples/common/jobs.js";
import { mnistDigits } from "../../examples/common/mnistDigits.js";
import { x09 } from "../../examples/x09-warmup.js";
import { x10 } from "../../examples/x10-freeze.js";
import { temporaryFolder } from "../node/temporaryFolder.js";
import { reproduce } from "./reproduceProcess.js";

const path = temporaryFolder();
const require = createRequire(import.meta.url);

/** Training takes seconds on a machine of its own; other test files may use this one as well. */
const PATIENCE = 240_000;

describe.concurrent("the arguments of reproduce", () => {
  test("--help names every experiment, option and exit code", async () => {
    const { code, stdout, stderr } = await reproduce(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const id of ["x01", "x02", "x08", "x09", "x10", "x11", "x13", "x14"])
      expect(stdout).toMatch(new RegExp(`^  ${id}   \\S`, "m"));
    for (const option of [
      "preset",
      "data",
      "backend",
      "out",
      "jobs",
      "threads",
      "list",
      "only",
      "help",
    ]) {
      expect(stdout).toContain(`\n  --${option} `);
    }
    expect(stdout).toMatch(/exit code is 0 .* 1 on an\s+error, 2 .* 130/s);
  });

  test.each<[why: string, args: string[], message: RegExp]>([
    ["experiment", ["x99"], /^experiment must be one of x01, .*, x14, got "x99"$/],
    ["preset", ["--preset", "huge"], /^--preset must be one of quick, cpu, paper, got "huge"$/],
    ["data set", ["--data", "cats"], /^--data must be one of mnist, cifar10:FOLDER, got "cats"$/],
    ["back end", ["--backend", "abacus"], /^--backend must be one of auto, .*, got "abacus"$/],
    ["number of jobs", ["--jobs", "two"], /^--jobs must be an integer from 1 to 9999, got "two"$/],
    [
      "number of images",
      ["x03", "--images-per-class", "many"],
      /^--images-per-class must be an integer from 1 to 9999, got "many"$/,
    ],
    [
      "size of what has none",
      ["x03", "x09", "--curve-epochs", "2"],
      /^--images-per-class and --curve-epochs must come with experiments of x01, .*, x08, x13, got x09$/,
    ],
    [
      "number of threads",
      ["--threads=0"],
      /^--threads must be an integer from 1 to 9999, got "0"$/,
    ],
    ["option", ["--fast"], /^Unknown option '--fast'/],
    ["value", ["--list=yes"], /^Option '--list' does not take an argument$/],
  ])("an unknown %s is one clear line and exit code 2", async (_, args, message) => {
    const { code, stdout, stderr } = await reproduce(args);
    const [line, ...others] = stderr.trimEnd().split("\n");
    expect(line).toMatch(message);
    expect(others).toEqual(["Try: npm run reproduce -- --help"]);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test("--only with a key of no job is refused", async () => {
    const { code, stderr } = await reproduce(["--only", "NOSUCHKEY", "--out", path("none")]);
    expect(code).toBe(2);
    expect(stderr).toContain('\n--only must be a key that --list prints, got "NOSUCHKEY"\n');
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("a folder without CIFAR-10 is one clear line that says where the set is to be had", async () => {
    const { code, stdout, stderr } = await reproduce(["--data", "cifar10:test", "--list"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^readCifar10: test: folder must be .*www\.cs\.toronto\.edu.*\n$/);
  });

  test("an --out that is no folder is found out before anything is computed", async () => {
    await writeFile(path("file"), "");
    const folders = [path("file"), join(path("file"), "deeper"), ""];
    const ended = await Promise.all(folders.map((out) => reproduce([`--out=${out}`])));
    for (const { code, stdout, stderr } of ended) {
      expect(stderr).toMatch(
        /^--out must be a folder that can be written to, got ".*" \(E\w+\)\n$/,
      );
      expect([code, stdout]).toEqual([1, ""]);
    }
  });

  test("--list of x02 and x13 prints what they share once", async () => {
    const list = async (...ids: string[]) => {
      const { stdout } = await reproduce([...ids, "--list", "--out", path("listed")]);
      return stdout.trimEnd().split("\n");
    };
    const [x02, both] = await Promise.all([list("x02"), list("x02", "x13")]);
    expect(both.slice(0, 2)).toEqual(x02);
    expect(both.slice(2).map((line) => line.replace(/-\w+$/, ""))).toEqual([
      "to do     vgg-cosine",
      "to do     vgg-linear",
    ]);
  });

  test("--list of x14, which has no jobs, says so beside the list", async () => {
    const list = (...ids: string[]) => reproduce([...ids, "--list", "--out", path("listed")]);
    const said = "x14 has no jobs: it is computed with its report\n";
    const [x14, both] = await Promise.all([list("x14"), list("x09", "x14")]);
    expect(x14).toMatchObject({ code: 0, stdout: "", stderr: said });
    expect(both).toMatchObject({ code: 0, stderr: said });
    expect(both.stdout).toMatch(/^(to do {5}\S+\n)+$/);
  });

  test("--list prints the twelve jobs of x09 and x10, of this version and back end, and makes nothing", async () => {
    const args = ["x09", "x10", "--backend", "wasm", "--list", "--out", path("listed")];
    const { code, stdout, stderr } = await reproduce(args);
    expect([code, stderr]).toEqual([0, ""]);

    const versions = ["../../package.json", "@tensorflow/tfjs-backend-wasm/package.json"].map(
      (file) => {
        const { name, version } = require(file);
        return [name, version];
      },
    );
    const environment = {
      ...Object.fromEntries(versions),
      simd: (await useBackend("wasm")).simd ?? null,
    };
    const input = { preset: "quick", data: await mnistDigits(), environment } as const;
    const keys = new Set([...x09.jobs(input), ...x10.jobs(input)].map(keyOf));
    expect(keys.size).toBe(12);
    expect(stdout.trimEnd().split("\n").sort()).toEqual(
      [...keys].map((key) => `to do     ${key}`).sort(),
    );
    await expect(readdir(path("listed"))).rejects.toThrow("ENOENT");
  });
});

test("x14 writes its result and figure and prints eight checks that hold", async () => {
  const { code, stdout } = await reproduce(["x14", "--out", path("x14")]);
  expect(code).toBe(0);
  expect(stdout.match(/✓ holds/g)).toHaveLength(8);
  expect(stdout).not.toMatch(/✗|\? not decided/);
  expect(stdout.match(/^X14\.[a-h] /gm)).toHaveLength(8);
  expect(stdout).toMatch(/^Figures .*:\n {2}\S*x14\/eq1-warm-restarts\.png$/m);

  const folder = path(join("x14", "x14"));
  expect((await readdir(folder)).sort()).toEqual([
    "eq1-warm-restarts.png",
    "eq1-warm-restarts.svg",
    "result.json",
  ]);
  const result = JSON.parse(await readFile(join(folder, "result.json"), "utf8"));
  expect(result).toMatchObject({ id: "x14", preset: "quick" });
  expect(result.checks.map(({ verdict }: { verdict: string }) => verdict)).toEqual(
    Array(8).fill("holds"),
  );
  expect(await readFile(join(folder, "eq1-warm-restarts.svg"), "utf8")).toMatch(
    /^<svg[\s\S]*<\/svg>/,
  );
  const png = await readFile(join(folder, "eq1-warm-restarts.png"));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
});

describe("a training run", () => {
  let key = "";
  const train = (out: string) => reproduce(["x09", "--only", key, "--out", path(out)]);
  const list = async (out: string) => {
    const { stdout } = await reproduce(["x09", "--list", "--out", path(out)]);
    return stdout.trimEnd().split("\n");
  };

  beforeAll(async () => {
    key = (await list("one")).find((line) => line.includes("warmup-LB-seed0"))!.split(/ {2,}/)[1]!;
    const ended = await Promise.all([train("one"), train("two")]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
  }, PATIENCE);

  test("has the same result in every bit when it is repeated elsewhere", async () => {
    for (const file of ["weights.safetensors", "numbers.json"]) {
      const [one, two] = await Promise.all(
        ["one", "two"].map((out) => readFile(path(join(out, "jobs", key, file)))),
      );
      expect(one!.length).toBeGreaterThan(100);
      expect(one!.equals(two!)).toBe(true);
    }
  });

  test("is finished once and found from then on, without changing a file", async () => {
    const weights = path(join("one", "jobs", key, "weights.safetensors"));
    const before = await readFile(weights);
    const { code, stderr } = await train("one");
    expect(code).toBe(0);
    expect(stderr).toContain("warmup-LB-seed0: found from an earlier run\n");
    expect((await readFile(weights)).equals(before)).toBe(true);
  });

  test(
    "that is interrupted leaves nothing, keeps what was finished and can be started again",
    async () => {
      let interrupted = false;
      const { code, stdout, stderr } = await reproduce(
        ["x09", "--out", path("one")],
        async (child, text) => {
          if (interrupted || !text.includes("back end")) return;
          interrupted = true;
          // Into the training of the first job, which takes several times as long.
          await setTimeout(1500);
          // Twice, as when npm passes the Ctrl-C of a terminal on.
          child.kill("SIGINT");
          child.kill("SIGINT");
        },
      );
      expect(code).toBe(130);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/\nStopped\. What is finished is kept; .*\n$/);
      expect(stderr).not.toMatch(/^ +at /m);
      expect(await readdir(path("one"))).toEqual(["jobs"]);
      // Beside it there may be what the first job had saved on its way.
      const jobs = await readdir(path(join("one", "jobs")));
      expect(jobs.filter((name) => !name.endsWith(".partial"))).toEqual([key]);

      const lines = await list("one");
      expect(lines.filter((line) => line.startsWith("finished"))).toEqual([`finished  ${key}`]);
      expect(lines.filter((line) => line.startsWith("to do"))).toHaveLength(8);
      expect((await train("one")).stderr).toContain("found from an earlier run");
    },
    PATIENCE,
  );
});

describe("jobs side by side", () => {
  test(
    "are computed by processes of their own; one that is killed is reported, and is taken up again",
    async () => {
      let killed = false;
      const first = await reproduce(
        ["x02", "--jobs", "2", "--out", path("jobs")],
        async (child, text) => {
          if (killed || !text.includes("back end")) return;
          killed = true;
          for (let tries = 0; tries < 100; tries++) {
            await setTimeout(100);
            const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")
              .then((pids) => pids.trim().split(" ").filter(Boolean))
              .catch(() => []);
            if (children.length < 2) continue;
            await setTimeout(2000);
            process.kill(Number(children.at(-1)), "SIGKILL");
            return;
          }
        },
      );
      if (process.platform !== "linux") return;
      expect(first.stderr).toMatch(/^vgg-\w+ failed: killed by SIGKILL/m);
      expect(first.stderr).toMatch(/^\[1\/2\] vgg-\w+: computed$/m);
      expect(first.stderr).toMatch(/^Without a result, as jobs failed: x02$/m);
      expect(first.code).toBe(1);

      const second = await reproduce(["x02", "--jobs", "2", "--out", path("jobs")]);
      expect(second.code).toBe(0);
      expect(second.stderr).toMatch(/vgg-\w+: found from an earlier run/);
      expect(second.stdout.match(/^X2\.[abc] /gm)).toHaveLength(3);
    },
    PATIENCE,
  );
});
