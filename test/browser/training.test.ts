import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterEach, describe, expect, test } from "vitest";
import { chromiumPath, type Files, inBrowser, type Site, startSite } from "./chromium.js";
import { type Trained, trained } from "./training.js";

const { resolve } = createRequire(import.meta.url);
const binaries: Files = Object.fromEntries(
  ["", "-simd", "-threaded-simd"].map((kind) => {
    const name = `tfjs-backend-wasm${kind}.wasm`;
    const contents = readFileSync(resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`));
    return [`/${name}`, ["application/wasm", contents]];
  }),
);

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

describe.skipIf(!chromiumPath)(inBrowser("training in a browser"), () => {
  let site: Site;
  afterEach(() => site?.close());

  test.each([
    ["on tfjs's heap", {}, 'trained("/")', false],
    [
      "in an isolated page, where tfjs has threads and tensors are copied",
      isolation,
      'trained("/")',
      true,
    ],
    [
      "in an isolated page where tfjs is told to have none",
      isolation,
      'trained("/", false)',
      false,
    ],
  ])("gives the losses and weights of Node %s", async (_, headers, call, shared) => {
    site = await startSite("training.ts", binaries, headers);
    const page = await site.open();
    const there = (await page.evaluate(
      `import("./bundle.js").then(({ trained }) => ${call})`,
    )) as Trained;
    const here = await trained();
    expect(there.losses).toHaveLength(3);
    expect(there.losses[2]).toBeLessThan(there.losses[0]!);
    expect(there).toEqual({ ...here, shared });
    expect(there.left).toBe(0);
  });
});
