import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Check } from "../../examples/common/verdicts.js";

const folder = new URL("../../docs/results/", import.meta.url);
const text = (path: string) => readFileSync(new URL(path, folder), "utf8");

/** The verdict that a page of results prints in the row of each check. */
const verdictsOf = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...text(page).matchAll(/^\| (X\d+\.\w) \|.*\| \**([^|*]+?)\** \|$/gm)].map((row) => [
      row[1],
      row[2],
    ]),
  );

const checksOf = (path: string): Check[] => JSON.parse(text(path)).checks;

describe("docs/results", () => {
  test("warmup.md prints the verdicts of the committed results", () => {
    const checks = ["warmup/x09.json", "warmup/x10.json"].flatMap(checksOf);
    expect(checks).toHaveLength(11);
    expect(verdictsOf("warmup.md")).toEqual(
      Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict])),
    );
  });

  test("formulas.md says that all eight checks hold, and they do", () => {
    const checks = checksOf("formulas/x14.json");
    expect(checks.map(({ verdict }) => verdict)).toEqual(Array(8).fill("holds"));
    expect(Object.keys(verdictsOf("formulas.md"))).toEqual(checks.map(({ id }) => id));
  });
});
