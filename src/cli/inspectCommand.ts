import type { Command } from "./command.js";
import { statistics } from "./options.js";

export const inspectCommand: Command = {
  name: "inspect",
  usage: "FILE …",
  summary: "names, shapes and types of the arrays in files",
  details: [
    "Reads headers only, so that the size of a file does not matter; --statistics reads everything, a few megabytes at a time. Dead neurons (of the last axis) are the same for every example.",
  ],
  options: [statistics],
  files: [1, Number.POSITIVE_INFINITY],
  run: async (args, shell) => (await import("./inspectFiles.js")).inspectFiles(args, shell),
};
