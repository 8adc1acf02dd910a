import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { defineConfig, type Options } from "tsup";
import { buildKernels } from "./scripts/buildKernels.js";

const folders = [
  "schedules",
  "similarity",
  "curves",
  "landscape",
  "distillation",
  "tfjs",
  "node",
  "plot",
];

export default defineConfig(async () => {
  await buildKernels();
  return options;
});

const options: Options = {
  entry: {
    index: "src/index.ts",
    "cli/main": "src/cli/main.ts",
    ...Object.fromEntries(folders.map((name) => [`${name}/index`, `src/${name}/index.ts`])),
  },
  format: "esm",
  target: "es2022",
  platform: "neutral",
  // One copy of shared code, so that `instanceof` and module state hold across subpaths.
  splitting: true,
  treeshake: true,
  sourcemap: true,
  clean: true,
  dts: true,
  async onSuccess() {
    await copyFonts();
    await leaveKernelsOutOfMaps();
  },
};

/** The font of PNG pictures travels with the package, with its licence, so that text looks the same everywhere. */
async function copyFonts(): Promise<void> {
  const from = "node_modules/@expo-google-fonts/inter";
  const to = "dist/plot/fonts";
  await mkdir(to, { recursive: true });
  for (const [folder, file] of [
    ["400Regular/", "Inter_400Regular.ttf"],
    ["600SemiBold/", "Inter_600SemiBold.ttf"],
    ["", "LICENSE_FONT"],
  ]) {
    await copyFile(`${from}/${folder}${file}`, `${to}/${file}`);
  }
}

/** Source maps carry the sources, but nobody reads compiled kernels as text: a fifth of the package. */
async function leaveKernelsOutOfMaps(): Promise<void> {
  for (const name of await readdir("dist")) {
    if (!name.endsWith(".map")) continue;
    const map: { sources: string[]; sourcesContent: (string | null)[] } = JSON.parse(
      await readFile(`dist/${name}`, "utf8"),
    );
    const isCompiled = map.sources.map((source) => source.endsWith("/binaries.ts"));
    if (!isCompiled.includes(true)) continue;
    map.sourcesContent = map.sourcesContent.map((text, i) => (isCompiled[i] ? null : text));
    await writeFile(`dist/${name}`, JSON.stringify(map));
  }
}
