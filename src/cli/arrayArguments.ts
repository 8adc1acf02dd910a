import { stat } from "node:fs/promises";
import { ArrayFileError, readArray } from "../node/index.js";
import { contentsOf } from "./contents.js";
import { withHint } from "./errors.js";
import type { ReadArray } from "./layout.js";

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
  try {
    const stored = await readArray(file, name);
    return { file, name: name!, label: arrays.length === 1 ? file : `${file}:${name}`, stored };
  } catch (error) {
    if (!(error instanceof ArrayFileError) || error.field !== "name" || arrays.length === 0) {
      throw error;
    }
    const example = `${file}:${arrays[0]!.name}`;
    throw withHint(error, `Write FILE:ARRAY, such as ${JSON.stringify(example)}`);
  }
}
