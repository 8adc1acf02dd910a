import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readArrays } from "../../src/node/index.js";
import { closerlook } from "../cli/command.js";

const project = fileURLToPath(new URL("../..", import.meta.url));
const layers = ["conv1", "conv2", "fc1", "fc2"];

/** The blocks of Python in the guides. They save `early.npz` and `late.npz`, each a network of four layers. */
const blocks = ["docs/command.md", "docs/guide-activations.md"].flatMap((file) =>
  [...readFileSync(join(project, file), "utf8").matchAll(/^```python\n([\s\S]*?)^```/gm)].map(
    ([, code = ""]) => {
      const modules = [...code.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name!);
      return { title: `${file} (${[...new Set(modules)].join(", ")})`, code, modules };
    },
  ),
);

const findAll =
  "import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, sys.argv[1:])))";
const env = { ...process.env, KERAS_BACKEND: "jax" };
/** Frameworks take their time to load. */
const PATIENCE = 300_000;
/** A Python that has the modules: the first one on the path, or that of the system, where Debian's packages are. */
const pythonWith = (modules: readonly string[]): string | undefined =>
  ["python3", "/usr/bin/python3"].find(
    (python) => spawnSync(python, ["-c", findAll, ...modules]).status === 0,
  );

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "closerlook-python-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the guides have Python for four kinds of users", () => {
  const used = blocks.map(({ modules }) => modules);
  for (const name of ["safetensors", "torch", "jax", "keras"]) {
    expect(used.filter((modules) => modules.includes(name))).toHaveLength(1);
  }
  expect(blocks).toHaveLength(4);
});

for (const [i, { title, code, modules }] of blocks.entries()) {
  const python = pythonWith(modules);
  describe.skipIf(!python)(title, { timeout: PATIENCE }, () => {
    test("saves two files that can be compared", async () => {
      const at = await mkdtemp(join(folder, `${i}-`));
      await writeFile(join(at, "save.py"), code);
      const { status, stderr } = spawnSync(python!, ["save.py"], {
        cwd: at,
        env,
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      const files = ["early.npz", "late.npz"].map((name) => join(at, name));
      for (const file of files) {
        const arrays = await readArrays(file);
        expect(Object.keys(arrays)).toEqual(layers);
        // Channels last: so many there were made.
        expect(layers.map((name) => arrays[name]!.shape.at(-1))).toEqual([4, 6, 12, 5]);
        for (const { data, shape } of Object.values(arrays)) {
          expect(shape[0]).toBe(500);
          expect(data).toBeInstanceOf(Float32Array);
          expect(data.every(Number.isFinite)).toBe(true);
        }
      }
      const { code: exitCode, stdout } = await closerlook(["grid", ...files, "--as", "pooled"]);
      expect(exitCode).toBe(0);
      for (const name of layers) expect(stdout).toMatch(new RegExp(`^${name} +[01]\\.\\d\\d`, "m"));
      if (!modules.includes("torch")) return;
      // Kept before the ReLU that follows in place, and without dropout, which would differ from pass to pass.
      const { conv1 } = await readArrays(files[0]!);
      expect(conv1!.data.some((value) => value < 0)).toBe(true);
    });
  });
}
