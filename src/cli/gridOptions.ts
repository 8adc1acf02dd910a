import type { Arguments } from "./arguments.js";
import { UsageError } from "./errors.js";
import { type Options, optionsFor } from "./measures.js";
import { choiceOption, type Option } from "./option.js";
import {
  alpha,
  as,
  bandwidth,
  compare,
  components,
  debiased,
  distance,
  kernel,
  regularization,
  uncertainty,
  variance,
} from "./options.js";

/** Measures of a grid with the options that each takes. */
const optionsOf = {
  svcca: [variance, components, ...uncertainty],
  cca: [regularization, ...uncertainty],
  pwcca: [regularization, ...uncertainty],
  cka: [kernel, debiased, bandwidth, ...uncertainty],
  rsa: [distance, compare],
  procrustes: [],
  "shape-distance": [alpha],
} as const satisfies Record<string, readonly Option<unknown>[]>;

export type GridMeasure = keyof typeof optionsOf;

const gridMeasures = Object.keys(optionsOf) as GridMeasure[];

export const measure = choiceOption(
  "measure",
  gridMeasures,
  `one of ${gridMeasures.join(", ")} (default: svcca)`,
);

export const measureOptions: readonly Option<unknown>[] = [
  ...new Set<Option<unknown>>(Object.values(optionsOf).flat()),
];

/** Options for the library from the arguments; those of another measure are a mistake of the call. */
export function gridOptions(args: Arguments, name: GridMeasure): Options {
  const fitting: readonly Option<unknown>[] = optionsOf[name];
  for (const option of measureOptions) {
    if (!args.has(option) || fitting.includes(option)) continue;
    const goesWith = gridMeasures.filter((one) =>
      (optionsOf[one] as readonly Option<unknown>[]).includes(option),
    );
    throw new UsageError(
      `grid: --${option.name} must go with --measure ${goesWith.join(", ")}, got ${name}`,
    );
  }
  if (args.get(as) === "dft" && name !== "svcca" && name !== "cca") {
    throw new UsageError(`grid: --as dft must go with --measure svcca or cca, got ${name}`);
  }
  const measure = name === "shape-distance" ? "shapeDistance" : name;
  return { measure, ...optionsFor(args, "grid", [...fitting, as]) };
}
