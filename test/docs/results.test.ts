import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Check } from "../../examples/common/verdicts.js";

const folder = new URL("../../docs/results/", import.meta.url);
const text = (path: string) => readFileSync(new URL(path, folder), "utf8");

/** The verdict that a page of results prints in the row of each check. */
const verdictsOf = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...text(page).matchAll(/^\| (X\d+\.\w(?:\.\w+)?) \|.*\| \**([^|*]+?)\** \|$/gm)].map((row) => [
      row[1],
      row[2],
    ]),
  );

const pages = readdirSync(folder)
  .filter((name) => name.endsWith(".md"))
  .map((name) => name.slice(0, -".md".length));

describe.each(pages)("docs/results/%s.md", (page) => {
  const files = readdirSync(new URL(`${page}/`, folder));

  test("prints the verdicts of the committed results", () => {
    // Beside the results of experiments there may be those of studies, which the prose tells of.
    const results = files.filter((name) => /^x\d+\.json$/.test(name));
    const checks = results.flatMap((name): Check[] => JSON.parse(text(`${page}/${name}`)).checks);
    expect(checks.length).toBeGreaterThan(0);
    expect(verdictsOf(`${page}.md`)).toEqual(
      Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict])),
    );
    for (const name of files.filter((file) => file.endsWith(".json"))) {
      expect(text(`${page}.md`)).toContain(`(${page}/${name})`);
    }
  });

  test("shows every committed figure", () => {
    for (const name of files.filter((file) => file.endsWith(".png"))) {
      expect(text(`${page}.md`)).toContain(`(${page}/${name})`);
    }
  });
});

test("the exact formulas all hold", () => {
  const { checks } = JSON.parse(text("formulas/x14.json")) as { checks: Check[] };
  expect(checks.map(({ verdict }) => verdict)).toEqual(Array(8).fill("holds"));
});
