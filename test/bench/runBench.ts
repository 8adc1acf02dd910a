import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the program as `npm run bench` does, with its data in `temporary`; `interrupt` ends it at its first sign of life. */
export function runBench(args: readonly string[], temporary: string, interrupt = false) {
  const child = spawn(process.execPath, ["--import", "tsx", "bench/main.ts", ...args], {
    cwd: project,
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary },
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (text) => {
    output += text;
    if (interrupt) child.kill("SIGINT");
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  return new Promise<{ code: number | null; output: string; errors: string }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output, errors }));
  });
}
