import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, inBrowser, type Site, startSite } from "./chromium.js";
import { hasRelaxedSimd, results } from "./results.js";

const worker = `
  import { results } from "./bundle.js";
  postMessage(results());
`;

describe.skipIf(!chromiumPath)(inBrowser("the package in a browser"), () => {
  let site: Site;
  let page: Page;
  let sameKernels: boolean;

  beforeAll(async () => {
    site = await startSite("results.ts", { "/worker.js": ["text/javascript", worker] });
    page = await site.open();
    sameKernels = (await inPage("hasRelaxedSimd()")) === hasRelaxedSimd();
  });

  afterAll(() => site?.close());

  /** Evaluates an expression on the exports of results.ts. */
  const inPage = (expression: string): Promise<unknown> =>
    page.evaluate(`import("./bundle.js").then(({ results, hasRelaxedSimd }) => ${expression})`);

  const expectSame = (text: unknown): void => {
    const [there, here] = [JSON.parse(text as string), JSON.parse(results())];
    if (sameKernels) expect(arithmeticOf(there)).toEqual(arithmeticOf(here));
    expect(shapeOf(there)).toEqual(shapeOf(here));
    expect(numbersOf(there)).toBeAllclose(numbersOf(here), { rtol: 1e-12, atol: 1e-12 });
  };

  test("a page gives the same numbers as Node", async ({ annotate }) => {
    await annotate(
      `${site.browser.version()}: ${sameKernels ? "the same" : "other"} kernels than Node`,
    );
    expectSame(await inPage("results()"));
  });

  test("a worker of a page gives the same numbers as Node", async () => {
    const answer = await page.evaluate(`new Promise((resolve, reject) => {
      const worker = new Worker("./worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    })`);
    expectSame(answer);
  });
});

/**
 * What is made of sums, products, quotients and roots alone, which every engine rounds alike, so that it agrees to the
 * last bit with the same kernels. (Where one side has fused multiply-add and the other has not, last digits differ.)
 */
function arithmeticOf(answers: unknown): unknown {
  // These need sines, exponentials or powers.
  const others = ["chance", "dftCca", "ckaRbf"];
  return rewritten(answers, (key, value) => (others.includes(key) ? undefined : value));
}

/** An answer without its numbers. */
const shapeOf = (answers: unknown): unknown =>
  rewritten(answers, (_, value) => (typeof value === "number" ? 0 : value));

const rewritten = (answers: unknown, change: (key: string, value: unknown) => unknown): unknown =>
  JSON.parse(JSON.stringify(answers, change));

/** All numbers of an answer, in order. */
function numbersOf(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value ? Object.values(value).flatMap(numbersOf) : [];
}
