import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { writeArrays } from "../../src/node/index.js";
import { similarityGrid } from "../../src/similarity/index.js";
import { temporaryFolder } from "../node/temporaryFolder.js";
import { decodePng } from "../plot/png.js";
import { all, badAttributes, parse, texts } from "../plot/svg.js";
import { activations, closerlook, type Terminal } from "./command.js";
import { early, late, writeFiles } from "./files.js";

const path = temporaryFolder();

beforeAll(() => writeFiles(path));

const grid = (args: readonly string[], terminal?: Terminal) =>
  closerlook(
    ["grid", ...args.map((arg) => (/^[\w-]+\.[a-z]+$/.test(arg) ? path(arg) : arg))],
    terminal,
  );

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await grid([...args, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
};

describe("the JSON document is the library's grid", () => {
  test.each<[args: string[], options: Parameters<typeof similarityGrid>[2]]>([
    [["--as", "pooled"], { as: "pooled" }],
    [["--as", "dft", "--variance", "0.9"], { as: "dft", variance: 0.9 }],
    [
      ["--measure", "cka", "--as", "pooled", "--debiased"],
      { measure: "cka", as: "pooled", debiased: true },
    ],
    [["--measure", "pwcca", "--as", "pooled"], { measure: "pwcca", as: "pooled" }],
    [
      ["--measure", "rsa", "--as", "pooled", "--distance", "cosine", "--compare", "pearson"],
      { measure: "rsa", as: "pooled", distance: "cosine", compare: "pearson" },
    ],
    [
      ["--measure", "shape-distance", "--as", "pooled", "--alpha", "0.5"],
      { measure: "shapeDistance", as: "pooled", alpha: 0.5 },
    ],
    [["--measure", "procrustes", "--as", "pooled"], { measure: "procrustes", as: "pooled" }],
  ])("%j", async (args, options) => {
    const document = await json("early.npz", "late.npz", ...args);
    expect(document).toMatchObject({
      closerlook: "1.2.3",
      command: "grid",
      x: { file: path("early.npz") },
      y: { file: path("late.npz") },
      examples: 90,
      ...similarityGrid(early, late, options),
    });
  });

  test("one file is compared with itself", async () => {
    const document = await json("early.npz", "--as", "pooled");
    expect(document.y.file).toBe(path("early.npz"));
    expect(document.values).toEqual(similarityGrid(early, early, { as: "pooled" }).values);
  });
});

describe("--layers", () => {
  test("chooses layers and their order, and * stands for any text", async () => {
    const chosen = async (...args: string[]) => {
      const { rows, columns } = await json("early.npz", "late.npz", "--as", "pooled", ...args);
      return [rows, columns];
    };
    const each = (names: string[]) => [names, names];
    expect(await chosen("--layers", "fc2,conv1")).toEqual(each(["fc2", "conv1"]));
    expect(await chosen("--layers", "fc*, conv2")).toEqual(each(["fc1", "fc2", "conv2"]));
    expect(await chosen("--layers", "fc2", "--layers", "fc*")).toEqual(each(["fc2", "fc1"]));
    expect(await chosen("--layers", "*c*2")).toEqual(each(["conv2", "fc2"]));
    expect(await chosen("--layers", "fc*", "--layers-y", "*1")).toEqual([
      ["fc1", "fc2"],
      ["conv1", "fc1"],
    ]);
  });

  test("keeps the file's order also of names that are whole numbers", async () => {
    await writeArrays(path("odd.npz"), {
      "b,c": activations(1, [9, 2]),
      a: activations(2, [9, 2]),
    });
    expect((await json("odd.npz", "--layers", "b,c")).rows).toEqual(["b,c"]);
    // An object of JavaScript cannot hold these names in this order.
    await writeArrays(path("numbers.npz"), {
      x1: activations(3, [9, 2]),
      x2: activations(4, [9, 2]),
    });
    const bytes = await readFile(path("numbers.npz"), "latin1");
    const renamed = bytes.replaceAll("x1.npy", "20.npy").replaceAll("x2.npy", "10.npy");
    await writeFile(path("numbers.npz"), renamed, "latin1");
    expect((await json("numbers.npz")).rows).toEqual(["20", "10"]);
  });

  test("that are not in the file are an error that lists those that are", async () => {
    const { code, stderr } = await grid(["early.npz", "--as", "pooled", "--layers", "fc3"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^closerlook: grid: --layers must name some of the 4 arrays of \S*early\.npz \(conv1, conv2, fc1, fc2\), got "fc3"\. Did you mean fc1\?\n$/,
    );
  });
});

test("arrays that are no layers are found out before anything is read, with what to do", async () => {
  const { code, stderr } = await grid(["mixed.npz"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^closerlook: grid: "labels" of \S+ must be \[examples, neurons\] or .*, got \[90\]\. Choose the layers with --layers\n$/,
  );
  const maps = await grid(["early.npz", "late.npz"]);
  expect(maps.code).toBe(2);
  expect(maps.stderr).toContain(
    '--as must be given for maps such as "conv1": dft, samples or pooled',
  );
});

describe("the table", () => {
  test("has a line for each row, marks what is near chance, and explains itself", async () => {
    const { code, stdout, stderr } = await grid(["early.npz", "late.npz", "--as", "pooled"]);
    expect([code, stderr]).toEqual([0, ""]);
    const { values } = similarityGrid(early, late, { as: "pooled" });
    const lines = stdout.split("\n");
    expect(lines[0]).toBe(
      `svcca of 90 examples: ${path("early.npz")} (rows) and ${path("late.npz")} (columns)`,
    );
    expect(lines[2]!.trim().split(/ +/)).toEqual(["conv1", "conv2", "fc1", "fc2"]);
    for (const [i, name] of Object.keys(early).entries()) {
      const cells = lines[3 + i]!.split(/ +/);
      expect(cells[0]).toBe(name);
      expect(cells.slice(1).map(parseFloat)).toBeAllclose(values[i]!, { atol: 0.0051 });
      expect(cells[1 + i]).not.toContain("~");
    }
    expect(stdout).toMatch(/^chance level 0\.\d\d to 0\.\d\d/m);
    const marks = lines.slice(3, 7).join("").split("~").length - 1;
    expect(marks).toBeGreaterThan(3);
    expect(stdout).toContain(`~ hardly above the chance level: ${marks} of 16 cells\n`);
  });

  test("of distances says that 0 means the same shape", async () => {
    const args = ["early.npz", "--as", "pooled", "--measure"];
    for (const [measure, scale] of [
      ["procrustes", "0 to 2"],
      ["shape-distance", "0 to π/2"],
    ] as const) {
      const { stdout } = await grid([...args, measure, "--svg", path("distance.svg")]);
      expect(stdout).toMatch(new RegExp(`^.*${scale}: 0 means the same shape$`, "m"));
      const picture = texts(parse(await readFile(path("distance.svg"), "utf8"))).join(" ");
      expect(picture).toContain("0 means the same shape");
    }
    expect((await grid([...args, "cka"])).stdout).not.toContain("same shape");
  });

  test("has the range of p-values in a form that programs read", async () => {
    const { stdout } = await grid(["early.npz", "--layers", "fc1", "--permutations", "1999"]);
    expect(stdout).toMatch(/^p-values 5e-4$/m);
  });

  test.each([40, 60, 80, 100])("is never wider than a terminal of %i columns", async (columns) => {
    const names = Array.from({ length: 30 }, (_, i) => `features.${i}.conv`);
    const many = Object.fromEntries(names.map((name, i) => [name, activations(i, [20, 2])]));
    await writeArrays(path("many.npz"), many);
    const { stdout } = await grid(["many.npz", "--quiet"], { columns });
    const [, ...lines] = stdout.slice(0, stdout.indexOf("\n\nchance level")).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    // Each part has the names of the rows again; together they have every column.
    const headings = lines.filter((line) => /^ +\d+( +\d+)*$/.test(line));
    expect(headings.flatMap((line) => line.trim().split(/ +/).map(Number))).toEqual(
      names.map((_, i) => i + 1),
    );
    expect(lines.filter((line) => line.includes("features.7.conv"))).toHaveLength(headings.length);
  });

  test("has colours only where the terminal has them", async () => {
    const args = ["early.npz", "late.npz", "--as", "pooled", "--quiet"];
    const plain = (await grid(args)).stdout;
    expect(plain).not.toContain("\x1b");
    expect((await grid(args, { columns: 100, colorDepth: 1 })).stdout).toBe(plain);
    for (const [colorDepth, code] of [
      [8, "\x1b[48;5;"],
      [24, "\x1b[48;2;"],
    ] as const) {
      const { stdout } = await grid(args, { columns: 100, colorDepth });
      expect(stdout.split(code)).toHaveLength(17);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of colours
      expect(stdout.replaceAll(/\x1b\[[\d;]*m/g, "").replaceAll(/ +$/gm, "")).toBe(plain);
    }
  });
});

describe("pictures", () => {
  test("--svg and --png draw the grid and say so", async () => {
    const args = ["early.npz", "late.npz", "--as", "pooled", "--title", "Two models"];
    const files = [path("grid.svg"), path("grid.png")] as const;
    const { code, stdout } = await grid([...args, "--svg", files[0], "--png", files[1]]);
    expect(code).toBe(0);
    expect(stdout.match(/^written: .*$/gm)).toEqual(files.map((file) => `written: ${file}`));
    const svg = parse(await readFile(files[0], "utf8"));
    expect(badAttributes(svg)).toEqual([]);
    expect(texts(svg)).toEqual(
      expect.arrayContaining(["Two models", "SVCCA", "early.npz", "late.npz", "fc2"]),
    );
    expect(all(svg, "rect").length).toBeGreaterThanOrEqual(16);
    const png = await readFile(files[1]);
    expect(decodePng(png).darkPixels()).toBeGreaterThan(1000);
    const document = await json(...args, "--svg", files[0]);
    expect(document.written).toEqual([files[0]]);
  });

  test("replace a file whole and leave nothing else behind", async () => {
    await mkdir(path("pictures"));
    const file = path("pictures/grid.svg");
    await writeFile(file, "old");
    expect((await grid(["early.npz", "--as", "pooled", "--svg", file])).code).toBe(0);
    expect(await readdir(path("pictures"))).toEqual(["grid.svg"]);
    expect(await readFile(file, "utf8")).toMatch(/^<svg[\s\S]*<\/svg>\n$/);
  });

  test("that cannot be written are found out before the work", async () => {
    const args = ["early.npz", "--as", "pooled"];
    const nowhere = await grid([...args, "--svg", path("none/grid.svg")]);
    expect([nowhere.code, nowhere.stdout]).toEqual([1, ""]);
    expect(nowhere.stderr).toMatch(
      /the folder of ".*grid\.svg" must be one that can be written to \(ENOENT\)\n$/,
    );
    const twice = await grid([...args, "--svg", path("x"), "--png", path("x")]);
    expect([twice.code, twice.stdout]).toEqual([2, ""]);
    const before = await readFile(path("early.npz"));
    expect((await grid([...args, "--svg", path("early.npz")])).code).toBe(2);
    expect(await readFile(path("early.npz"))).toEqual(before);
  });
});

test("maps that look like PyTorch's are warned of once for each file", async () => {
  await writeArrays(path("torch.npz"), {
    conv: activations(7, [30, 5, 2, 2]),
    deep: activations(8, [30, 6, 2, 2]),
    fc: activations(9, [30, 3]),
  });
  const { warnings } = await json("torch.npz", "--as", "pooled");
  const found = warnings.filter((text: string) => text.includes("--channels-first"));
  expect(found).toEqual([
    `"conv" of ${path("torch.npz")} is [30, 5, 2, 2], read as height 5, width 2, 2 channels, and 1 more like it. ` +
      "If it is [examples, channels, height, width], as PyTorch saves it, pass --channels-first.",
  ]);
  const { stdout } = await grid(["torch.npz", "--as", "pooled"]);
  expect(stdout).toContain(`\nwarning: ${found[0]}\n`);
  const first = await json("torch.npz", "--as", "pooled", "--channels-first");
  expect(first.warnings.join()).not.toContain("--channels-first");
});

test("where unrelated data are alike, and rows may have been meant as columns, --transpose is named", async () => {
  const wide = (seed: number) => activations(seed, [5, 40]);
  await writeArrays(path("turned.npz"), { fc1: wide(1), fc2: wide(2) });
  await writeArrays(path("mixed.npz"), { fc1: wide(1), fc2: activations(3, [5, 4]) });
  const text = "too few examples, or too many directions kept.";
  const warned = async (...args: string[]) => {
    const { warnings } = await json(...args);
    return warnings.find((warning: string) => warning.includes("too few examples"));
  };
  const hint = " Rows are examples; if the arrays are [neurons, examples], pass --transpose.";
  const start = "in some cells unrelated data give more than 0.9: ";
  expect(await warned("turned.npz")).toBe(start + text + hint);
  expect(await warned("mixed.npz")).toBe(start + text);
  expect(await warned("turned.npz", "mixed.npz")).toBe(start + text);
  expect(await warned("turned.npz", "--transpose")).toBeUndefined();
});

test("a layer in the place of a file is told from a missing file", async () => {
  const { code, stderr } = await grid(["early.npz", "--layers", "fc1", "fc2"]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    "closerlook: grid: fc2: no such file. Layer names stand between commas: --layers fc1,fc2\n",
  );
});

test("progress goes to stderr: a bar on a terminal, lines elsewhere, none with --quiet", async () => {
  const args = ["early.npz", "late.npz", "--as", "pooled"];
  const onTerminal = (await grid(args, { columns: 80 })).stderr;
  expect(onTerminal).toContain("█".repeat(12) + "░".repeat(12));
  expect(onTerminal.endsWith("\r\x1b[2K")).toBe(true);
  const long = (await grid(args, { seconds: 60 })).stderr.trimEnd().split("\n");
  expect(long).toContain("svcca of 4 × 4 layers: 50 %");
  for (const character of "█\r\x1b") expect(long.join("")).not.toContain(character);
  expect((await grid(args, { seconds: 0.01 })).stderr).toBe("");
  for (const terminal of [{ columns: 80 }, { seconds: 60 }]) {
    expect((await grid([...args, "--quiet"], terminal)).stderr).toBe("");
  }
});
