import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "./side.js";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A program of this folder in Node, started as this one was. */
export const nodeProgram = (file: string): Command => ({
  program: process.execPath,
  arguments: [...process.execArgv, here(file)],
});

/** Whichever library numpy or PyTorch was built with. */
const threadVariables = [
  "OMP_NUM_THREADS",
  "OPENBLAS_NUM_THREADS",
  "MKL_NUM_THREADS",
  "BLIS_NUM_THREADS",
  "VECLIB_MAXIMUM_THREADS",
];

/** A program of the folder `peers`. */
export const pythonPeer = (file: string, threads: number, python: string): Command => ({
  program: python,
  arguments: [here(`peers/${file}`)],
  environment: {
    ...Object.fromEntries(threadVariables.map((variable) => [variable, String(threads)])),
    // Leaves no files of its own among ours.
    PYTHONDONTWRITEBYTECODE: "1",
  },
});

/** Why there can be no peers that use a package of Python; undefined where there can. */
export function peersMissing(python: string, packageName: string): string | undefined {
  const script = `import numpy, ${packageName}`;
  const { status, error } = spawnSync(python, ["-c", script], { stdio: "ignore" });
  if (error) {
    return `${python} is missing: install Python 3 with ${packageName}, or name it with --python`;
  }
  return status === 0 ? undefined : `${packageName} is missing: pip install ${packageName}`;
}
