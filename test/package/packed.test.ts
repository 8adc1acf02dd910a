import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeArrays } from "../../src/node/index.js";
import { heatmap, renderPng, renderSvg } from "../../src/plot/index.js";
import { svcca } from "../../src/similarity/index.js";
import { decodePng } from "../plot/png.js";
import { arrowsOf, targetOf } from "./arrows.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));

const execute = promisify(execFile);

/** The environment without what an npm that runs the tests leaves for the npm that a script starts. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle)|^npm_config_(local_prefix|prefix)$|^NODE_/i.test(name),
  ),
);

const run = (command: string, args: readonly string[], cwd: string) =>
  execute(command, args, { cwd, env: environment, shell: process.platform === "win32" });

/** Runs a script of the project in a process of its own; what it prints must be JSON. */
async function runScript(name: string, code: string): Promise<unknown> {
  await writeFile(join(project, name), code);
  const { stdout } = await run(process.execPath, [name], project);
  return JSON.parse(stdout);
}

interface Packed {
  readonly filename: string;
  /** Bytes of the tarball, and of its files. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder = "";
let project = "";
let packed: Packed;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "closerlook-packed-")));
  project = join(folder, "project");
  if (!existsSync(join(repository, "dist/index.js")))
    await run("npm", ["run", "build"], repository);
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  packed = JSON.parse((await run("npm", pack, repository)).stdout)[0];

  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "private": true }');
  const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  await run("npm", [...install, join(folder, packed.filename)], project);
}, 180_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two files of activations, of which the second mixes the neurons of the first with noise. */
const neurons = 5;
const rows = Array.from({ length: 60 }, (_, i) =>
  Array.from({ length: neurons }, (_, j) => Math.sin((i + 1) * (j + 1) * 1.7)),
);
const mixed = rows.map((row, i) => row.map((value, j) => value + Math.cos(i * i * (j + 2))));
const arrayOf = (matrix: readonly (readonly number[])[]) => ({
  data: Float64Array.from(matrix.flat()),
  shape: [matrix.length, neurons],
});

describe("the tarball", () => {
  test("has the built code, its documents and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    const tops = new Set(paths.map((path) => path.split("/")[0]));
    expect([...tops].sort()).toEqual([
      "CHANGELOG.md",
      "CITATION.cff",
      "LICENSE",
      "README.md",
      "dist",
      "package.json",
    ]);
    const kinds = new Set(
      paths.filter((path) => path.startsWith("dist/")).map((path) => posix.extname(path)),
    );
    // Without an extension: the licence of the font.
    expect([...kinds].sort()).toEqual(["", ".js", ".map", ".ts", ".ttf"]);
    expect(paths).toContain("dist/plot/fonts/LICENSE_FONT");
  });

  test("is small", () => {
    // Most of it is the font and source maps.
    expect(packed.size).toBeLessThan(1_300_000);
    expect(packed.unpackedSize).toBeLessThan(4_500_000);
  });
});

describe("the installed package", () => {
  const installed = (file: string): string => join(project, "node_modules/closerlook", file);

  /** A file of the package and all that it loads from the package, as path and text. */
  function reached(entry: string): Map<string, string> {
    const found = new Map<string, string>();
    const follow = (file: string): void => {
      if (found.has(file)) return;
      const text = readFileSync(installed(file), "utf8");
      found.set(file, text);
      for (const arrow of arrowsOf(file, text)) {
        const target = targetOf(arrow);
        if (target === undefined) continue;
        follow(file.endsWith(".d.ts") ? target.replace(/\.js$/, ".d.ts") : target);
      }
    };
    follow(entry);
    return found;
  }

  const packagesOf = (entry: string): string[] => {
    const names = [...reached(entry)]
      .flatMap(([file, text]) => arrowsOf(file, text))
      .filter((arrow) => targetOf(arrow) === undefined)
      .map(({ to }) => to ?? "computed");
    return [...new Set(names)].sort();
  };

  test("brings its four dependencies, and nothing of TensorFlow.js or of the optional packages", () => {
    const found = readdirSync(join(project, "node_modules"));
    expect(found).toEqual(
      expect.arrayContaining(["@observablehq", "closerlook", "fft.js", "linkedom", "ml-matrix"]),
    );
    expect(found.filter((name) => /tensorflow|resvg|druid|expo/.test(name))).toEqual([]);
  });

  test("the core mentions neither Node's modules nor TensorFlow.js", () => {
    const files = reached("dist/index.js");
    expect(files.size).toBeGreaterThan(1);
    for (const [file, text] of files) expect(text, file).not.toMatch(/["'`]node:|@tensorflow/);
    expect(packagesOf("dist/index.js")).toEqual(["fft.js", "ml-matrix", "munkres"]);
  });

  test("the types of the core and of /node need no TensorFlow.js", () => {
    expect(packagesOf("dist/index.d.ts")).toEqual([]);
    expect(packagesOf("dist/node/index.d.ts")).toEqual([]);
    // So that an empty list means something.
    expect(packagesOf("dist/tfjs/index.d.ts")).toContain("@tensorflow/tfjs-core");
  });

  test("compares saved activations, by import and by require alike, as the source does", async () => {
    await writeArrays(join(project, "first.npy"), { first: arrayOf(rows) });
    await writeArrays(join(project, "second.npy"), { second: arrayOf(mixed) });
    const compare = `
      (async () => {
        const x = await readArray("first.npy");
        const y = await readArray("second.npy");
        const { similarity, keptX, keptY } = svcca(x, y);
        console.log(JSON.stringify({ similarity, keptX, keptY }));
      })();`;
    const byImport = await runScript(
      "compare.mjs",
      `import { svcca } from "closerlook";
       import { readArray } from "closerlook/node";${compare}`,
    );
    const byRequire = await runScript(
      "compare.cjs",
      `const { svcca } = require("closerlook/similarity");
       const { readArray } = require("closerlook/node");${compare}`,
    );
    const { similarity, keptX, keptY } = svcca(arrayOf(rows), arrayOf(mixed));
    expect(similarity).toBeGreaterThan(0.1);
    expect(similarity).toBeLessThan(0.99);
    expect(byImport).toEqual({ similarity, keptX, keptY });
    expect(byRequire).toEqual(byImport);
  });

  test("every subpath but /tfjs loads without TensorFlow.js, and /tfjs says what it lacks", async () => {
    const { exports } = JSON.parse(readFileSync(installed("package.json"), "utf8"));
    const names = Object.keys(exports)
      .filter((subpath) => subpath !== "./package.json")
      .map((subpath) => `closerlook${subpath.slice(1)}`);
    const loaded = await runScript(
      "load.mjs",
      `const counts = {};
       for (const name of ${JSON.stringify(names)}) {
         counts[name] = await import(name).then((module) => Object.keys(module).length, String);
       }
       console.log(JSON.stringify(counts));`,
    );
    const { "closerlook/tfjs": tfjs, ...others } = loaded as Record<string, unknown>;
    expect(tfjs).toContain("Cannot find package '@tensorflow/tfjs-core'");
    expect(Object.keys(others)).toHaveLength(names.length - 1);
    for (const [name, count] of Object.entries(others)) expect(count, name).toBeGreaterThan(0);
  });

  test("useBackend without TensorFlow.js is an error with the command that installs it", async () => {
    const message = await runScript(
      "backend.mjs",
      `import { useBackend } from "closerlook/node";
       const message = await useBackend().then(JSON.stringify, String);
       console.log(JSON.stringify(message));`,
    );
    expect(message).toContain(
      "useBackend: one of tfjs-node-gpu, tfjs-node, webgpu, wasm must be installed",
    );
    expect(message).toContain(
      "npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-wasm",
    );
  });

  test("TypeScript users get checked types, without skipLibCheck and without the browser's", async () => {
    const compile = async (code: string): Promise<string> => {
      await writeFile(join(project, "consumer.ts"), code);
      const tsc = join(repository, "node_modules/typescript/bin/tsc");
      const settings =
        "--noEmit --strict --skipLibCheck false --target ES2022 --lib ES2022 --module NodeNext";
      const messages = ({ stdout }: { stdout: string }) => stdout;
      const args = [tsc, ...settings.split(" "), "consumer.ts"];
      return run(process.execPath, args, project).then(messages, messages);
    };
    const core = `
      import { cosineRestarts, type Schedule } from "closerlook";
      import { type CanonicalResult, similarityGrid, svcca } from "closerlook/similarity";

      export const rate: Schedule = cosineRestarts({ max: 0.1, period: 10, multiplier: 2 });
      export const result: CanonicalResult = svcca([[1, 2], [3, 4]], [[1], [2]], { variance: 0.9 });
      export const grid: readonly (readonly number[])[] = similarityGrid({}, {}).values;
      // @ts-expect-error
      svcca("rows", [[1], [2]]);
      // @ts-expect-error
      svcca([[1], [2]], [[1], [2]], { varience: 0.9 });
    `;
    expect(await compile(core)).toBe("");
    expect(await compile(core.replaceAll("// @ts-expect-error", ""))).toMatch(
      /error TS2345[\s\S]*error TS2561/,
    );

    // Who runs Node has its types, here for `URL`.
    const types = join(project, "node_modules/@types");
    await mkdir(types, { recursive: true });
    await symlink(join(repository, "node_modules/@types/node"), join(types, "node"), "junction");
    const node = `${core}
      import { type ArrayData, readArray } from "closerlook/node";
      export const compare = async (first: string, second: URL): Promise<CanonicalResult> =>
        svcca(await readArray(first), await readArray(second));
      // @ts-expect-error
      export const array: ArrayData = await readArray(1);
    `;
    expect(await compile(node)).toBe("");
  });

  test("renders a PNG with the fonts that it brings", async () => {
    await symlink(
      join(repository, "node_modules/@resvg"),
      join(project, "node_modules/@resvg"),
      "junction",
    );
    const grid = { rows: ["conv1"], columns: ["fc1"], values: [[0.5]] };
    const figure = (title: string) => renderSvg({ title, panels: [heatmap(grid)] });
    const png = await runScript(
      "picture.mjs",
      `import { renderPng } from "closerlook/plot";
       console.log(JSON.stringify(Array.from(await renderPng(${JSON.stringify(figure("Similarity"))}))));`,
    );
    const bytes = Uint8Array.from(png as number[]);
    // The source takes the same fonts from the package that they come from.
    expect(bytes).toEqual(await renderPng(figure("Similarity")));
    const titleless = decodePng(await renderPng(figure(".")));
    expect(decodePng(bytes).darkPixels()).toBeGreaterThan(titleless.darkPixels() + 200);
  });
});
