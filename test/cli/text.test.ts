import { describe, expect, test } from "vitest";
import { closest } from "../../src/cli/closest.js";
import { onColor } from "../../src/cli/paint.js";
import {
  bytesText,
  clipped,
  fixed,
  percent,
  printable,
  probability,
  short,
  wrap,
} from "../../src/cli/text.js";
import { warningsOf } from "../../src/cli/warnings.js";

test.each<[value: number, text: string]>([
  [0, "0"],
  [0.123456, "0.123"],
  [-1.5, "−1.5"],
  [12345.678, "12350"],
  [1.5e-7, "1.500e−7"],
  [2.5e12, "2.500e12"],
  [Number.POSITIVE_INFINITY, "∞"],
  [Number.NaN, "NaN"],
])("short(%d) is %s", (value, text) => {
  expect(short(value)).toBe(text);
});

test("p-values are written as programs read them", () => {
  expect([5e-5, 1 / 20_001, 0.001, 0.05, 1, 0].map(probability)).toEqual([
    "5e-5",
    "5e-5",
    "0.001",
    "0.05",
    "1",
    "0",
  ]);
});

test("fixed has a true minus sign, and none at zero", () => {
  expect([fixed(-0.0001), fixed(-0.5), fixed(1), fixed(Number.NaN)]).toEqual([
    "0.000",
    "−0.500",
    "1.000",
    "NaN",
  ]);
});

test("only the whole is 100 %", () => {
  expect([1, 0.99999, 0.995, 0.5, 0].map(percent)).toEqual([
    "100 %",
    "> 99.9 %",
    "99.5 %",
    "50 %",
    "0 %",
  ]);
});

test("bytes have a unit in which they are short", () => {
  expect([0, 999, 1000, 1800, 99_600, 999_500, 2_048_000_000].map(bytesText)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.8 kB",
    "100 kB",
    "1.0 MB",
    "2.0 GB",
  ]);
});

test("characters that give orders to a terminal are shown by their code points", () => {
  expect(printable("a\x1b[2J\x9bé→\u202e")).toBe("a\\u{1b}[2J\\u{9b}é→\\u{202e}");
});

test("a clipped name keeps its ends, the last part most of all", () => {
  expect(clipped("features.denseblock.12.conv", 12)).toBe("fea….12.conv");
  expect(clipped("conv1", 5)).toBe("conv1");
});

test("wrap breaks at spaces and leaves long words whole", () => {
  expect(wrap("one two three incomprehensible a", 9)).toEqual([
    "one two",
    "three",
    "incomprehensible",
    "a",
  ]);
});

describe("closest", () => {
  const names = ["svcca", "cca", "cka", "--variance"];
  test.each([
    ["svca", "svcca"],
    ["--varience", "--variance"],
    ["ckaa", "cka"],
    ["xyz", undefined],
    ["", undefined],
  ])("%s → %s", (text, name) => {
    expect(closest(text, names)).toBe(name);
  });
});

describe("colours", () => {
  test("of the ends are those of viridis, with readable text, also beyond the ends", () => {
    expect(onColor("x", 0, 24)).toBe("\x1b[48;2;68;1;84;38;5;231mx\x1b[0m");
    expect(onColor("x", 1, 24)).toBe("\x1b[48;2;253;231;37;38;5;16mx\x1b[0m");
    expect(onColor("x", -3, 24)).toBe(onColor("x", 0, 24));
    expect(onColor("x", 7, 8)).toBe(onColor("x", 1, 8));
  });

  test("of 256 are in the cube, and fewer are none", () => {
    for (let i = 0; i <= 20; i++) {
      const code = Number(/48;5;(\d+)/.exec(onColor("x", i / 20, 8))?.[1]);
      expect(code).toBeGreaterThanOrEqual(16);
      expect(code).toBeLessThanOrEqual(231);
    }
    expect(onColor("x", 0.5, 4)).toBe("x");
  });
});

describe("warnings", () => {
  test("a p-value decides where there is one", () => {
    expect(warningsOf({ similarity: 0.2, chance: 0.19, pValue: 0.001 })).toEqual([]);
    expect(warningsOf({ similarity: 0.9, chance: 0.1, pValue: 0.2 })).toEqual([
      "the similarity is not distinguishable from chance, p = 0.2.",
    ]);
  });

  test("a good similarity has none", () => {
    expect(warningsOf({ similarity: 0.9, chance: 0.1, keptX: 3, keptY: 3 })).toEqual([]);
  });
});
