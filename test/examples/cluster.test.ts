import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { inOrder } from "../../examples/common/jobs.js";
import { mnistDigits } from "../../examples/common/mnistDigits.js";
import { x09 } from "../../examples/x09-warmup.js";
import { x10 } from "../../examples/x10-freeze.js";
import { temporaryFolder } from "../node/temporaryFolder.js";

const path = temporaryFolder();
const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = readFileSync(join(root, "examples/cluster/kubernetes.yaml"), "utf8");
const reproduce = "--import tsx examples/reproduce.ts";

const list = `finished  a-1
to do     b-2

to do     c-3
finished  d-4
to do     e-5

to do     f-6

finished  g-7
`;
const allFinished = list.replaceAll("to do   ", "finished");

/**
 * Runs a script of examples/cluster with a `node` that only prints the list, and an `sbatch` that only counts; both keep
 * how they were called.
 */
async function cluster(
  args: readonly string[],
  {
    listed = list,
    fails = "",
    env = {},
  }: { listed?: string; fails?: string; env?: Record<string, string> } = {},
) {
  const folder = await mkdtemp(path("cluster-"));
  const program = async (name: string, text: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}`);
    await chmod(join(folder, name), 0o755);
  };
  const keep = (name: string) => `echo "$*" >> "${folder}/${name}.calls"\n`;
  await writeFile(join(folder, "list"), listed);
  const fail = fails && `case "$*" in *${fails}*) exit 3 ;; esac\n`;
  await program("node", `${keep("node")}${fail}case "$*" in *--list) cat "${folder}/list" ;; esac`);
  await program(
    "sbatch",
    `${keep("sbatch")}${fail}echo "$(wc -l < "${folder}/sbatch.calls");name"`,
  );
  const { status, stdout, stderr } = spawnSync("bash", args, {
    cwd: root,
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, ...env },
    encoding: "utf8",
  });
  const calls = async (name: string) =>
    existsSync(join(folder, `${name}.calls`))
      ? (await readFile(join(folder, `${name}.calls`), "utf8")).trimEnd().split("\n")
      : [];
  return { status, stdout, stderr, node: await calls("node"), sbatch: await calls("sbatch") };
}

describe("slurm.sh", () => {
  const submit = (options?: Parameters<typeof cluster>[1]) =>
    cluster(
      ["examples/cluster/slurm.sh", "--time=1", "--mem=4G", "--", "x03", "--out", "o"],
      options,
    );
  const batch = "examples/cluster/slurm.sbatch";

  test("submits an array for each wave that is not finished, and the report behind all of them", async () => {
    const { status, stdout, node, sbatch } = await submit();
    expect(status).toBe(0);
    expect(node).toEqual([`${reproduce} x03 --out o --list`]);
    expect(sbatch).toEqual([
      `--parsable --time=1 --mem=4G --array=1-1 ${batch} b-2 -- x03 --out o`,
      `--parsable --time=1 --mem=4G --dependency=afterany:1 --array=1-2 ${batch} c-3 e-5 -- x03 --out o`,
      `--parsable --time=1 --mem=4G --dependency=afterany:2 --array=1-1 ${batch} f-6 -- x03 --out o`,
      `--parsable --time=1 --mem=4G --dependency=afterok:1:2:3 --kill-on-invalid-dep=yes ${batch} -- x03 --out o`,
    ]);
    expect(stdout).toMatch(/^array 1: 1 jobs\narray 2: 2 jobs\narray 3: 1 jobs\njob 4: /);
  });

  test("submits only the report when all is finished", async () => {
    const { status, sbatch } = await submit({ listed: allFinished });
    expect(status).toBe(0);
    expect(sbatch).toEqual([`--parsable --time=1 --mem=4G ${batch} -- x03 --out o`]);
  });

  test("takes everything for sbatch without --, and works from any folder", async () => {
    const script = join(root, "examples/cluster/slurm.sh");
    const { status, node, sbatch } = await cluster([script, "--time=1"]);
    expect(status).toBe(0);
    expect(node).toEqual([`${reproduce} --list`]);
    expect(sbatch[0]).toBe(`--parsable --time=1 --array=1-1 ${batch} b-2 --`);
  });

  test("fails, and submits nothing, without a list", async () => {
    const { status, sbatch } = await submit({ fails: "--list" });
    expect([status, sbatch]).toEqual([3, []]);
  });

  test("fails at the first array that is refused", async () => {
    const { status, sbatch } = await submit({ fails: "c-3" });
    expect([status, sbatch.length]).toEqual([3, 2]);
  });
});

describe("slurm.sbatch", () => {
  const args = ["examples/cluster/slurm.sbatch", "c-3", "e-5", "--", "x03", "--out", "o"];

  test("computes the job of the task's number in the array", async () => {
    const { status, node } = await cluster(args, { env: { SLURM_ARRAY_TASK_ID: "2" } });
    expect([status, node]).toEqual([0, [`${reproduce} x03 --out o --only=e-5`]]);
  });

  test("has the exit code of the job", async () => {
    const env = { SLURM_ARRAY_TASK_ID: "1" };
    expect((await cluster(args, { fails: "c-3", env })).status).toBe(3);
  });

  test("without an array puts everything together", async () => {
    const { status, node } = await cluster(["examples/cluster/slurm.sbatch", "--", "x03"]);
    expect([status, node]).toEqual([0, [`${reproduce} x03`]]);
  });
});

describe("kubernetes.yaml", () => {
  const script = /- -euc\n +- \|\n((?: {14}.*\n)+)/.exec(manifest)![1]!.replaceAll(/^ {14}/gm, "");
  const args = /^ +args: \[(.*)\]$/m.exec(manifest)![1]!.replaceAll('"', "").split(", ");

  test("has as many completions as there are jobs of its arguments", async () => {
    const input = { preset: "quick", data: await mnistDigits(), environment: {} } as const;
    const chosen = [x09, x10].filter(({ id }) => args.includes(id));
    const jobs = inOrder(chosen.flatMap((one) => one.jobs(input)));
    expect(chosen).toHaveLength(2);
    expect(manifest).toContain(`\n  completions: ${jobs.size}\n`);
  });

  test("computes the job on the line of the index, which counts from 0", async () => {
    const keys = path("keys.txt");
    await writeFile(keys, "b-2\nc-3\ne-5\n");
    const run = (index: string, fails = "") => {
      const command = ["-euc", script.replace("/keys/keys.txt", keys), "reproduce", ...args];
      return cluster(command, { fails, env: { JOB_COMPLETION_INDEX: index } });
    };
    const call = (key: string) => [`${reproduce} ${args.join(" ")} --only ${key}`];
    expect(await run("0")).toMatchObject({ status: 0, node: call("b-2") });
    expect(await run("2")).toMatchObject({ status: 0, node: call("e-5") });
    expect(await run("1", "c-3")).toMatchObject({ status: 3, node: call("c-3") });
    // Of an index without a line nothing is computed, and that is a failure.
    const beyond = await run("3");
    expect(beyond.node).toEqual([]);
    expect(beyond.status).not.toBe(0);
    expect(beyond.stderr).toContain("no such line");
  });
});

const has = (program: string, ...args: string[]) =>
  spawnSync(program, args, { encoding: "utf8" }).stdout ?? "";

const validator = "kubernetes-validate";

describe.skipIf(!has(validator, "--version"))(validator, () => {
  test("knows every field of the manifest", async () => {
    const validate = (file: string) => spawnSync(validator, ["--strict", file]).status;
    expect(validate(join(root, "examples/cluster/kubernetes.yaml"))).toBe(0);
    await writeFile(path("wrong.yaml"), manifest.replace("completionMode:", "completionMod:"));
    expect(validate(path("wrong.yaml"))).toBe(1);
  });
});

describe.skipIf(!has("shellcheck", "--version"))("shellcheck", () => {
  test.each(["parallel.sh", "slurm.sh", "slurm.sbatch"])("finds nothing in %s", (name) => {
    expect(has("shellcheck", join(root, "examples/cluster", name))).toBe("");
  });
});

describe.skipIf(!has("parallel", "--version").includes("GNU parallel"))("parallel.sh", () => {
  const run = (options?: Parameters<typeof cluster>[1]) =>
    cluster(["examples/cluster/parallel.sh", "--jobs", "2", "--", "x03", "--out", "o o"], options);

  test("computes what is to do, each job once, and puts it together", async () => {
    const { status, node } = await run();
    expect(status).toBe(0);
    const call = `${reproduce} x03 --out o o`;
    expect(node[0]).toBe(`${call} --list`);
    expect(node.slice(1, -1).sort()).toEqual(
      ["b-2", "c-3", "e-5", "f-6"].map((key) => `${call} --only ${key}`),
    );
    expect(node.at(-1)).toBe(call);
  });

  test("puts together what is finished, and computes nothing", async () => {
    const { status, node } = await run({ listed: allFinished });
    expect(status).toBe(0);
    expect(node).toEqual([`${reproduce} x03 --out o o --list`, `${reproduce} x03 --out o o`]);
  });

  test("goes on after a job that fails, and fails itself before anything is put together", async () => {
    const { status, node } = await run({ fails: "c-3" });
    expect(status).toBe(1);
    expect(node).toHaveLength(5);
    for (const call of node) expect(call).toMatch(/--list$|--only .-\d$/);
  });

  test("fails without a list", async () => {
    const { status, node } = await run({ fails: "--list" });
    expect(status).not.toBe(0);
    expect(node).toHaveLength(1);
  });
});
