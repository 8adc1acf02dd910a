import { spawn } from "node:child_process";

/** What a child process tells of its job. */
export interface ChildProgress {
  readonly fraction: number;
  readonly text: string;
}

/** Tells the process that started this one how its job goes; false if there is none that listens. */
export function tellParent(progress: ChildProgress): boolean {
  if (!process.send || !process.connected) return false;
  process.send(progress);
  return true;
}

/** Runs this very program once more with other arguments, and rejects with what it wrote to stderr unless it ends well. */
export function runChild(
  args: readonly string[],
  signal: AbortSignal,
  onProgress: (progress: ChildProgress) => void,
): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let stderr = "";
    child.stderr!.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("message", (progress: ChildProgress) => onProgress(progress));
    const stop = () => void child.kill("SIGINT");
    signal.addEventListener("abort", stop, { once: true });
    child.on("error", fail);
    child.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", stop);
      if (code === 0) return done();
      const how = killedBy ? `killed by ${killedBy}` : `ended with exit code ${code}`;
      fail(new Error([how, ...stderr.trimEnd().split("\n").slice(-8)].join("\n    ")));
    });
  });
}
