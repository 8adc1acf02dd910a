import { checkNumber, checkOptions, rangeError, typeError } from "../internal/checks.js";

export interface RenderPngOptions {
  /** Pixels for each pixel of the SVG, in (0, 16]; 2 to 4 suit a print. @defaultValue `2` */
  scale?: number;
}

/**
 * Turns an SVG document into a PNG picture, in Node.
 *
 * Text is set in Inter (regular and semibold), which comes with this package; the fonts of the
 * system are not looked at, so that the picture is the same everywhere. Characters that Inter lacks,
 * such as Chinese, are boxes. Needs the optional package `@resvg/resvg-js`.
 *
 * @param svg - An SVG document, such as `renderSvg` returns.
 * @returns The bytes of the PNG file.
 * @throws RangeError if `svg` is not a well-formed SVG document.
 * @throws Error if `@resvg/resvg-js` is not installed (the message has the command), or not in Node.
 * @example
 * ```ts
 * import { heatmap, renderPng, renderSvg } from "closerlook/plot";
 * const grid = { rows: ["conv", "fc"], columns: ["conv", "fc"], values: [[0.9, 0.3], [0.3, 0.6]] };
 * const png = await renderPng(renderSvg({ panels: [heatmap(grid)] }), { scale: 1 });
 * String.fromCharCode(...png.subarray(1, 4)); // "PNG"
 * ```
 */
export async function renderPng(svg: string, options: RenderPngOptions = {}): Promise<Uint8Array> {
  checkOptions("renderPng", options, ["scale"]);
  const { scale = 2 } = options;
  if (typeof svg !== "string") throw typeError("renderPng", "svg", "a string", svg);
  checkNumber("renderPng", "scale", scale, { above: 0, max: 16 });
  const { Resvg } = await loadResvg();
  const settings = {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: fontFiles(),
      defaultFontFamily: "Inter",
      sansSerifFamily: "Inter",
    },
  } as const;
  try {
    return new Uint8Array(new Resvg(svg, settings).render().asPng());
  } catch (error) {
    const got = svg.length > 60 ? `${svg.slice(0, 60)}…` : svg;
    throw rangeError("renderPng", "svg", "a well-formed SVG document", got, `${error}`);
  }
}

// A name in a variable: bundlers of browser code would follow a literal into a package for Node.
const resvgPackage: string = "@resvg/resvg-js";

/** The optional package, or the command that installs it. */
async function loadResvg(): Promise<typeof import("@resvg/resvg-js")> {
  try {
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ resvgPackage);
  } catch (cause) {
    throw new Error(
      "renderPng: the optional package @resvg/resvg-js could not be loaded. Run: npm install @resvg/resvg-js",
      { cause },
    );
  }
}

const fontNames = ["400Regular/Inter_400Regular.ttf", "600SemiBold/Inter_600SemiBold.ttf"];

/**
 * Paths of the font files: in the published package beside the bundle, which is `dist/plot/index.js`
 * or a chunk in `dist`; in the repository in the package that they come from.
 */
function fontFiles(): string[] {
  // Not `import`: a bundler for browsers would stumble over Node's modules in code that it never runs.
  const builtin = globalThis.process?.getBuiltinModule;
  if (builtin === undefined) {
    throw new Error("renderPng: runs in Node only. In a browser, draw the SVG on a canvas.");
  }
  const { existsSync } = builtin("node:fs");
  const { fileURLToPath } = builtin("node:url");
  const { createRequire } = builtin("node:module");
  for (const folder of ["./fonts/", "./plot/fonts/"]) {
    const files = fontNames.map((name) =>
      fileURLToPath(new URL(folder + name.split("/")[1], import.meta.url)),
    );
    if (files.every((file) => existsSync(file))) return files;
  }
  const require = createRequire(import.meta.url);
  return fontNames.map((name) => require.resolve(`@expo-google-fonts/inter/${name}`));
}
