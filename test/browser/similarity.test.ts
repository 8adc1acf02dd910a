import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "tsup";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRelaxedSimd, results } from "./results.js";

const wanted = process.env.CHROMIUM_PATH;
const usual = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:/Program Files/Google/Chrome/Application/chrome.exe",
];
// A path that is given is used, so that a wrong one fails.
const chromiumPath = wanted ?? usual.find((path) => existsSync(path));
const where = chromiumPath
  ? "the package in a browser"
  : "the package in a browser: not tested, no Chromium at CHROMIUM_PATH or the usual places";

const worker = `
  import { results } from "./results.js";
  postMessage(results());
`;

describe.skipIf(!chromiumPath)(where, () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let sameKernels: boolean;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "closerlook-browser-"));
    await build({
      config: false,
      entry: { results: fileURLToPath(new URL("results.ts", import.meta.url)) },
      outDir: folder,
      format: "esm",
      platform: "browser",
      target: "es2022",
      noExternal: [/.*/],
      silent: true,
    });
    const files: Record<string, [type: string, contents: string]> = {
      "/": ["text/html", "<!doctype html><title>closerlook</title>"],
      "/results.js": ["text/javascript", readFileSync(join(folder, "results.js"), "utf8")],
      "/worker.js": ["text/javascript", worker],
    };
    server = createServer(({ url = "" }, response) => {
      const [type, contents] = files[url] ?? ["text/plain", ""];
      response.writeHead(url in files ? 200 : 404, { "content-type": type }).end(contents);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: chromiumPath! });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    sameKernels = (await inPage("hasRelaxedSimd()")) === hasRelaxedSimd();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Evaluates an expression on the exports of results.ts. */
  const inPage = (expression: string): Promise<unknown> =>
    page.evaluate(`import("./results.js").then(({ results, hasRelaxedSimd }) => ${expression})`);

  const expectSame = (text: unknown): void => {
    const [there, here] = [JSON.parse(text as string), JSON.parse(results())];
    if (sameKernels) expect(arithmeticOf(there)).toEqual(arithmeticOf(here));
    expect(shapeOf(there)).toEqual(shapeOf(here));
    expect(numbersOf(there)).toBeAllclose(numbersOf(here), { rtol: 1e-12, atol: 1e-12 });
  };

  test("a page gives the same numbers as Node", async ({ annotate }) => {
    await annotate(`${browser.version()}: ${sameKernels ? "the same" : "other"} kernels than Node`);
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
