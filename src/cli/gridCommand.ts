import type { Command } from "./command.js";
import { measure, measureOptions } from "./gridOptions.js";
import {
  as,
  channelsFirst,
  layers,
  layersX,
  layersY,
  png,
  svg,
  threads,
  title,
  transpose,
  transposeX,
  transposeY,
} from "./options.js";

export const gridCommand: Command = {
  name: "grid",
  usage: "X [Y]",
  summary: "every layer of a model with every layer of another",
  details: [
    "X and Y are .npz or .safetensors files with the layers of two models on the same examples in the same order; without Y, X is compared with itself. Rows of the grid are layers of X, columns layers of Y.",
    "Options of a measure are those of its own command; --as is needed where there are convolutional maps (dft: svcca and cca only).",
    "In the table ~ marks what unrelated data could give as well: less than a tenth of the way from the chance level to 1, or, with --permutations, a p-value above 0.05. For procrustes the numbers are normalized squared distances, 0 to 2, for shape-distance angles, 0 to π/2: 0 means the same shape.",
  ],
  example: "closerlook grid early.npz late.npz --as pooled --svg grid.svg",
  options: [
    measure,
    ...measureOptions,
    as,
    layers,
    layersX,
    layersY,
    transpose,
    transposeX,
    transposeY,
    channelsFirst,
    svg,
    png,
    title,
    threads,
  ],
  files: [1, 2],
  run: async (args, shell) => (await import("./compareGrid.js")).compareGrid(args, shell),
};
