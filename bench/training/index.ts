import type { Subject } from "../subject.js";
import { type Case, cases, quickCases } from "./cases.js";
import { compare, type TrainingLine } from "./compare.js";
import { type ProfileLine, profile, profileTable } from "./profile.js";
import { heading, row } from "./report.js";
import type { StepFiles } from "./task.js";

async function write(folder: string, { work }: Case): Promise<StepFiles | undefined> {
  if (work.kind !== "step") return undefined;
  // Loads tfjs, which nothing else in this process needs.
  const { writeStep } = await import("./data.js");
  return writeStep(folder, work);
}

/** Kernels and whole steps of training. */
export const training: Subject<Case, StepFiles | undefined, TrainingLine> = {
  peersPackage: "torch",
  cases,
  quickCases,
  write,
  compare,
  heading,
  row,
};

// A step of a curve has the kernels of a plain one, one with frozen layers has some of them.
const isStep = ({ work }: Case) => work.kind === "step" && !work.curve && !work.frozen;

/** Where the time of a step of training goes. */
export const trainingProfile: Subject<Case, StepFiles | undefined, ProfileLine> = {
  cases: cases.filter(isStep),
  quickCases: quickCases.filter(isStep),
  write,
  compare: profile,
  row: profileTable,
};
