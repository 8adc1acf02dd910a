import type { ShapedArray } from "../internal/matrix.js";
import type { Arguments } from "./arguments.js";
import { UsageError } from "./errors.js";
import type { Option } from "./option.js";
import {
  alpha,
  as,
  bandwidth,
  bootstrap,
  compare,
  components,
  debiased,
  distance,
  kernel,
  level,
  permutations,
  regularization,
  seed,
  stride,
  uncertainty,
  variance,
} from "./options.js";
import type { PairResult } from "./pairResult.js";

/** Options for the library; their names and values were checked when the arguments were read. */
export type Options = Record<string, unknown>;

type Compare = (x: ShapedArray, y: ShapedArray, options: Options) => PairResult;

/** A comparison of two arrays as a command. */
export interface Measure {
  readonly name: string;
  /** In a few words. */
  readonly summary: string;
  readonly details: readonly string[];
  /** Arguments of a call. */
  readonly example: string;
  readonly options: readonly Option<unknown>[];
  /** Whether it takes maps `[examples, height, width, channels]` rather than matrices. */
  readonly maps: boolean;
  load(): Promise<Compare>;
}

const similarity = () => import("../similarity/index.js");

/** The library's own checks come on top: it knows the options by the same names. */
const comparing =
  <Result extends PairResult>(
    compare: (x: ShapedArray, y: ShapedArray, options: never) => Result,
  ): Compare =>
  (x, y, options) =>
    compare(x, y, options as never);

const keptDirections =
  "Directions are kept in the order of their variance: 99 % of it, unless --variance or --components says otherwise.";

export const measures: readonly Measure[] = [
  {
    name: "svcca",
    summary: "singular vector CCA: CCA of the directions that hold the variance",
    details: [
      "The mean canonical correlation of the directions that hold 99 % of each side's variance, and what unrelated data of the same size would give (the chance level).",
      keptDirections,
    ],
    example: "a.npy b.npy --permutations 99",
    options: [variance, components, ...uncertainty],
    maps: false,
    load: async () => comparing((await similarity()).svcca),
  },
  {
    name: "cca",
    summary: "canonical correlation analysis of all directions",
    details: [
      "The mean canonical correlation of all directions of each side. Needs many more examples than neurons.",
    ],
    example: "a.npy b.npy --regularization 1e-6",
    options: [regularization, ...uncertainty],
    maps: false,
    load: async () => comparing((await similarity()).cca),
  },
  {
    name: "pwcca",
    summary: "CCA weighted by what matters to X",
    details: [
      "Canonical correlations weighted by how much of X each direction accounts for. Not symmetric: exchanging X and Y gives another number.",
    ],
    example: "run.npz:fc1 run.npz:fc2",
    options: [regularization, ...uncertainty],
    maps: false,
    load: async () => comparing((await similarity()).pwcca),
  },
  {
    name: "cka",
    summary: "centred kernel alignment: do both place the examples alike?",
    details: [
      "Works with fewer examples than neurons; take --debiased there. The rbf kernel needs memory for a table of examples × examples.",
    ],
    example: "a.npy b.npy --debiased",
    options: [kernel, debiased, bandwidth, ...uncertainty],
    maps: false,
    load: async () => comparing((await similarity()).cka),
  },
  {
    name: "procrustes",
    summary: "distance after the best rotation",
    details: [
      "The distance between both sides after the best rotation or reflection, in the units of the activations and with both sides scaled to norm 1.",
    ],
    example: "a.npy b.npy",
    options: [],
    maps: false,
    load: async () => {
      const { procrustes } = await similarity();
      return (x, y) => procrustes(x, y);
    },
  },
  {
    name: "shape-distance",
    summary: "angle and distance between partially whitened shapes",
    details: [
      "Shape metrics: like procrustes with --alpha 1, like cca with --alpha 0, and between them a mixture.",
    ],
    example: "a.npy b.npy --alpha 0.5",
    options: [alpha],
    maps: false,
    load: async () => comparing((await similarity()).shapeDistance),
  },
  {
    name: "rsa",
    summary: "RSA: are the same examples far from each other in both?",
    details: [
      "Representational similarity analysis. Time and memory grow with the square of the number of examples; 5,000 are comfortable.",
    ],
    example: "a.npy b.npy --distance correlation",
    options: [distance, compare],
    maps: false,
    load: async () => comparing((await similarity()).rsa),
  },
  {
    name: "dft-cca",
    summary: "CCA of maps, one for each spatial frequency",
    details: [
      "X and Y are convolutional maps [examples, height, width, channels], whose sizes may differ. All directions take part, unless --variance or --components says otherwise.",
    ],
    example: "early.npz:conv1 late.npz:conv1",
    options: [variance, components, ...uncertainty],
    maps: true,
    load: async () => comparing((await similarity()).dftCca),
  },
  {
    name: "conv-svcca",
    summary: "SVCCA of maps; --as says how they are read",
    details: [
      "X and Y are convolutional maps [examples, height, width, channels]. There is no default for --as, since the three ways answer different questions. Maps of different sizes can be compared as dft and as pooled.",
      keptDirections,
    ],
    example: "early.npz:conv1 late.npz:conv1 --as pooled",
    options: [as, stride, variance, components, ...uncertainty],
    maps: true,
    load: async () => {
      const { convSvcca } = await similarity();
      return comparing(convSvcca as (x: ShapedArray, y: ShapedArray, options: never) => PairResult);
    },
  },
];

/** Options for the library from the arguments; what does not go together is a mistake of the call. */
export function optionsFor(
  args: Arguments,
  where: string,
  options: readonly Option<unknown>[],
): Options {
  const wrong = (problem: string) => new UsageError(`${where}: ${problem}`);
  if (args.has(variance) && args.has(components)) {
    throw wrong("--variance and --components exclude each other");
  }
  if (args.has(bandwidth) && args.get(kernel) !== "rbf") {
    throw wrong("--bandwidth must go with --kernel rbf");
  }
  if (args.has(stride) && args.get(as) !== "samples") {
    throw wrong("--stride must go with --as samples");
  }
  const drawing = args.has(permutations) || args.has(bootstrap);
  if (args.has(seed) && !drawing) {
    throw wrong("--seed must go with --permutations or --bootstrap");
  }
  if (args.has(level) && !args.has(bootstrap)) throw wrong("--level must go with --bootstrap");
  return { ...args.valuesOf(options), ...(drawing && { seed: args.get(seed) ?? 0 }) };
}
