import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** What a process of its own did with a script, in which paths start at the project and `print` takes the result. */
export interface Ended {
  readonly printed: unknown;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Runs a script in a process that must end by itself. */
export async function inNode(
  script: string,
  { flags = [] as readonly string[], env = {} as Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const begin = performance.now();
  const print = "const print = (result) => process.stdout.write(JSON.stringify(result));";
  const arguments_ = [...flags, "--import", "tsx", "--input-type=module", "--eval", print + script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, arguments_, {
    cwd: project,
    env: { ...process.env, ...env },
    timeout: 55_000,
  });
  return { printed: JSON.parse(stdout), stderr, milliseconds: performance.now() - begin };
}
