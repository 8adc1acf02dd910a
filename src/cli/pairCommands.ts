import type { Command } from "./command.js";
import { measures } from "./measures.js";
import { channelsFirst, threads, transpose, transposeX, transposeY } from "./options.js";

/** A command for each measure of two arrays. */
export const pairCommands: readonly Command[] = measures.map((measure) => ({
  name: measure.name,
  usage: "X Y",
  summary: measure.summary,
  details: [
    ...measure.details,
    "X and Y are FILE, or FILE:ARRAY where a file has several arrays: .npy, .npz or .safetensors files with the same examples in the same order.",
  ],
  example: `closerlook ${measure.name} ${measure.example}`,
  options: [
    ...measure.options,
    ...(measure.maps ? [channelsFirst] : [transpose, transposeX, transposeY]),
    threads,
  ],
  files: [2, 2],
  run: async (args, shell) => (await import("./comparePair.js")).comparePair(measure, args, shell),
}));
