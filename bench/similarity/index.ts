import type { Subject } from "../subject.js";
import { type Files, writeActivations, writeGram } from "./activations.js";
import { type Case, cases, quickCases } from "./cases.js";
import { compare, type SimilarityLine } from "./compare.js";
import { heading, row } from "./report.js";

/** The measures of similarity beside two routes in numpy. */
export const similarity: Subject<Case, Files, SimilarityLine> = {
  peersPackage: "numpy",
  cases,
  quickCases,
  write: (folder, { data }) =>
    typeof data === "number" ? writeGram(folder, data) : writeActivations(folder, data),
  compare,
  heading,
  row,
};
