/**
 * How the `cpu` setting of X12 is chosen: trains the teacher and one student with hard labels, nothing distilled, in each
 * setting and prints their accuracies. A setting will do if the teacher is at least 5 points ahead.
 *
 *     node --import tsx examples/studies/distillation-settings.ts FOLDER_OF_CIFAR10 [setting …]
 */
import { readCifar10, useBackend } from "closerlook/node";
import { distillationRuns } from "../common/distillationFamily.js";
import { type DistillationSettings, distillationSettings } from "../common/distillationSettings.js";
import { percent } from "../common/verdicts.js";
import { studyResults } from "./studyResults.js";

const { augment: _, ...plain } = distillationSettings.cpu;
const steps = (epochs: number, initial: number) =>
  ({
    kind: "steps",
    initial,
    boundaries: [0.3, 0.6, 0.8].map((share) => Math.round(share * epochs)),
    factor: 1 / 5,
  }) as const;

/** The settings with another number of epochs. */
const shortened = (settings: DistillationSettings, epochs: number): DistillationSettings => ({
  ...settings,
  teacherEpochs: epochs,
  teacherRate: steps(epochs, settings.teacherRate.initial),
  studentEpochs: epochs,
  studentRate: steps(epochs, settings.studentRate.initial),
});

const chosen = distillationSettings.cpu;
const all: Readonly<Record<string, DistillationSettings>> = {
  "augmented, 5 epochs": shortened(chosen, 5),
  "not augmented, 10 epochs": shortened(plain, 10),
  "augmented, 10 epochs": shortened(chosen, 10),
  "augmented, 10,000 images, 6 epochs": shortened({ ...chosen, trainingImagesPerClass: 1000 }, 6),
  chosen,
};

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) throw new Error("The first argument must be the folder of CIFAR-10");
await useBackend("wasm");
const data = await readCifar10(folder);

const { result } = await studyResults();

console.log("| setting | teacher | student with hard labels | CPU seconds |");
console.log("|---|---|---|---|");
for (const name of names.length > 0 ? names : Object.keys(all)) {
  const settings = all[name];
  if (!settings) throw new Error(`A setting must be one of ${Object.keys(all).join("; ")}`);
  const before = process.cpuUsage();
  const input = { preset: "cpu", data, environment: {} } as const;
  const { teacher, students } = distillationRuns(input, settings);
  const { numbers: its } = await result(teacher);
  const { numbers: own } = await result(students.hard[0]!);
  const { user, system } = process.cpuUsage(before);
  const cells = [its.test.at(-1)!.accuracy, own.testAccuracy].map((a) => percent(a));
  console.log(`| ${name} | ${cells.join(" | ")} | ${((user + system) / 1e6).toFixed(0)} |`);
}
