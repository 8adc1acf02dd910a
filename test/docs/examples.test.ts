import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { useBackend, writeArrays } from "../../src/node/index.js";
import {
  agrees,
  type LoadModule,
  markdownSnippets,
  runSnippet,
  type Snippet,
  sourceSnippets,
  statedValue,
  toProgram,
} from "./snippets.js";

const project = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(project, file), "utf8");

const sources = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => `src/${file.replaceAll("\\", "/")}`)
  .sort();
// Folders below docs hold generated pages.
const guides = [
  "README.md",
  ...(existsSync(join(project, "docs")) ? readdirSync(join(project, "docs")) : [])
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
].filter((file) => existsSync(join(project, file)));

const inSource = sources.flatMap((file) => sourceSnippets(file, read(file)));
const inGuides = guides.flatMap((file) => markdownSnippets(file, read(file)));

/** Modules by the names that users import: this package's from its source. */
const load: LoadModule = (name) => {
  if (name !== "closerlook" && !name.startsWith("closerlook/")) return import(name);
  const folder = name.slice("closerlook".length);
  return import(new URL(`../../src${folder}/index.ts`, import.meta.url).href);
};

let folder = "";
const startFolder = process.cwd();

beforeAll(async () => {
  // Snippets write to the folder for temporary files, or to where they are run: here both are one, of our own.
  folder = await mkdtemp(join(tmpdir(), "closerlook-docs-"));
  vi.stubEnv("TMPDIR", folder);
  vi.stubEnv("TEMP", folder);
  vi.spyOn(console, "log").mockImplementation(() => {});
  process.chdir(folder);
  // The files of "yours" that the guides read.
  const layer = (seed: number, shape: readonly number[]) => ({
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) =>
      Math.sin((i + seed) * (i + 1)),
    ),
    shape,
  });
  await writeArrays("a.npy", { a: layer(1, [50, 4]) });
  await writeArrays("b.npy", { b: layer(2, [50, 3]) });
  for (const [i, name] of ["early.npz", "late.npz"].entries()) {
    await writeArrays(name, { conv1: layer(3 + i, [50, 4, 4, 2]), fc1: layer(5 + i, [50, 4]) });
  }
}, 60_000);

afterAll(async () => {
  process.chdir(startFolder);
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const runnable = ({ notRun }: Snippet): boolean => notRun === undefined;

describe.each([
  ["examples in doc comments", inSource],
  ["examples in guides", inGuides],
])("%s", (_, snippets) => {
  for (const { title, code } of snippets.filter(runnable)) {
    test(title, async () => {
      if (/@tensorflow|closerlook\/tfjs/.test(code)) await useBackend("wasm");
      expect(await runSnippet(code, load)).toBe(toProgram(code).claims.length);
    });
  }

  test("none is empty", () => {
    for (const { title, code } of snippets) expect(code.trim(), title).not.toBe("");
  });
});

describe("what is run", () => {
  const claims = (snippets: readonly Snippet[]): number =>
    snippets.filter(runnable).reduce((sum, { code }) => sum + toProgram(code).claims.length, 0);

  test("there are many examples in doc comments, and most state values", () => {
    expect(inSource.length).toBeGreaterThanOrEqual(44);
    expect(claims(inSource)).toBeGreaterThanOrEqual(95);
  });

  test("every example in a doc comment is run, and states a value", () => {
    expect(inSource.filter((one) => !runnable(one)).map(({ title }) => title)).toEqual([]);
    const silent = inSource.filter(({ code }) => toProgram(code).claims.length === 0);
    expect(silent.map(({ title }) => title)).toEqual([]);
  });

  test("no fence of the guides is left out", () => {
    const excluded = inGuides.filter((one) => !runnable(one));
    expect(excluded.map(({ title }) => title)).toEqual([]);
  });
});

describe("the checker", () => {
  const run = (code: string) => runSnippet(code, load);

  test("finds fences and their places in Markdown", () => {
    const text =
      "# A\n\n```ts\n1; // 1\n```\n\n```sh\nnpm test\n```\n- b\n  ```js\n  2; // 2\n  ```\n";
    expect(markdownSnippets("a.md", text)).toEqual([
      { title: "a.md, line 3", code: "1; // 1\n" },
      { title: "a.md, line 11", code: "  2; // 2\n" },
    ]);
    expect(markdownSnippets("a.md", "```ts\n// not run: needs a GPU\n```\n")[0]?.notRun).toBe(
      "needs a GPU",
    );
  });

  test("finds examples and their symbols in doc comments", () => {
    const text =
      "/**\n * Doubles.\n * @example\n * ```ts\n * double(1); // 2\n * ```\n" +
      " * @example Of zero\n * ```ts\n * double(0); // 0\n * ```\n * @see there\n */\nexport function double() {}";
    expect(sourceSnippets("a.ts", text)).toEqual([
      { title: "a.ts: double, example 1", code: "double(1); // 2\n" },
      { title: "a.ts: double, example 2", code: "double(0); // 0\n" },
    ]);
    expect(() => sourceSnippets("a.ts", "/** @example double(1) */\nconst double = 1;")).toThrow(
      "a.ts: double: an @example must have exactly one ```ts fence",
    );
  });

  test.each([
    ["1", 1],
    ["-1e-6 — small", -1e-6],
    ["NaN", Number.NaN],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ['"a — b" — a string', "a — b"],
    ["7n", 7n],
    ["[1, [true, null]]", [1, [true, null]]],
    ['{ x: 0, "y z": [2] }', { x: 0, "y z": [2] }],
    ["undefined", undefined],
  ])("reads the literal %s", (comment, value) => {
    expect(statedValue(comment)).toEqual({ value });
  });

  test.each([
    "the same, turned by 90°",
    "10 epochs",
    "about 0.5",
    "x",
    "f(1)",
    "[1, x]",
    "1 + 1",
    "",
  ])("takes %j for a remark", (comment) => {
    expect(statedValue(comment)).toBeUndefined();
  });

  test("counts the claims that hold", async () => {
    const code = `
      import { constant as same } from "closerlook/schedules";
      import type { Schedule } from "closerlook/schedules";
      const lr: Schedule = same(
        0.1,
      );
      lr(0); // 0.1
      lr(
        1,
      ); // 0.1 — for ever
      lr(2); // ever
      console.log(lr(3)); // 0.1
      (await import("closerlook/distillation")).softmax([[0, 0]]).data; // [0.5, 0.5]
    `;
    expect(await run(code)).toBe(4);
  });

  test.each([
    ["1 + 1; // 3", "line 1: 1 + 1 is 2, not 3"],
    ["0.1 + 0.2; // 0.3000001", "line 1: 0.1 + 0.2 is 0.30000000000000004, not 0.3000001"],
    ["const x = 1;\n[x, 2]; // [1, 3]", "line 2: [x, 2] is [ 1, 2 ], not [ 1, 3 ]"],
    ["NaN; // 0", "line 1: NaN is NaN, not 0"],
    ["1e-300; // 0", "is 1e-300, not 0"],
    ['"1"; // 1', "line 1: \"1\" is '1', not 1"],
    ["[1]; // [1, 2]", "is [ 1 ], not [ 1, 2 ]"],
    ["({ a: 1, b: 2 }); // { a: 1 }", "is { a: 1, b: 2 }, not { a: 1 }"],
    ["console.log(2); // 3", "line 1: 2 is 2, not 3"],
    ["Promise.resolve(1); // 1", "not 1"],
    ["throw new Error('no');", "no"],
    ["if (true) {\n  1; // 2\n}", "line 2: a stated value must follow a top-level expression"],
    ["const x = 1; // 2", "line 1: a stated value must follow a top-level expression"],
    ["return;\n1; // 1", "1 stated values were never reached"],
    ["const = 1;", "Variable declaration expected"],
    ['import { constnt } from "closerlook/schedules";', 'has no export "constnt"'],
  ])("fails on %j", async (code, message) => {
    await expect(run(code)).rejects.toThrow(message);
  });

  test("compares numbers to a relative 1e-12, and takes typed arrays for arrays", () => {
    expect(agrees(1 + 1e-13, 1)).toBe(true);
    expect(agrees(1 + 1e-11, 1)).toBe(false);
    expect(agrees(Float64Array.of(1, 2), [1, 2])).toBe(true);
    expect(agrees(new DataView(new ArrayBuffer(2)), [0, 0])).toBe(false);
    expect(agrees(Number.NaN, Number.NaN)).toBe(true);
    expect(agrees([], {})).toBe(false);
  });
});
