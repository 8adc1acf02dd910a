/**
 * Measures the library against peers, on the same data with the same threads, and compares the answers.
 *
 *     npm run bench -- similarity --json            one line of JSON for each case and number of threads
 *     npm run bench -- training --only VGG          a table of some cases
 */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Progress } from "../examples/common/terminal.js";
import { peersMissing } from "./commands.js";
import type { Setup } from "./line.js";
import { allowedProcessors } from "./machine.js";
import { failedRow } from "./report.js";
import { killSides } from "./side.js";
import { similarity } from "./similarity/index.js";
import type { Named, Subject } from "./subject.js";
import { training, trainingProfile } from "./training/index.js";

const subjects: Readonly<Record<string, Subject>> = { similarity, training };
const subjectNames = [...Object.keys(subjects), "all"];

const namesOf = (cases: readonly Named[]) => cases.map(({ name }) => `  ${name}`).join("\n");

const help = `Measures the library against peers, on the same data with the same threads, and compares the answers.

Usage: npm run bench -- ${subjectNames.join("|")} [options]

Options:
  --json           one line of JSON for each case and number of threads (default: a table)
  --threads LIST   numbers of threads, or all (default: 1,all)
  --only TEXT      cases whose name has this text
  --quick          tiny cases that only show that everything works and agrees
  --profile        training only: where the time of one step goes, kernel by kernel
  --python PROGRAM the Python with numpy, and torch for training (default: python3)
  --help           print this text

Cases of similarity:
${namesOf(similarity.cases)}
Cases of training:
${namesOf(training.cases)}

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
          profile: { type: "boolean", default: false },
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
  if (subject === undefined || !subjectNames.includes(subject) || others.length > 0) {
    const got = positionals.length === 0 ? "nothing" : `"${positionals.join(" ")}"`;
    throw new UsageError(`what to measure must be one of ${subjectNames.join(", ")}, got ${got}`);
  }
  if (values.profile && subject !== "training") {
    throw new UsageError(`--profile must come with training, got ${subject}`);
  }
  const wanted = values.profile
    ? [trainingProfile]
    : Object.keys(subjects)
        .filter((name) => subject === "all" || subject === name)
        .map((name) => subjects[name]!);
  const known = wanted.flatMap((subject) =>
    (values.quick ? subject.quickCases : subject.cases).map((one) => ({ subject, one })),
  );
  const chosen = known.filter(({ one }) => one.name.includes(values.only));
  if (chosen.length === 0) {
    const names = known.map(({ one }) => one.name).join(", ");
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
  const progress = new Progress();
  const setupOf = ({ peersPackage }: Subject): Setup => {
    const missing = peersPackage && peersMissing(python, peersPackage);
    if (missing) progress.line(missing);
    return { python, processors, quick, ...(missing && { peersMissing: missing }) };
  };
  const folder = mkdtempSync(join(tmpdir(), "closerlook-bench-"));
  process.once("exit", () => {
    killSides();
    rmSync(folder, { recursive: true, force: true });
  });
  const setups = new Map<Subject, Setup>();
  let agreed = true;
  for (const [i, { subject, one }] of chosen.entries()) {
    const setup = setups.get(subject) ?? setupOf(subject);
    if (!setups.has(subject)) {
      setups.set(subject, setup);
      if (!json && subject.heading) process.stdout.write(`${subject.heading}\n`);
    }
    const data = join(folder, String(i));
    const said = (text: string) => progress.update(i / chosen.length, `${one.name}: ${text}`);
    said("writes data");
    await mkdir(data);
    const written = await subject.write(data, one);
    for (const threads of threadCounts) {
      const on = `on ${threads} thread${threads === 1 ? "" : "s"}`;
      const line = await subject.compare(one, written, threads, setup, (text) =>
        said(`${text} ${on}`),
      );
      progress.line(`${one.name} ${on} is measured`);
      const shown = json
        ? JSON.stringify(line)
        : "error" in line
          ? failedRow(line)
          : subject.row(line);
      process.stdout.write(`${shown}\n`);
      agreed &&= !("error" in line) && line.answers_equal !== false;
    }
    await rm(data, { recursive: true });
  }
  return agreed;
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
