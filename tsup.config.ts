import { copyFile, mkdir } from "node:fs/promises";
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
  // The font of PNG pictures travels with the package, with its licence, so that text looks the same everywhere.
  async onSuccess() {
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
  },
};
