import { existsSync } from "node:fs";
import { basename } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { heatmap, renderPng, renderSvg } from "../../src/plot/index.js";
import { decodePng } from "./png.js";

const box = (content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20" font-family="Inter">` +
  `<rect width="80" height="20" fill="white"/>${content}</svg>`;
const word = (attributes = "") =>
  box(`<text x="4" y="15" font-size="14" ${attributes}>conv1</text>`);
const dark = async (svg: string) => decodePng(await renderPng(svg)).darkPixels();

afterEach(() => {
  vi.doUnmock("@resvg/resvg-js");
});

describe("renderPng", () => {
  test("is a PNG file of the SVG's size times the scale, twice by default", async () => {
    const bytes = await renderPng(box(""));
    expect([...bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    expect(decodePng(bytes)).toMatchObject({ width: 160, height: 40 });
    expect(decodePng(await renderPng(box(""), { scale: 1 }))).toMatchObject({
      width: 80,
      height: 20,
    });
    expect(decodePng(await renderPng(box(""), { scale: 0.5 }))).toMatchObject({
      width: 40,
      height: 10,
    });
  });

  test("text is really drawn, in both weights", async () => {
    expect(await dark(box(""))).toBe(0);
    const regular = await dark(word());
    expect(regular).toBeGreaterThan(100);
    expect(await dark(word('font-weight="600"'))).toBeGreaterThan(regular * 1.15);
  });

  test("an unknown font is drawn as Inter, not as a font of the system", async () => {
    const family = 'font-family="No such font, sans-serif"';
    expect(await renderPng(word(family))).toEqual(await renderPng(word()));
  });

  test("the signs of figures are in the font, not boxes", async () => {
    const sign = (text: string) =>
      renderPng(box(`<text x="4" y="15" font-size="14">${text}</text>`), { scale: 1 });
    const missing = await sign("漢");
    for (const text of "−×÷≤≥→…⁻⁴θγημΔ–|é") expect(await sign(text)).not.toEqual(missing);
  });

  test("a figure with a label has more ink than without", async () => {
    const grid = { rows: ["conv"], columns: ["conv"], values: [[1]] };
    const ink = (title: string) => dark(renderSvg({ title, panels: [heatmap(grid)] }));
    expect(await ink("Similarity")).toBeGreaterThan((await ink(".")) + 200);
  });

  test("the same figure gives the same bytes", async () => {
    expect(await renderPng(word())).toEqual(await renderPng(word()));
  });

  test("bad arguments are errors", async () => {
    await expect(renderPng("<svg><g></svg>")).rejects.toThrow(RangeError);
    await expect(renderPng("no picture")).rejects.toThrow(
      'renderPng: svg must be a well-formed SVG document, got "no picture"',
    );
    await expect(renderPng(undefined as never)).rejects.toThrow(
      "renderPng: svg must be a string, got undefined",
    );
    await expect(renderPng(word(), { scale: 0 })).rejects.toThrow(
      "renderPng: scale must be a finite number > 0 and <= 16, got 0",
    );
    await expect(renderPng(word(), { dpi: 300 } as never)).rejects.toThrow(TypeError);
  });

  test("looks at the two fonts that come along and at no font of the system", async () => {
    const seen: { font: { loadSystemFonts: boolean; fontFiles: string[] } }[] = [];
    vi.doMock("@resvg/resvg-js", () => ({
      Resvg: class {
        constructor(_svg: string, settings: (typeof seen)[number]) {
          seen.push(settings);
        }
        render = () => ({ asPng: () => new Uint8Array() });
      },
    }));
    await renderPng(word());
    const { loadSystemFonts, fontFiles } = seen[0]!.font;
    expect(loadSystemFonts).toBe(false);
    expect(fontFiles.map((file) => basename(file))).toEqual([
      "Inter_400Regular.ttf",
      "Inter_600SemiBold.ttf",
    ]);
    expect(fontFiles.every((file) => existsSync(file))).toBe(true);
  });

  test("without the optional package the error has the command that installs it", async () => {
    vi.doMock("@resvg/resvg-js", () => {
      throw new Error("Cannot find package");
    });
    await expect(renderPng(word())).rejects.toThrow(
      "renderPng: the optional package @resvg/resvg-js could not be loaded. Run: npm install @resvg/resvg-js",
    );
  });
});
