import { defineConfig } from "vitest/config";

const setup = "test/setup.ts";

export default defineConfig({
  test: {
    globalSetup: ["scripts/buildKernels.ts"],
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "all", include: ["test/**/*.test.ts"], setupFiles: [setup] } },
      {
        extends: true,
        test: {
          // The similarity measures once more, as they compute where WebAssembly SIMD is missing.
          name: "without kernels",
          include: ["test/similarity/**/*.test.ts"],
          setupFiles: [setup, "test/similarity/withoutKernels.ts"],
        },
      },
      {
        extends: true,
        test: {
          // The kernels that newer runtimes get; Node 20 knows them behind a flag.
          name: "with fused multiply-add",
          include: [
            "test/kernels/**/*.test.ts",
            "test/similarity/{cca,svcca,dftCca,golden}.test.ts",
          ],
          setupFiles: [setup, "test/kernels/withFusedMultiplyAdd.ts"],
          execArgv: process.version.startsWith("v20.") ? ["--experimental-wasm-relaxed-simd"] : [],
        },
      },
    ],
  },
});
