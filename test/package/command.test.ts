import { type ExecFileException, execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { similarityGrid, svcca } from "../../src/similarity/index.js";
import { early, first, late, second, writeFiles } from "../cli/files.js";
import { decodePng } from "../plot/png.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));

/** The environment without what an npm that runs the tests leaves for the npm that is started here. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle)|^npm_config_(local_prefix|prefix)$|^NODE_/i.test(name),
  ),
);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (command: string, args: readonly string[], cwd: string): Promise<Ended> =>
  new Promise((done) => {
    const options = { cwd, env: environment, shell: process.platform === "win32" };
    execFile(command, args, options, (error: ExecFileException | null, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

let folder = "";
let project = "";

/** Runs the command as it is installed in an empty project, beside the files of the tests. */
const closerlook = (...args: string[]): Promise<Ended> =>
  run(join(project, "node_modules/.bin/closerlook"), args, project);

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "closerlook-command-")));
  project = join(folder, "project");
  if (!existsSync(join(repository, "dist/cli/main.js")))
    await run("npm", ["run", "build"], repository);
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [packed] = JSON.parse((await run("npm", pack, repository)).stdout);
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "private": true }');
  const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  await run("npm", [...install, join(folder, packed.filename)], project);
  await writeFiles((name) => join(project, name));
}, 180_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the installed command", () => {
  test("says its version and how it is used", async () => {
    expect(await closerlook("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    const { code, stdout, stderr } = await closerlook("--help");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("closerlook grid early.npz late.npz");
  });

  test("loads nothing to print its help that it does not need", async () => {
    const script = `
      process.on("exit", () => process.stderr.write(JSON.stringify(process.moduleLoadList)));
      process.argv = [process.argv[0], "closerlook", "--help"];
      await import("./node_modules/closerlook/dist/cli/main.js");
    `;
    await writeFile(join(project, "help.mjs"), script);
    const { stderr } = await run(process.execPath, ["help.mjs"], project);
    expect(stderr).not.toMatch(/worker_threads|zlib/);
  });

  test("compares two arrays as the library does", async () => {
    const { code, stdout, stderr } = await closerlook(
      "svcca",
      "a.npy",
      "b.npy",
      "--json",
      "--quiet",
    );
    expect([code, stderr]).toEqual([0, ""]);
    const { similarity, chance } = svcca(first, second);
    expect(JSON.parse(stdout)).toMatchObject({ closerlook: version, similarity, chance });
    const text = await closerlook("svcca", "a.npy", "b.npy", "--quiet");
    expect(text.stdout).toContain(`\nsimilarity    ${similarity.toFixed(3)}\n`);
  });

  test("gives the same numbers with threads", async () => {
    const args = ["grid", "early.npz", "late.npz", "--as", "pooled", "--json", "--quiet"];
    const [alone, together] = await Promise.all([
      closerlook(...args, "--threads", "1"),
      closerlook(...args, "--threads", "3"),
    ]);
    expect([alone.code, alone.stderr]).toEqual([0, ""]);
    expect(together).toEqual(alone);
    const { values } = similarityGrid(early, late, { as: "pooled" });
    expect(JSON.parse(alone.stdout).values).toBeAllclose(values, { rtol: 1e-10, atol: 1e-12 });
  });

  test("looks into files", async () => {
    const { code, stdout } = await closerlook("inspect", "mixed.npz", "--statistics");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^labels +\[90\] +int64 +720 B +0 +2 +1 +– +0$/m);
  });

  test("has exit code 1 and one line for an error, 2 for wrong usage", async () => {
    const missing = await closerlook("svcca", "none.npy", "a.npy", "-q");
    expect([missing.code, missing.stdout]).toEqual([1, ""]);
    expect(missing.stderr).toMatch(/^closerlook: svcca: none\.npy: no such file\n$/);
    const wrong = await closerlook("svcca", "a.npy");
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toMatch(/\nTry: closerlook svcca --help\n$/);
  });

  test("draws SVG at once, and PNG once the package for it is there; before, it says so and writes nothing", async () => {
    const args = ["grid", "early.npz", "late.npz", "--as", "pooled", "--quiet"];
    const without = await closerlook(...args, "--svg", "no.svg", "--png", "no.png");
    expect([without.code, without.stdout]).toEqual([1, ""]);
    expect(without.stderr).toMatch(/^closerlook: [^\n]*npm install @resvg\/resvg-js\n$/);
    expect((await readdir(project)).filter((name) => name.startsWith("no."))).toEqual([]);

    const svg = await closerlook(...args, "--svg", "grid.svg");
    expect([svg.code, svg.stderr]).toEqual([0, ""]);
    expect(await readFile(join(project, "grid.svg"), "utf8")).toMatch(
      /^<svg[\s\S]*SVCCA[\s\S]*<\/svg>\n$/,
    );

    const target = join(project, "node_modules/@resvg");
    await symlink(join(repository, "node_modules/@resvg"), target, "junction");
    const png = await closerlook(...args, "--png", "grid.png");
    expect([png.code, png.stderr]).toEqual([0, ""]);
    expect(decodePng(await readFile(join(project, "grid.png"))).darkPixels()).toBeGreaterThan(1000);
  });
});
