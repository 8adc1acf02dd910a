import { beforeAll, describe, expect, test } from "vitest";
import { writeArrays } from "../../src/node/index.js";
import { temporaryFolder } from "../node/temporaryFolder.js";
import { closerlook } from "./command.js";
import { writeFiles } from "./files.js";

const path = temporaryFolder();

beforeAll(async () => {
  await writeFiles(path);
  await writeArrays(path("odd.npz"), {
    activations: {
      data: Float64Array.of(1, 5, -2, Number.NaN, 1, 5, 4, 7, 1, 5, 1, Number.POSITIVE_INFINITY),
      shape: [3, 4],
    },
    wide: { data: BigInt64Array.of(2n ** 53n, 3n, 2n ** 53n + 1n, 3n), shape: [2, 2] },
    empty: { data: new Float32Array(0), shape: [0, 3] },
    single: { data: Float32Array.of(-0.5), shape: [] },
    huge: { data: Float64Array.of(1.5e308, 1.7e308, 1.6e308, 1.6e308), shape: [4, 1] },
  });
});

const inspect = async (...args: string[]) => {
  const { code, stdout, stderr } = await closerlook(["inspect", ...args, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout).files;
};

test("the JSON document has names, shapes, types and bytes of each file", async () => {
  const files = await inspect(path("mixed.npz"), path("notes.safetensors"));
  expect(files[0]).toMatchObject({
    file: path("mixed.npz"),
    arrays: [
      { name: "block:0", shape: [90, 5], dtype: "float32", bytes: 1800 },
      { name: "fc", shape: [90, 5], dtype: "float32", bytes: 1800 },
      { name: "labels", shape: [90], dtype: "int64", bytes: 720 },
    ],
  });
  expect(files[0].bytes).toBeGreaterThan(1800 + 1800 + 720);
  expect(files[0]).not.toHaveProperty("metadata");
  expect(files[1].metadata).toEqual({ epoch: "12", note: "\x1b[31mred" });
});

test("the text is a table, and shows metadata without letting it reach the terminal", async () => {
  const { stdout } = await closerlook(["inspect", path("notes.safetensors")]);
  expect(stdout).toMatch(/^.*notes\.safetensors: 1 array, \d\.\d kB\n/);
  expect(stdout).toContain(
    "\narray    shape    type       size\nlayer.1  [90, 5]  float32  1.8 kB\n",
  );
  expect(stdout).toContain("\nmetadata\n  epoch  12\n  note   \\u{1b}[31mred\n");
});

describe("--statistics", () => {
  test("are of the finite numbers; dead neurons and the others are counted", async () => {
    const [{ arrays }] = await inspect(path("odd.npz"), "--statistics");
    const found = Object.fromEntries(
      arrays.map(({ name, statistics }: Record<string, unknown>) => [name, statistics]),
    );
    expect(found.activations).toEqual({ min: -2, max: 7, mean: 2.8, nonFinite: 2, dead: 2 });
    // 2^53 and 2^53 + 1 are one double.
    expect(found.wide).toMatchObject({ min: 3, max: 2 ** 53, nonFinite: 0, dead: 1 });
    expect(found.empty).toEqual({ nonFinite: 0 });
    expect(found.single).toEqual({ min: -0.5, max: -0.5, mean: -0.5, nonFinite: 0 });
    expect(found.huge.mean / 1.6e308).toBeCloseTo(1, 12);
  });

  test("are in the table too", async () => {
    const { stdout } = await closerlook(["inspect", path("odd.npz"), "--statistics"]);
    expect(stdout).toMatch(/^activations +\[3, 4\] +float64 +96 B +−2 +7 +2\.8 +2 +2$/m);
    expect(stdout).toMatch(/^empty +\[0, 3\] +float32 +0 B +– +– +– +– +0$/m);
  });
});

test("a bad file is reported, and does not hide those after it", async () => {
  const files = [path("a.npy"), path("none.npy"), path("b.npy")];
  const text = await closerlook(["inspect", ...files]);
  expect(text.code).toBe(1);
  expect(text.stderr).toMatch(/^closerlook: inspect: \S*none\.npy: no such file\n$/);
  expect(text.stdout.match(/^\S*[ab]\.npy: 1 array/gm)).toHaveLength(2);
  const { code, stdout, stderr } = await closerlook(["inspect", ...files, "--json"]);
  expect([code, stderr]).toEqual([1, text.stderr]);
  const document = JSON.parse(stdout);
  expect(document.files.map(({ file }: { file: string }) => file)).toEqual([files[0], files[2]]);
  expect(document.errors).toEqual([
    { file: files[1], message: expect.stringContaining("no such file") },
  ]);
});

test("a file that is none of arrays is one line and exit code 1", async () => {
  const { code, stdout, stderr } = await closerlook(["inspect", import.meta.filename]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^closerlook: inspect: .* must be that of a \.npy, \.npz or \.safetensors file, got bytes .*\n$/,
  );
});
