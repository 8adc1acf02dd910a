import { parseArgs } from "node:util";
import { suggestion } from "./closest.js";
import { UsageError } from "./errors.js";
import type { Option } from "./option.js";
import { as, channelsFirst, stride } from "./options.js";

/** The arguments of a command, checked. */
export interface Arguments {
  readonly files: readonly string[];
  /** Value of an option, or undefined where it was not given. */
  get<T>(option: Option<T>): T | undefined;
  has(option: Option<unknown>): boolean;
  /** Values of the options that were given, by name: options of the library that are named alike. */
  valuesOf(options: readonly Option<unknown>[]): Record<string, unknown>;
}

/** Reads what stands behind the name of a command. */
export function readArguments(
  where: string,
  args: readonly string[],
  options: readonly Option<unknown>[],
): Arguments {
  const { files, texts } = parse(where, args, options);
  const values = new Map<string, unknown>();
  for (const option of options) {
    const given = texts.get(option.name);
    if (given) values.set(option.name, option.read(given, where));
  }
  return {
    files,
    get: <T>(option: Option<T>) => values.get(option.name) as T | undefined,
    has: ({ name }) => values.has(name),
    valuesOf: (wanted) =>
      Object.fromEntries(
        wanted.filter(({ name }) => values.has(name)).map(({ name }) => [name, values.get(name)]),
      ),
  };
}

/** Whoever gives these to another command has maps. */
const mapOptions: readonly string[] = [as, stride, channelsFirst].map(({ name }) => name);

function parse(where: string, args: readonly string[], options: readonly Option<unknown>[]) {
  const { tokens } = parseArgs({
    args: [...args],
    // Node's own messages explain what nobody means here; its tokens say all that ours need.
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      options.map(({ name, letter, value }) => [
        name,
        {
          type: value === undefined ? ("boolean" as const) : ("string" as const),
          ...(letter !== undefined && { short: letter }),
        },
      ]),
    ),
  });
  const files: string[] = [];
  const texts = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") files.push(token.value);
    if (token.kind !== "option") continue;
    const { rawName, value } = token;
    const option = options.find(({ name }) => name === token.name);
    if (!option) {
      const names = options.map(({ name }) => `--${name}`);
      const hint = mapOptions.includes(token.name)
        ? ". For maps: conv-svcca"
        : suggestion(rawName, names);
      throw new UsageError(`${where}: there is no option ${rawName}${hint}`);
    }
    if (option.value === undefined && value !== undefined) {
      throw new UsageError(`${where}: ${rawName} takes no value, got "${value}"`);
    }
    // Without `strict` the next option would be taken for the value; "-1" and "-" are values.
    const isOption =
      value !== undefined && !token.inlineValue && value.length > 1 && /^-\D/.test(value);
    if (option.value !== undefined && (value === undefined || isOption)) {
      throw new UsageError(`${where}: ${rawName} needs a value: ${rawName} ${option.value}`);
    }
    const given = texts.get(option.name) ?? [];
    if (given.length > 0 && !option.repeatable && option.value !== undefined) {
      throw new UsageError(`${where}: ${rawName} must be given once`);
    }
    texts.set(option.name, value === undefined ? given : [...given, value]);
  }
  return { files, texts };
}
