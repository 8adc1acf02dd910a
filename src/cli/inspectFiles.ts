import { stat } from "node:fs/promises";
import { openArrays } from "../node/index.js";
import type { Arguments } from "./arguments.js";
import type { Output, Shell } from "./command.js";
import { bytesOf, type Contents, contentsOf, type StoredArray } from "./contents.js";
import { messageOf } from "./errors.js";
import { statistics } from "./options.js";
import { type Statistics, statisticsOf } from "./statistics.js";
import { type Align, table } from "./table.js";
import { bytesText, counted, printable, shapeText, short } from "./text.js";

interface InspectedArray extends StoredArray {
  readonly bytes: number;
  readonly statistics?: Statistics;
}

interface Inspected extends Omit<Contents, "arrays"> {
  readonly file: string;
  /** Of the file. */
  readonly bytes: number;
  readonly arrays: readonly InspectedArray[];
}

/** Describes the arrays of files. */
export async function inspectFiles(args: Arguments, shell: Shell): Promise<Output> {
  const files: Inspected[] = [];
  const errors: { file: string; message: string }[] = [];
  for (const file of args.files) {
    try {
      files.push(await inspectFile(file, args.has(statistics), shell));
    } catch (error) {
      // Those after a bad file are worth seeing too.
      errors.push({ file, message: messageOf(error) });
    }
  }
  return {
    lines: files.flatMap((file, i) => [...(i > 0 ? [""] : []), ...linesOf(file)]),
    document: { files, errors },
    errors: errors.map(({ message }) => message),
  };
}

async function inspectFile(file: string, all: boolean, { progress }: Shell): Promise<Inspected> {
  const { arrays, metadata } = await contentsOf("inspect", file);
  const { size } = await stat(file);
  const described = arrays.map((array) => ({ ...array, bytes: bytesOf(array) }));
  const rest = { file, bytes: size, ...(metadata && { metadata }) };
  if (!all) return { ...rest, arrays: described };

  const opened = await openArrays(file);
  try {
    const withStatistics: InspectedArray[] = [];
    for (const array of described) {
      progress.start(`reading ${array.name} of ${file}`);
      const found = await statisticsOf(opened.arrays[array.name]!, (done, total) =>
        progress.update(done, total),
      );
      withStatistics.push({ ...array, statistics: found });
    }
    return { ...rest, arrays: withStatistics };
  } finally {
    await opened.close();
  }
}

function linesOf({ file, bytes, arrays, metadata = {} }: Inspected): string[] {
  const lines = [`${printable(file)}: ${counted(arrays.length, "array")}, ${bytesText(bytes)}`];
  if (arrays.length > 0) lines.push("", ...arrayTable(arrays));
  const entries = Object.entries(metadata);
  if (entries.length > 0) {
    const rows = entries.map(([key, text]) => [printable(key), printable(text)]);
    lines.push("", "metadata", ...table(rows, ["left", "left"]).map((line) => `  ${line}`));
  }
  return lines;
}

function arrayTable(arrays: readonly InspectedArray[]): string[] {
  const withStatistics = arrays.some((array) => array.statistics !== undefined);
  const more = ["min", "max", "mean", "dead", "not finite"];
  const headings = ["array", "shape", "type", "size", ...(withStatistics ? more : [])];
  const align: Align = ["left", "left", "left", ...Array(6).fill("right")];
  const optional = (value: number | undefined) => (value === undefined ? "–" : short(value));
  const rows = arrays.map(({ name, shape, dtype, bytes, statistics: found }) => [
    printable(name),
    shapeText(shape),
    dtype,
    bytesText(bytes),
    ...(found
      ? [
          ...[found.min, found.max, found.mean].map(optional),
          found.dead === undefined ? "–" : String(found.dead),
          String(found.nonFinite),
        ]
      : []),
  ]);
  return table([headings, ...rows], align.slice(0, headings.length));
}
