import type { Arguments } from "./arguments.js";
import { readArgument } from "./arrayArguments.js";
import { channelsWarning } from "./channelsOrder.js";
import type { Output, Shell } from "./command.js";
import { UsageError } from "./errors.js";
import { arrangeAs, type Side, transposeHint } from "./layout.js";
import { inShell } from "./libraryErrors.js";
import { type Measure, optionsFor } from "./measures.js";
import { as, threads } from "./options.js";
import { pairLines } from "./pairReport.js";
import { shapeText } from "./text.js";
import { startThreads } from "./threads.js";
import { warningsOf } from "./warnings.js";

/** Reads two arrays and compares them. */
export async function comparePair(
  measure: Measure,
  args: Arguments,
  shell: Shell,
): Promise<Output> {
  const { name } = measure;
  if (measure.options.includes(as) && !args.has(as)) {
    throw new UsageError(`${name}: --as must be given: dft, samples or pooled`);
  }
  const options = optionsFor(args, name, measure.options);
  const [x, y] = [
    await readSide(name, args, "x", shell),
    await readSide(name, args, "y", shell),
  ] as const;

  await startThreads(args.get(threads), x.array.data.length + y.array.data.length);
  shell.progress.start(`${name} of ${shapeText(x.array.shape)} and ${shapeText(y.array.shape)}`);
  const compare = await measure.load();
  const inputs = [x, y].map(({ label, array }) => `${label} ${shapeText(array.shape)}`);
  const order = measure.maps
    ? [x, y].flatMap(({ stored }, i) =>
        channelsWarning(args, [{ name: i === 0 ? "x" : "y", shape: stored.shape }]),
      )
    : [];
  const result = await inShell([`x is ${inputs[0]}, y is ${inputs[1]}`, ...order].join(". "), () =>
    compare(x.array, y.array, options),
  );
  const warnings = [...order, ...warningsOf(result, transposeHint(args, [x.array, y.array]))];
  return {
    lines: pairLines(name, x, y, result, warnings),
    document: {
      measure: name,
      x: described(x),
      y: described(y),
      options,
      ...result,
      warnings,
    },
  };
}

async function readSide(
  where: string,
  args: Arguments,
  side: "x" | "y",
  { progress }: Shell,
): Promise<Side> {
  const argument = args.files[side === "x" ? 0 : 1]!;
  progress.start(`reading ${argument}`);
  const read = await readArgument(where, argument);
  const { label, stored } = read;
  const array = await inShell(`${side} is ${label} ${shapeText(stored.shape)}`, () =>
    arrangeAs(args, side)(stored),
  );
  return { ...read, array };
}

const described = ({ file, name, stored: { shape, dtype } }: Side) => ({
  file,
  array: name,
  shape,
  dtype,
});
