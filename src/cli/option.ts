import { checkInteger, checkNumber, checkOneOf, type NumberRange } from "../internal/checks.js";
import { UsageError } from "./errors.js";

/** An option as it is typed and as the help describes it; `T` is what its text becomes. */
export interface Option<T> {
  /** Without the dashes. */
  readonly name: string;
  readonly letter?: string;
  /** Stands for the value in the help; a flag has none. */
  readonly value?: string;
  readonly about: string;
  /** May be given several times. */
  readonly repeatable?: true;
  /** Makes the value; `texts` is empty for a flag and has one item unless `repeatable`. */
  read(texts: readonly string[], where: string): T;
}

export const flag = (name: string, about: string, letter?: string): Option<boolean> => ({
  name,
  about,
  ...(letter !== undefined && { letter }),
  read: () => true,
});

export const textOption = (name: string, value: string, about: string): Option<string> => ({
  name,
  value,
  about,
  read([text = ""], where) {
    if (text === "") throw new UsageError(`${where}: --${name} must be a text, got none`);
    return text;
  },
});

export const numberOption = (name: string, about: string, range: NumberRange): Option<number> => ({
  name,
  value: "NUMBER",
  about,
  read: ([text = ""], where) =>
    asUsage(() => checkNumber(where, `--${name}`, toNumber(text), range)),
});

export const integerOption = (name: string, about: string, range: NumberRange): Option<number> => ({
  name,
  value: "N",
  about,
  read: ([text = ""], where) =>
    asUsage(() => checkInteger(where, `--${name}`, toNumber(text), range)),
});

export const choiceOption = <T extends string>(
  name: string,
  choices: readonly T[],
  about: string,
): Option<T> => ({
  name,
  value: "NAME",
  about,
  read: ([text = ""], where) => asUsage(() => checkOneOf(where, `--${name}`, text as T, choices)),
});

/** Texts, each of which may be a list with commas. */
export const listOption = (name: string, value: string, about: string): Option<string[]> => ({
  name,
  value,
  about,
  repeatable: true,
  read(texts, where) {
    const items = texts.map((text) => text.trim()).filter((text) => text !== "");
    if (items.length === 0) throw new UsageError(`${where}: --${name} must be a list, got nothing`);
    return items;
  },
});

/** Other texts stay as they are, so that the message can show them. */
function toNumber(text: string): number | string {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

/** What a check says of an option's value is a mistake of the call. */
function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
