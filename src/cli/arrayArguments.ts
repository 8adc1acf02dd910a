import { stat } from "node:fs/promises";
import { readArray } from "../node/index.js";
import { suggestion } from "./closest.js";
import { contentsOf, listed, type StoredArray } from "./contents.js";
import { CommandError } from "./errors.js";
import type { ReadArray } from "./layout.js";
import { counted } from "./text.js";

/** What an argument such as `run.npz:conv1` points to. */
interface Place {
  readonly file: string;
  readonly name?: string;
}

/**
 * Splits FILE:ARRAY. The file is the longest beginning of the argument that is one and ends in front of a colon or at the
 * end: drive letters, and colons in the names of files and of arrays, need no escape.
 */
async function locate(argument: string): Promise<Place> {
  if (await isFile(argument)) return { file: argument };
  for (let at = argument.lastIndexOf(":"); at > 0; at = argument.lastIndexOf(":", at - 1)) {
    const file = argument.slice(0, at);
    if (await isFile(file)) return { file, name: argument.slice(at + 1) };
  }
  return { file: argument };
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** Reads the array that an argument names; a file with one array needs no name. */
export async function readArgument(where: string, argument: string): Promise<ReadArray> {
  const place = await locate(argument);
  const { file } = place;
  const { arrays } = await contentsOf(where, file);
  const name = place.name ?? (arrays.length === 1 ? arrays[0]!.name : undefined);
  if (name === undefined || !arrays.some((array) => array.name === name)) {
    throw noSuchArray(where, place, arrays);
  }
  const stored = await readArray(file, name);
  return { file, name, label: arrays.length === 1 ? file : `${file}:${name}`, stored };
}

function noSuchArray(
  where: string,
  { file, name }: Place,
  arrays: readonly StoredArray[],
): CommandError {
  const [first] = arrays;
  if (first === undefined) return new CommandError(`${where}: ${file} holds no array`);
  const names = arrays.map((array) => array.name);
  const unknown = name === undefined ? "" : `, none of them "${name}"${suggestion(name, names)}`;
  return new CommandError(
    `${where}: ${file} holds ${counted(arrays.length, "array")} (${listed(arrays)})` +
      (unknown || `: name one, such as ${file}:${first.name}`),
  );
}
