import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "tsup";

const wanted = process.env.CHROMIUM_PATH;
const usual = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:/Program Files/Google/Chrome/Application/chrome.exe",
];
// A path that is given is used, so that a wrong one fails.
export const chromiumPath = wanted ?? usual.find((path) => existsSync(path));

/** The name of a group of tests, with the word that they do not run here where there is no browser. */
export const inBrowser = (what: string): string =>
  chromiumPath ? what : `${what}: not tested, no Chromium at CHROMIUM_PATH or the usual places`;

export interface Site {
  readonly browser: Browser;
  /** Opens the empty start page. */
  open(): Promise<Page>;
  close(): Promise<void>;
}

/** Type and contents of a file, by its path. */
export type Files = Readonly<Record<string, readonly [type: string, contents: string | Buffer]>>;

/**
 * A browser and a site for it: an empty page, a bundle of a file of this folder as `/bundle.js`, and the files.
 */
export async function startSite(
  source: string,
  files: Files = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "closerlook-browser-"));
  await build({
    config: false,
    entry: { bundle: fileURLToPath(new URL(source, import.meta.url)) },
    outDir: folder,
    format: "esm",
    platform: "browser",
    target: "es2022",
    noExternal: [/.*/],
    silent: true,
  });
  const all: Files = {
    "/": ["text/html", "<!doctype html><title>closerlook</title>"],
    "/bundle.js": ["text/javascript", readFileSync(join(folder, "bundle.js"))],
    ...files,
  };
  await rm(folder, { recursive: true });
  const server = createServer(({ url = "" }, response) => {
    const [type, contents] = all[url] ?? ["text/plain", ""];
    response.writeHead(url in all ? 200 : 404, { "content-type": type, ...headers }).end(contents);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: chromiumPath! });
  return {
    browser,
    async open() {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
