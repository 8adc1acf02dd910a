import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writeArrays } from "../../src/node/index.js";
import * as similarity from "../../src/similarity/index.js";
import { temporaryFolder } from "../node/temporaryFolder.js";
import { activations, closerlook } from "./command.js";
import { early, first, late, second, writeFiles } from "./files.js";

const path = temporaryFolder();

beforeAll(() => writeFiles(path));

/** What a value is after a journey through JSON. */
const asJson = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, item) =>
      ArrayBuffer.isView(item) ? Array.from(item as Float64Array) : item,
    ),
  );

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await closerlook([...args, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.trimEnd()).not.toContain("\n");
  return JSON.parse(stdout);
};

const { conv1 } = early;
const { conv1: lateConv1, conv2: lateConv2 } = late;

describe("the JSON document has every field of the library's result", () => {
  test.each<[args: string[], result: () => unknown]>([
    [["svcca"], () => similarity.svcca(first, second)],
    [["svcca", "--variance", "0.8"], () => similarity.svcca(first, second, { variance: 0.8 })],
    [["svcca", "--components=2"], () => similarity.svcca(first, second, { components: 2 })],
    [["cca"], () => similarity.cca(first, second)],
    [
      ["cca", "--regularization", "1e-2"],
      () => similarity.cca(first, second, { regularization: 0.01 }),
    ],
    [["pwcca"], () => similarity.pwcca(first, second)],
    [["cka"], () => similarity.cka(first, second)],
    [["cka", "--debiased"], () => similarity.cka(first, second, { debiased: true })],
    [
      ["cka", "--kernel", "rbf", "--bandwidth", "0.7"],
      () => similarity.cka(first, second, { kernel: "rbf", bandwidth: 0.7 }),
    ],
    [["procrustes"], () => similarity.procrustes(first, second)],
    [
      ["shape-distance", "--alpha", "0.5"],
      () => similarity.shapeDistance(first, second, { alpha: 0.5 }),
    ],
    [
      ["rsa", "--distance", "cosine", "--compare", "kendall"],
      () => similarity.rsa(first, second, { distance: "cosine", compare: "kendall" }),
    ],
  ])("%j", async (args, result) => {
    expect(await json(...args, path("a.npy"), path("b.npy"))).toMatchObject(
      asJson(result()) as object,
    );
  });

  test.each<[args: string[], layer: string, result: () => unknown]>([
    [["dft-cca"], "conv2", () => similarity.dftCca(conv1!, lateConv2!)],
    [
      ["conv-svcca", "--as", "pooled"],
      "conv2",
      () => similarity.convSvcca(conv1!, lateConv2!, { as: "pooled" }),
    ],
    [
      ["conv-svcca", "--as", "dft", "--variance", "0.9"],
      "conv1",
      () => similarity.convSvcca(conv1!, lateConv1!, { as: "dft", variance: 0.9 }),
    ],
    [
      ["conv-svcca", "--as", "samples", "--stride", "3"],
      "conv1",
      () => similarity.convSvcca(conv1!, lateConv1!, { as: "samples", stride: 3 }),
    ],
  ])("%j of maps", async (args, layer, result) => {
    const [x, y] = [path("early.npz:conv1"), path(`late.npz:${layer}`)];
    expect(await json(...args, x, y)).toMatchObject(asJson(result()) as object);
  });
});

test("the JSON document says what was compared, and how", async () => {
  const x = path("a.npy");
  const y = path("late.npz");
  const document = await json("svcca", x, `${y}:fc1`, "--components", "3");
  expect(document).toMatchObject({
    closerlook: "1.2.3",
    command: "svcca",
    x: { file: x, array: "a", shape: [90, 5], dtype: "float32" },
    y: { file: y, array: "fc1", shape: [90, 5], dtype: "float32" },
    options: { components: 3 },
    warnings: [expect.stringContaining("hardly above its chance level")],
  });
});

test("the text says the number, its chance level and what was compared", async () => {
  const { code, stdout, stderr } = await closerlook(["svcca", path("a.npy"), path("b.npy")]);
  const { similarity: value, chance } = similarity.svcca(first, second);
  expect([code, stderr]).toEqual([0, ""]);
  const lines = stdout.split("\n");
  expect(lines).toContain("svcca of 90 examples");
  expect(lines).toContain(`similarity    ${value.toFixed(3)}`);
  expect(lines).toContain(`chance level  ${chance.toFixed(3)}  (unrelated data of this size)`);
  expect(lines).toContain("                   x      y");
  expect(lines).toContain("neurons            5      5");
  expect(lines).toContain("variance kept  100 %  100 %");
  expect(stdout).not.toContain("warning");
});

describe("warnings", () => {
  const warningsOf = async (...args: string[]) => {
    const { code, stdout } = await closerlook(args);
    expect(code).toBe(0);
    return stdout.match(/^warning: .*$/gm) ?? [];
  };

  test("a similarity at its chance level", async () => {
    const found = await warningsOf("svcca", path("a.npy"), path("unrelated.npy"));
    expect(found).toEqual([
      expect.stringMatching(
        /^warning: the similarity is hardly above its chance level, 0\.\d{3}\.$/,
      ),
    ]);
  });

  test("too few examples", async () => {
    const found = await warningsOf("cca", path("few.npy"), path("few.npy"));
    expect(found[0]).toContain("too few examples (5 + 5 directions kept)");
    expect(found.join()).not.toContain("--transpose");
  });

  test("too few examples where rows may have been meant as columns: --transpose, unless it was given", async () => {
    // Both [neurons, examples], of as many neurons, so that they can be compared as they lie.
    const turned = [5, 6].map((seed) => similarity.transpose(activations(seed, [90, 5])));
    const [x, y] = [path("turnedX.npy"), path("turnedY.npy")];
    await writeArrays(x, { x: turned[0]! });
    await writeArrays(y, { y: turned[1]! });
    await writeArrays(path("five.npy"), { five: activations(7, [5, 5]) });
    const found = await warningsOf("svcca", x, y);
    expect(found[0]).toMatch(/^warning: too few examples \(\d \+ \d directions kept\): /);
    expect(found[0]).toMatch(
      /fewer directions\. Rows are examples; if the arrays are \[neurons, examples\], pass --transpose\.$/,
    );
    // One that is not wide tells that they lie as they should.
    expect((await warningsOf("svcca", x, path("five.npy")))[0]).toMatch(/keep fewer directions\.$/);
    expect((await warningsOf("svcca", path("five.npy"), y))[0]).toMatch(/keep fewer directions\.$/);
    expect((await warningsOf("svcca", x, y, "--transpose")).join()).not.toContain("too few");
    // Maps are not turned.
    await writeArrays(path("maps.npy"), { maps: activations(8, [3, 4, 4, 3]) });
    const [maps] = await warningsOf("dft-cca", path("maps.npy"), path("maps.npy"));
    expect(maps).toMatch(/too few examples at some frequency: .* keep fewer directions\.$/);
    // So does who says that only one is to be turned, here in vain: few.npy would be [5, 8].
    await writeArrays(path("wide.npy"), { wide: similarity.transpose(activations(5, [8, 5])) });
    const one = await warningsOf("svcca", path("few.npy"), path("wide.npy"), "--transpose-x");
    expect(one[0]).toMatch(/keep fewer directions\.$/);
  });

  test("nothing to compare", async () => {
    await writeArrays(path("dead.npy"), {
      dead: { data: new Float32Array(270).fill(3), shape: [90, 3] },
    });
    const found = await warningsOf("svcca", path("dead.npy"), path("a.npy"));
    expect(found).toEqual([expect.stringContaining("without any variance")]);
    expect((await warningsOf("rsa", path("dead.npy"), path("a.npy")))[0]).toContain(
      "all distances of x are equal",
    );
  });
});

describe("FILE:ARRAY", () => {
  test("a name may hold a colon", async () => {
    const document = await json("cka", path("mixed.npz:block:0"), path("mixed.npz:fc"));
    expect(document.x.array).toBe("block:0");
    expect(document.y.array).toBe("fc");
  });

  test("a file whose own name holds a colon is that file", async () => {
    await copyFile(path("a.npy"), path("run.npy:fc.npy"));
    const document = await json("cka", path("run.npy:fc.npy"), path("run.npy:fc.npy:run.npy:fc"));
    expect(document.x).toMatchObject({ file: path("run.npy:fc.npy"), array: "run.npy:fc" });
    expect(document.similarity).toBeCloseTo(1, 12);
  });

  test("several arrays without a name are an error that lists them and shows how", async () => {
    const { code, stdout, stderr } = await closerlook(["svcca", path("mixed.npz"), path("a.npy")]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^closerlook: svcca: \S*mixed\.npz holds 3 arrays \(block:0, fc, labels\): name one, such as \S*mixed\.npz:block:0\n$/,
    );
  });
});

describe("the layout of files", () => {
  test("--transpose, --transpose-x and --transpose-y turn [neurons, examples]", async () => {
    const turned = (of: typeof first) => {
      const { data, shape } = similarity.transpose(of);
      return { data: Float32Array.from(data), shape };
    };
    await writeArrays(path("at.npy"), { at: turned(first) });
    await writeArrays(path("bt.npy"), { bt: turned(second) });
    const { similarity: expected } = similarity.svcca(first, second);
    for (const args of [
      ["at.npy", "b.npy", "--transpose-x"],
      ["a.npy", "bt.npy", "--transpose-y"],
      ["at.npy", "bt.npy", "--transpose"],
    ]) {
      const [x, y, option] = args as [string, string, string];
      expect((await json("svcca", path(x), path(y), option)).similarity).toBe(expected);
    }
  });

  test("64-bit integers are numbers, unless a double cannot hold them", async () => {
    const integers = Array.from({ length: 90 }, (_, i) => (i * i) % 17);
    const shape = [90, 1];
    await writeArrays(path("int.npy"), {
      int: { data: BigInt64Array.from(integers, BigInt), shape },
    });
    const document = await json("svcca", path("int.npy"), path("a.npy"));
    const x = { data: Float64Array.from(integers), shape };
    expect(document).toMatchObject(asJson(similarity.svcca(x, first)) as object);
    expect(document.x.dtype).toBe("int64");
    await writeArrays(path("big.npy"), {
      big: { data: BigUint64Array.from({ length: 90 }, (_, i) => 2n ** 53n + BigInt(i)), shape },
    });
    const { code, stderr } = await closerlook(["svcca", path("big.npy"), path("a.npy")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/integers of 2\^53 and more\. Save it as float32\. x is \S*big\.npy/);
  });

  test("maps that look like PyTorch's are warned of, unless --channels-first is given", async () => {
    await writeArrays(path("torch.npz"), {
      torch: activations(7, [30, 5, 2, 2]),
      cube: activations(8, [30, 2, 2, 2]),
      oblong: activations(9, [30, 2, 3, 2]),
    });
    const call = (name: string, ...more: string[]) => {
      const file = path(`torch.npz:${name}`);
      return json("conv-svcca", file, file, "--as", "pooled", ...more);
    };
    const { warnings } = await call("torch");
    expect(warnings.slice(0, 2)).toEqual(
      ["x", "y"].map(
        (side) =>
          `${side} is [30, 5, 2, 2], read as height 5, width 2, 2 channels. ` +
          "If it is [examples, channels, height, width], as PyTorch saves it, pass --channels-first.",
      ),
    );
    const { stdout } = await closerlook([
      "dft-cca",
      path("torch.npz:torch"),
      path("torch.npz:oblong"),
    ]);
    expect(stdout.match(/^warning: . is .*--channels-first\.$/gm)).toHaveLength(1);
    const silent = [
      await call("torch", "--channels-first"),
      await call("cube"),
      await call("oblong"),
    ];
    for (const { warnings: none } of silent) {
      expect(none.join()).not.toContain("channels-first");
    }
  });

  test("--channels-first moves the channels of PyTorch's maps to the end", async () => {
    const { data, shape } = conv1!;
    const [n, h, w, c] = shape as [number, number, number, number];
    const moved = data.slice();
    for (let i = 0, at = 0; i < n; i++) {
      for (let k = 0; k < c; k++) {
        for (let p = 0; p < h * w; p++, at++) moved[at] = data[(i * h * w + p) * c + k]!;
      }
    }
    await writeArrays(path("torch.npy"), { torch: { data: moved, shape: [n, c, h, w] } });
    const document = await json(
      "dft-cca",
      path("torch.npy"),
      path("torch.npy"),
      "--channels-first",
    );
    expect(document).toMatchObject(asJson(similarity.dftCca(conv1!, conv1!)) as object);
    expect(document.x.shape).toEqual([n, c, h, w]);
  });
});

describe("errors are one line without a stack trace, exit code 1", () => {
  test.each<[args: string[], message: RegExp]>([
    [["svcca", "a.npy", "none.npy"], /^closerlook: svcca: \S*none\.npy: no such file$/],
    [["svcca", "a.npy", "."], /file must be a regular file, got another kind/],
    [
      ["svcca", "a.npy", "short.npy"],
      /same number of rows \(examples\), got 90 and 30\. If the arrays are \[neurons, examples\], pass --transpose\. x is \S*a\.npy \[90, 5\], y is \S*short\.npy \[30, 5\]$/,
    ],
    [
      ["svcca", "early.npz:conv1", "a.npy"],
      /x must be a matrix \[examples, neurons\].*For maps: conv-svcca or dft-cca, or pool/,
    ],
    [
      ["svcca", "mixed.npz:nothing", "a.npy"],
      /mixed\.npz holds 3 arrays \(block:0, fc, labels\), none of them "nothing"$/,
    ],
    [["svcca", "mixed.npz:fd", "a.npy"], /none of them "fd"\. Did you mean fc\?$/],
    [["cka", "mixed.npz:labels", "a.npy"], /x must be a matrix/],
    [["dft-cca", "a.npy", "b.npy"], /^closerlook: dft-cca: .*For matrices: svcca or cca\./],
    [
      ["conv-svcca", "early.npz:conv1", "late.npz:conv2", "--as", "samples"],
      /^closerlook: conv-svcca: .*maps of the same size for --as samples, .*Use --as dft or --as pooled\./,
    ],
  ])("%j", async (args, message) => {
    const files = args.map((arg) => (/\.np|^\.$/.test(arg) ? join(path("."), arg) : arg));
    const { code, stdout, stderr } = await closerlook([...files, "--json"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^closerlook: [^\n]*\n$/);
    expect(stderr.trimEnd()).toMatch(message);
  });
});

test("names of files and arrays cannot order the terminal about", async () => {
  const name = "evil\x1b[2J";
  await writeArrays(path("evil.npz"), {
    [name]: activations(1, [9, 2]),
    other: activations(2, [9, 2]),
  });
  const { stdout } = await closerlook(["svcca", path(`evil.npz:${name}`), path("evil.npz:other")]);
  expect(stdout).toContain("evil\\u{1b}[2J");
  const { stderr } = await closerlook(["svcca", path("evil.npz"), `${path("evil.npz")}:\x1b[31m`]);
  expect(stdout + stderr).not.toContain("\x1b");
});
