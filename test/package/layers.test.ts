import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Arrow, arrowsOf, unrepeatableUses } from "./arrows.js";
import { type Manifest, wrongInExamples, wrongInSource } from "./layers.js";

const project = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(project, file), "utf8");
const manifest: Manifest = JSON.parse(read("package.json"));

const filesOf = (folder: string): string[] =>
  readdirSync(join(project, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file))
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .sort();

const sources = filesOf("src");
const examples = filesOf("examples");
const wrongs = (arrows: readonly Arrow[], wrong: (arrow: Arrow) => string | undefined): string[] =>
  arrows.map(wrong).filter((message) => message !== undefined);

describe("the layers", () => {
  test("every import of src points down", () => {
    const arrows = sources.flatMap((file) => arrowsOf(file, read(file)));
    expect(sources.length).toBeGreaterThan(80);
    expect(arrows.length).toBeGreaterThan(200);
    expect(wrongs(arrows, wrongInSource)).toEqual([]);
  });

  test("examples use what users have: the package by name, Node and development dependencies", () => {
    const arrows = examples.flatMap((file) => arrowsOf(file, read(file)));
    expect(arrows.some(({ to }) => to === "closerlook/similarity")).toBe(true);
    expect(wrongs(arrows, (arrow) => wrongInExamples(arrow, manifest))).toEqual([]);
  });

  test("every subpath of the package is the index of a folder of src", () => {
    const subpaths = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
    expect(subpaths.length).toBeGreaterThanOrEqual(9);
    for (const subpath of subpaths) {
      const folder = subpath.slice(1);
      expect(existsSync(join(project, "src", folder, "index.ts")), subpath).toBe(true);
      expect(manifest.exports[subpath]).toEqual({
        types: `./dist${folder}/index.d.ts`,
        default: `./dist${folder}/index.js`,
      });
    }
  });

  test("src reads no clock, draws no unseeded random numbers and prints nothing", () => {
    expect(sources.flatMap((file) => unrepeatableUses(file, read(file)))).toEqual([]);
  });
});

describe("the checker of imports", () => {
  const wrong = (from: string, code: string): string[] =>
    wrongs(arrowsOf(from, code), wrongInSource);

  test("finds every way to use a module", () => {
    const code = `
      import a from "a";
      import type { B } from "b";
      import { type C, c } from "c";
      import { type D } from "d";
      import "e";
      export * from "f";
      export type { G } from "g";
      type H = typeof import("h");
      import i = require("i");
      const name = "j";
      const { k } = await import(name);
      const l = require("l");
      const m = process.getBuiltinModule("m");
      const n = await import(name + "n");
      // import "comment";
      const o = 'import "text"';
      await Promise.resolve(o);
      createRequire(import.meta.url)("p");
    `;
    expect(arrowsOf("x.ts", code).map(({ to, kind }) => `${kind} ${to}`)).toEqual([
      "static a",
      "type b",
      "static c",
      "type d",
      "static e",
      "static f",
      "type g",
      "type h",
      "static i",
      "dynamic j",
      "dynamic l",
      "dynamic m",
      "dynamic undefined",
      "dynamic p",
    ]);
  });

  test.each([
    ["src/similarity/cca.ts", 'import "node:fs";'],
    ["src/similarity/cca.ts", 'import type { Tensor } from "@tensorflow/tfjs-core";'],
    ["src/similarity/cca.ts", 'import { at } from "../curves/index.js";'],
    ["src/similarity/cca.ts", 'export * from "../tfjs/index.js";'],
    ["src/similarity/cca.ts", 'await import("fflate");'],
    ["src/similarity/cca.ts", "await import(name);"],
    ["src/internal/checks.ts", 'import "../similarity/cca.js";'],
    ["src/internal/checks.ts", 'import { Matrix } from "ml-matrix";'],
    ["src/formats/npy.ts", 'import "ml-matrix";'],
    ["src/formats/npy.ts", 'process.getBuiltinModule("node:zlib");'],
    ["src/tfjs/train.ts", 'import { sep } from "node:path";'],
    ["src/tfjs/train.ts", 'import { useBackend } from "../node/index.js";'],
    ["src/tfjs/train.ts", 'import { layers } from "@tensorflow/tfjs-layers";'],
    ["src/tfjs/wasmKernels/matMul.ts", 'import "../../plot/index.js";'],
    ["src/node/useBackend.ts", 'import { train } from "../tfjs/index.js";'],
    ["src/node/useBackend.ts", 'import type { Model } from "../tfjs/index.js";'],
    ["src/node/useBackend.ts", 'import type { Tensor } from "@tensorflow/tfjs-core";'],
    ["src/plot/renderPng.ts", 'import { Resvg } from "@resvg/resvg-js";'],
    ["src/plot/renderPng.ts", 'import { existsSync } from "node:fs";'],
    ["src/plot/renderPng.ts", 'import { cca } from "../similarity/index.js";'],
    ["src/index.ts", 'export * from "./node/index.js";'],
    ["src/index.ts", 'export * from "./formats/index.js";'],
    ["src/plot/index.ts", 'import "../../examples/common/random.js";'],
    ["src/plot/index.ts", 'import "../../test/setup.js";'],
    ["src/other/index.ts", 'import "../internal/checks.js";'],
  ])("%s must not have %s", (file, code) => {
    expect(wrong(file, code)).toHaveLength(1);
  });

  test.each([
    ["src/similarity/cca.ts", 'import { checkNumber } from "../internal/checks.js";'],
    ["src/similarity/cca.ts", 'import { Matrix } from "ml-matrix";'],
    ["src/tfjs/train.ts", 'import type { layers } from "@tensorflow/tfjs-layers";'],
    ["src/tfjs/wasmKernels/matMul.ts", 'import { open } from "../openModel.js";'],
    ["src/node/useBackend.ts", 'await import("../tfjs/trainingKernels.js");'],
    ["src/plot/renderPng.ts", 'await import("@resvg/resvg-js");'],
    ["src/index.ts", 'export * from "./similarity/index.js";'],
  ])("%s may have %s", (file, code) => {
    expect(wrong(file, code)).toEqual([]);
  });

  test.each([
    ['import { cca } from "../src/similarity/index.js";', false],
    ['import { cca } from "closerlook/similarity";', true],
    ['import { cca } from "closerlook/internal";', false],
    ['import { join } from "node:path";', true],
    ['import { normals } from "./common/random.js";', true],
    ['import { Matrix } from "ml-matrix";', false],
    ['import * as tf from "@tensorflow/tfjs/dist/index.js";', true],
    ["await import(name);", false],
  ])("an example with %s: allowed is %j", (code, allowed) => {
    const found = wrongs(arrowsOf("examples/x.ts", code), (arrow) =>
      wrongInExamples(arrow, manifest),
    );
    expect(found).toHaveLength(allowed ? 0 : 1);
  });

  test.each([
    "Math.random();",
    "const { random } = Math;",
    'Math["random"]();',
    "Date.now();",
    "new Date();",
    "performance.now();",
    "globalThis.performance.now();",
    "console.log(1);",
    "globalThis.console.log(1);",
    "crypto.randomUUID();",
  ])("%s is found", (code) => {
    expect(unrepeatableUses("x.ts", code)).toHaveLength(1);
  });

  test("comments, text, other properties and the rest of Math are no use of them", () => {
    const code = `
      // console.log(Math.random())
      const text = "Date.now()";
      const y = Math.sqrt(2) + model.performance + Math.max(1, 2);
      const options = { performance: 1 };
    `;
    expect(unrepeatableUses("x.ts", code)).toEqual([]);
  });
});
