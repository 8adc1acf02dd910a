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
    ["on tfjs's heap", {}, false],
    ["in a page that is isolated, where tfjs computes with threads", isolation, true],
  ])("gives the losses and weights of Node %s", async (_, headers, isolated) => {
    site = await startSite("training.ts", binaries, headers);
    const page = await site.open();
    const there = (await page.evaluate(
      `import("./bundle.js").then(({ trained }) => trained("/"))`,
    )) as Trained;
    const here = await trained();
    expect(there.losses).toHaveLength(3);
    expect(there.losses[2]).toBeLessThan(there.losses[0]!);
    expect({ ...there, isolated: false }).toEqual(here);
    expect(there.isolated).toBe(isolated);
    expect(there.left).toBe(0);
  });
});
