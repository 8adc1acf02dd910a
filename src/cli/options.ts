import {
  choiceOption,
  flag,
  integerOption,
  listOption,
  numberOption,
  type Option,
  textOption,
} from "./option.js";

/** Of every command. */
export const json = flag("json", "print one JSON document instead of text");
export const quiet = flag("quiet", "no progress", "q");
export const help = flag("help", "print this text", "h");

/** Of every command that computes. */
export const threads = integerOption(
  "threads",
  "number of threads; the numbers are the same with any (default: all cores for large arrays)",
  { min: 1, max: 256 },
);

/** How files are laid out. */
export const transpose = flag("transpose", "the arrays are [neurons, examples]");
export const transposeX = flag("transpose-x", "only those of the first file are");
export const transposeY = flag("transpose-y", "only those of the second file are");
export const channelsFirst = flag(
  "channels-first",
  "maps are [examples, channels, height, width], as PyTorch has them, instead of [examples, height, width, channels]",
);

/** Named like the options of the library, whose values they become. */
export const variance = numberOption(
  "variance",
  "fraction of the variance that each side keeps, in (0, 1]",
  { above: 0, max: 1 },
);
export const components = integerOption(
  "components",
  "keep this many directions of each side, or all of its rank where that is less, instead of a fraction of the variance",
  { min: 1 },
);
export const regularization = numberOption(
  "regularization",
  "ridge added to each covariance, relative to its largest eigenvalue (default: 0)",
  { min: 0 },
);
export const kernel = choiceOption(
  "kernel",
  ["linear", "rbf"],
  "linear (default) or rbf, a Gaussian of the distance between examples",
);
export const debiased = flag(
  "debiased",
  "estimate without the upward bias of few examples and many neurons",
);
export const bandwidth = numberOption(
  "bandwidth",
  "width of the rbf kernel as a multiple of the median distance (default: 0.5)",
  { above: 0, max: 1e6 },
);
export const as = choiceOption(
  "as",
  ["dft", "samples", "pooled"],
  "how maps are read: dft (one comparison for each spatial frequency), samples (positions are examples) or pooled (mean over positions)",
);
export const stride = integerOption(
  "stride",
  "with --as samples: keep one position in N of each image, starting at another one in each image, so that all positions are used (default: 1)",
  { min: 1 },
);
export const permutations = integerOption(
  "permutations",
  "shuffle the examples of one side N times for a p-value",
  { min: 1 },
);
export const bootstrap = integerOption(
  "bootstrap",
  "leave out an eighth of the examples N times for an interval of the similarity",
  { min: 2 },
);
export const level = numberOption(
  "level",
  "probability with which the interval of --bootstrap holds (default: 0.95)",
  { above: 0, below: 1 },
);
export const seed = integerOption(
  "seed",
  "seed of the random numbers of --permutations and --bootstrap (default: 0)",
  {},
);
export const uncertainty: readonly Option<unknown>[] = [permutations, bootstrap, level, seed];
export const distance = choiceOption(
  "distance",
  ["squaredEuclidean", "euclidean", "correlation", "cosine"],
  "between examples: squaredEuclidean (default), euclidean, correlation or cosine",
);
export const compare = choiceOption(
  "compare",
  ["pearson", "spearman", "kendall", "cosine"],
  "how the distances are compared: spearman (default), pearson, kendall or cosine",
);
export const alpha = numberOption(
  "alpha",
  "from 0 (any invertible linear map of the neurons is allowed for) to 1 (only rotations; default)",
  { min: 0, max: 1 },
);

/** Of `grid`. */
export const layers = listOption(
  "layers",
  "NAMES",
  "layers to compare, in this order, with commas between them; * stands for any text (default: all, in the file's order)",
);
export const layersX = listOption("layers-x", "NAMES", "the same for the first file only");
export const layersY = listOption("layers-y", "NAMES", "the same for the second file only");
export const svg = textOption("svg", "FILE", "draw the grid as an SVG picture");
export const png = textOption(
  "png",
  "FILE",
  "draw it as a PNG picture (needs: npm install @resvg/resvg-js)",
);
export const title = textOption("title", "TEXT", "title of the picture");

/** Of `inspect`. */
export const statistics = flag(
  "statistics",
  "read the arrays too: least, greatest and mean number, dead neurons, numbers that are not finite",
);
