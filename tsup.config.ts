import { defineConfig } from "tsup";

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

export default defineConfig({
  entry: {
    index: "src/index.ts",
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
});
