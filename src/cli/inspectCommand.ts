import type { Command } from "./command.js";
import { statistics } from "./options.js";

export const inspectCommand: Command = {
  name: "inspect",
  usage: "FILE …",
  summary: "names, shapes and types of the arrays in files",
  details: [
    "Reads headers only, so that the size of a file does not matter; --statistics reads everything, a few megabytes at a time. A file that cannot be read does not keep the others from being shown; the exit code is 1 then. Dead neurons (of the last axis) are the same for every example.",
  ],
  example: "closerlook inspect run.npz --statistics",
  options: [statistics],
  files: [1, Number.POSITIVE_INFINITY],
  run: async (args, shell) => (await import("./inspectFiles.js")).inspectFiles(args, shell),
};
