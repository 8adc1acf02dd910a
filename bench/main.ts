/**
 * Measures the library against peers, on the same data with the same threads, and compares the answers.
 *
 *     npm run bench -- similarity --json            one line of JSON for each case and number of threads
 *     npm run bench -- similarity --only svcca      a table of some cases
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Progress } from "../examples/common/terminal.js";
import { allowedProcessors } from "./machine.js";
import { heading, rowOf } from "./report.js";
import { killSides } from "./side.js";
import { type Files, writeActivations, writeGram } from "./similarity/activations.js";
import { type Case, cases, quickCases } from "./similarity/cases.js";
import { compare, type Setup } from "./similarity/compare.js";

const subjects = ["similarity", "all"];

const help = `Measures the library against peers in numpy, on the same data with the same threads, and compares the answers.

Usage: npm run bench -- ${subjects.join("|")} [options]

Options:
  --json           one line of JSON for each case and number of threads (default: a table)
  --threads LIST   numbers of threads of both sides, or all (default: 1,all)
  --only TEXT      cases whose name has this text
  --quick          tiny cases that only show that everything works and agrees
  --python PROGRAM the Python with numpy (default: python3)
  --help           print this text

Cases:
${cases.map(({ name }) => `  ${name}`).join("\n")}

Run it after npm run build, on an idle machine. Data go to the folder for temporary files (TMPDIR), up to 4 GB at a
time, and are removed. The exit code is 0 if all that was computed agrees, whether or not an aim is reached; 1 if
an answer differs or a side failed; 2 for arguments that cannot be understood; 130 when interrupted.
`;

/** A mistake in how the program was called: no stack trace, exit code 2. */
class UsageError extends Error {}

function readArguments() {
  const { values, positionals } = (() => {
    try {
      return parseArgs({
        allowPositionals: true,
        options: {
          json: { type: "boolean", default: false },
          threads: { type: "string", default: "1,all" },
          only: { type: "string", default: "" },
          quick: { type: "boolean", default: false },
          python: { type: "string", default: "python3" },
          help: { type: "boolean", short: "h", default: false },
        },
      });
    } catch (error) {
      // Node goes on to explain positional arguments that start with a dash, which nobody means here.
      throw new UsageError((error as Error).message.split(". ")[0]);
    }
  })();
  if (values.help) return { ...values, chosen: [], processors: [], threadCounts: [] };
  const [subject, ...others] = positionals;
  if (subject === undefined || !subjects.includes(subject) || others.length > 0) {
    const got = positionals.length === 0 ? "nothing" : `"${positionals.join(" ")}"`;
    throw new UsageError(`what to measure must be one of ${subjects.join(", ")}, got ${got}`);
  }
  const known = values.quick ? quickCases : cases;
  const chosen = known.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0) {
    const names = known.map(({ name }) => name).join(", ");
    throw new UsageError(
      `--only must be part of the name of a case (${names}), got "${values.only}"`,
    );
  }
  const processors = allowedProcessors();
  return {
    ...values,
    chosen,
    processors,
    threadCounts: readThreads(values.threads, processors.length),
  };
}

function readThreads(list: string, available: number): number[] {
  const counts = list.split(",").map((item) => {
    const count = item === "all" ? available : Number(item);
    if (Number.isInteger(count) && count >= 1 && count <= available) return count;
    throw new UsageError(`--threads must be numbers from 1 to ${available}, or all, got "${list}"`);
  });
  return [...new Set(counts)];
}

/** Why there can be no peers; undefined where there can. */
function peersMissing(python: string): string | undefined {
  const { status, error } = spawnSync(python, ["-c", "import numpy"], { stdio: "ignore" });
  if (error) return `${python} is missing: install Python 3 with numpy, or name it with --python`;
  return status === 0 ? undefined : "numpy is missing: pip install numpy";
}

async function main(): Promise<boolean> {
  const {
    chosen,
    processors,
    threadCounts,
    json,
    quick,
    python,
    help: wantsHelp,
  } = readArguments();
  if (wantsHelp) {
    process.stdout.write(help);
    return true;
  }
  const missing = peersMissing(python);
  const setup: Setup = { python, processors, quick, ...(missing && { peersMissing: missing }) };
  const progress = new Progress();
  if (missing) progress.line(missing);
  const folder = mkdtempSync(join(tmpdir(), "closerlook-bench-"));
  process.once("exit", () => {
    killSides();
    rmSync(folder, { recursive: true, force: true });
  });
  if (!json) process.stdout.write(`${heading}\n`);
  let agreed = true;
  for (const [i, one] of chosen.entries()) {
    const data = join(folder, String(i));
    const said = (text: string) => progress.update(i / chosen.length, `${one.name}: ${text}`);
    said("writes data");
    const files = await writeFiles(data, one);
    for (const threads of threadCounts) {
      const on = `on ${threads} thread${threads === 1 ? "" : "s"}`;
      const line = await compare(one, files, threads, setup, (text) => said(`${text} ${on}`));
      progress.line(`${one.name} ${on} is measured`);
      process.stdout.write(json ? `${JSON.stringify(line)}\n` : `${rowOf(line)}\n`);
      agreed &&= !("error" in line) && line.answers_equal !== false;
    }
    await rm(data, { recursive: true });
  }
  return agreed;
}

async function writeFiles(folder: string, { data }: Case): Promise<Files> {
  await mkdir(folder);
  return typeof data === "number" ? writeGram(folder, data) : writeActivations(folder, data);
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => process.exit(code));
}
try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(
    isUsage ? `bench: ${error.message}. See --help\n` : `${(error as Error).stack}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
}
